/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_lstm_full_s8__c99
#define THK_PART(name) thk_lstm_full_s8_##name
#define THK_SCALE thk_mbqm
#include "c99/thk_lstm_full_s8.inc.h"
