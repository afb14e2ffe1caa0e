/* SPDX-License-Identifier: 0BSD */
/* Where the taps of a depthwise window lie, as byte offsets from the window's pixel. */
#ifndef THK_DEPTHWISE_TABLE_H
#define THK_DEPTHWISE_TABLE_H

#include "armv7em/thk_dsp.h"

/* Offsets from x of every tap of the window at (y0, x0); outside lies at `blank`. */
static inline void thk_depthwise_conv2d_table(const struct thk_window2d *p,
                                              const struct thk_view *in, uintptr_t x, int32_t y0,
                                              int32_t x0, const int8_t *blank, uint32_t *to)
{
    const uint32_t outside = (uint32_t)((uintptr_t)blank - x);
    if (p->kernel_h * p->kernel_w % 2 == 0)
        *to++ = outside;                               /* its weights are 0 */
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = y0 + ky * p->dilation_h;
        const int there = iy >= 0 && iy < p->in_h;
        uint32_t at = there ? (uint32_t)thk_view_at(in, iy, x0) : 0;
        int32_t ix = x0;
        for (int32_t kx = p->kernel_w; kx > 0; kx--) {
            *to++ = there && ix >= 0 && ix < p->in_w ? at : outside;
            ix += p->dilation_w;
            at += (uint32_t)(p->dilation_w * in->pixel);
        }
    }
}

/* The same for a window that lies inside. */
static inline void thk_depthwise_conv2d_inside(const struct thk_window2d *restrict p,
                                               const struct thk_view *restrict in, int32_t y0,
                                               int32_t x0, uint32_t *restrict to)
{
    const uint32_t step = (uint32_t)(p->dilation_w * in->pixel);
    const int32_t kh = p->kernel_h, kw = p->kernel_w, even = (kh * kw & 1) ^ 1;
    struct thk_dsp_rows r = thk_dsp_rows(in, y0, x0);
    uint32_t *const first = to + even;
    to = first;
    for (int32_t ky = kh; ky > 0; ky--) {
        uint32_t at = (uint32_t)thk_dsp_row(in, &r, p->dilation_h);
        if (kw == 3) {
            to[0] = at;
            to[1] = at + step;
            to[2] = at + 2 * step;
            to += 3;
            continue;
        }
        for (int32_t kx = kw; kx > 0; kx--, at += step)
            *to++ = at;
    }
    if (even)
        first[-1] = *first;                            /* its weights are 0 */
}

#endif
