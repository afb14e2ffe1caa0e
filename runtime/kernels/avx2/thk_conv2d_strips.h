/* SPDX-License-Identifier: 0BSD */
/* The rows of the input that a tile of pixels sees, widened to 16 bits. */
#ifndef THK_CONV2D_STRIPS_H
#define THK_CONV2D_STRIPS_H

#include "avx2/thk_avx2.h"

/* A strip holds what six pixels see of a row, one zero, and what widening writes too much. */
static inline int32_t thk_conv2d_pitch__avx2(const struct thk_window2d *p)
{
    return (5 * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1) * p->in_c + 16;
}

static inline void thk_conv2d_fill__avx2(int16_t *to, int32_t v, int32_t n)
{
    for (int32_t i = 0; i < n; i += 16)
        _mm256_storeu_si256((void *)(to + i), _mm256_set1_epi16((short)v));
}

/* Columns from x0 on of input row iy. */
static inline void thk_conv2d_strip__avx2(const struct thk_window2d *p, const int8_t *x,
                                          int32_t iy, int32_t x0, int32_t columns, int16_t *to)
{
    const int32_t depth = p->in_c, end = x0 + columns < p->in_w ? x0 + columns : p->in_w;
    const int32_t first = x0 > 0 ? x0 : 0;
    int32_t before = columns, inside = 0;
    if (iy >= 0 && iy < p->in_h && first < end) {
        before = first - x0;
        inside = end - first;
    }
    thk_conv2d_fill__avx2(to, p->in_zero, before * depth);
    to += before * depth;
    if (inside > 0) {
        const int8_t *from = x + thk_view_at(&p->in, iy, first);
        if (p->in.pixel == depth) {
            thk_avx2_widen(to, from, inside * depth);
        } else {
            for (int32_t i = 0; i < inside; i++, from += p->in.pixel)
                thk_avx2_widen(to + i * depth, from, depth);
        }
        to += inside * depth;
    }
    const int32_t after = (columns - before - inside) * depth;
    thk_conv2d_fill__avx2(to, p->in_zero, after);
    to[after] = 0;
}

#endif
