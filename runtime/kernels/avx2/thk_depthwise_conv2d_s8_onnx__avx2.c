/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_depthwise_conv2d_s8_onnx__avx2
#define THK_PART(part) thk_depthwise_##part##_onnx__avx2
#define THK_CONTRACT(part) thk_avx2_##part##_even
#include "avx2/thk_depthwise_conv2d_s8.inc.h"
