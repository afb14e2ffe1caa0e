/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"

#define THK_NAME thk_lstm_s8_single__c99
#define THK_NAME_DENSE thk_lstm_s8_single_dense
#define THK_A int8_t
#define THK_B int32_t
#define THK_ACC uint32_t
#define THK_MIN -128
#define THK_MAX 127
#define THK_DENSE(acc, m, s) thk_mbqm_single((int32_t)(acc), m, s)
#define THK_SCALE thk_mbqm_single
#include "c99/thk_lstm_int.inc.h"
