/* SPDX-License-Identifier: 0BSD */
#include "mve/thk_mve.h"

#define THK_NAME thk_depthwise_conv2d_s8__mve
#define THK_PIXEL thk_depthwise_pixel__mve
#define THK_REQUANT thk_mve_requant
#include "mve/thk_depthwise_conv2d_s8_mve.inc.h"
