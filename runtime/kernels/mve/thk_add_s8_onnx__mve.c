/* SPDX-License-Identifier: 0BSD */
/*
 * Elementwise sum or difference of two int8 maps of one shape, four elements at a time: each
 * operand times its factor, together with `rest` (what the zero points come to) below 2^30,
 * shifted right, halves to even.
 */
#include "mve/thk_mve.h"

struct thk_add_onnx_mve {
    int32_t n, a_m, b_m, rest, shift, out_zero, lo, hi;
};

static void thk_add_s8_onnx__mve(const struct thk_add_onnx_mve *p, const int8_t *a,
                                 const int8_t *b, int8_t *y)
{
    const int32x4_t down = vdupq_n_s32(-p->shift);
    const int32_t half = (1 << (p->shift - 1)) - 1;
    for (int32_t i = 0; i < p->n; i += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(p->n - i));
        int32x4_t u = vmulq_n_s32(vldrbq_z_s32(a + i, some), p->a_m);
        u = vaddq_n_s32(vmlaq_n_s32(u, vldrbq_z_s32(b + i, some), p->b_m), p->rest);
        const int32x4_t odd = vandq_s32(vshlq_s32(u, down), vdupq_n_s32(1));
        u = vshlq_s32(vaddq_s32(u, vaddq_n_s32(odd, half)), down);
        u = vaddq_n_s32(u, p->out_zero);
        u = vminq_s32(vmaxq_s32(u, vdupq_n_s32(p->lo)), vdupq_n_s32(p->hi));
        vstrbq_p_s32(y + i, u, some);
    }
}
