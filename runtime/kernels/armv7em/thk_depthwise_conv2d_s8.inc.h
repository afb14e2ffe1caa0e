/* SPDX-License-Identifier: 0BSD */
/*
 * int8 depthwise convolution of any window, one pixel by four channels, reading the tensor where
 * it lies. A table holds the byte offset of each tap from the pixel's window, so strides,
 * dilation, pitches and rings are nothing to the loop; taps in the padding point at bytes of the
 * input's zero point, because the bias holds bias - zero * sum(weights).
 *
 * Two taps at a time: half-words of two pixels are paired before their bytes are sign-extended,
 * so that one dual multiply serves a channel. Stream of a group of four channels: 4 words of
 * bias, 2 words of the first tap's weights (c0 c2, c1 c3), 4 words for each further pair of taps
 * (one channel each), {m, c, e} x 4. Biases and weights are stored doubled. Channels that do not
 * fill a group are computed by a group that ends with the last channel.
 *
 * With THK_NIBBLES, weights of 4 bits: a word for the first tap (its half-words c0 c2, below them
 * in a second digit c1 c3), a word for each further pair of taps (a tap's half-word: c0 c1 c2 c3
 * from the top digit on), {bias, m, c, e} x 4. A shift and a mask in one instruction leave a
 * channel's weights at the top of the half-words, so sums are 4096 times themselves until the
 * bias, stored doubled, is added.
 *
 * A pixel's outputs are finished in scratch before they are stored, so that they may overwrite
 * inputs no later pixel needs. Scratch, in words: two tables, then two pixels in bytes.
 *
 * THK_NAME: the kernel, THK_PIXEL: the same for a piece of one pixel, THK_GROUPS: its loop,
 * THK_TAPS, THK_ALONE: what calls it for a pixel, for a piece of one pixel with any window,
 * THK_REQUANT: the contract's rounding (thk_dsp.h). THK_EVEN in its place: contract "onnx", a group
 * ends with four factors and the zero point, and biases and weights are not doubled.
 */
#include "armv7em/thk_depthwise_table.h"

/* clang-format off */
#ifdef THK_NIBBLES
#define THK_GROUP_WORDS(pairs) (17 + (pairs))
#define THK_START " mov r9, #0xf000f000\n"
#define THK_FIRST_WEIGHTS " ldr.w r6, [r1], #4\n"
#define THK_FIRST                                                         \
    " and r7, r9, r6\n"                                                   \
    " and r8, r9, r6, lsl #4\n"                                           \
    " smulbb r2, r11, r7\n"                                               \
    " smultt r4, r11, r7\n"                                               \
    " smulbb r3, r10, r8\n"                                               \
    " smultt r5, r10, r8\n"
#define THK_PAIR_BYTES "72"
#define THK_PAIR                                                          \
    " ldr.w r6, [r1], #4\n"                                               \
    " ldrd r10, r11, [lr], #8\n"                                          \
    " ldr.w r10, [r0, r10]\n"                                             \
    " ldr.w r11, [r0, r11]\n"                                             \
    " and r7, r9, r6\n"                                                   \
    " and r8, r9, r6, lsl #4\n"                                           \
    " pkhbt r12, r10, r11, lsl #16\n"                                     \
    " pkhtb r11, r11, r10, asr #16\n"                                     \
    " sxtb16 r10, r12\n"                                                  \
    " smlad r2, r10, r7, r2\n"                                            \
    " sxtb16 r10, r12, ror #8\n"                                          \
    " smlad r3, r10, r8, r3\n"                                            \
    " and r7, r9, r6, lsl #8\n"                                           \
    " sxtb16 r10, r11\n"                                                  \
    " and r8, r9, r6, lsl #12\n"                                          \
    " smlad r4, r10, r7, r4\n"                                            \
    " sxtb16 r10, r11, ror #8\n"                                          \
    " smlad r5, r10, r8, r5\n"
#define THK_OUT(a)                                                        \
    " ldm r1!, {r8, r10, r11, r12}\n"                                     \
    " add " a ", r8, " a ", asr #11\n"                                    \
    THK_REQUANT("lr", a, "r10", "r11", "r12", a)
#else
#ifdef THK_EVEN
#define THK_GROUP_WORDS(pairs) (11 + 4 * (pairs))
#else
#define THK_GROUP_WORDS(pairs) (18 + 4 * (pairs))
#endif
#define THK_START
#define THK_FIRST_WEIGHTS " ldm r1!, {r2-r7}\n"
#define THK_FIRST                                                         \
    " smlabb r2, r11, r6, r2\n"                                           \
    " smlatt r4, r11, r6, r4\n"                                           \
    " smlabb r3, r10, r7, r3\n"                                           \
    " smlatt r5, r10, r7, r5\n"
