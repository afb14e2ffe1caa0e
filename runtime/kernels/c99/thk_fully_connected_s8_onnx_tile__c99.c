/* SPDX-License-Identifier: 0BSD */
#include "c99/thk_tile_even.h"

#define THK_NAME thk_fully_connected_s8_onnx_tile__c99
#define THK_REQUANT thk_tile_requant_even
#include "c99/thk_fully_connected_s8_tile.inc.h"
