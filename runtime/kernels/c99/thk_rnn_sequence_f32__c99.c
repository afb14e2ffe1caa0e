/* SPDX-License-Identifier: 0BSD */
#include "thk_sequence.h"

/* h = f(w x + r h + b); gate: scratch of hidden elements. */
static void thk_rnn_sequence_f32__c99(const struct thk_sequence *p, const float *x,
                                      const float *w, const float *r, const float *b,
                                      const int32_t *lengths, const float *h0, float *y, float *h,
                                      float *gate)
{
    const int32_t n = p->hidden;
    thk_sequence_start(h0, h, p->batch * n);
    for (int32_t s = 0; s < p->batch; s++, h += n) {
        const int32_t len = thk_sequence_length(p, lengths, s);
        for (int32_t k = 0; k < len; k++) {
            const ptrdiff_t t = (ptrdiff_t)(p->reverse ? len - 1 - k : k) * p->batch + s;
            thk_sequence_affine(w, x + t * p->inputs, b, n, p->inputs, 0, gate);
            thk_sequence_affine(r, h, b ? b + n : b, n, n, 1, gate);
            for (int32_t i = 0; i < n; i++)
                y[t * n + i] = h[i] = thk_sequence_act(p, 0, gate[i]);
        }
        thk_sequence_pad(p, len, s, y);
    }
}
