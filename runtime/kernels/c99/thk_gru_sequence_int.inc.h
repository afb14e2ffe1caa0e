/* SPDX-License-Identifier: 0BSD */
/* Body of the gated recurrent layer in integers; see thk_sequence_int.inc.h. THK_NAME names it. */
#include "c99/thk_sequence_int.inc.h"

/* Gates z, r, candidate; gate: scratch of 3 * hidden elements, the state where h has not all of it,
 * and hidden activations. form: the reset gate multiplies the product with the recurrent weights,
 * not the state. */
static void THK_NAME(const struct thk_sequence_int *p, const THK_A *x, const int8_t *w,
                     const int8_t *r, const int32_t *b, const int32_t *lengths, const THK_A *h0,
                     const int32_t *offset, const int16_t *scale, const uint16_t *table, THK_A *y,
                     THK_A *h, int16_t *gate)
{
    const int32_t n = p->hidden;
    const int32_t *rb = b ? b + 3 * n : b;
    int16_t *reset = gate + n, *new = gate + 2 * n, *state = gate + 3 * n;
    THK_A *seen = (THK_A *)(gate + (3 + THK_NARROW) * n);
    for (int32_t s = 0; s < p->batch; s++, h += n) {
        const int32_t len = thk_sequence_steps(p, lengths, s);
#if !THK_NARROW
        state = h;
#endif
        for (int32_t i = 0; i < n; i++) {
            h[i] = (THK_A)(h0 ? h0[s * n + i] : 0);
            state[i] = (int16_t)(h[i] * THK_UP);
        }
        for (int32_t k = 0; k < len; k++) {
            const ptrdiff_t t = (ptrdiff_t)(p->reverse ? len - 1 - k : k) * p->batch + s;
            const THK_A *row = x + t * p->inputs;
            for (int32_t i = 0; i < 2 * n; i++)
                gate[i] = THK_SIGMOID(THK_NOW(i) + THK_PAST(i, h));
            if (p->form)
                for (int32_t i = 0; i < n; i++) {
                    const int32_t past = THK_PAST(2 * n + i, h);
                    new[i] = THK_TANH(THK_NOW(2 * n + i) + thk_sequence_part(reset[i], past));
                }
            else {
                for (int32_t i = 0; i < n; i++)
                    seen[i] = THK_SEEN(thk_sequence_round(reset[i] * state[i], 15));
                for (int32_t i = 0; i < n; i++)
                    new[i] = THK_TANH(THK_NOW(2 * n + i) + THK_PAST(2 * n + i, seen));
            }
            for (int32_t i = 0; i < n; i++) {
                const int32_t sum = (32768 - gate[i]) * new[i] + gate[i] * state[i];
                state[i] = (int16_t)thk_sequence_round(sum, 15);
                y[t * n + i] = h[i] = THK_SEEN(state[i]);
            }
        }
        thk_sequence_zeros(p, len, s, y, sizeof *y);
    }
}
#include "c99/thk_sequence_int_end.inc.h"
