/* SPDX-License-Identifier: 0BSD */
/*
 * int8 depthwise convolution in plain C, one pixel by four channels. A table holds the address of
 * each tap; taps in the padding point at bytes of the input's zero point.
 *
 * weights: for each group of four channels and each tap, four bytes; constants: for each group
 * bias[4] (holding bias - zero * sum(weights)), then {m, c, e} of each channel. Channels that do
 * not fill a group are computed by a group that ends with the last channel. A pixel's outputs
 * are finished in scratch before they are stored. Scratch: the table, then two pixels.
 *
 * THK_NAME: the kernel, THK_PART: names of its parts, THK_REQUANT: the contract's rounding
 * (thk_tile.h).
 */
#include "c99/thk_tile.h"

static void THK_PART(group)(const struct thk_window2d *p,
                                            const int8_t *const *tap, int32_t taps, int32_t c,
                                            const int8_t *w, const int32_t *q, int8_t *y)
{
    int32_t s0 = q[0], s1 = q[1], s2 = q[2], s3 = q[3];
    for (int32_t t = 0; t < taps; t++, w += 4) {
        const int8_t *x = tap[t] + c;
        s0 += x[0] * w[0], s1 += x[1] * w[1], s2 += x[2] * w[2], s3 += x[3] * w[3];
    }
    y[0] = (int8_t)thk_clamp(THK_REQUANT(s0, q + 4), p->lo, p->hi);
    y[1] = (int8_t)thk_clamp(THK_REQUANT(s1, q + 7), p->lo, p->hi);
    y[2] = (int8_t)thk_clamp(THK_REQUANT(s2, q + 10), p->lo, p->hi);
    y[3] = (int8_t)thk_clamp(THK_REQUANT(s3, q + 13), p->lo, p->hi);
}

static void THK_NAME(const struct thk_window2d *p,
                                              const struct thk_box *b, const int8_t *x,
                                              const int8_t *weights, const int32_t *constants,
                                              int8_t *y, const int8_t **scratch)
{
    const int32_t taps = p->kernel_h * p->kernel_w, n = p->in_c;
    const int8_t **const tap = scratch;
    int8_t *const blank = (int8_t *)(scratch + taps), *const done = blank + n;
    for (int32_t i = 0; i < n; i++)
        blank[i] = (int8_t)p->in_zero;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
            int32_t t = 0;
            for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                const int32_t iy = y0 + ky * p->dilation_h;
                for (int32_t kx = 0; kx < p->kernel_w; kx++) {
                    const int32_t ix = x0 + kx * p->dilation_w;
                    tap[t++] = iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w
                                   ? blank : x + thk_view_at(&p->in, iy, ix);
                }
            }
            const int8_t *w = weights;
            const int32_t *q = constants;
            for (int32_t c = 0; c < n; c += 4, w += 4 * taps, q += 16) {
                const int32_t at = c + 4 <= n ? c : n - 4;
                THK_PART(group)(p, tap, taps, at, w, q, done + at);
            }
            int8_t *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = 0; c < n; c++)
                out[c] = done[c];
        }
    }
}
#undef THK_NAME
#undef THK_PART
#undef THK_REQUANT
