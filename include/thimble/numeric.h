/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed-point arithmetic of the numeric contracts, shared by records, passes and kernel rows on
 * the host. Formulas: gemmlowp's fixed-point scheme as TensorFlow Lite for Microcontrollers'
 * reference kernels use it. Emitted code has its own copy (runtime/kernels/thk_requant.h), which
 * a test compares with this one.
 */
#ifndef THIMBLE_NUMERIC_H
#define THIMBLE_NUMERIC_H

#include <thimble/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* real = m * 2^(s-31); m in [2^30, 2^31) or 0, s > 0 shifts left. */
struct th_multiplier {
    int32_t m;
    int32_t s;
};
/* Quantized multiplier of a real factor >= 0 (frexp in double, half away from zero). Below
 * 2^-32, and for what is no finite number, both fields are 0. single_rounding: factors of 2^30 and
 * more become the largest with s = 30. */
TH_API struct th_multiplier th_quantize_multiplier(double real, bool single_rounding);
/* Saturating rounding doubling high multiply; ties up; INT32_MIN squared saturates. */
TH_API int32_t th_srdhm(int32_t a, int32_t b);
/* The same of 16 bits. */
TH_API int16_t th_srdhm16(int16_t a, int16_t b);
/* x / 2^e rounded, ties away from zero; 0 <= e <= 31 (beyond: 0). */
TH_API int32_t th_rdivp2(int32_t x, int e);
/* x * 2^e saturated to int32; e <= 0 leaves x. */
TH_API int32_t th_sat_shl(int32_t x, int e);
/* x times multiplier: double rounding, or (single) one rounding in 64 bits, ties up. */
TH_API int32_t th_mbqm(int32_t x, struct th_multiplier q, bool single_rounding);
/* 64-bit accumulators (16-bit activations): the multiplier is reduced to 16 bits first, one
 * rounding, ties up. |x| < 2^47, else the product wraps. */
TH_API int32_t th_mbqm64(int64_t x, struct th_multiplier q);
/* The same as two numbers that a kernel stores: x * m + 2^(shift - 1) >> shift. For factors below
 * 2^14, shift is 1 to 62; m 0 stands for factors that are nothing. */
struct th_multiplier16 {
    int16_t m;
    uint8_t shift;
};
TH_API struct th_multiplier16 th_multiplier16_make(struct th_multiplier q);
/* exp(a) for a <= 0 in Q(k).(31-k), k = integer_bits, result Q0.31. */
TH_API int32_t th_exp_on_negative(int32_t a, int integer_bits);
/* 1/(1+x) for x in [0,1) Q0.31, result Q0.31. */
TH_API int32_t th_one_over_one_plus(int32_t x);
/* (1-x)/(1+x) for x in [0,1) Q0.31, result Q0.31. */
TH_API int32_t th_one_minus_over_one_plus(int32_t x);
/* Round half away from zero / half to even, saturated to [lo, hi]; NaN gives lo. */
TH_API int64_t th_round_away(double x, int64_t lo, int64_t hi);
TH_API int64_t th_round_even(double x, int64_t lo, int64_t hi);
/* x / 2^s, halves to even, 1 <= s <= 30, |x| < 2^30 (contract "onnx"). */
static inline int32_t th_shift_even(int32_t x, int s)
{
    return (x + ((int32_t)1 << (s - 1)) - 1 + ((x >> s) & 1)) >> s;
}
/* sum / n for n > 0, halves to the value at an even distance from zero (contract "onnx"). */
static inline int64_t th_mean_even(int64_t sum, int64_t n, int64_t zero)
{
    const int64_t d = sum - n * zero;
    const int64_t below = d / n - (d % n < 0), rest = d - below * n;
    return below + (2 * rest > n || (2 * rest == n && (below & 1))) + zero;
}
/* v held in [lo, hi], lo <= hi. */
static inline int64_t th_clamp_i64(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}
/* The bits of the binary32 number equal to a binary16 one, given by its bits (IEEE 754). Exact:
 * subnormals become normal, NaNs keep their payload. */
TH_API uint32_t th_half_widen(uint16_t half);
/* Integer bounds of a fused activation [act_min, act_max] given in reals, for a quantized output:
 * max(type min, zero + round(min/scale)) and likewise; infinities mean the type's own bound.
 * `out` is quantized per tensor. */
struct th_type;
TH_API void th_activation_bounds(const struct th_type *out, double act_min, double act_max,
                                 int32_t *lo, int32_t *hi);

#ifdef __cplusplus
}
#endif
#endif
