/* SPDX-License-Identifier: 0BSD */
/*
 * int8 convolution, two pixels by four channels, or one pixel by four. Stream of a group of four
 * channels: biases, weights step by step (two products of each channel), {m, c, e} x 4.
 *
 * Without THK_WORDS, weights of 8 bits as channel pairs: a half-word is 256 * wA + wB for two
 * channels A and B. Multiplying with the raw word sums 256 * A + B; sign-extending its low bytes
 * in place then sums B alone; A is the difference / 256, exact while the sum of A fits 24 bits.
 * Biases are 256 * bA + bB, bB, and the same of C, D; a step has 2 words.
 *
 * With THK_NIBBLES, weights of 4 bits, a step in one word. A half-word holds one product's weights
 * of four channels as digits 16: A and C signed at the top of a byte, B + 8 and D + 8 below them.
 * Sign-extending a byte in place gives 16 * A + B + 8, masking that B + 8, so four instructions
 * unpack eight weights. All four sums then hold 8 * sum(x) too much, which is worked out once for
 * a pixel and taken off the biases; these are 16 * bA + bB, bB and the same of C, D.
 *
 * With THK_WORDS, weights of 16 bits: for layers whose sums or weights do not fit that. A step has
 * 4 words, one channel each; biases and weights are stored doubled.
 *
 * THK_NAME: the kernel, THK_PIXEL: the same for a piece of one pixel, THK_TILE: its loop,
 * THK_ONE: that for one pixel, THK_BOX, THK_ALONE, THK_POINT: what calls them for several pixels,
 * for one, for one with a 1x1 window, THK_REQUANT: the contract's rounding (thk_dsp.h). THK_EVEN
 * in its place: contract "onnx", a group ends with four factors and the zero point, and sums,
 * biases and weights are as they are instead of doubled.
 */
#include "armv7em/thk_conv2d_pairs.h"

/* clang-format off */
#ifdef THK_EVEN
#define THK_GROUP_WORDS 9
#else
#define THK_GROUP_WORDS 16
#endif
#ifdef THK_NIBBLES
#define THK_STEP_WORDS 1
#define THK_STEP_BYTES "56"
#define THK_STEP                                                          \
    " ldrd r10, r11, [r0], #8\n"                                          \
    " ldr.w r12, [r1], #4\n"                                              \
    " sxtb16 lr, r12\n"                                                   \
    " sxtb16 r12, r12, ror #8\n"                                          \
    " smlad r4, r10, lr, r4\n"                                            \
    " smlad r8, r11, lr, r8\n"                                            \
    " smlad r2, r10, r12, r2\n"                                           \
    " smlad r6, r11, r12, r6\n"                                           \
    " and lr, lr, #0x000f000f\n"                                          \
    " and r12, r12, #0x000f000f\n"                                        \
    " smlad r5, r10, lr, r5\n"                                            \
    " smlad r9, r11, lr, r9\n"                                            \
    " smlad r3, r10, r12, r3\n"                                           \
    " smlad r7, r11, r12, r7\n"
/* a = twice (a - b) / 16, b = twice b */
#define THK_SPLIT(a, b)                                                   \
    " sub " a ", " a ", " b "\n"                                          \
    " asr " a ", " a ", #3\n"                                             \
    " lsl " b ", " b ", #1\n"
/* Two products of four channels of one pixel: x, and their weights, which are lost. */
#define THK_FOUR(x, w)                                                    \
    " sxtb16 lr, " w "\n"                                                 \
    " sxtb16 " w ", " w ", ror #8\n"                                      \
    " smlad r4, " x ", lr, r4\n"                                          \
    " smlad r2, " x ", " w ", r2\n"                                       \
    " and lr, lr, #0x000f000f\n"                                          \
    " and " w ", " w ", #0x000f000f\n"                                    \
    " smlad r5, " x ", lr, r5\n"                                          \
    " smlad r3, " x ", " w ", r3\n"
#define THK_SINGLE_BYTES "40"
#define THK_SINGLE                                                        \
    " ldr.w r6, [r0], #4\n"                                               \
    " ldr.w r10, [r1], #4\n"                                              \
    THK_FOUR("r6", "r10")
#define THK_BLOCK_BYTES "140"
#define THK_BLOCK                                                         \
    " ldm r0!, {r6-r9}\n"                                                 \
    " ldrd r10, r11, [r1], #8\n"                                          \
    THK_FOUR("r6", "r10") THK_FOUR("r7", "r11")                           \
    " ldrd r10, r11, [r1], #8\n"                                          \
    THK_FOUR("r8", "r10") THK_FOUR("r9", "r11")
