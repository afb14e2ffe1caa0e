/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_avg_pool.h"

#define THK_NAME thk_avg_pool2d_s8_onnx__armv7em
#define THK_FOUR thk_avg_pool_four_onnx
#define THK_ROUND thk_avg_pool_even
#include "armv7em/thk_avg_pool2d_s8.inc.h"
