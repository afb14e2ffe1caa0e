/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_gru_sequence_s16__c99
#define THK_A int16_t
#define THK_NARROW 0
#include "c99/thk_gru_sequence_int.inc.h"