/* 8 * sum(x) of both pixels behind what the stack holds; x from r0 to r4. */
#define THK_TILE_FRAME(pair, other) other
#define THK_TILE_SUMS                                                     \
    " mov r5, r0\n"                                                       \
    " mov r12, #0x00080008\n"                                             \
    " mov r6, #0\n"                                                       \
    " mov r7, #0\n"                                                       \
    " sub r8, r4, r0\n"                                                   \
    " tst r8, #8\n"                                                       \
    " beq 5f\n"                                                           \
    " ldrd r8, r9, [r5], #8\n"                                            \
    " smlad r6, r8, r12, r6\n"                                            \
    " smlad r7, r9, r12, r7\n"                                            \
    "5: cmp r5, r4\n"                                                     \
    " beq 7f\n"                                                           \
    "6: ldm r5!, {r8-r11}\n"                                              \
    " smlad r6, r8, r12, r6\n"                                            \
    " smlad r7, r9, r12, r7\n"                                            \
    " smlad r6, r10, r12, r6\n"                                           \
    " smlad r7, r11, r12, r7\n"                                           \
    " cmp r5, r4\n"                                                       \
    " bne 6b\n"                                                           \
    "7: strd r6, r7, [sp, #20]\n"
#define THK_TILE_BEGIN                                                    \
    " ldrd r10, r11, [sp, #20]\n"                                         \
    " sub r6, r2, r11\n"                                                  \
    " sub r7, r3, r11\n"                                                  \
    " sub r8, r4, r11\n"                                                  \
    " sub r9, r5, r11\n"                                                  \
    " sub r2, r2, r10\n"                                                  \
    " sub r3, r3, r10\n"                                                  \
    " sub r4, r4, r10\n"                                                  \
    " sub r5, r5, r10\n"
/* The same of one pixel in r10; x from r0 to r6, and in r7. */
#define THK_ONE_FRAME "r4-r10"
#define THK_ONE_BYTES "28"
#define THK_ONE_SUM                                                       \
    " mov r10, #0\n"                                                      \
    " mov r12, #0x00080008\n"                                             \
    " sub r11, r6, r0\n"                                                  \
    " tst r11, #4\n"                                                      \
    " beq 5f\n"                                                           \
    " ldr r11, [r0], #4\n"                                                \
    " smlad r10, r11, r12, r10\n"                                         \
    "5: cmp r0, r6\n"                                                     \
    " beq 7f\n"                                                           \
    "6: ldrd r2, r3, [r0], #8\n"                                          \
    " smlad r10, r2, r12, r10\n"                                          \
    " smlad r10, r3, r12, r10\n"                                          \
    " cmp r0, r6\n"                                                       \
    " bne 6b\n"                                                           \
    "7: mov r0, r7\n"
#define THK_ONE_BEGIN                                                     \
    " ldr r10, [sp, #24]\n"                                               \
    " sub r2, r2, r10\n"                                                  \
    " sub r3, r3, r10\n"                                                  \
    " sub r4, r4, r10\n"                                                  \
    " sub r5, r5, r10\n"
#else
#define THK_TILE_FRAME(pair, other) pair
#define THK_TILE_SUMS
#define THK_TILE_BEGIN                                                    \
    " mov r6, r2\n"                                                       \
    " mov r7, r3\n"                                                       \
    " mov r8, r4\n"                                                       \
    " mov r9, r5\n"
#define THK_ONE_FRAME "r4-r9"
#define THK_ONE_BYTES "24"
#define THK_ONE_SUM
#define THK_ONE_BEGIN
#ifndef THK_WORDS
#define THK_STEP_WORDS 2
#define THK_STEP_BYTES "48"
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
/* a = twice (a - b) / 256, b = twice b; not doubled for THK_EVEN */
#ifdef THK_EVEN
#define THK_SPLIT(a, b)                                                   \
    " sub " a ", " a ", " b "\n"                                          \
    " asr " a ", " a ", #8\n"
#else
#define THK_SPLIT(a, b)                                                   \
    " sub " a ", " a ", " b "\n"                                          \
    " asr " a ", " a ", #7\n"                                             \
    " lsl " b ", " b ", #1\n"
