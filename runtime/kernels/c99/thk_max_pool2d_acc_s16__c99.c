/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_max_pool2d_acc_s16__c99
#define THK_X int16_t
#define THK_ACC int16_t
#define THK_START INT16_MIN
#define THK_TAKE(acc, v) (v) > (acc) ? (v) : (acc)
#define THK_FINISH(acc) (int16_t)thk_clamp(acc, p->lo, p->hi)
#include "c99/thk_reduce_acc.inc.h"
