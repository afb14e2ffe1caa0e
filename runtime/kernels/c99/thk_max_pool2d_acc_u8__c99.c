/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_max_pool2d_acc_u8__c99
#define THK_X uint8_t
#define THK_ACC uint8_t
#define THK_START 0
#define THK_TAKE(acc, v) (v) > (acc) ? (v) : (acc)
#define THK_FINISH(acc) (uint8_t)thk_clamp(acc, p->lo, p->hi)
#include "c99/thk_reduce_acc.inc.h"
