/* SPDX-License-Identifier: 0BSD */
/* Rounding of the contract "onnx" in the Helium kernels: to nearest, halves to even, whatever FPSCR
 * says, saturated. Factors are finite. */
#ifndef THK_MVE_EVEN_H
#define THK_MVE_EVEN_H

#include "mve/thk_mve.h"

/* m: the bits of the factors. */
static inline int32x4_t thk_mve_requant_even(int32x4_t acc, int32x4_t m, int32x4_t unused)
{
    (void)unused;
    return vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(acc), vreinterpretq_f32_s32(m)));
}

#endif
