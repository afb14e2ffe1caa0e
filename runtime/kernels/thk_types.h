/* SPDX-License-Identifier: 0BSD */
/*
 * What kernels are told: views, boxes and parameter structs. All counts are elements unless they
 * are called bytes. Kernels are static functions included by the model's own .c file, so literal
 * parameters may be propagated into them.
 *
 * A kernel's parameters stand in this order: parameter struct, box (windowed kernels), inputs and
 * packed constants, outputs, scratch.
 */
#ifndef THK_TYPES_H
#define THK_TYPES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first statement of a step. GCC 12 takes a function for one that only reads when a loop of it
 * addresses what it loads and stores by one pointer times a factor, and drops the calls that are
 * left of it. This says that it writes, and costs no instruction.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define THK_WRITES __asm__ volatile("" ::: "memory")
#else
#define THK_WRITES ((void)0)
#endif

/* How a map of pixels lies in memory. (y, x) of the whole tensor lies at
 * base + (ring ? y % ring : y - y0) * row + (x - x0) * pixel, but those of row tail_y (-1: none)
 * at base + tail + x * pixel: the newest row of a line buffer, of which only columns from some t0
 * on are there (tail holds -t0 * pixel). */
struct thk_view {
    int32_t pixel, row, ring, y0, x0, tail_y, tail;
};

/* The outputs to produce: rows [y, y+h), columns [x, x+w), channels [c, c+n) of the output. */
struct thk_box {
    int32_t y, x, c, h, w, n;
};

/* Convolution, depthwise convolution, pooling: the whole tensors, the window, and the clamp.
 * Padding is that of the whole tensor: rows before 0 and from in_h on are outside. */
struct thk_window2d {
    struct thk_view in, out;
    int32_t in_h, in_w, in_c, out_c;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, weight_zero, out_zero, lo, hi;
    int32_t groups; /* of a convolution's channels; 1 elsewhere */
};

/* Other operators with windows. size: bytes of an element where a kernel moves bytes. */
struct thk_resize {
    struct thk_view in, out;
    int32_t channels, size;
};
/* Output pixel (y, x) is input pixel (y * step_h + dy, x * step_w + dx) from byte `skip` on, `run`
 * bytes of it behind `before` bytes of fill; pixels outside of the input are fill. */
struct thk_shift {
    struct thk_view in, out;
    int32_t in_h, in_w, size, dy, dx, step_h, step_w, skip, run, before, after;
    uint8_t fill[8];             /* one element */
};
/* Blocks of block x block pixels of `run` bytes are one pixel on the other side. */
struct thk_blocks {
    struct thk_view in, out;
    int32_t size, block, run;
};

/* Element offset of pixel (y, x) of the whole tensor from the base of a view. */
static inline ptrdiff_t thk_view_at(const struct thk_view *v, int32_t y, int32_t x)
{
    const int32_t row = v->ring ? y % v->ring : y - v->y0;
    if (y == v->tail_y)
        return (ptrdiff_t)v->tail + (ptrdiff_t)x * v->pixel;
    return (ptrdiff_t)row * v->row + (ptrdiff_t)(x - v->x0) * v->pixel;
}

/* Whether rows follow each other at one distance. */
static inline int thk_view_linear(const struct thk_view *v)
{
    return v->ring == 0 && v->tail_y < 0;
}

/* Requantization of one channel: real factor m * 2^(s - 31). */
struct thk_requant {
    int32_t m, s;
};

#endif
