/* SPDX-License-Identifier: 0BSD */
#include "thk_volume.h"

static inline float thk_conv3d_hold(float v, float lo, float hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static void thk_conv3d_f32__c99(const struct thk_volume *p, float lo, float hi, const float *x,
                                const float *w, const float *bias, float *y)
#define T float
#define ACC float
#define RESULT(acc, b) thk_conv3d_hold((acc) + (b), lo, hi)
#include "c99/thk_conv3d.inc.h"
