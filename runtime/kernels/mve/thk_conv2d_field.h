/* SPDX-License-Identifier: 0BSD */
/* What the int8 convolutions of Helium share: the tile's parameters, a pixel's field. */
#ifndef THK_CONV2D_FIELD_H
#define THK_CONV2D_FIELD_H

#include "mve/thk_mve.h"

/* What the tile is told. The first fields are read by the assembly. */
struct thk_conv2d_tile__mve {
    int32_t step;            /* bytes between the four fields */
    int32_t fill;            /* bytes of a field, a multiple of 16 */
    int32_t groups;          /* of four channels */
    int32_t zero, lo, hi;
    uint32_t offset[4];      /* of the outputs of the four pixels */
};

/* Copies the field of one pixel, padding with the zero point; `fill` bytes. */
static void thk_conv2d_field__mve(const struct thk_window2d *p, int32_t oy, int32_t ox,
                                  const int8_t *x, int8_t *to)
{
    const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    const int together = p->dilation_w == 1 && p->in.pixel == p->in_c && x0 >= 0 &&
                         x0 + p->kernel_w <= p->in_w;
    const int32_t run = p->kernel_w * p->in_c;
    if (together && y0 >= 0 && y0 + (p->kernel_h - 1) * p->dilation_h < p->in_h && !p->in.ring &&
        p->in.tail_y < 0) {             /* inside, and rows follow each other: the usual case */
        const int8_t *from = x + thk_view_at(&p->in, y0, x0);
        const ptrdiff_t down = (ptrdiff_t)p->in.row * p->dilation_h;
        for (int32_t ky = p->kernel_h; ky > 0; ky--, from += down, to += run)
            thk_mve_copy(to, from, run);
        return;
    }
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = y0 + ky * p->dilation_h;
        if (iy < 0 || iy >= p->in_h) {
            thk_mve_fill(to, p->in_zero, run);
            to += run;
        } else if (together) {
            thk_mve_copy(to, x + thk_view_at(&p->in, iy, x0), run);
            to += run;
        } else {
            for (int32_t kx = 0; kx < p->kernel_w; kx++, to += p->in_c) {
                const int32_t ix = x0 + kx * p->dilation_w;
                if (ix >= 0 && ix < p->in_w)
                    thk_mve_copy(to, x + thk_view_at(&p->in, iy, ix), p->in_c);
                else
                    thk_mve_fill(to, p->in_zero, p->in_c);
            }
        }
    }
}

#endif
