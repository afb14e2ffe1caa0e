/* SPDX-License-Identifier: 0BSD */
#include "thk_reduce.h"

#define THK_NAME thk_mean_axis_f32__c99
#define THK_X float
#define THK_ACC float
#define THK_FINISH(acc) (acc) / (float)p->count
#include "c99/thk_mean_axis.inc.h"
