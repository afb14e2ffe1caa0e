/* SPDX-License-Identifier: 0BSD */
#include "thk_hybrid.h"
#include "thk_nn.h"
#include "thk_types.h"

/* Float transposed convolution with int8 weights [out_c][kernel_h][kernel_w][in_c]; every product
 * is scaled on its own. q: the quantized input of one batch. */
static void thk_transpose_conv2d_f32s8__c99(const struct thk_window2d *p, const struct thk_box *b,
                                            const struct thk_hybrid *k, const float *x,
                                            const int8_t *w, const float *scales,
                                            const float *bias, float *y, int8_t *q)
{
    const int32_t depth = p->in_c;
    const ptrdiff_t filter = (ptrdiff_t)p->kernel_h * p->kernel_w * depth;
    int32_t zero;
    const float scale = thk_hybrid_quantize(x, p->in_h * p->in_w * depth, 1, q, &zero);
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            float *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                float acc = 0.0f;
                /* taps backwards: inputs in their own order */
                for (int32_t ky = p->kernel_h - 1; ky >= 0; ky--) {
                    const int32_t ty = oy + p->pad_top - ky, iy = ty / p->stride_h;
                    for (int32_t kx = p->kernel_w - 1; kx >= 0; kx--) {
                        const int32_t tx = ox + p->pad_left - kx, ix = tx / p->stride_w;
                        if (ty < 0 || tx < 0 || iy * p->stride_h != ty ||
                            ix * p->stride_w != tx || iy >= p->in_h || ix >= p->in_w)
                            continue;
                        const int8_t *in = q + (iy * p->in_w + ix) * depth;
                        const int8_t *wc = w + c * filter + (ky * p->kernel_w + kx) * depth;
                        for (int32_t i = 0; i < depth; i++)
                            acc += (float)((in[i] - zero) * (wc[i] - p->weight_zero)) *
                                   scales[c] * scale;
                    }
                }
                acc = bias ? acc + bias[c] : acc;
                out[c] = acc < k->lo ? k->lo : acc > k->hi ? k->hi : acc;
            }
        }
    }
}
