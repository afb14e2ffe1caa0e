/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#include <math.h>

#define THK_NAME thk_max_pool2d_acc_f32__c99
#define THK_X float
#define THK_ACC float
#define THK_START -INFINITY
#define THK_TAKE(acc, v) (v) > (acc) ? (v) : (acc)
#define THK_FINISH(acc) thk_reduce_real(p, acc)
#include "c99/thk_reduce_acc.inc.h"
