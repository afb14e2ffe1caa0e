/* SPDX-License-Identifier: 0BSD */
#include "thk_hybrid.h"
#include "thk_nn.h"

/* Float fully connected with int8 weights; q: one quantized row. An input that is zero throughout
 * leaves the bias alone. */
static void thk_fully_connected_f32s8__c99(const struct thk_dense *p, const struct thk_hybrid *k,
                                           const float *x, const int8_t *w, const float *scales,
                                           const float *bias, float *y, int8_t *q)
{
    int32_t any = 0;
    for (int32_t i = 0; i < p->rows * p->in; i++)
        any |= x[i] != 0.0f;
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        int32_t zero;
        const float scale = thk_hybrid_quantize(x, p->in, k->asymmetric, q, &zero);
        const int8_t *wc = w;
        for (int32_t c = 0; c < p->out; c++, wc += p->in) {
            int32_t acc = 0;
            for (int32_t i = 0; i < p->in; i++)
                acc += (q[i] - zero) * (wc[i] - p->weight_zero);
            float v = bias ? bias[c] : 0.0f;
            if (any)
                v += (float)acc * (scale * scales[p->per_channel ? c : 0]);
            y[c] = v < k->lo ? k->lo : v > k->hi ? k->hi : v;
        }
    }
}
