/* SPDX-License-Identifier: 0BSD */
/*
 * int8 fully connected, four channels at a time, eight products a block. Weights are channel
 * pairs as in thk_conv2d_s8.inc.h: 4 words of bias, 8 words a block, {m, c, e} x 4. The
 * input is read where it lies; only rows whose length is no multiple of eight are copied to
 * scratch and filled up. With THK_NIBBLES, weights of 4 bits as described there: 4 words a block.
 *
 * THK_NAME: the kernel, THK_GROUPS: its loop, THK_REQUANT: the contract's rounding (thk_dsp.h).
 * THK_EVEN in its place: contract "onnx", a group ends with four factors and the zero point.
 */
#include "armv7em/thk_dsp.h"
#include "thk_nn.h"

/* clang-format off */
#ifdef THK_NIBBLES
#define THK_BLOCK_WORDS 4
#define THK_BLOCK_BYTES "160"
/* Two products of four channels: x, and their weights, which are lost. */
#define THK_FOUR(x, w)                                                    \
    " sxtb16 lr, " w "\n"                                                 \
    " sxtb16 " w ", " w ", ror #8\n"                                      \
    " smlad r4, " x ", lr, r4\n"                                          \
    " smlad r2, " x ", " w ", r2\n"                                       \
    " and lr, lr, #0x000f000f\n"                                          \
    " and " w ", " w ", #0x000f000f\n"                                    \
    " smlad r5, " x ", lr, r5\n"                                          \
    " smlad r3, " x ", " w ", r3\n"
#define THK_HALF                                                          \
    " ldr.w r6, [r0], #4\n"                                               \
    " ldrd r10, r11, [r1], #8\n"                                          \
    " sxtb16 r8, r6\n"                                                    \
    " sxtb16 r9, r6, ror #8\n"                                            \
    THK_FOUR("r8", "r10") THK_FOUR("r9", "r11")
#define THK_BLOCK THK_HALF THK_HALF
/* a = twice (a - b) / 16, b = twice b */
#define THK_SPLIT(a, b)                                                   \
    " sub " a ", " a ", " b "\n"                                          \
    " asr " a ", " a ", #3\n"                                             \
    " lsl " b ", " b ", #1\n"
/* 8 * sum(x), which all sums hold too much, behind what the stack holds; x from r0 to r4. */
#define THK_FRAME(pair, other) other
#define THK_SUM                                                           \
    " mov r5, r0\n"                                                       \
    " mov r12, #0x00080008\n"                                             \
    " mov r6, #0\n"                                                       \
    "6: ldr r8, [r5], #4\n"                                               \
    " ldr r9, [r5], #4\n"                                                 \
    " sxtb16 r10, r8\n"                                                   \
    " sxtb16 r8, r8, ror #8\n"                                            \
    " sxtb16 r11, r9\n"                                                   \
    " sxtb16 r9, r9, ror #8\n"                                            \
    " smlad r6, r10, r12, r6\n"                                           \
    " smlad r6, r8, r12, r6\n"                                            \
    " smlad r6, r11, r12, r6\n"                                           \
    " smlad r6, r9, r12, r6\n"                                            \
    " cmp r5, r4\n"                                                       \
    " bne 6b\n"                                                           \
    " str r6, [sp, #20]\n"
#define THK_BEGIN                                                         \
    " ldr r10, [sp, #20]\n"                                               \
    " sub r2, r2, r10\n"                                                  \
    " sub r3, r3, r10\n"                                                  \
    " sub r4, r4, r10\n"                                                  \
    " sub r5, r5, r10\n"
#else
#define THK_BLOCK_WORDS 8
#define THK_BLOCK_BYTES "128"
#define THK_FRAME(pair, other) pair
#define THK_SUM
#define THK_BEGIN
#define THK_TWO(x, ab, cd)                                                \
    " smlad r2, " x ", " ab ", r2\n"                                      \
    " smlad r4, " x ", " cd ", r4\n"                                      \
    " sxtb16 " ab ", " ab "\n"                                            \
    " sxtb16 " cd ", " cd "\n"                                            \
    " smlad r3, " x ", " ab ", r3\n"                                      \
    " smlad r5, " x ", " cd ", r5\n"
