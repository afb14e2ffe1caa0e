/* SPDX-License-Identifier: 0BSD */
#include "thk_half.h"
#include "thk_types.h"

#define THK_NAME thk_conv2d_f32f16__c99
#define THK_W uint16_t
#define THK_AT(w, i) thk_half_at(w, i)
#include "c99/thk_conv2d_f32.inc.h"
