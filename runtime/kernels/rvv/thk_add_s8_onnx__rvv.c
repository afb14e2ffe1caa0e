/* SPDX-License-Identifier: 0BSD */
/* Elementwise sum or difference of two maps of one shape: each operand times its factor, together
 * with `rest` (what the zero points come to) below 2^30, shifted right, halves to even. */
#include "rvv/thk_rvv.h"

struct thk_add_onnx_rvv {
    int32_t n, a_m, b_m, rest, shift, out_zero, lo, hi;
};

static inline vint32m8_t thk_add_term_onnx__rvv(const int8_t *x, int32_t m, size_t vl)
{
    const vint32m8_t t = __riscv_vsext_vf4_i32m8(__riscv_vle8_v_i8m2(x, vl), vl);
    return __riscv_vmul_vx_i32m8(t, m, vl);
}

static void thk_add_s8_onnx__rvv(const struct thk_add_onnx_rvv *p, const int8_t *a,
                                 const int8_t *b, int8_t *y)
{
    thk_rvv_round_even();
    for (int32_t i = 0; i < p->n; i += 32) {
        const size_t vl = (size_t)(p->n - i < 32 ? p->n - i : 32);
        vint32m8_t t = __riscv_vadd_vv_i32m8(thk_add_term_onnx__rvv(a + i, p->a_m, vl),
                                             thk_add_term_onnx__rvv(b + i, p->b_m, vl), vl);
        t = __riscv_vssra_vx_i32m8(__riscv_vadd_vx_i32m8(t, p->rest, vl), (size_t)p->shift, vl);
        THK_RVV_STORE(m8, m4, m2, t, p->out_zero, p->lo, p->hi, y + i, vl);
    }
}
