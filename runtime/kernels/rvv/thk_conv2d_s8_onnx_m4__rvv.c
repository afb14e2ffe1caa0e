/* SPDX-License-Identifier: 0BSD */
/* 16 channels x 6 pixels at a time (at 128 bits a vector register). */
#include "thk_types.h"
#include "rvv/thk_rvv.h"

#define THK_NAME thk_conv2d_s8_onnx_m4__rvv
#define THK_CONTRACT(part) THK_RVV_##part##_EVEN
#define THK_BLOCK 16
#define THK_PIXELS 6
#define THK_A m4
#define THK_H m2
#define THK_B m1
#include "rvv/thk_conv2d_s8.inc.h"
