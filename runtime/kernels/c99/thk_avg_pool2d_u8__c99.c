/* SPDX-License-Identifier: 0BSD */
#include "thk_requant.h"
#include "thk_types.h"

#define THK_NAME thk_avg_pool2d_u8__c99
#define THK_X uint8_t
#include "c99/thk_avg_pool2d.inc.h"
