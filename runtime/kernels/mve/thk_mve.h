/* SPDX-License-Identifier: 0BSD */
/* Requantization and copies of the Helium kernels. */
#ifndef THK_MVE_H
#define THK_MVE_H

#include <arm_mve.h>

#include "thk_types.h"

/* Functions written in assembly: `used` keeps the compiler from changing the signature. */
#define THK_MVE_NAKED __attribute__((naked, noinline, used))
#define THK_MVE_UNUSED __attribute__((unused))

/* VQRDMULH is the saturating rounding doubling multiply; one less for negatives turns the ties of
 * the rounding shift from up to away from zero. minus_e holds -e, e >= 1. */
static inline int32x4_t thk_mve_requant(int32x4_t acc, int32x4_t m, int32x4_t minus_e)
{
    acc = vqrdmulhq_s32(acc, m);
    acc = vaddq_s32(acc, vshrq_n_s32(acc, 31));
    return vrshlq_s32(acc, minus_e);
}

/* n bytes, exactly. */
static inline void thk_mve_copy(int8_t *to, const int8_t *from, int32_t n)
{
    for (; n > 0; n -= 16, to += 16, from += 16) {
        const mve_pred16_t p = vctp8q((uint32_t)n);
        vstrbq_p_s8(to, vldrbq_z_s8(from, p), p);
    }
}

static inline void thk_mve_fill(int8_t *to, int32_t value, int32_t n)
{
    const int8x16_t v = vdupq_n_s8((int8_t)value);
    for (; n > 0; n -= 16, to += 16)
        vstrbq_p_s8(to, v, vctp8q((uint32_t)n));
}

#endif
