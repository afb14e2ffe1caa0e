/* SPDX-License-Identifier: 0BSD */
#include "thk_fixed.h"
#include "thk_nn.h"

#define THK_NAME thk_softmax_s8s16_single__c99
#define THK_X int8_t
#define THK_Y int16_t
#define THK_LOWEST INT8_MIN
#define THK_BITS 16
#define THK_OFFSET (-32768)
#define THK_MIN INT16_MIN
#define THK_MAX INT16_MAX
#define THK_SCALE(x, m, s) thk_mbqm_single(x, m, s)
#include "c99/thk_softmax.inc.h"
