/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_rnn_sequence_s8__c99
#define THK_A int8_t
#define THK_NARROW 1
#include "c99/thk_rnn_sequence_int.inc.h"