#endif
/* Two products of four channels of one pixel: x, and weights in two registers. */
#define THK_FOUR(x, ab, cd)                                               \
    " smlad r2, " x ", " ab ", r2\n"                                      \
    " sxtb16 " ab ", " ab "\n"                                            \
    " smlad r4, " x ", " cd ", r4\n"                                      \
    " sxtb16 " cd ", " cd "\n"                                            \
    " smlad r3, " x ", " ab ", r3\n"                                      \
    " smlad r5, " x ", " cd ", r5\n"
#define THK_SINGLE_BYTES "32"
#define THK_SINGLE                                                        \
    " ldr r6, [r0], #4\n"                                                 \
    " ldrd r10, r11, [r1], #8\n"                                          \
    THK_FOUR("r6", "r10", "r11")
#define THK_BLOCK_BYTES "108"
#define THK_BLOCK                                                         \
    " ldm r0!, {r6-r9}\n"                                                 \
    " ldm r1!, {r10, r11, r12, lr}\n"                                     \
    THK_FOUR("r6", "r10", "r11")                                          \
    THK_FOUR("r7", "r12", "lr")                                           \
    " ldm r1!, {r10, r11, r12, lr}\n"                                     \
    THK_FOUR("r8", "r10", "r11")                                          \
    THK_FOUR("r9", "r12", "lr")
#else
#define THK_STEP_WORDS 4
#define THK_STEP_BYTES "44"
#define THK_STEP                                                          \
    " ldrd r10, r11, [r0], #8\n"                                          \
    " ldrd r12, lr, [r1], #8\n"                                           \
    " smlad r2, r10, r12, r2\n"                                           \
    " smlad r6, r11, r12, r6\n"                                           \
    " smlad r3, r10, lr, r3\n"                                            \
    " smlad r7, r11, lr, r7\n"                                            \
    " ldrd r12, lr, [r1], #8\n"                                           \
    " smlad r4, r10, r12, r4\n"                                           \
    " smlad r8, r11, r12, r8\n"                                           \
    " smlad r5, r10, lr, r5\n"                                            \
    " smlad r9, r11, lr, r9\n"
#define THK_SPLIT(a, b)
#define THK_FOUR(x)                                                       \
    " ldm r1!, {r10, r11, r12, lr}\n"                                     \
    " smlad r2, " x ", r10, r2\n"                                         \
    " smlad r3, " x ", r11, r3\n"                                         \
    " smlad r4, " x ", r12, r4\n"                                         \
    " smlad r5, " x ", lr, r5\n"
#define THK_SINGLE_BYTES "24"
#define THK_SINGLE                                                        \
    " ldr r6, [r0], #4\n"                                                 \
    THK_FOUR("r6")
#define THK_BLOCK_BYTES "84"
#define THK_BLOCK                                                         \
    " ldm r0!, {r6-r9}\n"                                                 \
    THK_FOUR("r6") THK_FOUR("r7") THK_FOUR("r8") THK_FOUR("r9")
#endif
#endif

#ifdef THK_EVEN
#define THK_OUTS THK_DSP_EVEN_EIGHT
#else
#define THK_OUT(a, b)                                                     \
    " ldm r1!, {r10, r11, r12}\n"                                         \
    THK_REQUANT("lr", a, "r10", "r11", "r12", a)                          \
    THK_REQUANT("lr", b, "r10", "r11", "r12", b)
#define THK_OUTS                                                          \
    THK_OUT("r2", "r6") THK_OUT("r3", "r7") THK_OUT("r4", "r8") THK_OUT("r5", "r9")
#endif

