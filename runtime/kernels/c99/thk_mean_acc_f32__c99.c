/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_mean_acc_f32__c99
#define THK_X float
#define THK_ACC float
#define THK_START 0.0f
#define THK_TAKE(acc, v) (acc) + (v)
#define THK_FINISH(acc) thk_reduce_real(p, (acc) / (float)p->count)
#include "c99/thk_reduce_acc.inc.h"
