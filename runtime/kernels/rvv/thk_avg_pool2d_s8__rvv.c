/* SPDX-License-Identifier: 0BSD */
/* Means rounded half away from zero: n/2 away from zero, then a division that truncates. */
#include "thk_types.h"
#include "rvv/thk_rvv.h"

#define THK_NAME thk_avg_pool2d_s8__rvv
#define THK_MEAN(s, n, zero, vl)                                                                  \
    const vint32m4_t sign = __riscv_vsra_vx_i32m4(s, 31, vl);                                     \
    const vint32m4_t half = __riscv_vmv_v_x_i32m4((n) / 2, vl);                                   \
    s = __riscv_vadd_vv_i32m4(                                                                    \
        s, __riscv_vsub_vv_i32m4(__riscv_vxor_vv_i32m4(half, sign, vl), sign, vl), vl);           \
    s = __riscv_vdiv_vx_i32m4(s, n, vl);
#include "rvv/thk_avg_pool2d_s8.inc.h"
