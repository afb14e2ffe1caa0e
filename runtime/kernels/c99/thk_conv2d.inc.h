/* SPDX-License-Identifier: 0BSD */
/* Body of the plain integer convolutions. Weights are [out_c][kernel_h][kernel_w][in_c / groups].
 * THK_NAME and the types THK_X THK_W THK_BIAS THK_ACC THK_Y, and THK_SCALE(acc, m, s) are set by
 * the file that includes this one. Taps outside the input add nothing. */
#ifndef THK_AT
#define THK_AT(w, i) ((int32_t)(w)[i])
#endif
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const THK_X *x,
                     const THK_W *w, const THK_BIAS *bias, const int32_t *requant, THK_Y *y)
{
    const int32_t depth = p->in_c / p->groups, fan = p->out_c / p->groups;
    const ptrdiff_t filter = (ptrdiff_t)p->kernel_h * p->kernel_w * depth;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            THK_Y *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                ptrdiff_t at = c * filter;
                THK_ACC acc = bias ? (THK_ACC)bias[c] : 0;
                for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                    const int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
                    for (int32_t kx = 0; kx < p->kernel_w; kx++, at += depth) {
                        const int32_t ix = ox * p->stride_w - p->pad_left + kx * p->dilation_w;
                        if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
                            continue;
                        const THK_X *in = x + thk_view_at(&p->in, iy, ix) + c / fan * depth;
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
