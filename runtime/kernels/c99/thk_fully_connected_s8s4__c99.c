/* SPDX-License-Identifier: 0BSD */
#include "thk_nn.h"
#include "thk_requant.h"
#include "thk_s4.h"

#define THK_NAME thk_fully_connected_s8s4__c99
#define THK_X int8_t
#define THK_W uint8_t
#define THK_AT(w, i) thk_s4_at(w, i)
#define THK_BIAS int32_t
#define THK_ACC int32_t
#define THK_Y int8_t
#define THK_SCALE(acc, m, s) thk_mbqm(acc, m, s)
#include "c99/thk_fully_connected.inc.h"
