/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_depthwise_conv2d_groups_onnx: 56 bytes */
#define THK_NAME thk_depthwise_conv2d_s8_onnx__armv7em
#define THK_GROUPS thk_depthwise_conv2d_groups_onnx
#define THK_PIXEL thk_depthwise_conv2d_s8_onnx_pixel__armv7em
#define THK_TAPS thk_depthwise_conv2d_taps_onnx
#define THK_ALONE thk_depthwise_conv2d_alone_onnx
#define THK_EVEN
#include "armv7em/thk_depthwise_conv2d_s8.inc.h"
