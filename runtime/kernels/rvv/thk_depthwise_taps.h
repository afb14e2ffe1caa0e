/* SPDX-License-Identifier: 0BSD */
/* The window of one pixel and 16 channels, tap by tap, with checks; used at borders. */
#ifndef THK_DEPTHWISE_TAPS_H
#define THK_DEPTHWISE_TAPS_H

#include "thk_types.h"
#include "rvv/thk_rvv.h"

static inline vint32m4_t thk_depthwise_taps__rvv(const struct thk_window2d *p, const int8_t *x,
                                                 int32_t y0, int32_t x0, const int8_t *w,
                                                 vint32m4_t acc, size_t vl)
{
    const vint8m1_t zero = __riscv_vmv_v_x_i8m1((int8_t)p->in_zero, vl);
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = y0 + ky * p->dilation_h;
        const int there = iy >= 0 && iy < p->in_h;
        const int8_t *in = there ? x + thk_view_at(&p->in, iy, x0) : x;
        int32_t ix = x0;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, w += 16) {
            const vint8m1_t v = there && ix >= 0 && ix < p->in_w ? __riscv_vle8_v_i8m1(in, vl)
                                                                 : zero;
            acc = __riscv_vwadd_wv_i32m4(
                acc, __riscv_vwmul_vv_i16m2(v, __riscv_vle8_v_i8m1(w, vl), vl), vl);
            ix += p->dilation_w;
            in += p->dilation_w * p->in.pixel;
        }
    }
    return acc;
}

#endif
