/* SPDX-License-Identifier: 0BSD */
/* 32 channels x 3 pixels at a time (at 128 bits a vector register). */
#include "thk_types.h"
#include "rvv/thk_rvv.h"

#define THK_NAME thk_conv2d_s8_onnx_m8__rvv
#define THK_CONTRACT(part) THK_RVV_##part##_EVEN
#define THK_BLOCK 32
#define THK_PIXELS 3
#define THK_A m8
#define THK_H m4
#define THK_B m2
#include "rvv/thk_conv2d_s8.inc.h"
