/* SPDX-License-Identifier: 0BSD */
/* What the 3x3 depthwise kernels of Helium share: a row's parameters, the rows under it. */
#ifndef THK_DEPTHWISE_3X3_H
#define THK_DEPTHWISE_3X3_H

#include "mve/thk_mve.h"

/* The first fields are read by the assembly. */
struct thk_depthwise_row__mve {
    const int8_t *row[3];        /* of the first pixel's window, at the 16 channels */
    const int8_t *stream;
    int8_t *out;
    int32_t n;                   /* pixels */
    int32_t pitch, step;         /* to the next tap; from the third tap to the next window */
    int32_t out_pitch, zero, lo, hi;
};

/* 16 channels of `columns` pixels from (iy, x0) on, padding included. */
static void thk_depthwise_fill__mve(const struct thk_window2d *p, const int8_t *x, int32_t iy,
                                    int32_t x0, int32_t columns, int8_t *to)
{
    const int8x16_t zero = vdupq_n_s8((int8_t)p->in_zero);
    const int there = iy >= 0 && iy < p->in_h;
    int32_t left = x0 < 0 ? -x0 : 0, have = p->in_w - (x0 + left);
    left = !there || left > columns ? columns : left;
    have = have > columns - left ? columns - left : have;
    for (int32_t i = left; i > 0; i--, to += 16)
        vstrbq_s8(to, zero);
    if (have > 0) {
        const int8_t *from = x + thk_view_at(&p->in, iy, x0 + left);
        for (int32_t i = have; i > 0; i--, to += 16, from += p->in.pixel)
            vstrbq_s8(to, vldrbq_s8(from));
    }
    for (int32_t i = columns - left - (have > 0 ? have : 0); i > 0; i--, to += 16)
        vstrbq_s8(to, zero);
}

#endif
