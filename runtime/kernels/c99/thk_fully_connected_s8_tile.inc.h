/* SPDX-License-Identifier: 0BSD */
/*
 * int8 fully connected in plain C, four channels at a time. weights: for each group of four
 * channels and each product, four bytes; constants: for each group bias[4] (holding
 * bias - zero * sum(weights)), then {m, c, e} of each channel.
 *
 * THK_NAME: the kernel, THK_REQUANT: the contract's rounding (thk_tile.h).
 */
#include "c99/thk_tile.h"
#include "thk_nn.h"

#define THK_TILE_STEP(u)                                                        \
    {                                                                           \
        const int32_t v = a[u];                                                 \
        s0 += v * w[4 * (u)], s1 += v * w[4 * (u) + 1];                         \
        s2 += v * w[4 * (u) + 2], s3 += v * w[4 * (u) + 3];                     \
        THK_TILE_STEP_END;                                                      \
    }

static void THK_NAME(const struct thk_dense *p, const int8_t *x,
                                             const int8_t *weights, const int32_t *constants,
                                             int8_t *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->in) {
        const int8_t *w = weights;
        const int32_t *q = constants;
        for (int32_t c = 0; c < p->out; c += 4, q += 16) {
            int32_t s0 = q[0], s1 = q[1], s2 = q[2], s3 = q[3];
            const int8_t *a = x, *const end = x + p->in;
            for (; end - a >= 4; a += 4, w += 16) {
                THK_TILE_STEP(0)
                THK_TILE_STEP(1)
                THK_TILE_STEP(2)
                THK_TILE_STEP(3)
            }
            for (; a != end; a++, w += 4)
                THK_TILE_STEP(0)
            const int32_t left = p->out - c;
            *y++ = (int8_t)thk_clamp(THK_REQUANT(s0, q + 4), p->lo, p->hi);
            if (left > 1)
                *y++ = (int8_t)thk_clamp(THK_REQUANT(s1, q + 7), p->lo, p->hi);
            if (left > 2)
                *y++ = (int8_t)thk_clamp(THK_REQUANT(s2, q + 10), p->lo, p->hi);
            if (left > 3)
                *y++ = (int8_t)thk_clamp(THK_REQUANT(s3, q + 13), p->lo, p->hi);
        }
    }
}
#undef THK_TILE_STEP
#undef THK_NAME
#undef THK_REQUANT
