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
 *
 * Exact to "onnx" with a floating-point unit: a group's four factors and its zero point stand
 * behind its weights. The conversions round as FPSCR says (to nearest, halves to even) and saturate
 * as thk_scale_even does; so does the sum with the zero point. Factors are finite.
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

/*
 * A kernel that is merged into its callers chooses one of several functions by what is literal
 * there; these are not merged, nor looked into by GCC 12, which forgets what assembly does.
 */
#define THK_DSP_INLINE inline __attribute__((always_inline))
#define THK_DSP_KNOWN(x) __builtin_constant_p(x)
#if defined(__clang__)
#define THK_DSP_APART __attribute__((noinline, unused))
#else
#define THK_DSP_APART __attribute__((noinline, noipa, unused))
#endif

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

/* Repeats text; the assembler does it, as compilers promise little about long strings. */
#define THK_DSP_TIMES(n, text) " .rept " #n "\n" text " .endr\n"

/* Four sums and, for EIGHT, those of a second pixel, in r2 to r9; r1 walks on. */
#define THK_DSP_EVEN_ONE(s, f)                                   \
    " vcvt.f32.s32 " s ", " s "\n"                               \
    " vmul.f32 " s ", " s ", " f "\n"                            \
    " vcvtr.s32.f32 " s ", " s "\n"
#define THK_DSP_EVEN_BYTE(r)                                     \
    " qadd " r ", " r ", r10\n"                                  \
    " ssat " r ", #8, " r "\n"
#define THK_DSP_EVEN_FOUR                                        \
    " vmov s0, s1, r2, r3\n"                                     \
    " vmov s2, s3, r4, r5\n"                                     \
    " vldmia r1!, {s8-s11}\n"                                    \
    " ldr r10, [r1], #4\n"                                       \
    THK_DSP_EVEN_ONE("s0", "s8") THK_DSP_EVEN_ONE("s1", "s9")    \
    THK_DSP_EVEN_ONE("s2", "s10") THK_DSP_EVEN_ONE("s3", "s11")  \
    " vmov r2, r3, s0, s1\n"                                     \
    " vmov r4, r5, s2, s3\n"                                     \
    THK_DSP_EVEN_BYTE("r2") THK_DSP_EVEN_BYTE("r3")              \
    THK_DSP_EVEN_BYTE("r4") THK_DSP_EVEN_BYTE("r5")
#define THK_DSP_EVEN_EIGHT                                       \
    " vmov s4, s5, r6, r7\n"                                     \
    " vmov s6, s7, r8, r9\n"                                     \
    THK_DSP_EVEN_FOUR                                            \
    THK_DSP_EVEN_ONE("s4", "s8") THK_DSP_EVEN_ONE("s5", "s9")    \
    THK_DSP_EVEN_ONE("s6", "s10") THK_DSP_EVEN_ONE("s7", "s11")  \
    " vmov r6, r7, s4, s5\n"                                     \
    " vmov r8, r9, s6, s7\n"                                     \
    THK_DSP_EVEN_BYTE("r6") THK_DSP_EVEN_BYTE("r7")              \
    THK_DSP_EVEN_BYTE("r8") THK_DSP_EVEN_BYTE("r9")

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
    for (; n >= 16; n -= 16)
        __asm__ volatile("ldr r4, [%1], #4\n ldr r5, [%1], #4\n ldr r6, [%1], #4\n"
                         " ldr r8, [%1], #4\n str r4, [%0], #4\n str r5, [%0], #4\n"
                         " str r6, [%0], #4\n str r8, [%0], #4\n"
                         : "+r"(to), "+r"(from)
                         :
                         : "r4", "r5", "r6", "r8", "memory");
    if (n & 8) {
        thk_dsp_store(to, thk_dsp_load(from));
        thk_dsp_store(to + 4, thk_dsp_load(from + 4));
        to += 8;
        from += 8;
    }
    if (n & 4) {
        thk_dsp_store(to, thk_dsp_load(from));
        to += 4;
        from += 4;
    }
    for (n &= 3; n > 0; n--)
        *to++ = *from++;
}

static inline void thk_dsp_fill(int8_t *to, int32_t value, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        to[i] = (int8_t)value;
}

/* Whether the whole window at input pixel (y0, x0) lies inside the map. */
static inline int thk_dsp_inside(const struct thk_window2d *p, int32_t y0, int32_t x0)
{
    const int32_t y_end = p->in_h - (p->kernel_h - 1) * p->dilation_h;
    const int32_t x_end = p->in_w - (p->kernel_w - 1) * p->dilation_w;
    return y0 >= 0 && y0 < y_end && x0 >= 0 && x0 < x_end;
}

/* Walks down a column: where its pixel in row y lies, and the next row's. */
struct thk_dsp_rows {
    int32_t y, slot;
    ptrdiff_t across, tail;
};
static inline struct thk_dsp_rows thk_dsp_rows(const struct thk_view *v, int32_t y, int32_t x)
{
    struct thk_dsp_rows r = {y, v->ring ? y % v->ring : y - v->y0,
                             (ptrdiff_t)(x - v->x0) * v->pixel,
                             v->tail + (ptrdiff_t)x * v->pixel};
    return r;
}
static inline ptrdiff_t thk_dsp_row(const struct thk_view *v, struct thk_dsp_rows *r, int32_t down)
{
    const ptrdiff_t at = r->y == v->tail_y ? r->tail : (ptrdiff_t)r->slot * v->row + r->across;
    r->y += down;
    r->slot += down;
    while (v->ring && r->slot >= v->ring)
        r->slot -= v->ring;
    return at;
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

/* The same for one pixel: for each word even bytes, odd bytes. */
static inline uint32_t *thk_dsp_expand(uint32_t *d, const int8_t *a, int32_t n)
{
    if (n & 1)
        __asm__ volatile("ldr r4, [%1], #4\n"
                         " sxtb16 r5, r4, ror #8\n"
                         " sxtb16 r4, r4\n"
                         " stm %0!, {r4, r5}\n"
                         : "+r"(d), "+r"(a)
                         :
                         : "r4", "r5", "memory");
    if (n >>= 1)
        __asm__ volatile("1: ldr r4, [%1], #4\n"
                         " ldr r6, [%1], #4\n"
                         " sxtb16 r5, r4, ror #8\n"
                         " sxtb16 r4, r4\n"
                         " sxtb16 r8, r6, ror #8\n"
                         " sxtb16 r6, r6\n"
                         " subs %2, %2, #1\n"
                         " stm %0!, {r4, r5, r6, r8}\n"
                         " bne 1b\n"
                         : "+r"(d), "+r"(a), "+r"(n)
                         :
                         : "r4", "r5", "r6", "r8", "cc", "memory");
    return d;
}

#endif
