/* SPDX-License-Identifier: 0BSD */
#include "thk_log.h"
#include "thk_nn.h"

#define THK_NAME thk_log_softmax_u8__c99
#define THK_X uint8_t
#define THK_MIN 0
#define THK_MAX UINT8_MAX
#define THK_SCALE(x, m, s) thk_mbqm(x, m, s)
#include "c99/thk_log_softmax.inc.h"
