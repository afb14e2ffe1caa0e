/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_types.h"

#define THK_NAME thk_transpose_conv2d_s16s8s32__c99
#define THK_X int16_t
#define THK_W int8_t
#define THK_BIAS int32_t
#define THK_ACC int32_t
#define THK_Y int16_t
#define THK_SCALE(acc, m, s) thk_mbqm(acc, m, s)
#include "c99/thk_transpose_conv2d.inc.h"
