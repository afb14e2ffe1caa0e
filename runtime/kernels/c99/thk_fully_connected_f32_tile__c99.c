/* SPDX-License-Identifier: 0BSD */
/*
 * Float fully connected, four channels at a time. weights: for each group of four channels bias[4],
 * then for each product four weights.
 */
#include "thk_nn.h"
#include "thk_tile_f32.h"

#define THK_DENSE_F32_STEP(u)                                                               \
    {                                                                                       \
        const float v = a[u];                                                               \
        s0 = THK_MULADD(v, w[4 * (u)], s0), s1 = THK_MULADD(v, w[4 * (u) + 1], s1);         \
        s2 = THK_MULADD(v, w[4 * (u) + 2], s2), s3 = THK_MULADD(v, w[4 * (u) + 3], s3);     \
    }

static void thk_fully_connected_f32_tile__c99(const struct thk_dense *p, float lo, float hi,
                                              const float *x, const float *weights, float *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->in) {
        const float *w = weights;
        for (int32_t c = 0; c < p->out; c += 4) {
            float s0 = w[0], s1 = w[1], s2 = w[2], s3 = w[3];
            const float *a = x, *const end = x + p->in;
            w += 4;
            for (; end - a >= 4; a += 4, w += 16) {
                THK_DENSE_F32_STEP(0)
                THK_DENSE_F32_STEP(1)
                THK_DENSE_F32_STEP(2)
                THK_DENSE_F32_STEP(3)
            }
            for (; a != end; a++, w += 4)
                THK_DENSE_F32_STEP(0)
            const int32_t left = p->out - c;
            *y++ = thk_bound_f32(s0, lo, hi);
            if (left > 1)
                *y++ = thk_bound_f32(s1, lo, hi);
            if (left > 2)
                *y++ = thk_bound_f32(s2, lo, hi);
            if (left > 3)
                *y++ = thk_bound_f32(s3, lo, hi);
        }
    }
}
#undef THK_DENSE_F32_STEP
