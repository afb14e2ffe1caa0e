/* SPDX-License-Identifier: 0BSD */
/* Plain float depthwise convolution; weights [kernel_h][kernel_w][out_c]. Sums in tap order, bias
 * last. */
/* THK_NAME, the weights' type THK_W and THK_AT(w, i), a weight as float, are set by the file that
 * includes this one. */
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, float lo, float hi,
                     const float *x, const THK_W *w, const float *bias, float *y)
{
    const int32_t multiplier = p->out_c / p->in_c;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            float *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                ptrdiff_t at = c;
                float acc = 0.0f;
                for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                    const int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
                    for (int32_t kx = 0; kx < p->kernel_w; kx++, at += p->out_c) {
                        const int32_t ix = ox * p->stride_w - p->pad_left + kx * p->dilation_w;
                        if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
                            continue;
                        acc += x[thk_view_at(&p->in, iy, ix) + c / multiplier] * THK_AT(w, at);
                    }
                }
                acc += bias ? bias[c] : 0.0f;
                out[c] = acc < lo ? lo : acc > hi ? hi : acc;
            }
        }
    }
}
#undef THK_NAME
#undef THK_W
#undef THK_AT
