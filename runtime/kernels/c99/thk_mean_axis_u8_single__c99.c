/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_mean_axis_u8_single__c99
#define THK_X uint8_t
#define THK_ACC int32_t
#define THK_FINISH(acc) (uint8_t)thk_reduce_scaled_single(p, acc)
#include "c99/thk_mean_axis.inc.h"
