/* SPDX-License-Identifier: 0BSD */
/* stack of thk_depthwise_row_onnx__mve: 100 bytes */
#define THK_NAME thk_depthwise_conv2d_s8_onnx_3x3__mve
#define THK_ROW thk_depthwise_row_onnx__mve
/* clang-format off */
#define THK_ROUND(q, at)                                                      \
    " vcvt.f32.s32 " q ", " q "\n"                                            \
    " vmul.f32 " q ", " q ", q0\n"                                            \
    " vcvtn.s32.f32 " q ", " q "\n"
/* clang-format on */
#include "mve/thk_depthwise_conv2d_s8_3x3_mve.inc.h"
