/* SPDX-License-Identifier: 0BSD */
/* Means whose halves go to the value at an even distance from the zero point. Quotients of floats
 * are exact where they are halves, and no other one of at most 255 taps lies closer to a half than
 * 1/510, so rounding them again, as the conversion does, changes nothing. */
#include "thk_types.h"
#include "rvv/thk_rvv.h"

#define THK_NAME thk_avg_pool2d_s8_onnx__rvv
#define THK_MEAN(s, n, zero, vl)                                                                  \
    const vfloat32m4_t mean = __riscv_vfdiv_vf_f32m4(                                             \
        __riscv_vfcvt_f_x_v_f32m4(__riscv_vsub_vx_i32m4(s, (n) * (zero), vl), vl), (float)(n), vl);\
    s = __riscv_vadd_vx_i32m4(__riscv_vfcvt_x_f_v_i32m4(mean, vl), zero, vl);
#include "rvv/thk_avg_pool2d_s8.inc.h"
