/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_depthwise_conv2d_s8__avx2
#define THK_PART(part) thk_depthwise_##part##__avx2
#define THK_CONTRACT(part) thk_avx2_##part##_twice
#include "avx2/thk_depthwise_conv2d_s8.inc.h"
