/* SPDX-License-Identifier: 0BSD */
/* Elementwise sum (or difference: the second multiplier's sign is in `minus`) of two maps of one
 * shape: both are rescaled to a common scale, added, and rescaled to the output's. */
#include "rvv/thk_rvv.h"

struct thk_add_rvv {
    int32_t n, a_zero, b_zero, a_m, a_e, b_m, b_e, out_m, out_e, out_zero, lo, hi, minus;
};

static inline vint32m8_t thk_add_term__rvv(const int8_t *x, int32_t zero, int32_t m, int32_t e,
                                           size_t vl)
{
    vint32m8_t t = __riscv_vsext_vf4_i32m8(__riscv_vle8_v_i8m2(x, vl), vl);
    t = __riscv_vsll_vx_i32m8(__riscv_vsub_vx_i32m8(t, zero, vl), 20, vl);
    t = __riscv_vsmul_vx_i32m8(t, m, vl);
    if (e == 0)
        return t;
    t = __riscv_vadd_vv_i32m8(t, __riscv_vsra_vx_i32m8(t, 31, vl), vl);
    return __riscv_vssra_vx_i32m8(t, (size_t)e, vl);
}

static void thk_add_s8__rvv(const struct thk_add_rvv *p, const int8_t *a, const int8_t *b,
                            int8_t *y)
{
    thk_rvv_round_up();
    for (int32_t i = 0; i < p->n; i += 32) {
        const size_t vl = (size_t)(p->n - i < 32 ? p->n - i : 32);
        const vint32m8_t s = thk_add_term__rvv(a + i, p->a_zero, p->a_m, p->a_e, vl);
        const vint32m8_t t = thk_add_term__rvv(b + i, p->b_zero, p->b_m, p->b_e, vl);
        vint32m8_t u = p->minus ? __riscv_vsub_vv_i32m8(s, t, vl)
                                : __riscv_vadd_vv_i32m8(s, t, vl);
        u = __riscv_vsmul_vx_i32m8(u, p->out_m, vl);
        u = __riscv_vadd_vv_i32m8(u, __riscv_vsra_vx_i32m8(u, 31, vl), vl);
        u = __riscv_vadd_vx_i32m8(__riscv_vssra_vx_i32m8(u, (size_t)p->out_e, vl), p->out_zero, vl);
        u = __riscv_vmin_vx_i32m8(__riscv_vmax_vx_i32m8(u, p->lo, vl), p->hi, vl);
        __riscv_vse8_v_i8m2(
            y + i, __riscv_vncvt_x_x_w_i8m2(__riscv_vncvt_x_x_w_i16m4(u, vl), vl), vl);
    }
}
