/* SPDX-License-Identifier: 0BSD */
#include "thk_volume.h"

/* Sums wrap. */
static void thk_conv3d_s32__c99(const struct thk_volume *p, const int32_t *x, const int32_t *w,
                                const int32_t *bias, int32_t *y)
#define T int32_t
#define ACC uint32_t
#define RESULT(acc, b) (int32_t)((acc) + (uint32_t)(b))
#include "c99/thk_conv3d.inc.h"
