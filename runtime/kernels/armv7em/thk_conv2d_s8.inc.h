/* SPDX-License-Identifier: 0BSD */
/*
 * int8 convolution, two pixels by four channels, int8 weights stored as channel pairs.
 *
 * A half-word of the stream is 256 * wA + wB for two channels A and B. Multiplying with the raw
 * word sums 256 * A + B; sign-extending its low bytes in place then sums B alone; A is the
 * difference / 256, exact while the sum of A fits 24 bits. Stream of a group of four channels:
 * 4 words of bias (256 * bA + bB, bB, and the same of C, D), 2 words a step, {m, c, e} x 4.
 * The loop holds eight steps of 48 bytes; the first turn enters it where the rest begins.
 *
 * THK_NAME: the kernel, THK_TILE: its loop, THK_ONE: the same for one pixel,
 * THK_REQUANT: the contract's rounding (thk_dsp.h).
 */
#include "armv7em/thk_conv2d_pairs.h"

/* clang-format off */
#define THK_STEP                                                          \
    " ldrd r10, r11, [r0], #8\n"                                          \
    " ldrd r12, lr, [r1], #8\n"                                           \
    " smlad r2, r10, r12, r2\n"                                           \
    " smlad r6, r11, r12, r6\n"                                           \
    " sxtb16 r12, r12\n"                                                  \
    " smlad r4, r10, lr, r4\n"                                            \
    " smlad r8, r11, lr, r8\n"                                            \
    " sxtb16 lr, lr\n"                                                    \
    " smlad r3, r10, r12, r3\n"                                           \
    " smlad r7, r11, r12, r7\n"                                           \
    " smlad r5, r10, lr, r5\n"                                            \
    " smlad r9, r11, lr, r9\n"
/* a = twice (a - b) / 256, b = twice b */
#define THK_SPLIT(a, b)                                                   \
    " sub " a ", " a ", " b "\n"                                          \
    " asr " a ", " a ", #7\n"                                             \
    " lsl " b ", " b ", #1\n"
#define THK_OUT(a, b)                                                     \
    " ldm r1!, {r10, r11, r12}\n"                                         \
    THK_REQUANT("lr", a, "r10", "r11", "r12", a)                      \
    THK_REQUANT("lr", b, "r10", "r11", "r12", b)

static THK_DSP_NAKED void THK_TILE(
    const uint32_t *x THK_DSP_UNUSED, const uint32_t *stream THK_DSP_UNUSED,
    int8_t *y THK_DSP_UNUSED, int32_t groups THK_DSP_UNUSED, int32_t steps THK_DSP_UNUSED,
    ptrdiff_t apart THK_DSP_UNUSED)
{
    /* stack: 0 entry, 4 end of x, 8 y, 12 groups, 16 x; 56 steps, 60 apart */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " sub sp, sp, #20\n"
        " ldr r4, [sp, #56]\n"
        " rsb r5, r4, #0\n"
        " and r5, r5, #7\n"
        " mov r6, #48\n"
        " adr.w r7, 2f\n"
        " mla r5, r5, r6, r7\n"
        " orr r5, r5, #1\n"
        " add r4, r0, r4, lsl #3\n"
        " strd r5, r4, [sp]\n"
        " strd r2, r3, [sp, #8]\n"
        " str r0, [sp, #16]\n"
        "1: ldm r1!, {r2-r5}\n"
        " mov r6, r2\n"
        " mov r7, r3\n"
        " mov r8, r4\n"
        " mov r9, r5\n"
        " ldr.w pc, [sp]\n"
        " .balign 4\n"
        "2:\n"
        THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP
        " ldr r12, [sp, #4]\n"
        " cmp r0, r12\n"
        " bne 2b\n"
        THK_SPLIT("r2", "r3") THK_SPLIT("r6", "r7")
        THK_SPLIT("r4", "r5") THK_SPLIT("r8", "r9")
        THK_OUT("r2", "r6") THK_OUT("r3", "r7") THK_OUT("r4", "r8") THK_OUT("r5", "r9")
        " bfi r2, r3, #8, #8\n"
        " bfi r2, r4, #16, #8\n"
        " bfi r2, r5, #24, #8\n"
        " bfi r6, r7, #8, #8\n"
        " bfi r6, r8, #16, #8\n"
        " bfi r6, r9, #24, #8\n"
        " ldrd r0, r12, [sp, #8]\n"
        " ldr r10, [sp, #60]\n"
        " str r6, [r0, r10]\n"
        " str r2, [r0], #4\n"
        " subs r12, r12, #1\n"
        " strd r0, r12, [sp, #8]\n"
        " ldr r0, [sp, #16]\n"
        " bne 1b\n"
        " add sp, sp, #20\n"
        " pop {r4-r11, pc}\n"
        : : : "memory");
}
#undef THK_STEP
#undef THK_OUT

/* The words of the first pixel of each pair. */
#define THK_STEP                                                          \
    " ldr r10, [r0], #8\n"                                                \
    " ldrd r12, lr, [r1], #8\n"                                           \
    " smlad r2, r10, r12, r2\n"                                           \
    " sxtb16 r12, r12\n"                                                  \
    " smlad r4, r10, lr, r4\n"                                            \
    " sxtb16 lr, lr\n"                                                    \
    " smlad r3, r10, r12, r3\n"                                           \
    " smlad r5, r10, lr, r5\n"
#define THK_OUT(a)                                                        \
    " ldm r1!, {r10, r12, lr}\n"                                          \
    THK_REQUANT("r0", a, "r10", "r12", "lr", a)

static THK_DSP_NAKED void THK_ONE(
    const uint32_t *x THK_DSP_UNUSED, const uint32_t *stream THK_DSP_UNUSED,
    int8_t *y THK_DSP_UNUSED, int32_t groups THK_DSP_UNUSED, int32_t steps THK_DSP_UNUSED)
{
    /* r6 y, r7 entry, r8 end of x, r9 groups, r11 x; stack: 36 steps */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " ldr r4, [sp, #36]\n"
        " rsb r5, r4, #0\n"
        " and r5, r5, #7\n"
        " mov r6, #32\n"
        " adr.w r7, 2f\n"
        " mla r7, r5, r6, r7\n"
        " orr r7, r7, #1\n"
        " add r8, r0, r4, lsl #3\n"
        " mov r6, r2\n"
        " mov r9, r3\n"
        " mov r11, r0\n"
        "1: ldm r1!, {r2-r5}\n"
        " bx r7\n"
        " .balign 4\n"
        "2:\n"
        THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP THK_STEP
        " cmp r0, r8\n"
        " bne 2b\n"
        THK_SPLIT("r2", "r3") THK_SPLIT("r4", "r5")
        THK_OUT("r2") THK_OUT("r3") THK_OUT("r4") THK_OUT("r5")
        " bfi r2, r3, #8, #8\n"
        " bfi r2, r4, #16, #8\n"
        " bfi r2, r5, #24, #8\n"
        " mov r0, r11\n"
        " str r2, [r6], #4\n"
        " subs r9, r9, #1\n"
        " bne 1b\n"
        " pop {r4-r11, pc}\n"
        : : : "memory");
}
#undef THK_STEP
#undef THK_SPLIT
#undef THK_OUT
/* clang-format on */

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b,
                                   const int8_t *x, const uint32_t *stream, int8_t *y,
                                   uint32_t *scratch)
{
    thk_conv2d_pairs(p, b, x, stream, y, scratch, THK_TILE, THK_ONE, 2);
}
#undef THK_NAME
#undef THK_TILE
#undef THK_ONE
#undef THK_REQUANT
