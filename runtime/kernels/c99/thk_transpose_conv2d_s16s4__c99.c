/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_s4.h"
#include "thk_types.h"

#define THK_NAME thk_transpose_conv2d_s16s4__c99
#define THK_X int16_t
#define THK_W uint8_t
#define THK_AT(w, i) thk_s4_at(w, i)
#define THK_BIAS int64_t
#define THK_ACC int64_t
#define THK_Y int16_t
#define THK_SCALE(acc, m, s) thk_mbqm64(acc, m, s)
#include "c99/thk_transpose_conv2d.inc.h"
