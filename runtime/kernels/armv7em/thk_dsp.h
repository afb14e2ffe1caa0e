/* SPDX-License-Identifier: 0BSD */
/*
 * Pieces shared by the kernels for the Armv7E-M / Armv8-M DSP extension.
 *
 * Requantization of one accumulator, exact to the "tflite" contract, in four instructions. The
 * accumulator holds twice the sum, so the high word of its product with m, rounded, is the
 * rounding doubling high multiply. c = 2^(e-1) + (zero point << e) adds for free, and adding the
 * sign turns "half up" into "half away from zero" before the shift by e >= 1.
 *
 * Exact to "tflite-single-rounding" in three: the one rounding adds 2^(30+e) to the product of 62
 * bits, which has nothing below bit 31, so the high word may be cut off before c is added.
 */
#ifndef THK_DSP_H
#define THK_DSP_H

#include "thk_types.h"

/*
 * Functions written in assembly: the compiler sees parameters that nobody uses. `used` keeps it
 * from changing the signature, and every pointer given to one must pass THK_DSP_ESCAPE first, or
 * what lies behind it would seem unchanged by the call.
 */
#define THK_DSP_NAKED __attribute__((naked, noinline, used))
#define THK_DSP_UNUSED __attribute__((unused))
#define THK_DSP_ESCAPE(p) __asm__ volatile("" : "+r"(p) : : "memory")

/* t = requantized acc; m, c, e are registers. */
#define THK_DSP_REQUANT(t, acc, m, c, e, to)                     \
    " smmlar " t ", " acc ", " m ", " c "\n"                     \
    " add " t ", " t ", " acc ", asr #31\n"                      \
    " asr " t ", " t ", " e "\n"                                 \
    " ssat " to ", #8, " t "\n"
#define THK_DSP_REQUANT_SINGLE(t, acc, m, c, e, to)              \
    " smmla " t ", " acc ", " m ", " c "\n"                      \
    " asr " t ", " t ", " e "\n"                                 \
    " ssat " to ", #8, " t "\n"

static inline uint32_t thk_dsp_load(const void *p)
{
    uint32_t v;
    __asm__("ldr %0, [%1]" : "=r"(v) : "r"(p), "m"(*(const uint8_t(*)[4])p));
    return v;
}

static inline void thk_dsp_store(void *p, uint32_t v)
{
    __asm__ volatile("str %1, [%2]" : "=m"(*(uint8_t(*)[4])p) : "r"(v), "r"(p));
}

/* n bytes; unaligned words, then the rest. Regions do not overlap. */
static inline void thk_dsp_copy(int8_t *to, const int8_t *from, int32_t n)
{
    for (; n >= 4; n -= 4, to += 4, from += 4)
        thk_dsp_store(to, thk_dsp_load(from));
    for (; n > 0; n--)
        *to++ = *from++;
}

static inline void thk_dsp_fill(int8_t *to, int32_t value, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] = (int8_t)value;
}

/* Clamps n finished outputs: only for activations narrower than the type. */
static void THK_DSP_UNUSED thk_dsp_clamp(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; i++)
        y[i] = (int8_t)(y[i] < lo ? lo : y[i] > hi ? hi : y[i]);
}

/* Expands n words of two pixels: for each, even bytes of a, of b, odd bytes of a, of b, sign
 * extended to half-words. Returns the end of what was written. n may be 0. */
static inline uint32_t *thk_dsp_expand2(uint32_t *d, const int8_t *a, const int8_t *b, int32_t n)
{
    if (n > 0)
        __asm__ volatile("1: ldr r6, [%1], #4\n"
                         " ldr r8, [%2], #4\n"
                         " sxtb16 r4, r6\n"
                         " sxtb16 r5, r8\n"
                         " sxtb16 r6, r6, ror #8\n"
                         " sxtb16 r8, r8, ror #8\n"
                         " subs %3, %3, #1\n"
                         " stm %0!, {r4, r5, r6, r8}\n"
                         " bne 1b\n"
                         : "+r"(d), "+r"(a), "+r"(b), "+r"(n)
                         :
                         : "r4", "r5", "r6", "r8", "cc", "memory");
    return d;
}

#endif
