/* SPDX-License-Identifier: 0BSD */
#include "thk_nn.h"

static void thk_fully_connected_f32__c99(const struct thk_dense *p, float lo, float hi,
                                         const float *x, const float *w, const float *bias,
                                         float *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        const float *wc = w;
        for (int32_t c = 0; c < p->out; c++, wc += p->in) {
            float acc = 0.0f;
            for (int32_t i = 0; i < p->in; i++)
                acc += x[i] * wc[i];
            acc += bias ? bias[c] : 0.0f;
            y[c] = acc < lo ? lo : acc > hi ? hi : acc;
        }
    }
}
