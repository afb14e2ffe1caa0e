/* SPDX-License-Identifier: 0BSD */
/* What generated elementwise kernels use. */
#ifndef THK_ELEMENTWISE_H
#define THK_ELEMENTWISE_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "thk_quantize.h"
#include "thk_requant.h"

/* High half of the product, rounded: thk_srdhm of half of x. */
static inline int32_t thk_high(int32_t x, int32_t m)
{
    return (int32_t)(((int64_t)x * m + ((int64_t)1 << 31)) >> 32);
}

/* Nearest whole number, halves to the even one. */
static inline float thk_round_even(float x)
{
    const float below = floorf(x), half = below + 0.5f;
    return x < half || (x == half && fmodf(below, 2.0f) == 0.0f) ? below : below + 1.0f;
}

/* a modulo b with the sign of b. */
static inline float thk_floor_mod(float a, float b)
{
    const float r = fmodf(a, b);
    return r != 0.0f && (b < 0.0f) != (r < 0.0f) ? r + b : r;
}

static inline float thk_clampf(float v, float lo, float hi)
{
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
}

/* Truncated towards zero and held in lo..hi, not a number gives 0. top is 2^bits of the positive
 * range: hi + 1 as a float. */
static inline int64_t thk_truncate(float v, int64_t lo, int64_t hi, float top)
{
    if (v != v)
        return 0;
    if (v >= top)
        return hi;
    return v <= (float)lo ? lo : (int64_t)v;
}

static inline int64_t thk_truncate_f64(double v, int64_t lo, int64_t hi, double top)
{
    if (v != v)
        return 0;
    if (v >= top)
        return hi;
    return v <= (double)lo ? lo : (int64_t)v;
}

/* Half precision, stored as its bits. */
static inline float thk_from_half(uint16_t h)
{
    const int exponent = (h >> 10) & 31, fraction = h & 1023;
    float v = ldexpf((float)(exponent ? 1024 + fraction : fraction),
                     (exponent ? exponent : 1) - 25);
    if (exponent == 31)
        v = fraction ? NAN : INFINITY;
    return h & 0x8000 ? -v : v;
}

/* The nearest one, ties to even; 65520 and more become infinite. */
static inline uint16_t thk_to_half(double v)
{
    const uint16_t sign = signbit(v) ? 0x8000 : 0;
    double whole;
    int e;
    v = fabs(v);
    if (v != v)
        return (uint16_t)(sign | 0x7E00);
    if (v >= 65520.0)
        return (uint16_t)(sign | 0x7C00);
    frexp(v, &e);
    e = v == 0.0 || e < -13 ? -13 : e;
    v = ldexp(v, 11 - e);
    whole = floor(v);
    v -= whole;
    if (v > 0.5 || (v == 0.5 && fmod(whole, 2.0) != 0.0))
        whole += 1.0;
    /* a carry out of the fraction moves into the exponent, as it should */
    return (uint16_t)(sign | (uint16_t)(((e + 13) << 10) + (int)whole));
}

/* The upper half of a float, stored as its bits. */
static inline float thk_from_brain(uint16_t h)
{
    const uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The nearest one, ties to even. What a float does not hold sets its last bit, so that nothing is
 * rounded twice. */
static inline uint16_t thk_to_brain(double v)
{
    const float f = (float)v;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if (v != v)
        return (uint16_t)((bits >> 16 & 0x8000u) | 0x7FC0u);
    if ((double)f != v) {
        bits -= fabs((double)f) > fabs(v);
        bits |= 1;
    }
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}

/* The next one towards zero. */
static inline uint16_t thk_cut_brain(float f)
{
    uint32_t bits;
    if (f != f)
        return thk_to_brain((double)f);
    memcpy(&bits, &f, sizeof bits);
    return (uint16_t)(bits >> 16);
}

/* Integer power by squaring, wrapping; negative exponents truncate towards zero. */
static inline int64_t thk_ipow(int64_t a, int64_t b)
{
    uint64_t base = (uint64_t)a, result = 1;
    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            result *= base;
        base *= base;
    }
    return (int64_t)result;
}

static inline uint64_t thk_upow(uint64_t a, uint64_t b)
{
    uint64_t result = 1;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            result *= a;
        a *= a;
    }
    return result;
}

/* Whole quotients: 0 for a divisor of 0, wrapping where it overflows. */
static inline int64_t thk_idiv(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}
static inline int64_t thk_ifloor_div(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return thk_idiv(a, b);
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static inline int64_t thk_ifloor_mod(int64_t a, int64_t b)
{
    const int64_t r = b == 0 || b == -1 ? 0 : a % b;
    return r != 0 && (b < 0) != (r < 0) ? r + b : r;
}

/* The rest of a truncated division, with the sign of a. */
static inline int64_t thk_irem(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

/* a shifted left by b; nothing is left of it when b is negative or beyond the width. */
static inline uint64_t thk_ileft(int64_t a, int64_t b)
{
    return b < 0 || b > 63 ? 0 : (uint64_t)a << b;
}

/* log(1 + e^x), without overflow. */
static inline float thk_softplus(float x)
{
    return (x > 0.0f ? x : 0.0f) + log1pf(expf(-fabsf(x)));
}

/* a shifted right by b, held in 0..last; the sign is repeated. */
static inline int64_t thk_ishift(int64_t a, int64_t b, int64_t last)
{
    const int64_t n = b < 0 ? 0 : b > last ? last : b;
    return a < 0 ? ~(~a >> n) : a >> n;
}

#endif
