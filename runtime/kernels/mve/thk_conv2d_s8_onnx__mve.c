/* SPDX-License-Identifier: 0BSD */
/* stack of thk_conv2d_tile_onnx__mve: 116 bytes */
#define THK_NAME thk_conv2d_s8_onnx__mve
#define THK_TILE thk_conv2d_tile_onnx__mve
#define THK_EDGE thk_conv2d_edge_onnx__mve
/* m: the bits of the factor. */
/* clang-format off */
#define THK_ROUND(q, m, e)                                                    \
    " vcvt.f32.s32 " q ", " q "\n"                                            \
    " vmul.f32 " q ", " q ", " m "\n"                                         \
    " vcvtn.s32.f32 " q ", " q "\n"
/* clang-format on */
#include "mve/thk_conv2d_s8_mve.inc.h"
