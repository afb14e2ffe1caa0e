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

static inline void thk_rvv_round_even(void)
{
    __asm__ volatile("csrwi vxrm, 1");
}

/*
 * Rescaling of sums, for both contracts: CONSTANTS declares what it needs, from q on, n channels to
 * a block (HEAD: bytes of a channel with its bias), and RESCALE declares t, the rescaled sums.
 *
 * Contract "tflite": multiplier and shift. VSMUL is the saturating rounding doubling multiply; one
 * less for negatives turns the rounding shift's ties from up to away from zero (e >= 1).
 */
#define THK_RVV_HEAD_TWICE 12
#define THK_RVV_CONSTANTS_TWICE(A, q, n, vl)                                                      \
    const THK_TYPE(vint32, A) m_ = THK_L(vle32_v_i32, A)(q, vl);                                  \
    const THK_TYPE(vuint32, A) e_ =                                                               \
        THK_L(vle32_v_u32, A)((const uint32_t *)(const void *)(q) + (n), vl);
#define THK_RVV_RESCALE_TWICE(A, t, acc, vl)                                                      \
    THK_TYPE(vint32, A) t = THK_L(vsmul_vv_i32, A)(acc, m_, vl);                                  \
    t = THK_L(vadd_vv_i32, A)(t, THK_L(vsra_vx_i32, A)(t, 31, vl), vl);                           \
    t = THK_L(vssra_vv_i32, A)(t, e_, vl);

/* Contract "onnx": a factor. Conversions round halves to even; what is no number is held, too. */
#define THK_RVV_HEAD_EVEN 8
#define THK_RVV_CONSTANTS_EVEN(A, q, n, vl)                                                       \
    const THK_TYPE(vfloat32, A) f_ =                                                              \
        THK_L(vle32_v_f32, A)((const float *)(const void *)(q), vl);
#define THK_RVV_RESCALE_EVEN(A, t, acc, vl)                                                       \
    THK_TYPE(vfloat32, A) p_ =                                                                    \
        THK_L(vfmul_vv_f32, A)(THK_L(vfcvt_f_x_v_f32, A)(acc, vl), f_, vl);                       \
    p_ = THK_L(vfmax_vf_f32, A)(p_, -65536.0f, vl);                                               \
    p_ = THK_L(vfmin_vf_f32, A)(p_, 65536.0f, vl);                                                \
    THK_TYPE(vint32, A) t = THK_L(vfcvt_x_f_v_i32, A)(p_, vl);

/* Zero point, clamp, store. A, H, B are the multipliers of 32, 16 and 8 bit vectors of the same
 * length. */
#define THK_RVV_STORE(A, H, B, t, zero, lo, hi, to, vl)                                           \
    do {                                                                                          \
        const THK_TYPE(vint32, A) z_ = THK_L(vadd_vx_i32, A)(t, zero, vl);                        \
        THK_TYPE(vint8, B) b_ = THK_L(vnclip_wx_i8, B)(THK_L(vnclip_wx_i16, H)(z_, 0, vl), 0, vl); \
        b_ = THK_L(vmin_vx_i8, B)(THK_L(vmax_vx_i8, B)(b_, (int8_t)(lo), vl), (int8_t)(hi), vl);  \
        THK_L(vse8_v_i8, B)(to, b_, vl);                                                          \
    } while (0)

#endif
