/* SPDX-License-Identifier: 0BSD */
#include "thk_sequence.h"

/* Gates z, r, candidate; gate: scratch of 4 * hidden elements. form: the reset gate multiplies
 * the product with the recurrent weights, not the state. */
static void thk_gru_sequence_f32__c99(const struct thk_sequence *p, const float *x,
                                      const float *w, const float *r, const float *b,
                                      const int32_t *lengths, const float *h0, float *y, float *h,
                                      float *gate)
{
    const int32_t n = p->hidden;
    const float *rb = b ? b + 3 * n : b, *rc = r + 2 * (ptrdiff_t)n * n;
    float *reset = gate + n, *new = gate + 2 * n, *side = gate + 3 * n;
    thk_sequence_start(h0, h, p->batch * n);
    for (int32_t s = 0; s < p->batch; s++, h += n) {
        const int32_t len = thk_sequence_length(p, lengths, s);
        for (int32_t k = 0; k < len; k++) {
            const ptrdiff_t t = (ptrdiff_t)(p->reverse ? len - 1 - k : k) * p->batch + s;
            thk_sequence_affine(w, x + t * p->inputs, b, 3 * n, p->inputs, 0, gate);
            thk_sequence_affine(r, h, rb, 2 * n, n, 1, gate);
            for (int32_t i = 0; i < 2 * n; i++)
                gate[i] = thk_sequence_act(p, 0, gate[i]);
            if (p->form) {
                thk_sequence_affine(rc, h, rb ? rb + 2 * n : rb, n, n, 0, side);
                for (int32_t i = 0; i < n; i++)
                    new[i] += reset[i] * side[i];
            } else {
                for (int32_t i = 0; i < n; i++)
                    side[i] = reset[i] * h[i];
                thk_sequence_affine(rc, side, rb ? rb + 2 * n : rb, n, n, 1, new);
            }
            for (int32_t i = 0; i < n; i++) {
                const float z = gate[i];
                h[i] = (1.0f - z) * thk_sequence_act(p, 1, new[i]) + z * h[i];
                y[t * n + i] = h[i];
            }
        }
        thk_sequence_pad(p, len, s, y);
    }
}
