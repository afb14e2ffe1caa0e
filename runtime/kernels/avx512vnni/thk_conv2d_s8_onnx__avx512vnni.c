/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_conv2d_s8_onnx__avx512vnni
#define THK_PART(part) thk_conv2d_##part##_onnx__avx512vnni
#define THK_CONTRACT(part) thk_##part##_even__avx512vnni
#include "avx512vnni/thk_conv2d_s8_vnni.inc.h"
