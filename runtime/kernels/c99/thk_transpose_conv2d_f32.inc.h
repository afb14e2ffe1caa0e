/* SPDX-License-Identifier: 0BSD */
/* Plain float transposed convolution by outputs; weights [out_c][kernel_h][kernel_w][in_c]. */
/* THK_NAME, the weights' type THK_W and THK_AT(w, i), a weight as float, are set by the file that
 * includes this one. */
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, float lo, float hi,
                     const float *x, const THK_W *w, const float *bias, float *y)
{
    const int32_t depth = p->in_c;
    const ptrdiff_t filter = (ptrdiff_t)p->kernel_h * p->kernel_w * depth;
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
                        const float *in = x + thk_view_at(&p->in, iy, ix);
                        const ptrdiff_t at = c * filter + (ky * p->kernel_w + kx) * depth;
                        for (int32_t i = 0; i < depth; i++)
                            acc += in[i] * THK_AT(w, at + i);
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
