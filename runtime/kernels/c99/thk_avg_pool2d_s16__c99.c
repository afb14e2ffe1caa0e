/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_types.h"

#define THK_NAME thk_avg_pool2d_s16__c99
#define THK_X int16_t
#include "c99/thk_avg_pool2d.inc.h"