#define THK_PAIR_BYTES "56"
#define THK_PAIR                                                          \
    " ldm.w r1!, {r6-r9}\n"                                               \
    " ldrd r10, r11, [lr], #8\n"                                          \
    " ldr.w r10, [r0, r10]\n"                                             \
    " ldr.w r11, [r0, r11]\n"                                             \
    " pkhbt r12, r10, r11, lsl #16\n"                                     \
    " pkhtb r11, r11, r10, asr #16\n"                                     \
    " sxtb16 r10, r12\n"                                                  \
    " smlad r2, r10, r6, r2\n"                                            \
    " sxtb16 r10, r12, ror #8\n"                                          \
    " smlad r3, r10, r7, r3\n"                                            \
    " sxtb16 r10, r11\n"                                                  \
    " smlad r4, r10, r8, r4\n"                                            \
    " sxtb16 r10, r11, ror #8\n"                                          \
    " smlad r5, r10, r9, r5\n"
#define THK_OUT(a)                                                        \
    " ldm r1!, {r10, r11, r12}\n"                                         \
    THK_REQUANT("lr", a, "r10", "r11", "r12", a)
#endif
#ifdef THK_EVEN
#define THK_OUTS THK_DSP_EVEN_FOUR
#else
#define THK_OUTS THK_OUT("r2") THK_OUT("r3") THK_OUT("r4") THK_OUT("r5")
#endif

static THK_DSP_NAKED void THK_GROUPS(
    uintptr_t x THK_DSP_UNUSED, const uint32_t *stream THK_DSP_UNUSED, int8_t *y THK_DSP_UNUSED,
    const uint32_t *table THK_DSP_UNUSED, int32_t pairs THK_DSP_UNUSED,
    int32_t groups THK_DSP_UNUSED)
{
    /* stack: 0 entry, 4 table, 8 end of table, 12 y, 16 end of y; 56 pairs, 60 groups */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " sub sp, sp, #20\n"
        " ldrd r4, r5, [sp, #56]\n"
        " add r5, r2, r5, lsl #2\n"
        " strd r2, r5, [sp, #12]\n"
        " add r6, r3, r4, lsl #3\n"
        " add r6, r6, #4\n"
        " strd r3, r6, [sp, #4]\n"
        " adr.w r7, 2f\n"
        " rsb r5, r4, #0\n"
        " and r5, r5, #3\n"
        " mov r6, #" THK_PAIR_BYTES "\n"
        " mla r7, r5, r6, r7\n"
        " cmp r4, #0\n"
        " it eq\n"
        " adreq.w r7, 3f\n"
        " orr r7, r7, #1\n"
        " str r7, [sp]\n"
        " mov lr, r3\n"
        THK_START
        "1:\n"
        THK_FIRST_WEIGHTS
        " ldr r10, [lr], #4\n"
        " ldr r10, [r0, r10]\n"
        " sxtb16 r11, r10\n"
        " sxtb16 r10, r10, ror #8\n"
        THK_FIRST
        " ldr.w pc, [sp]\n"
        " .balign 4\n"
        "2:\n"
        THK_DSP_TIMES(4, THK_PAIR)
        " ldr r12, [sp, #8]\n"
        " cmp lr, r12\n"
        " bne 2b\n"
        " .balign 4\n"
        "3:\n"
        THK_OUTS
        " bfi r2, r3, #8, #8\n"
        " bfi r2, r4, #16, #8\n"
        " bfi r2, r5, #24, #8\n"
        " ldrd r10, r11, [sp, #12]\n"
        " str r2, [r10], #4\n"
        " str r10, [sp, #12]\n"
        " ldr lr, [sp, #4]\n"
        " add r0, r0, #4\n"
        " cmp r10, r11\n"
        " bne 1b\n"
        " add sp, sp, #20\n"
        " pop {r4-r11, pc}\n"
        : : : "memory");
}
#undef THK_PAIR
#undef THK_PAIR_BYTES
#undef THK_OUT
#undef THK_START
#undef THK_FIRST
#undef THK_FIRST_WEIGHTS
#undef THK_OUTS
/* clang-format on */

/* All channels of a pixel whose taps a table tells, finished in scratch before they are stored. */
static inline void THK_TAPS(const struct thk_window2d *p, uintptr_t at, const uint32_t *stream,
                            const uint32_t *table, int8_t *pixel, int8_t *out)
{
    const int32_t pairs = p->kernel_h * p->kernel_w >> 1, n = p->in_c, groups = n >> 2;
    THK_DSP_ESCAPE(stream);
    THK_DSP_ESCAPE(pixel);
    THK_DSP_ESCAPE(table);
    THK_GROUPS(at, stream, pixel, table, pairs, groups);
    if (n & 3)
        THK_GROUPS(at + (uintptr_t)n - 4, stream + groups * THK_GROUP_WORDS(pairs), pixel + n - 4,
                   table, pairs, 1);
    thk_dsp_copy(out, pixel, n);
    if (p->lo > INT8_MIN || p->hi < INT8_MAX)
        thk_dsp_clamp(out, n, p->lo, p->hi);
}

