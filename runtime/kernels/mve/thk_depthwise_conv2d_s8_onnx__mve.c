/* SPDX-License-Identifier: 0BSD */
#include "mve/thk_mve_even.h"

#define THK_NAME thk_depthwise_conv2d_s8_onnx__mve
#define THK_PIXEL thk_depthwise_pixel_onnx__mve
#define THK_REQUANT thk_mve_requant_even
#include "mve/thk_depthwise_conv2d_s8_mve.inc.h"
