/* SPDX-License-Identifier: 0BSD */
#include "thk_fixed.h"
#include "thk_nn.h"

#define THK_NAME thk_softmax_s8__c99
#define THK_X int8_t
#define THK_Y int8_t
#define THK_LOWEST INT8_MIN
#define THK_BITS 8
#define THK_OFFSET (-128)
#define THK_MIN INT8_MIN
#define THK_MAX INT8_MAX
#define THK_SCALE(x, m, s) thk_mbqm(x, m, s)
#include "c99/thk_softmax.inc.h"
