/* SPDX-License-Identifier: 0BSD */
#include "thk_mix.h"

#define THK_NAME thk_resize_bilinear_u8__c99
#define THK_X uint8_t
#define THK_PART float
#define THK_MIX(a, b, c, d, dy, dx) (thk_mix_real(a, b, c, d, dy, dx) + 0.5f)
#include "c99/thk_resize_bilinear.inc.h"
