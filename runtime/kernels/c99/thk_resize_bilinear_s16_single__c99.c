/* SPDX-License-Identifier: 0BSD */
#include "thk_mix.h"

#define THK_NAME thk_resize_bilinear_s16_single__c99
#define THK_X int16_t
#define THK_PART int32_t
#define THK_MIX(a, b, c, d, dy, dx) thk_mix_single(a, b, c, d, dy, dx)
#include "c99/thk_resize_bilinear.inc.h"
