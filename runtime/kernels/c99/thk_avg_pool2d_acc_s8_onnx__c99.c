/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_avg_pool2d_acc_s8_onnx__c99
#define THK_X int8_t
#define THK_ACC int32_t
#define THK_START 0
#define THK_TAKE(acc, v) (acc) + (v)
#define THK_FINISH(acc) (int8_t)thk_reduce_average_even(p, acc)
#include "c99/thk_reduce_acc.inc.h"
