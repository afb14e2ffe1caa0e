/* SPDX-License-Identifier: 0BSD */
#include "thk_sequence.h"

/* Gates input, output, forget, cell; peepholes input, output, forget or NULL; gate: scratch of
 * 4 * hidden elements. form: the forget gate is 1 - the input gate. */
static void thk_lstm_sequence_f32__c99(const struct thk_sequence *p, const float *x,
                                       const float *w, const float *r, const float *b,
                                       const int32_t *lengths, const float *h0, const float *c0,
                                       const float *peep, float *y, float *h, float *c,
                                       float *gate)
{
    const int32_t n = p->hidden;
    thk_sequence_start(h0, h, p->batch * n);
    thk_sequence_start(c0, c, p->batch * n);
    for (int32_t s = 0; s < p->batch; s++, h += n, c += n) {
        const int32_t len = thk_sequence_length(p, lengths, s);
        for (int32_t k = 0; k < len; k++) {
            const ptrdiff_t t = (ptrdiff_t)(p->reverse ? len - 1 - k : k) * p->batch + s;
            thk_sequence_affine(w, x + t * p->inputs, b, 4 * n, p->inputs, 0, gate);
            thk_sequence_affine(r, h, b ? b + 4 * n : b, 4 * n, n, 1, gate);
            for (int32_t i = 0; i < n; i++) {
                const float *g = gate + i;
                const float pi = peep ? peep[i] * c[i] : 0.0f;
                const float pf = peep ? peep[2 * n + i] * c[i] : 0.0f;
                const float in = thk_sequence_act(p, 0, g[0] + pi);
                const float forget = p->form ? 1.0f - in : thk_sequence_act(p, 0, g[2 * n] + pf);
                c[i] = forget * c[i] + in * thk_sequence_act(p, 1, g[3 * n]);
                const float po = peep ? peep[n + i] * c[i] : 0.0f;
                h[i] = thk_sequence_act(p, 0, g[n] + po) * thk_sequence_act(p, 2, c[i]);
                y[t * n + i] = h[i];
            }
        }
        thk_sequence_pad(p, len, s, y);
    }
}
