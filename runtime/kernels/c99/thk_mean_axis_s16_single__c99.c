/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_mean_axis_s16_single__c99
#define THK_X int16_t
#define THK_ACC int32_t
#define THK_FINISH(acc) (int16_t)thk_reduce_scaled_single(p, acc)
#include "c99/thk_mean_axis.inc.h"
