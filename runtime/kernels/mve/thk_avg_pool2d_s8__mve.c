/* SPDX-License-Identifier: 0BSD */
#include "mve/thk_mve.h"

/* Halves away from zero. */
static inline int32_t thk_avg_pool_mean__mve(int32_t sum, int32_t n)
{
    return (sum + (sum > 0 ? n / 2 : -(n / 2))) / n;
}

#define THK_NAME thk_avg_pool2d_s8__mve
#define THK_MEAN(sum, n, zero) thk_avg_pool_mean__mve(sum, n)
#include "mve/thk_avg_pool2d_s8_mve.inc.h"
