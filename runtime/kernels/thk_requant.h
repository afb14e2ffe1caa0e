/* SPDX-License-Identifier: 0BSD */
/* Fixed-point rescaling of the numeric contracts; every integer kernel uses these and no other. */
#ifndef THK_REQUANT_H
#define THK_REQUANT_H

#include <stdint.h>

/* High half of the doubled product, rounded, ties up; INT32_MIN squared saturates. */
static inline int32_t thk_srdhm(int32_t a, int32_t b)
{
    const int64_t p = (int64_t)a * b;
    if (a == INT32_MIN && b == INT32_MIN)
        return INT32_MAX;
    return (int32_t)((p + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^e, ties away from zero, 0 <= e <= 31. */
static inline int32_t thk_rdivp2(int32_t x, int32_t e)
{
    const int32_t mask = (int32_t)(((int64_t)1 << e) - 1);
    const int32_t rest = x & mask;
    const int32_t limit = (mask >> 1) + (x < 0);
    return (x >> e) + (rest > limit);
}

/* Double rounding (contract "tflite"): s > 0 shifts left first. */
static inline int32_t thk_mbqm(int32_t x, int32_t m, int32_t s)
{
    const int32_t left = s > 0 ? s : 0, right = s > 0 ? 0 : -s;
    return thk_rdivp2(thk_srdhm((int32_t)((uint32_t)x << left), m), right);
}

/* Single rounding (contract "tflite-single-rounding"). */
static inline int32_t thk_mbqm_single(int32_t x, int32_t m, int32_t s)
{
    const int32_t shift = 31 - s;
    const int64_t half = (int64_t)1 << (shift - 1);
    return (int32_t)(((int64_t)x * m + half) >> shift);
}

/* 64-bit accumulators (16-bit activations); both contracts. m is reduced to 16 bits. */
static inline int32_t thk_mbqm64(int64_t x, int32_t m, int32_t s)
{
    const int32_t m16 = m < 0x7FFF0000 ? (m + (1 << 15)) >> 16 : 0x7FFF;
    const int32_t shift = 15 - s;
    return (int32_t)((x * m16 + ((int64_t)1 << (shift - 1))) >> shift);
}

static inline int32_t thk_clamp(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* x / 2^s, halves to even, 1 <= s <= 30, |x| < 2^30 (contract "onnx"). */
static inline int32_t thk_shift_even(int32_t x, int32_t s)
{
    return (x + ((int32_t)1 << (s - 1)) - 1 + ((x >> s) & 1)) >> s;
}

/* sum / n for n > 0, halves to the value at an even distance from zero (contract "onnx"). */
static inline int32_t thk_mean_even(int32_t sum, int32_t n, int32_t zero)
{
    const int32_t d = sum - n * zero;
    const int32_t below = d / n - (d % n < 0), rest = d - below * n;
    return below + (2 * rest > n || (2 * rest == n && (below & 1))) + zero;
}

/* v + zero within [lo, hi], also where the sum would not fit. */
static inline int32_t thk_clamp_zero(int32_t v, int32_t zero, int32_t lo, int32_t hi)
{
    return thk_clamp(v, lo - zero, hi - zero) + zero;
}

/* Accumulators wrap: large biases make them do so in real models. */
#define THK_WRAP(type, a, b) ((type)((uint64_t)(int64_t)(a) + (uint64_t)(int64_t)(b)))

#endif
