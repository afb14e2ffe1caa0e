/* SPDX-License-Identifier: 0BSD */
/*
 * int8 convolution: 4 pixels by 4 channels, two channels at a time. VMLAVA sums into even
 * registers only, so eight sums take all of them, LR included.
 *
 * The stream holds for each pair of channels: products in steps of {16 bytes of the first channel,
 * 16 of the second}, then {bias, m, -e} of both; channels are padded to a multiple of 4 and
 * products to one of 16, with zeros. Biases hold bias - zero * sum(weights); a tap in the padding
 * reads the zero point. Four fields of `fill` bytes are copied to scratch unless they lie in the
 * tensor one after the other, which then may be read up to 15 bytes beyond a pixel.
 *
 * THK_NAME: the kernel, THK_TILE: its loop, THK_EDGE: what calls that for outputs in parts,
 * THK_ROUND(q, m, e): what the contract makes of four sums; {m, -e} are its.
 */
#include "mve/thk_conv2d_field.h"

/* clang-format off */
#define THK_DOT(first)                                                        \
    " vldrb.u8 q0, [r11], #16\n"                                              \
    " vldrb.u8 q1, [r11], #16\n"                                              \
    " vldrb.u8 q2, [r1], #16\n"                                               \
    first " r0, q2, q0\n" first " r8, q2, q1\n"                               \
    " vldrb.u8 q2, [r3], #16\n"                                               \
    first " r2, q2, q0\n" first " r10, q2, q1\n"                              \
    " vldrb.u8 q2, [r5], #16\n"                                               \
    first " r4, q2, q0\n" first " r12, q2, q1\n"                              \
    " vldrb.u8 q2, [r9], #16\n"                                               \
    first " r6, q2, q0\n" first " lr, q2, q1\n"
/* All products of two channels; r7 is the end of their weights. The pixel pointers go back. */
#define THK_PAIR(l)                                                           \
    " ldr r7, [sp, #8]\n"                                                     \
    " add.w r7, r11, r7, lsl #1\n"                                            \
    THK_DOT(" vmlav.s8")                                                      \
    " cmp r11, r7\n"                                                          \
    " beq " l "f\n"                                                           \
    "9:\n"                                                                    \
    THK_DOT(" vmlava.s8")                                                     \
    " cmp r11, r7\n"                                                          \
    " bne 9b\n"                                                               \
    l ":\n"                                                                   \
    " ldr r7, [sp, #8]\n"                                                     \
    " subs r1, r1, r7\n"                                                      \
    " subs r3, r3, r7\n"                                                      \
    " subs r5, r5, r7\n"                                                      \
    " sub.w r9, r9, r7\n"
#define THK_SCALE(q, p0, p1, p2, p3)                                          \
    " vmov " q "[2], " q "[0], " p0 ", " p2 "\n"                              \
    " vmov " q "[3], " q "[1], " p1 ", " p3 "\n"                              \
    " ldm r11!, {" p0 ", " p1 ", " p2 "}\n"                                   \
    " vadd.i32 " q ", " q ", " p0 "\n"                                        \
    THK_ROUND(q, p1, p2)

static THK_MVE_NAKED void THK_TILE(
    const int8_t *x THK_MVE_UNUSED, const int8_t *stream THK_MVE_UNUSED,
    int8_t *y THK_MVE_UNUSED, const struct thk_conv2d_tile__mve *t THK_MVE_UNUSED)
{
    /* 0 y, 4 groups, 8 fill, 12 t */
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " vpush {d8-d15}\n"
        " sub sp, sp, #16\n"
        " ldr r4, [r3]\n"
        " ldrd r5, r6, [r3, #4]\n"
        " str r2, [sp]\n"
        " strd r6, r5, [sp, #4]\n"
        " str r3, [sp, #12]\n"
        " add.w r6, r3, #24\n"
        " vldrw.u32 q3, [r6]\n"
        " mov r11, r1\n"
        " mov r1, r0\n"
        " adds r3, r1, r4\n"
        " adds r5, r3, r4\n"
        " add.w r9, r5, r4\n"
        "1:\n"
        THK_PAIR("2")
        THK_SCALE("q4", "r0", "r2", "r4", "r6")
        THK_SCALE("q5", "r8", "r10", "r12", "lr")
        THK_PAIR("3")
        THK_SCALE("q6", "r0", "r2", "r4", "r6")
        THK_SCALE("q7", "r8", "r10", "r12", "lr")
        " ldr r7, [sp, #12]\n"
        " ldr r0, [r7, #12]\n"
        " ldrd r2, r4, [r7, #16]\n"
        /* narrowing bottom and top twice leaves the four channels of a pixel in each lane */
        " vqmovnb.s32 q4, q4\n"
        " vqmovnt.s32 q4, q6\n"
        " vqmovnb.s32 q5, q5\n"
        " vqmovnt.s32 q5, q7\n"
        " vdup.8 q1, r2\n"
        " vqadd.s16 q4, q4, r0\n"
        " vqadd.s16 q5, q5, r0\n"
        " vdup.8 q2, r4\n"
        " vqmovnb.s16 q4, q4\n"
        " vqmovnt.s16 q4, q5\n"
        " ldrd r2, r4, [sp]\n"
        " vmax.s8 q4, q4, q1\n"
        " vmin.s8 q4, q4, q2\n"
        " vstrw.32 q4, [r2, q3]\n"
        " adds r2, r2, #4\n"
        " subs r4, r4, #1\n"
        " strd r2, r4, [sp]\n"
        " bne.w 1b\n"
        " add sp, sp, #16\n"
        " vpop {d8-d15}\n"
        " pop {r4-r11, pc}\n");
}
#undef THK_DOT
#undef THK_PAIR
#undef THK_SCALE
/* clang-format on */

