/* SPDX-License-Identifier: 0BSD */
#include "thk_root.h"

#define THK_NAME thk_l2_norm_s8__c99
#define THK_X int8_t
#define THK_UP 0
#define THK_ZERO 0
#define THK_MIN INT8_MIN
#define THK_MAX INT8_MAX
#define THK_SCALE(x, m, s) thk_mbqm(x, m, s)
#include "c99/thk_l2_norm_8bit.inc.h"
