/* SPDX-License-Identifier: 0BSD */
#include "thk_root.h"

#define THK_NAME thk_l2_norm_u8__c99
#define THK_X uint8_t
#define THK_UP 7
#define THK_ZERO 128
#define THK_MIN 0
#define THK_MAX UINT8_MAX
#define THK_SCALE(x, m, s) thk_mbqm(x, m, s)
#include "c99/thk_l2_norm_8bit.inc.h"
