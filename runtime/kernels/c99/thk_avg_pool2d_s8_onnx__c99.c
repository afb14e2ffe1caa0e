/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_types.h"

#define THK_NAME thk_avg_pool2d_s8_onnx__c99
#define THK_X int8_t
#define THK_MEAN(sum, n, zero) thk_mean_even(sum, n, zero)
#include "c99/thk_avg_pool2d.inc.h"
