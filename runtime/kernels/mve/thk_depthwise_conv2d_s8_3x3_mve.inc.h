/* SPDX-License-Identifier: 0BSD */
/*
 * int8 depthwise 3x3 without dilation, 16 channels at a time, a row of outputs in one assembly
 * loop. The three rows under it are copied to scratch with their padding, each once: a ring. The
 * second tap of each pair loads its weights twice: four sums, two partial sums, inputs and weights
 * fill all registers. The stream is that of thk_depthwise_conv2d_s8_mve.inc.h.
 *
 * THK_NAME: the kernel, THK_ROW: its loop, THK_ROUND(q, at): what the contract makes of four sums,
 * their factors in q0; whatever else it takes lies 16 bytes behind those.
 */
#include "mve/thk_depthwise_3x3.h"

/* clang-format off */
#define THK_FIRST(p, n)                                                       \
    " vldrb.u8 q0, [" p "]\n"                                                 \
    " vldrb.u8 q1, [r3, #16*(" n ")]\n"                                       \
    " vmullb.s8 q2, q0, q1\n"                                                 \
    " vmullt.s8 q3, q0, q1\n"
#define THK_SECOND(p, n)                                                      \
    " vldrb.u8 q0, [" p "]\n"                                                 \
    " vldrb.u8 q1, [r3, #16*(" n ")]\n"                                       \
    " vmullb.s8 q1, q0, q1\n"                                                 \
    " vadd.i16 q2, q2, q1\n"                                                  \
    " vldrb.u8 q1, [r3, #16*(" n ")]\n"                                       \
    " vmullt.s8 q0, q0, q1\n"                                                 \
    " vadd.i16 q3, q3, q0\n"
#define THK_WIDEN                                                             \
    " vmovlb.s16 q0, q2\n"                                                    \
    " vadd.i32 q4, q4, q0\n"                                                  \
    " vmovlt.s16 q0, q2\n"                                                    \
    " vadd.i32 q5, q5, q0\n"                                                  \
    " vmovlb.s16 q0, q3\n"                                                    \
    " vadd.i32 q6, q6, q0\n"                                                  \
    " vmovlt.s16 q0, q3\n"                                                    \
    " vadd.i32 q7, q7, q0\n"
#define THK_SCALE(q, at)                                                      \
    " vldrw.u32 q0, [r6, #16+" at "+16]\n"                                    \
    THK_ROUND(q, at)
#define THK_NEXT(p) " add " p ", " p ", r7\n"

static THK_MVE_NAKED void THK_ROW(
    const struct thk_depthwise_row__mve *a THK_MVE_UNUSED)
{
    __asm__ volatile(
        " push {r4-r11, lr}\n"
        " vpush {d8-d15}\n"
        " ldrd r4, r5, [r0, #16]\n"
        " ldrd r7, r8, [r0, #24]\n"
        " ldrd r9, r10, [r0, #32]\n"
        " mov r11, r0\n"
        " ldr r3, [r0, #12]\n"
        " ldrd r1, r2, [r0, #4]\n"
        " ldr r0, [r0]\n"
        " add.w r6, r3, #128\n"
        " dls lr, r5\n"
        "1:\n"
        " vldrw.u32 q4, [r6, #16]\n"
        " vldrw.u32 q5, [r6, #64]\n"
        " vldrw.u32 q6, [r6, #112]\n"
        " vldrw.u32 q7, [r6, #160]\n"
        THK_FIRST("r0", "0") THK_NEXT("r0") THK_SECOND("r0", "1") THK_NEXT("r0") THK_WIDEN
        THK_FIRST("r0", "2") THK_SECOND("r1", "3") THK_NEXT("r1") THK_WIDEN
        THK_FIRST("r1", "4") THK_NEXT("r1") THK_SECOND("r1", "5") THK_WIDEN
        THK_FIRST("r2", "6") THK_NEXT("r2") THK_SECOND("r2", "7") THK_NEXT("r2") THK_WIDEN
        " vldrb.u8 q0, [r2]\n"
        " vldrb.u8 q1, [r6]\n"
        " vmullb.s8 q2, q0, q1\n"
        " vmullt.s8 q3, q0, q1\n"
        THK_WIDEN
        THK_SCALE("q4", "0") THK_SCALE("q5", "48") THK_SCALE("q6", "96") THK_SCALE("q7", "144")
        " vqmovnb.s32 q4, q4\n"
        " vqmovnt.s32 q4, q5\n"
        " ldr r5, [r11, #40]\n"
        " vqmovnb.s32 q6, q6\n"
        " vqmovnt.s32 q6, q7\n"
        " vdup.8 q0, r5\n"
        " vqadd.s16 q4, q4, r10\n"
        " ldr r5, [r11, #44]\n"
        " vqadd.s16 q6, q6, r10\n"
        " vdup.8 q1, r5\n"
        " vqmovnb.s16 q4, q4\n"
        " vqmovnt.s16 q4, q6\n"
        " add r0, r0, r8\n"
        " vmax.s8 q4, q4, q0\n"
        " add r1, r1, r8\n"
        " vmin.s8 q4, q4, q1\n"
        " add r2, r2, r8\n"
        " vstrb.8 q4, [r4]\n"
        " add r4, r4, r9\n"
        " le lr, 1b\n"
        " vpop {d8-d15}\n"
        " pop {r4-r11, pc}\n");
}
#undef THK_FIRST
#undef THK_SECOND
#undef THK_WIDEN
#undef THK_SCALE
#undef THK_NEXT
/* clang-format on */

/* scratch: three rows of 16 bytes a column, then a row of outputs for blocks that are not full */
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y, int8_t *scratch)
{
    const int32_t columns = (b->w - 1) * p->stride_w + 3, x0 = b->x * p->stride_w - p->pad_left;
    int8_t *const spare = scratch + 48 * columns;
    struct thk_depthwise_row__mve a = {
        .n = b->w, .pitch = 16, .step = (p->stride_w - 2) * 16, .zero = p->out_zero,
        .lo = p->lo, .hi = p->hi};
    for (int32_t c = 0; c < p->out_c; c += 16, stream += 144 + 192) {
        const int32_t left = p->out_c - c;
        int32_t next = b->y * p->stride_h - p->pad_top, slot = 0;
        a.stream = stream;
        for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
            const int32_t y0 = oy * p->stride_h - p->pad_top;
            int8_t *const out = y + c + thk_view_at(&p->out, oy, b->x);
            if (next < y0) {            /* rows that a stride above 3 jumps over */
                slot = (slot + y0 - next) % 3;
                next = y0;
            }
            for (; next < y0 + 3; next++, slot = slot == 2 ? 0 : slot + 1)
                thk_depthwise_fill__mve(p, x + c, next, x0, columns,
                                        scratch + slot * 16 * columns);
            /* the oldest row lies in the slot that is filled next */
            for (int32_t ky = 0; ky < 3; ky++)
                a.row[ky] = scratch + (slot + ky) % 3 * 16 * columns;
            a.out = left < 16 ? spare : out;
            a.out_pitch = left < 16 ? 16 : p->out.pixel;
            __asm__ volatile("" : : : "memory");
            THK_ROW(&a);
            __asm__ volatile("" : : : "memory");
            for (int32_t i = 0; left < 16 && i < b->w; i++)
                thk_mve_copy(out + i * p->out.pixel, spare + 16 * i, left);
        }
    }
}
#undef THK_NAME
#undef THK_ROW
#undef THK_ROUND
