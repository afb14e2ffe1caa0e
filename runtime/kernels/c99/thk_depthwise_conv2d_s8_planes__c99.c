/* SPDX-License-Identifier: 0BSD */
/*
 * int8 depthwise convolution of a whole map, channel after channel: a channel of the input is
 * copied into scratch with its padding before the first output of that channel is written, so the
 * output may lie where the input lies, pixel q of one at pixel q of the other. It needs no second
 * map, and takes its time: values of a channel are far apart.
 *
 * weights: the taps of each channel; constants: for each channel bias (holding bias - zero *
 * sum(weights)), m, c, e. Scratch: one padded plane.
 */
#include "c99/thk_tile.h"

static void thk_depthwise_conv2d_s8_planes__c99(const struct thk_window2d *p,
                                                const struct thk_box *b, const int8_t *x,
                                                const int8_t *weights, const int32_t *constants,
                                                int8_t *y, int8_t *plane)
{
    const int32_t n = p->in_c, taps = p->kernel_h * p->kernel_w;
    const int32_t high = (b->h - 1) * p->stride_h + (p->kernel_h - 1) * p->dilation_h + 1;
    const int32_t wide = (b->w - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
    for (int32_t c = 0; c < n; c++, weights += taps, constants += 4) {
        int8_t *to = plane, *out = y + c;
        for (int32_t iy = -p->pad_top; iy < high - p->pad_top; iy++) {
            const int there = iy >= 0 && iy < p->in_h;
            const int8_t *from = x + (there ? (ptrdiff_t)iy * p->in_w * n + c : 0);
            for (int32_t ix = -p->pad_left; ix < wide - p->pad_left; ix++)
                *to++ = there && ix >= 0 && ix < p->in_w ? from[(ptrdiff_t)ix * n]
                                                         : (int8_t)p->in_zero;
        }
        for (int32_t oy = 0; oy < b->h; oy++) {
            const int8_t *from = plane + (ptrdiff_t)oy * p->stride_h * wide;
            for (int32_t ox = 0; ox < b->w; ox++, from += p->stride_w, out += n) {
                const int8_t *row = from, *w = weights;
                int32_t s = constants[0];
                for (int32_t ky = 0; ky < p->kernel_h; ky++, row += p->dilation_h * wide)
                    for (int32_t kx = 0; kx < p->kernel_w; kx++)
                        s += row[kx * p->dilation_w] * *w++;
                *out = (int8_t)thk_clamp(thk_tile_requant(s, constants + 1), p->lo, p->hi);
            }
        }
    }
}