/* The loop holds eight steps; the first turn enters it where the rest begins. */
static THK_DSP_NAKED void THK_TILE(
    const uint32_t *x THK_DSP_UNUSED, const uint32_t *stream THK_DSP_UNUSED,
    int8_t *y THK_DSP_UNUSED, int32_t groups THK_DSP_UNUSED, int32_t steps THK_DSP_UNUSED,
    ptrdiff_t apart THK_DSP_UNUSED)
{
    /* stack: 0 entry, 4 end of x, 8 y, 12 groups, 16 x, with nibbles 20 and 24 sums; then
     * registers; steps, apart */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " sub sp, sp, #" THK_TILE_FRAME("20", "28") "\n"
        " ldr r4, [sp, #" THK_TILE_FRAME("56", "64") "]\n"
        " rsb r5, r4, #0\n"
        " and r5, r5, #7\n"
        " mov r6, #" THK_STEP_BYTES "\n"
        " adr.w r7, 2f\n"
        " mla r5, r5, r6, r7\n"
        " orr r5, r5, #1\n"
        " add r4, r0, r4, lsl #3\n"
        " strd r5, r4, [sp]\n"
        " strd r2, r3, [sp, #8]\n"
        " str r0, [sp, #16]\n"
        THK_TILE_SUMS
        "1: ldm r1!, {r2-r5}\n"
        THK_TILE_BEGIN
        " ldr.w pc, [sp]\n"
        " .balign 4\n"
        "2:\n"
        THK_DSP_TIMES(8, THK_STEP)
        " ldr r12, [sp, #4]\n"
        " cmp r0, r12\n"
        " bne 2b\n"
        THK_SPLIT("r2", "r3") THK_SPLIT("r6", "r7")
        THK_SPLIT("r4", "r5") THK_SPLIT("r8", "r9")
        THK_OUTS
        " bfi r2, r3, #8, #8\n"
        " bfi r2, r4, #16, #8\n"
        " bfi r2, r5, #24, #8\n"
        " bfi r6, r7, #8, #8\n"
        " bfi r6, r8, #16, #8\n"
        " bfi r6, r9, #24, #8\n"
        " ldrd r0, r12, [sp, #8]\n"
        " ldr r10, [sp, #" THK_TILE_FRAME("60", "68") "]\n"
        " str r6, [r0, r10]\n"
        " str r2, [r0], #4\n"
        " subs r12, r12, #1\n"
        " strd r0, r12, [sp, #8]\n"
        " ldr r0, [sp, #16]\n"
        " bne 1b\n"
        " add sp, sp, #" THK_TILE_FRAME("20", "28") "\n"
        " pop {r4-r11, pc}\n"
        : : : "memory");
}
#undef THK_OUT
#undef THK_OUTS

/*
 * One pixel fills no more accumulators, so there is room for four steps of it and of two channel
 * pairs: loads are shared between steps instead of pixels. First the steps that do not fill a
 * block of four, then blocks, four in each turn of the loop.
 */
#ifdef THK_EVEN
#define THK_OUTS THK_DSP_EVEN_FOUR
#else
#define THK_OUT(a, b)                                                     \
    " ldm r1!, {r6-r11}\n"                                                \
    THK_REQUANT("r12", a, "r6", "r7", "r8", a)                            \
    THK_REQUANT("r12", b, "r9", "r10", "r11", b)
#define THK_OUTS THK_OUT("r2", "r3") THK_OUT("r4", "r5")
#endif

static THK_DSP_NAKED void THK_ONE(
    const uint32_t *x THK_DSP_UNUSED, const uint32_t *stream THK_DSP_UNUSED,
    int8_t *y THK_DSP_UNUSED, int32_t groups THK_DSP_UNUSED, int32_t steps THK_DSP_UNUSED)
{
    /* stack: 0 entry, 4 entry of the loop, 8 end of x, 12 x, 16 y, 20 end of y, with
     * nibbles 24 the sum */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " ldr r10, [sp, #36]\n"
        " add r9, r2, r3, lsl #2\n"
        " mov r8, r2\n"
        " mov r7, r0\n"
        " add r6, r0, r10, lsl #2\n"
        " lsrs r11, r10, #2\n"
        " rsb r11, r11, #0\n"
        " and r11, r11, #3\n"
        " mov r4, #" THK_BLOCK_BYTES "\n"
        " adr.w r5, 3f\n"
        " mla r5, r11, r4, r5\n"
        " it eq\n"
        " adreq.w r5, 4f\n"
        " orr r5, r5, #1\n"
        " ands r10, r10, #3\n"
        " rsb r10, r10, #3\n"
        " mov r11, #" THK_SINGLE_BYTES "\n"
        " adr.w r4, 2f + 1\n"
        " mla r4, r10, r11, r4\n"
        " it eq\n"
        " moveq r4, r5\n"
        THK_ONE_SUM
        " push {" THK_ONE_FRAME "}\n"
        "1: ldm r1!, {r2-r5}\n"
        THK_ONE_BEGIN
        " ldr.w pc, [sp]\n"
        " .balign 4\n"
        "2:\n"
        THK_DSP_TIMES(3, THK_SINGLE)
        " ldr.w pc, [sp, #4]\n"
        " .balign 4\n"
        "3:\n"
        THK_DSP_TIMES(4, THK_BLOCK)
        " ldr r12, [sp, #8]\n"
        " cmp r0, r12\n"
        " bne 3b\n"
        " .balign 4\n"
        "4:\n"
        THK_SPLIT("r2", "r3") THK_SPLIT("r4", "r5")
        THK_OUTS
        " ldrd r6, r7, [sp, #16]\n"
        " ldr r0, [sp, #12]\n"
        " bfi r2, r3, #8, #8\n"
        " bfi r2, r4, #16, #8\n"
        " bfi r2, r5, #24, #8\n"
        " str r2, [r6], #4\n"
        " str r6, [sp, #16]\n"
        " cmp r6, r7\n"
        " bne 1b\n"
        " add sp, sp, #" THK_ONE_BYTES "\n"
        " pop {r4-r11, pc}\n"
        : : : "memory");
}
#undef THK_OUT
#undef THK_OUTS
#undef THK_STEP
#undef THK_STEP_BYTES
#undef THK_SPLIT
#undef THK_FOUR
#undef THK_SINGLE
#undef THK_SINGLE_BYTES
#undef THK_BLOCK
#undef THK_BLOCK_BYTES
#undef THK_TILE_FRAME
#undef THK_TILE_SUMS
#undef THK_TILE_BEGIN
#undef THK_ONE_FRAME
#undef THK_ONE_BYTES
#undef THK_ONE_SUM
#undef THK_ONE_BEGIN
/* clang-format on */

