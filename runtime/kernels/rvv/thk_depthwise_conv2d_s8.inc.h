/* SPDX-License-Identifier: 0BSD */
/*
 * Depthwise convolution of any window, 16 channels at a time. Stream of 16 channels: bias with
 * in_zero folded in [16], the contract's constants (thk_rvv.h), then 16 weights a tap. A tap
 * outside the input counts as in_zero. THK_NAME: the kernel, THK_CONTRACT: names of the rescaling.
 */
#include "rvv/thk_depthwise_taps.h"

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y)
{
    const int32_t head = 16 * THK_CONTRACT(HEAD), block = head + 16 * p->kernel_h * p->kernel_w;
    thk_rvv_round_up();
    for (int32_t c = 0; c < p->out_c; c += 16, stream += block) {
        const size_t vl = (size_t)(p->out_c - c < 16 ? p->out_c - c : 16);
        const int32_t *const qp = (const int32_t *)(const void *)stream;
        const vint32m4_t bias = __riscv_vle32_v_i32m4(qp, vl);
        THK_CONTRACT(CONSTANTS)(m4, qp + 16, 16, vl)
        for (int32_t oy = b->y; oy < b->y + b->h; oy++)
            for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
                const vint32m4_t acc = thk_depthwise_taps__rvv(
                    p, x + c, oy * p->stride_h - p->pad_top, ox * p->stride_w - p->pad_left,
                    stream + head, bias, vl);
                THK_CONTRACT(RESCALE)(m4, t, acc, vl)
                THK_RVV_STORE(m4, m2, m1, t, p->out_zero, p->lo, p->hi,
                              y + c + thk_view_at(&p->out, oy, ox), vl);
            }
    }
}
#undef THK_NAME
#undef THK_CONTRACT
