/* SPDX-License-Identifier: 0BSD */
#include "thk_tile_f32.h"

#include <math.h>

#define THK_NAME thk_max_pool2d_f32__c99
#define THK_START -INFINITY
#define THK_TAKE(acc, v) ((v) > (acc) ? (v) : (acc))
#define THK_FINISH(acc, n) ((void)(n), (acc))
#include "c99/thk_pool2d_f32.inc.h"
