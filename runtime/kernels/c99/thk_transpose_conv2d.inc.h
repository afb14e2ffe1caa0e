/* SPDX-License-Identifier: 0BSD */
/* Body of the plain integer transposed convolutions, by outputs: tap (ky, kx) of output (oy, ox)
 * comes from the input whose row * stride is oy + pad - ky, if there is one. Weights are
 * [out_c][kernel_h][kernel_w][in_c]. Parameters as in thk_conv2d.inc.h. */
#ifndef THK_AT
#define THK_AT(w, i) ((int32_t)(w)[i])
#endif
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const THK_X *x,
                     const THK_W *w, const THK_BIAS *bias, const int32_t *requant, THK_Y *y)
{
    const int32_t depth = p->in_c;
    const ptrdiff_t filter = (ptrdiff_t)p->kernel_h * p->kernel_w * depth;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            THK_Y *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                ptrdiff_t at = c * filter;
                THK_ACC acc = bias ? (THK_ACC)bias[c] : 0;
                for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                    const int32_t ty = oy + p->pad_top - ky, iy = ty / p->stride_h;
                    for (int32_t kx = 0; kx < p->kernel_w; kx++, at += depth) {
                        const int32_t tx = ox + p->pad_left - kx, ix = tx / p->stride_w;
                        if (ty < 0 || tx < 0 || iy * p->stride_h != ty ||
                            ix * p->stride_w != tx || iy >= p->in_h || ix >= p->in_w)
                            continue;
                        const THK_X *in = x + thk_view_at(&p->in, iy, ix);
                        for (int32_t i = 0; i < depth; i++)
                            acc = THK_WRAP(THK_ACC, acc, ((int32_t)in[i] - p->in_zero) *
                                                             (THK_AT(w, at + i) - p->weight_zero));
                    }
                }
                const int32_t v = THK_SCALE(acc, requant[2 * c], requant[2 * c + 1]);
                out[c] = (THK_Y)thk_clamp_zero(v, p->out_zero, p->lo, p->hi);
            }
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_W
#undef THK_BIAS
#undef THK_ACC
#undef THK_Y
#undef THK_SCALE
#undef THK_AT
