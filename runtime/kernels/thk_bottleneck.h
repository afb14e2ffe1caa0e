/* SPDX-License-Identifier: 0BSD */
/*
 * 1x1 convolution, depthwise convolution, 1x1 convolution, one inner channel after another: of the
 * expanded map only one plane is there, the results are sums until the last channel has been added.
 * No product is computed twice.
 */
#ifndef THK_BOTTLENECK_H
#define THK_BOTTLENECK_H

#include "thk_requant.h"
#include "thk_types.h"

struct thk_bottleneck {
    int32_t in_h, in_w, in_c, inner_c, out_h, out_w, out_c;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t expand_zero, expand_lo, expand_hi, depth_zero, depth_lo, depth_hi;
    int32_t out_zero, lo, hi;
};

/* Sums of four pixels, n channels each. */
static inline void thk_expand_four(const int8_t *x, const int8_t *w, int32_t n, int32_t *sum)
{
    const int8_t *x1 = x + n, *x2 = x1 + n, *x3 = x2 + n;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t v = w[i];
        a += x[i] * v;
        b += x1[i] * v;
        c += x2[i] * v;
        d += x3[i] * v;
    }
    sum[0] = a;
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
}

static inline int32_t thk_expand_one(const int8_t *x, const int8_t *w, int32_t n)
{
    int32_t a = 0;
    for (int32_t i = 0; i < n; i++)
        a += x[i] * w[i];
    return a;
}

/* First and last tap (not included) inside of [0, extent) for a window that begins at `at`. */
static inline int32_t thk_first_tap(int32_t at, int32_t dilation)
{
    return at < 0 ? (dilation - 1 - at) / dilation : 0;
}
static inline int32_t thk_last_tap(int32_t at, int32_t dilation, int32_t taps, int32_t extent)
{
    const int32_t most = extent > at ? (extent - at + dilation - 1) / dilation : 0;
    return most < taps ? most : taps;
}

/* Sum of the window of one result in a plane; taps outside of it count nothing. */
static inline int32_t thk_plane_sum(const struct thk_bottleneck *p, const int8_t *plane,
                                    const int8_t *w, int32_t oy, int32_t ox)
{
    const int32_t y = oy * p->stride_h - p->pad_top, x = ox * p->stride_w - p->pad_left;
    const int32_t y_end = thk_last_tap(y, p->dilation_h, p->kernel_h, p->in_h);
    const int32_t x_first = thk_first_tap(x, p->dilation_w);
    const int32_t x_end = thk_last_tap(x, p->dilation_w, p->kernel_w, p->in_w);
    int32_t sum = 0;
    for (int32_t ky = thk_first_tap(y, p->dilation_h); ky < y_end; ky++) {
        const int8_t *row = plane + (y + ky * p->dilation_h) * p->in_w + x;
        for (int32_t kx = x_first; kx < x_end; kx++)
            sum += (row[kx * p->dilation_w] - p->expand_zero) * w[ky * p->kernel_w + kx];
    }
    return sum;
}

#endif