static THK_DSP_APART void THK_POINT(const struct thk_window2d *p, const int8_t *x,
                                    const uint32_t *stream, int8_t *y, uint32_t *scratch)
{
    const struct thk_conv2d_work k = {stream, scratch, THK_STEP_WORDS, THK_GROUP_WORDS};
    thk_conv2d_point(p, x, y, &k, THK_ONE);
}

static THK_DSP_APART void THK_ALONE(const struct thk_window2d *p, const struct thk_view *in,
                                    int32_t oy, int32_t ox, const int8_t *x,
                                    const uint32_t *stream, int8_t *out, uint32_t *scratch)
{
    const struct thk_conv2d_work k = {stream, scratch, THK_STEP_WORDS, THK_GROUP_WORDS};
    thk_conv2d_alone(p, in, oy, ox, x, out, &k, THK_ONE);
}

static THK_DSP_APART void THK_BOX(const struct thk_window2d *p, const struct thk_box *b,
                                  const int8_t *x, const uint32_t *stream, int8_t *y,
                                  uint32_t *scratch)
{
    const struct thk_conv2d_work k = {stream, scratch, THK_STEP_WORDS, THK_GROUP_WORDS};
    const int32_t oy = b->y + b->h - 1, ox = b->x + b->w - 1;
    thk_conv2d_pairs(p, b, x, y, &k, THK_TILE);
    if (b->h * b->w & 1)
        THK_ALONE(p, &p->in, oy, ox, x, stream, y + thk_view_at(&p->out, oy, ox), scratch);
}

/* Which of them it is, is known where it is called. */
static THK_DSP_INLINE void THK_NAME(const struct thk_window2d *p, const struct thk_box *b,
                                    const int8_t *x, const uint32_t *stream, int8_t *y,
                                    uint32_t *scratch)
{
    const int point = thk_conv2d_is_point(p, b);
    if (THK_DSP_KNOWN(point) && point)
        THK_POINT(p, x, stream, y, scratch);
    else
        THK_BOX(p, b, x, stream, y, scratch);
}

/* Pixel (oy, ox) alone; p tells all but where the input lies. */
static THK_DSP_INLINE void THK_PIXEL(const struct thk_window2d *p, const struct thk_view *in,
                                     int32_t oy, int32_t ox, const int8_t *x,
                                     const uint32_t *stream, int8_t *out, uint32_t *scratch)
{
    const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    const int small = thk_conv2d_is_small(p, in);
    if (THK_DSP_KNOWN(small) && small && thk_dsp_inside(p, y0, x0)) {
        const struct thk_conv2d_work k = {stream, scratch, THK_STEP_WORDS, THK_GROUP_WORDS};
        thk_conv2d_rows(p, in, x, y0, x0, scratch);
        thk_conv2d_finish_one(p, &k, THK_ONE,
                              p->kernel_h * thk_conv2d_steps(p->kernel_w * p->in_c), out);
    } else {
        const struct thk_view there = *in;      /* in memory only here */
        THK_ALONE(p, &there, oy, ox, x, stream, out, scratch);
    }
}
#undef THK_STEP_WORDS
#undef THK_GROUP_WORDS
#undef THK_WORDS
#undef THK_NIBBLES
#undef THK_EVEN
#undef THK_NAME
#undef THK_PIXEL
#undef THK_TILE
#undef THK_ONE
#undef THK_POINT
#undef THK_ALONE
#undef THK_BOX
#undef THK_REQUANT
