/* SPDX-License-Identifier: 0BSD */
/* Body of the long short-term memory in integers; see thk_sequence_int.inc.h. THK_NAME names it. */
#include "c99/thk_sequence_int.inc.h"

/* Gates input, output, forget, cell (Q4.11); gate: scratch of 4 * hidden elements. form: the forget
 * gate is 1 - the input gate. */
static void THK_NAME(const struct thk_sequence_int *p, const THK_A *x, const int8_t *w,
                     const int8_t *r, const int32_t *b, const int32_t *lengths, const THK_A *h0,
                     const int16_t *c0, const int32_t *offset, const int16_t *scale,
                     const uint16_t *table, THK_A *y, THK_A *h, int16_t *c, int16_t *gate)
{
    const int32_t n = p->hidden;
    const int32_t most = p->clip / 2;
    const int32_t *rb = b ? b + 4 * n : b;
    for (int32_t s = 0; s < p->batch; s++, h += n, c += n) {
        const int32_t len = thk_sequence_steps(p, lengths, s);
        for (int32_t i = 0; i < n; i++) {
            h[i] = (THK_A)(h0 ? h0[s * n + i] : 0);
            c[i] = (int16_t)(c0 ? c0[s * n + i] : 0);
        }
        for (int32_t k = 0; k < len; k++) {
            const ptrdiff_t t = (ptrdiff_t)(p->reverse ? len - 1 - k : k) * p->batch + s;
            const THK_A *row = x + t * p->inputs;
            for (int32_t i = 0; i < 3 * n; i++)
                gate[i] = THK_SIGMOID(THK_NOW(i) + THK_PAST(i, h));
            for (int32_t i = 3 * n; i < 4 * n; i++)
                gate[i] = THK_TANH(THK_NOW(i) + THK_PAST(i, h));
            for (int32_t i = 0; i < n; i++) {
                const int32_t in = gate[i], forget = p->form ? 32767 - in : gate[2 * n + i];
                const int32_t cell = thk_sequence_round(forget * c[i], 15) +
                                     thk_sequence_round(in * gate[3 * n + i], 19);
                c[i] = (int16_t)thk_sequence_clamp16(cell);
                const int32_t out = gate[n + i] * thk_tanh16(table, 6 * thk_clamp(c[i], -most, most));
                y[t * n + i] = h[i] = THK_SEEN(thk_sequence_round(out, 15));
            }
        }
        thk_sequence_zeros(p, len, s, y, sizeof *y);
    }
}
#include "c99/thk_sequence_int_end.inc.h"
