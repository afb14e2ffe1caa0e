/* SPDX-License-Identifier: 0BSD */
#include "thk_fixed.h"
#include "thk_nn.h"

#define THK_NAME thk_softmax_u8__c99
#define THK_X uint8_t
#define THK_Y uint8_t
#define THK_LOWEST 0
#define THK_BITS 8
#define THK_OFFSET 0
#define THK_MIN 0
#define THK_MAX UINT8_MAX
#define THK_SCALE(x, m, s) thk_mbqm(x, m, s)
#include "c99/thk_softmax.inc.h"
