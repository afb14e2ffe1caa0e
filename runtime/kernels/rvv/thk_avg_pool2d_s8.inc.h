/* SPDX-License-Identifier: 0BSD */
/* Average pooling, 16 channels at a time; windows of at most 255 taps, so 16-bit sums are exact.
 * THK_NAME: the kernel, THK_MEAN(s, n, zero, vl): the sums s divided by n, rounded as the contract
 * does. */

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     int8_t *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t top = oy * p->stride_h - p->pad_top;
            const int32_t left = ox * p->stride_w - p->pad_left;
            const int32_t y0 = top > 0 ? top : 0, x0 = left > 0 ? left : 0;
            const int32_t y1 = top + p->kernel_h < p->in_h ? top + p->kernel_h : p->in_h;
            const int32_t x1 = left + p->kernel_w < p->in_w ? left + p->kernel_w : p->in_w;
            const int32_t n = (y1 - y0) * (x1 - x0);
            int8_t *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c += 16) {
                const size_t vl = (size_t)(b->c + b->n - c < 16 ? b->c + b->n - c : 16);
                vint16m2_t sum = __riscv_vmv_v_x_i16m2(0, vl);
                for (int32_t iy = y0; iy < y1; iy++) {
                    const int8_t *in = x + c + thk_view_at(&p->in, iy, x0);
                    for (int32_t ix = x0; ix < x1; ix++, in += p->in.pixel)
                        sum = __riscv_vwadd_wv_i16m2(sum, __riscv_vle8_v_i8m1(in, vl), vl);
                }
                vint32m4_t s = __riscv_vsext_vf2_i32m4(sum, vl);
                THK_MEAN(s, n, p->in_zero, vl)
                s = __riscv_vmin_vx_i32m4(__riscv_vmax_vx_i32m4(s, p->lo, vl), p->hi, vl);
                __riscv_vse8_v_i8m1(
                    out + c,
                    __riscv_vncvt_x_x_w_i8m1(__riscv_vncvt_x_x_w_i16m2(s, vl), vl), vl);
            }
        }
}
#undef THK_NAME
#undef THK_MEAN
