/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_fully_connected_s8_onnx__avx2
#define THK_CONTRACT(part) thk_avx2_##part##_even
#include "avx2/thk_fully_connected_s8.inc.h"