/* Outputs that are not whole words in place are made in `words` and copied. */
static void THK_EDGE(const int8_t *x, const int8_t *stream, int8_t *y,
                     const struct thk_conv2d_tile__mve *of, int32_t pixels, int32_t channels)
{
    const int32_t block = 2 * (2 * of->fill + 24);
    struct thk_conv2d_tile__mve t = *of;
    uint32_t words[4];
    t.groups = 1;
    for (uint32_t i = 0; i < 4; i++)
        t.offset[i] = 4 * i;
    for (int32_t c = 0; c < channels; c += 4, stream += block) {
        const int8_t *const from = (const int8_t *)words;
        THK_TILE(x, stream, (int8_t *)words, &t);
        __asm__ volatile("" : : : "memory");
        for (int32_t i = 0; i < pixels; i++)
            for (int32_t k = 0; k < 4 && c + k < channels; k++)
                y[(int32_t)of->offset[i] + c + k] = from[4 * i + k];
    }
}

/* Pixels are taken four at a time along the rows of the box; a tile may go on in the next row. */
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y, int8_t *scratch)
{
    const int32_t taps = p->kernel_h * p->kernel_w * p->in_c, all = b->h * b->w;
    const int words = ((uintptr_t)y | (uint32_t)p->out.pixel | (uint32_t)p->out.row |
                       (uint32_t)p->out_c) % 4 == 0;
    const int direct = p->kernel_h * p->kernel_w == 1 && p->pad_top == 0 && p->pad_left == 0;
    struct thk_conv2d_tile__mve t = {
        .fill = (taps + 15) & ~15, .groups = p->out_c / 4, .zero = p->out_zero, .lo = p->lo,
        .hi = p->hi};
    int32_t oy = b->y, ox = b->x;
    for (int32_t done = 0; done < all; done += 4) {
        const int32_t n = all - done < 4 ? all - done : 4;
        const ptrdiff_t first = thk_view_at(&p->out, oy, ox);
        const int8_t *from = scratch;
        const int row = direct && n == 4 && ox + 4 <= b->x + b->w;
        ptrdiff_t at = 0;
        t.step = t.fill;
        if (row) {
            from = x + thk_view_at(&p->in, oy * p->stride_h, ox * p->stride_w);
            t.step = p->stride_w * p->in.pixel;
        }
        for (int32_t i = 0; i < 4; i++) {
            if (i >= n) {               /* beyond the end: the last pixel again */
                t.offset[i] = t.offset[n - 1];
                thk_mve_copy(scratch + i * t.fill, scratch + (n - 1) * t.fill, t.fill);
                continue;
            }
            t.offset[i] = (uint32_t)at;
            at += p->out.pixel;
            if (!row)
                thk_conv2d_field__mve(p, oy, ox, x, scratch + i * t.fill);
            if (++ox == b->x + b->w) {
                ox = b->x;
                oy++;
                at = i + 1 < n ? thk_view_at(&p->out, oy, ox) - first : 0;
            }
        }
        __asm__ volatile("" : : : "memory");
        if (words)
            THK_TILE(from, stream, y + first, &t);
        else
            THK_EDGE(from, stream, y + first, &t, n, p->out_c);
        __asm__ volatile("" : : : "memory");
    }
}
#undef THK_NAME
#undef THK_TILE
#undef THK_EDGE
#undef THK_ROUND
