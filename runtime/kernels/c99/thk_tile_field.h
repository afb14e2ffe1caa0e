/* SPDX-License-Identifier: 0BSD */
/* Receptive fields of convolutions, copied to scratch. */
#ifndef THK_TILE_FIELD_H
#define THK_TILE_FIELD_H

#include "c99/thk_tile.h"

/* The receptive field at (y0, x0): copied, with n - products zeros behind it. */
static inline void thk_conv2d_tile_field(const struct thk_window2d *p, const int8_t *x,
                                         int32_t y0, int32_t x0, int32_t n, int8_t *to)
{
    const int32_t depth = p->in_c;
    int8_t *const end = to + n;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = y0 + ky * p->dilation_h;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, to += depth) {
            const int32_t ix = x0 + kx * p->dilation_w;
            if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w) {
                for (int32_t i = 0; i < depth; i++)
                    to[i] = (int8_t)p->in_zero;
                continue;
            }
            const int8_t *from = x + thk_view_at(&p->in, iy, ix);
            for (int32_t i = 0; i < depth; i++)
                to[i] = from[i];
        }
    }
    while (to < end)
        *to++ = 0;
}

#endif
