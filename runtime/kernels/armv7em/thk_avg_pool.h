/* SPDX-License-Identifier: 0BSD */
/* Ends of average pooling: where the window lies, and a sum divided as each contract does. */
#ifndef THK_AVG_POOL_H
#define THK_AVG_POOL_H

#include "armv7em/thk_dsp.h"
#include "thk_requant.h"

struct thk_avg_pool_span {
    int32_t y0, y1, x0, x1;     /* the window's part inside the input */
};

static inline int32_t thk_avg_pool_away(int32_t sum, int32_t n, const struct thk_window2d *p)
{
    return thk_clamp((sum > 0 ? sum + n / 2 : sum - n / 2) / n, p->lo, p->hi);
}

/* Contract "onnx". */
static inline int32_t thk_avg_pool_even(int32_t sum, int32_t n, const struct thk_window2d *p)
{
    return thk_clamp(thk_mean_even(sum, n, p->in_zero), p->lo, p->hi);
}

#endif
