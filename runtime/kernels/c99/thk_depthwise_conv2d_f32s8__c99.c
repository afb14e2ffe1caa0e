/* SPDX-License-Identifier: 0BSD */
#include "thk_hybrid.h"
#include "thk_nn.h"
#include "thk_types.h"

/* Float depthwise convolution with int8 weights [kernel_h][kernel_w][out_c].
 * q: the quantized input of one batch. */
static void thk_depthwise_conv2d_f32s8__c99(const struct thk_window2d *p, const struct thk_box *b,
                                            const struct thk_hybrid *k, const float *x,
                                            const int8_t *w, const float *scales, const float *bias,
                                            float *y, int8_t *q)
{
    const int32_t multiplier = p->out_c / p->in_c;
    int32_t zero;
    const float scale =
        thk_hybrid_quantize(x, p->in_h * p->in_w * p->in_c, k->asymmetric, q, &zero);
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            float *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                const int8_t *wc = w + c;
                int32_t acc = 0;
                for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                    const int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
                    for (int32_t kx = 0; kx < p->kernel_w; kx++, wc += p->out_c) {
                        const int32_t ix = ox * p->stride_w - p->pad_left + kx * p->dilation_w;
                        if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
                            continue;
                        const int8_t *in = q + (iy * p->in_w + ix) * p->in_c + c / multiplier;
                        acc += (*in - zero) * (*wc - p->weight_zero);
                    }
                }
                float v = (float)acc;
                v = k->once ? v * (scales[c] * scale) : v * scales[c] * scale;
                v = bias ? v + bias[c] : v;
                out[c] = v < k->lo ? k->lo : v > k->hi ? k->hi : v;
            }
        }
    }
}
