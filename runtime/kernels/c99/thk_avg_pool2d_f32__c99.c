/* SPDX-License-Identifier: 0BSD */
#include "thk_tile_f32.h"

#define THK_NAME thk_avg_pool2d_f32__c99
#define THK_START 0.0f
#define THK_TAKE(acc, v) ((acc) + (v))
#define THK_FINISH(acc, n) ((acc) / (float)(n))
#include "c99/thk_pool2d_f32.inc.h"
