/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_types.h"

#define THK_NAME thk_max_pool2d_s16__c99
#define THK_X int16_t
#define THK_LOWEST INT16_MIN
#include "c99/thk_max_pool2d.inc.h"