static THK_DSP_APART void THK_ALONE(const struct thk_window2d *p, const struct thk_view *in,
                                    int32_t oy, int32_t ox, const int8_t *x,
                                    const uint32_t *stream, int8_t *out, uint32_t *scratch)
{
    const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    int8_t *pixel = (int8_t *)(scratch + (p->kernel_h * p->kernel_w | 1));
    int8_t *blank = pixel + ((p->in_c + 3) & -4);
    if (thk_dsp_inside(p, y0, x0)) {
        thk_depthwise_conv2d_inside(p, in, y0, x0, scratch);
    } else {
        thk_dsp_fill(blank, p->in_zero, p->in_c);
        thk_depthwise_conv2d_table(p, in, (uintptr_t)x, y0, x0, blank, scratch);
    }
    THK_DSP_ESCAPE(blank);
    THK_DSP_ESCAPE(x);
    THK_TAPS(p, (uintptr_t)x, stream, scratch, pixel, out);
}

static THK_DSP_UNUSED void THK_NAME(const struct thk_window2d *p, const struct thk_box *b,
                                    const int8_t *x, const uint32_t *stream, int8_t *y,
                                    uint32_t *scratch)
{
    const int32_t taps = p->kernel_h * p->kernel_w, n = p->in_c;
    const int32_t y_end = p->in_h - (p->kernel_h - 1) * p->dilation_h;
    const int32_t x_end = p->in_w - (p->kernel_w - 1) * p->dilation_w;
    uint32_t *inside = scratch, *border = inside + (taps | 1);
    int8_t *blank = (int8_t *)(border + (taps | 1)), *pixel = blank + (n + 3) / 4 * 4;
    const int32_t in_pixel = p->in.pixel, out_pixel = p->out.pixel, stride = p->stride_w;
    const int32_t x_last = b->x + b->w;
    const int linear = thk_view_linear(&p->in);
    int filled = 0, have = 0;
    int32_t table_y = 0;     /* row that `inside` was made for: serves all if rows are linear */
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        const int32_t y0 = oy * p->stride_h - p->pad_top;
        const int rows = y0 >= 0 && y0 < y_end;
        int32_t x0 = b->x * stride - p->pad_left;
        int8_t *out = y + thk_view_at(&p->out, oy, b->x);
        have = have && linear;
        for (int32_t ox = b->x; ox < x_last; ox++, x0 += stride, out += out_pixel) {
            const uint32_t *table = inside;
            uintptr_t at = (uintptr_t)x;
            if (rows && x0 >= 0 && x0 < x_end) {
                if (!have) {
                    thk_depthwise_conv2d_inside(p, &p->in, y0, 0, inside);
                    table_y = y0;
                    have = 1;
                }
                at += (uintptr_t)((y0 - table_y) * p->in.row + x0 * in_pixel);
            } else {
                if (!filled)
                    thk_dsp_fill(blank, p->in_zero, n);
                filled = 1;
                thk_depthwise_conv2d_table(p, &p->in, at, y0, x0, blank, border);
                table = border;
            }
            THK_DSP_ESCAPE(blank);
            THK_DSP_ESCAPE(x);
            THK_TAPS(p, at, stream, table, pixel, out);
        }
    }
}

/* Pixel (oy, ox) alone; p tells all but where the input lies. With few channels it is computed
 * where it is asked for, with literal numbers. */
static THK_DSP_INLINE void THK_PIXEL(const struct thk_window2d *p, const struct thk_view *in,
                                     int32_t oy, int32_t ox, const int8_t *x,
                                     const uint32_t *stream, int8_t *out, uint32_t *scratch)
{
    const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    const int small = p->in_c <= 64 && (p->in_c & 3) == 0 && p->kernel_h * p->kernel_w <= 9;
    if (THK_DSP_KNOWN(small) && small && thk_dsp_inside(p, y0, x0)) {
        int8_t *pixel = (int8_t *)(scratch + (p->kernel_h * p->kernel_w | 1));
        thk_depthwise_conv2d_inside(p, in, y0, x0, scratch);
        THK_DSP_ESCAPE(x);
        THK_TAPS(p, (uintptr_t)x, stream, scratch, pixel, out);
    } else {
        const struct thk_view there = *in;      /* in memory only here */
        THK_ALONE(p, &there, oy, ox, x, stream, out, scratch);
    }
}
#undef THK_GROUP_WORDS
#undef THK_NIBBLES
#undef THK_NAME
#undef THK_PIXEL
#undef THK_GROUPS
#undef THK_TAPS
#undef THK_ALONE
#undef THK_REQUANT
#undef THK_EVEN
