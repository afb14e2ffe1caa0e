/* SPDX-License-Identifier: 0BSD */
/* Names and requantization of the vector kernels. THK_L(name, L) is the intrinsic with the length
 * multiplier L ("m8") appended. */
#ifndef THK_RVV_H
#define THK_RVV_H

#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

#define THK_GLUE(name, l) __riscv_##name##l
#define THK_L(name, l) THK_GLUE(name, l)
#define THK_TYPE_(name, l) name##l##_t
#define THK_TYPE(name, l) THK_TYPE_(name, l)

/* Fixed-point rounding mode "up", which VSMUL and VSSRA then use. */
static inline void thk_rvv_round_up(void)
{
    __asm__ volatile("csrwi vxrm, 0");
}

/*
 * acc to int8, stored: VSMUL is the saturating rounding doubling multiply; one less for negatives
 * turns the rounding shift's ties from up to away from zero (e >= 1); then zero point and clamp.
 * A, H, B are the multipliers of 32, 16 and 8 bit vectors of the same length.
 */
#define THK_RVV_STORE(A, H, B, acc, m, e, zero, lo, hi, to, vl)                                   \
    do {                                                                                          \
        THK_TYPE(vint32, A) t_ = THK_L(vsmul_vv_i32, A)(acc, m, vl);                              \
        t_ = THK_L(vadd_vv_i32, A)(t_, THK_L(vsra_vx_i32, A)(t_, 31, vl), vl);                    \
        t_ = THK_L(vadd_vx_i32, A)(THK_L(vssra_vv_i32, A)(t_, e, vl), zero, vl);                  \
        THK_TYPE(vint8, B) b_ = THK_L(vnclip_wx_i8, B)(THK_L(vnclip_wx_i16, H)(t_, 0, vl), 0, vl); \
        b_ = THK_L(vmin_vx_i8, B)(THK_L(vmax_vx_i8, B)(b_, (int8_t)(lo), vl), (int8_t)(hi), vl);  \
        THK_L(vse8_v_i8, B)(to, b_, vl);                                                          \
    } while (0)

#endif
