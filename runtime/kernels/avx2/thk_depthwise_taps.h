/* SPDX-License-Identifier: 0BSD */
/* Where the taps of a pixel lie: in the input, or in `zeros` outside of it; one more for pairs. */
#ifndef THK_DEPTHWISE_TAPS_H
#define THK_DEPTHWISE_TAPS_H

#include "avx2/thk_avx2.h"

static inline void thk_depthwise_taps__avx2(const struct thk_window2d *p, const int8_t *x,
                                            const int8_t *zeros, int32_t y0, int32_t x0,
                                            const int8_t **taps)
{
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = y0 + ky * p->dilation_h;
        const int there = iy >= 0 && iy < p->in_h;
        for (int32_t kx = 0; kx < p->kernel_w; kx++) {
            const int32_t ix = x0 + kx * p->dilation_w;
            *taps++ = there && ix >= 0 && ix < p->in_w ? x + thk_view_at(&p->in, iy, ix) : zeros;
        }
    }
    *taps = zeros;
}

#endif
