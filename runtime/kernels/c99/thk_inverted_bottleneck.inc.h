/* SPDX-License-Identifier: 0BSD */
/*
 * Body of the inverted bottlenecks. w: for each inner channel its expanding, depthwise and
 * projecting weights; inner: for each inner channel folded bias, factor, shift of the expansion,
 * then bias, factor, shift of the depthwise convolution; outer: for each output channel folded
 * bias, factor, shift. Sums that fit 32 bits are added as they are, biases wrap around.
 */
static void THK_NAME(const struct thk_bottleneck *p, const int8_t *x, const int8_t *w,
                     const int32_t *inner, const int32_t *outer, int8_t *y, int32_t *sums)
{
    const int32_t n_in = p->in_h * p->in_w, n_out = p->out_h * p->out_w;
    int8_t *plane = (int8_t *)(sums + (ptrdiff_t)n_out * p->out_c);
    for (int32_t i = 0; i < n_out * p->out_c; i++)
        sums[i] = 0;
    for (int32_t c = 0; c < p->inner_c; c++, inner += 6) {
        for (int32_t i = 0; i < n_in; i += 4) {
            const int8_t *at = x + (ptrdiff_t)i * p->in_c;
            const int32_t n = n_in - i < 4 ? n_in - i : 4;
            int32_t four[4];
            if (n == 4)
                thk_expand_four(at, w, p->in_c, four);
            for (int32_t k = 0; k < n; k++) {
                const int32_t sum = n == 4 ? four[k]
                                           : thk_expand_one(at + k * p->in_c, w, p->in_c);
                const int32_t v = THK_SCALE(THK_WRAP(int32_t, sum, inner[0]), inner[1], inner[2]);
                plane[i + k] = (int8_t)thk_clamp_zero(v, p->expand_zero, p->expand_lo,
                                                      p->expand_hi);
            }
        }
        w += p->in_c;
        const int8_t *project = w + p->kernel_h * p->kernel_w;
        int32_t *to = sums;
        for (int32_t oy = 0; oy < p->out_h; oy++) {
            for (int32_t ox = 0; ox < p->out_w; ox++, to += p->out_c) {
                const int32_t sum = thk_plane_sum(p, plane, w, oy, ox);
                const int32_t s = THK_SCALE(THK_WRAP(int32_t, sum, inner[3]), inner[4], inner[5]);
                const int32_t v = thk_clamp_zero(s, p->depth_zero, p->depth_lo, p->depth_hi);
                for (int32_t o = 0; o < p->out_c; o++)
                    to[o] += v * project[o];
            }
        }
        w = project + p->out_c;
    }
    /* y may begin where the sums begin, or before: a sum is read before its bytes are written */
    for (int32_t i = 0; i < n_out; i++) {
        for (int32_t o = 0; o < p->out_c; o++, sums++, y++) {
            const int32_t *k = outer + 3 * o;
            const int32_t v = THK_SCALE(THK_WRAP(int32_t, *sums, k[0]), k[1], k[2]);
            *y = (int8_t)thk_clamp_zero(v, p->out_zero, p->lo, p->hi);
        }
    }
}
#undef THK_NAME
#undef THK_SCALE