#define THK_BLOCK                                                         \
    " ldr.w r6, [r0], #4\n"                                               \
    " ldr.w r7, [r0], #4\n"                                               \
    " ldm.w r1!, {r10, r11, r12, lr}\n"                                   \
    " sxtb16 r8, r6\n"                                                    \
    " sxtb16 r9, r6, ror #8\n"                                            \
    THK_TWO("r8", "r10", "r11") THK_TWO("r9", "r12", "lr")                \
    " ldm.w r1!, {r10, r11, r12, lr}\n"                                   \
    " sxtb16 r8, r7\n"                                                    \
    " sxtb16 r9, r7, ror #8\n"                                            \
    THK_TWO("r8", "r10", "r11") THK_TWO("r9", "r12", "lr")
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
#endif
#ifdef THK_EVEN
#define THK_GROUP_WORDS 9
#define THK_OUTS THK_DSP_EVEN_FOUR
#else
#define THK_GROUP_WORDS 16
#define THK_OUT(a)                                                        \
    " ldm r1!, {r10, r11, r12}\n"                                         \
    THK_REQUANT("lr", a, "r10", "r11", "r12", a)
#define THK_OUTS THK_OUT("r2") THK_OUT("r3") THK_OUT("r4") THK_OUT("r5")
#endif

static THK_DSP_NAKED void THK_GROUPS(
    const int8_t *x THK_DSP_UNUSED, const uint32_t *stream THK_DSP_UNUSED,
    int8_t *y THK_DSP_UNUSED, int32_t groups THK_DSP_UNUSED, int32_t blocks THK_DSP_UNUSED)
{
    /* stack: 0 entry, 4 end of x, 8 y, 12 groups, 16 x, with nibbles 20 the sum; then
     * registers; blocks */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " sub sp, sp, #" THK_FRAME("20", "24") "\n"
        " ldr r4, [sp, #" THK_FRAME("56", "60") "]\n"
        " rsb r5, r4, #0\n"
        " and r5, r5, #3\n"
        " mov r6, #" THK_BLOCK_BYTES "\n"
        " adr.w r7, 2f\n"
        " mla r5, r5, r6, r7\n"
        " orr r5, r5, #1\n"
        " add r4, r0, r4, lsl #3\n"
        " strd r5, r4, [sp]\n"
        " strd r2, r3, [sp, #8]\n"
        " str r0, [sp, #16]\n"
        THK_SUM
        "1: ldm r1!, {r2-r5}\n"
        THK_BEGIN
        " ldr.w pc, [sp]\n"
        " .balign 4\n"
        "2:\n"
        THK_DSP_TIMES(4, THK_BLOCK)
        " ldr r12, [sp, #4]\n"
        " cmp r0, r12\n"
        " bne 2b\n"
        THK_SPLIT("r2", "r3") THK_SPLIT("r4", "r5")
        THK_OUTS
        " bfi r2, r3, #8, #8\n"
        " bfi r2, r4, #16, #8\n"
        " bfi r2, r5, #24, #8\n"
        " ldrd r0, r12, [sp, #8]\n"
        " str r2, [r0], #4\n"
        " subs r12, r12, #1\n"
        " strd r0, r12, [sp, #8]\n"
        " ldr r0, [sp, #16]\n"
        " bne 1b\n"
        " add sp, sp, #" THK_FRAME("20", "24") "\n"
        " pop {r4-r11, pc}\n"
        : : : "memory");
}
#undef THK_TWO
#undef THK_FOUR
#undef THK_HALF
#undef THK_BLOCK
#undef THK_BLOCK_BYTES
#undef THK_FRAME
#undef THK_SUM
#undef THK_BEGIN
#undef THK_SPLIT
#undef THK_OUT
#undef THK_OUTS
/* clang-format on */

static void THK_NAME(const struct thk_dense *p, const int8_t *x,
                                            const uint32_t *stream, int8_t *y, int8_t *scratch)
{
    const int32_t groups = p->out / 4, rest = p->out % 4, blocks = (p->in + 7) / 8;
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        const int8_t *in = x;
        if (p->in % 8) {
            thk_dsp_copy(scratch, x, p->in);
            thk_dsp_fill(scratch + p->in, 0, 8 * blocks - p->in);
            in = scratch;
        }
        THK_DSP_ESCAPE(in);
        THK_DSP_ESCAPE(stream);
        THK_DSP_ESCAPE(y);
        if (groups)
            THK_GROUPS(in, stream, y, groups, blocks);
        if (rest) {
            int8_t last[4], *to = last;
            THK_DSP_ESCAPE(to);
            THK_GROUPS(in, stream + groups * (THK_GROUP_WORDS + THK_BLOCK_WORDS * blocks), to, 1,
                       blocks);
            for (int32_t c = 0; c < rest; c++)
                y[4 * groups + c] = last[c];
        }
        if (p->lo > INT8_MIN || p->hi < INT8_MAX)
            thk_dsp_clamp(y, p->out, p->lo, p->hi);
    }
}
#undef THK_BLOCK_WORDS
#undef THK_NIBBLES
#undef THK_NAME
#undef THK_GROUPS
#undef THK_REQUANT
#undef THK_EVEN
#undef THK_GROUP_WORDS
