/* SPDX-License-Identifier: 0BSD */
/* Body of the plain recurrent layer in integers; see thk_sequence_int.inc.h. THK_NAME names it. */
#include "c99/thk_sequence_int.inc.h"

/* h = tanh(w x + r h + b); gate: scratch of hidden elements. */
static void THK_NAME(const struct thk_sequence_int *p, const THK_A *x, const int8_t *w,
                     const int8_t *r, const int32_t *b, const int32_t *lengths, const THK_A *h0,
                     const int32_t *offset, const int16_t *scale, const uint16_t *table, THK_A *y,
                     THK_A *h, int16_t *gate)
{
    const int32_t n = p->hidden;
    const int32_t *rb = b ? b + n : b;
    for (int32_t s = 0; s < p->batch; s++, h += n) {
        const int32_t len = thk_sequence_steps(p, lengths, s);
        for (int32_t i = 0; i < n; i++)
            h[i] = (THK_A)(h0 ? h0[s * n + i] : 0);
        for (int32_t k = 0; k < len; k++) {
            const ptrdiff_t t = (ptrdiff_t)(p->reverse ? len - 1 - k : k) * p->batch + s;
            const THK_A *row = x + t * p->inputs;
            for (int32_t i = 0; i < n; i++)
                gate[i] = THK_TANH(THK_NOW(i) + THK_PAST(i, h));
            for (int32_t i = 0; i < n; i++)
                y[t * n + i] = h[i] = THK_SEEN(gate[i]);
        }
        thk_sequence_zeros(p, len, s, y, sizeof *y);
    }
}
#include "c99/thk_sequence_int_end.inc.h"
