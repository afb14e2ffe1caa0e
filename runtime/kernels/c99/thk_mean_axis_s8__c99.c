/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_mean_axis_s8__c99
#define THK_X int8_t
#define THK_ACC int32_t
#define THK_FINISH(acc) (int8_t)thk_reduce_scaled(p, acc)
#include "c99/thk_mean_axis.inc.h"
