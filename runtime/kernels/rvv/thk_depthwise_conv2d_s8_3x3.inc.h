/* SPDX-License-Identifier: 0BSD */
/*
 * Depthwise 3x3 without dilation, 16 channels at a time: the nine weight vectors stay in registers,
 * and two neighbouring products are added in 16 bits, which is exact for weights above -128. The
 * stream is that of thk_depthwise_conv2d_s8.inc.h, whose way also computes the pixels at the border.
 * THK_NAME: the kernel, THK_CONTRACT: names of the rescaling.
 */
#include "rvv/thk_depthwise_taps.h"

#define THK_W(i) const vint8m1_t w##i = __riscv_vle8_v_i8m1(stream + head + 16 * (i), vl)
#define THK_X(row, i) __riscv_vle8_v_i8m1((row) + (i) * pitch, vl)

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y)
{
    const ptrdiff_t pitch = p->in.pixel;
    const int32_t head = 16 * THK_CONTRACT(HEAD);
    thk_rvv_round_up();
    for (int32_t c = 0; c < p->out_c; c += 16, stream += head + 144) {
        const size_t vl = (size_t)(p->out_c - c < 16 ? p->out_c - c : 16);
        const int32_t *const qp = (const int32_t *)(const void *)stream;
        THK_W(0);
        THK_W(1);
        THK_W(2);
        THK_W(3);
        THK_W(4);
        THK_W(5);
        THK_W(6);
        THK_W(7);
        THK_W(8);
        const vint32m4_t bias = __riscv_vle32_v_i32m4(qp, vl);
        THK_CONTRACT(CONSTANTS)(m4, qp + 16, 16, vl)
        for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
            const int32_t y0 = oy * p->stride_h - p->pad_top;
            const int rows = y0 >= 0 && y0 + 3 <= p->in_h;
            int8_t *out = y + c + thk_view_at(&p->out, oy, b->x);
            int32_t x0 = b->x * p->stride_w - p->pad_left;
            for (int32_t n = b->w; n > 0; n--, x0 += p->stride_w, out += p->out.pixel) {
                vint32m4_t acc;
                if (!rows || x0 < 0 || x0 + 3 > p->in_w) {
                    acc = thk_depthwise_taps__rvv(p, x + c, y0, x0, stream + head, bias, vl);
                } else {
                    const int8_t *r0 = x + c + thk_view_at(&p->in, y0, x0);
                    const int8_t *r1 = x + c + thk_view_at(&p->in, y0 + 1, x0);
                    const int8_t *r2 = x + c + thk_view_at(&p->in, y0 + 2, x0);
                    vint16m2_t t = __riscv_vwmul_vv_i16m2(THK_X(r0, 0), w0, vl);
                    t = __riscv_vwmacc_vv_i16m2(t, THK_X(r0, 1), w1, vl);
                    acc = __riscv_vwadd_wv_i32m4(bias, t, vl);
                    t = __riscv_vwmul_vv_i16m2(THK_X(r0, 2), w2, vl);
                    t = __riscv_vwmacc_vv_i16m2(t, THK_X(r1, 0), w3, vl);
                    acc = __riscv_vwadd_wv_i32m4(acc, t, vl);
                    t = __riscv_vwmul_vv_i16m2(THK_X(r1, 1), w4, vl);
                    t = __riscv_vwmacc_vv_i16m2(t, THK_X(r1, 2), w5, vl);
                    acc = __riscv_vwadd_wv_i32m4(acc, t, vl);
                    t = __riscv_vwmul_vv_i16m2(THK_X(r2, 0), w6, vl);
                    t = __riscv_vwmacc_vv_i16m2(t, THK_X(r2, 1), w7, vl);
                    acc = __riscv_vwadd_wv_i32m4(acc, t, vl);
                    t = __riscv_vwmul_vv_i16m2(THK_X(r2, 2), w8, vl);
                    acc = __riscv_vwadd_wv_i32m4(acc, t, vl);
                }
                THK_CONTRACT(RESCALE)(m4, rescaled, acc, vl)
                THK_RVV_STORE(m4, m2, m1, rescaled, p->out_zero, p->lo, p->hi, out, vl);
            }
        }
    }
}
#undef THK_W
#undef THK_X
#undef THK_NAME
#undef THK_CONTRACT
