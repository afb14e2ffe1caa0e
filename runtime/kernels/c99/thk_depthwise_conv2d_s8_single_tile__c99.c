/* SPDX-License-Identifier: 0BSD */
#include "c99/thk_tile.h"

#define THK_NAME thk_depthwise_conv2d_s8_single_tile__c99
#define THK_PART(part) thk_depthwise_conv2d_tile_##part##_single
#define THK_REQUANT thk_tile_requant_single
#include "c99/thk_depthwise_conv2d_s8_tile.inc.h"
