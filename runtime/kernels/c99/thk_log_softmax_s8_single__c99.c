/* SPDX-License-Identifier: 0BSD */
#include "thk_log.h"
#include "thk_nn.h"

#define THK_NAME thk_log_softmax_s8_single__c99
#define THK_X int8_t
#define THK_MIN INT8_MIN
#define THK_MAX INT8_MAX
#define THK_SCALE(x, m, s) thk_mbqm_single(x, m, s)
#include "c99/thk_log_softmax.inc.h"
