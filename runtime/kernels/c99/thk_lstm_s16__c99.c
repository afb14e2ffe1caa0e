/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"

#define THK_NAME thk_lstm_s16__c99
#define THK_NAME_DENSE thk_lstm_s16_dense
#define THK_A int16_t
#define THK_B int64_t
#define THK_ACC int64_t
#define THK_MIN -32768
#define THK_MAX 32767
#define THK_DENSE(acc, m, s) thk_mbqm64((acc), m, s)
#define THK_SCALE thk_mbqm
#include "c99/thk_lstm_int.inc.h"
