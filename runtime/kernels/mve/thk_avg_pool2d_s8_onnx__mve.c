/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_avg_pool2d_s8_onnx__mve
#define THK_MEAN(sum, n, zero) thk_mean_even(sum, n, zero)
#include "mve/thk_avg_pool2d_s8_mve.inc.h"
