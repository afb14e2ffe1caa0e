/* SPDX-License-Identifier: 0BSD */
#include <math.h>

#include "thk_volume.h"

/* The element before a place and how far behind it the place lies; 0 beyond the map. */
static inline int32_t thk_deform_axis(float v, int32_t size, int32_t held, int32_t *low,
                                      float *part)
{
    if (!(v < (float)size && (held ? v >= 0.0f : v > -1.0f)))
        return 0;
    v = held && v > (float)(size - 1) ? (float)(size - 1) : v;
    const float f = floorf(v);
    *low = (int32_t)f;
    *part = v - f;
    return 1;
}

/* Adds channels [0, count) at a place, between the elements around it. */
static inline void thk_deform_sample(const struct thk_volume *p, int32_t held, const float *x,
                                     const float place[3], int32_t count, float *to)
{
    int32_t z = 0, y = 0, c = 0;
    float part[3];
    if (!thk_deform_axis(place[0], p->in_d, held, &z, &part[0]) ||
        !thk_deform_axis(place[1], p->in_h, held, &y, &part[1]) ||
        !thk_deform_axis(place[2], p->in_w, held, &c, &part[2]))
        return;
    for (int32_t corner = 0; corner < 8; corner++) {
        const int32_t dz = corner >> 2, dy = corner >> 1 & 1, dx = corner & 1;
        const int32_t iz = z + dz, iy = y + dy, ix = c + dx;
        const float weight = (dz ? part[0] : 1.0f - part[0]) * (dy ? part[1] : 1.0f - part[1]) *
                             (dx ? part[2] : 1.0f - part[2]);
        if (iz < 0 || iz >= p->in_d || iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
            continue;
        const float *at = x + (((ptrdiff_t)iz * p->in_h + iy) * p->in_w + ix) * p->in_c;
        for (int32_t k = 0; k < count; k++)
            to[k] += weight * at[k];
    }
}

/* What the taps meet of every channel at one place: [taps, channels]. */
static inline void thk_deform_column(const struct thk_volume *p, int32_t axes, int32_t groups,
                                     int32_t held, const float *x, const float *offset,
                                     const float *mask, int32_t out, float *column)
{
    const int32_t taps = p->kernel_d * p->kernel_h * p->kernel_w, each = p->in_c / groups;
    const int32_t z0 = out / p->out_w / p->out_h * p->stride_d - p->pad_d;
    const int32_t y0 = out / p->out_w % p->out_h * p->stride_h - p->pad_h;
    const int32_t x0 = out % p->out_w * p->stride_w - p->pad_w;
    for (int32_t t = 0; t < taps; t++)
        for (int32_t g = 0; g < groups; g++) {
            const float *moved = offset + ((ptrdiff_t)g * taps + t) * axes;
            float place[3] = {
                (float)(z0 + t / p->kernel_w / p->kernel_h * p->dilation_d),
                (float)(y0 + t / p->kernel_w % p->kernel_h * p->dilation_h) + moved[axes - 2],
                (float)(x0 + t % p->kernel_w * p->dilation_w) + moved[axes - 1],
            };
            float *to = column + (ptrdiff_t)t * p->in_c + (ptrdiff_t)g * each;
            if (axes == 3)
                place[0] += moved[0];
            for (int32_t k = 0; k < each; k++)
                to[k] = 0.0f;
            thk_deform_sample(p, held, x + (ptrdiff_t)g * each, place, each, to);
            for (int32_t k = 0; mask && k < each; k++)
                to[k] *= mask[(ptrdiff_t)g * taps + t];
        }
}

/* column: room for [taps, channels]; offset_groups: of channels with offsets of their own. */
static void thk_deform_conv_f32__c99(const struct thk_volume *p, int32_t axes,
                                     int32_t offset_groups, int32_t held, const float *x,
                                     const float *w, const float *offset, const float *bias,
                                     const float *mask, float *y, float *column)
{
    const int32_t taps = p->kernel_d * p->kernel_h * p->kernel_w;
    const int32_t places = p->out_d * p->out_h * p->out_w;
    const int32_t depth = p->in_c / p->groups, fan = p->out_c / p->groups;
    for (int32_t n = 0; n < p->batch; n++, x += (ptrdiff_t)p->in_d * p->in_h * p->in_w * p->in_c)
        for (int32_t i = 0; i < places; i++) {
            const float *tap = w;
            thk_deform_column(p, axes, offset_groups, held, x, offset, mask, i, column);
            offset += (ptrdiff_t)offset_groups * taps * axes;
            mask = mask ? mask + (ptrdiff_t)offset_groups * taps : mask;
            for (int32_t c = 0; c < p->out_c; c++) {
                const float *at = column + (ptrdiff_t)(c / fan) * depth;
                float sum = 0.0f;
                for (int32_t t = 0; t < taps; t++, tap += depth, at += p->in_c)
                    for (int32_t k = 0; k < depth; k++)
                        sum += tap[k] * at[k];
                *y++ = sum + (bias ? bias[c] : 0.0f);
            }
        }
}
