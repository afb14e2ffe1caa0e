/* SPDX-License-Identifier: 0BSD */
/* Reductions of a map to one pixel, in pieces, or of its rows or columns: parameters, and how a sum
 * becomes the result. */
#ifndef THK_REDUCE_H
#define THK_REDUCE_H

#include "thk_requant.h"
#include "thk_types.h"

struct thk_reduce {
    struct thk_view in, out;             /* out: of rows or columns only */
    int32_t channels, y0, y1, x0, x1;    /* the pixels that count; y1 (x1) 0: rows (columns) are
                                            kept */
    int32_t count, m, s, offset, zero, lo, hi;
    float act_lo, act_hi;
};

/* Halves away from zero. */
static inline int32_t thk_reduce_average(const struct thk_reduce *p, int32_t sum)
{
    const int32_t n = p->count;
    return thk_clamp((sum > 0 ? sum + n / 2 : sum - n / 2) / n, p->lo, p->hi);
}

/* Halves to the value at an even distance from the zero point. */
static inline int32_t thk_reduce_average_even(const struct thk_reduce *p, int32_t sum)
{
    return thk_clamp(thk_mean_even(sum, p->count, p->zero), p->lo, p->hi);
}

/* offset: the zero points of all elements */
static inline int32_t thk_reduce_scaled(const struct thk_reduce *p, int32_t sum)
{
    const int32_t v = thk_mbqm((int32_t)((uint32_t)sum - (uint32_t)p->offset), p->m, p->s);
    return thk_clamp(v + p->zero, p->lo, p->hi);
}

static inline int32_t thk_reduce_scaled_single(const struct thk_reduce *p, int32_t sum)
{
    const int32_t v = thk_mbqm_single((int32_t)((uint32_t)sum - (uint32_t)p->offset), p->m, p->s);
    return thk_clamp(v + p->zero, p->lo, p->hi);
}

static inline float thk_reduce_real(const struct thk_reduce *p, float v)
{
    return v < p->act_lo ? p->act_lo : v > p->act_hi ? p->act_hi : v;
}

#endif
