/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_depthwise_conv2d_s8_3x3__rvv
#define THK_CONTRACT(part) THK_RVV_##part##_TWICE
#include "rvv/thk_depthwise_conv2d_s8_3x3.inc.h"
