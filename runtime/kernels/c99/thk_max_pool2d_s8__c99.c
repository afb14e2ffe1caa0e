/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_types.h"

#define THK_NAME thk_max_pool2d_s8__c99
#define THK_X int8_t
#define THK_LOWEST INT8_MIN
#include "c99/thk_max_pool2d.inc.h"
