/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_lstm_full_s8_single__c99
#define THK_PART(name) thk_lstm_full_s8_single_##name
#define THK_SCALE thk_mbqm_single
#include "c99/thk_lstm_full_s8.inc.h"
