/* SPDX-License-Identifier: 0BSD */
/* stack of thk_conv2d_tile__mve: 116 bytes */
#define THK_NAME thk_conv2d_s8__mve
#define THK_TILE thk_conv2d_tile__mve
#define THK_EDGE thk_conv2d_edge__mve
/* clang-format off */
#define THK_ROUND(q, m, e)                                                    \
    " vqrdmulh.s32 " q ", " q ", " m "\n"                                     \
    " vshr.s32 q0, " q ", #31\n"                                              \
    " vadd.i32 " q ", " q ", q0\n"                                            \
    " vrshl.s32 " q ", " e "\n"
/* clang-format on */
#include "mve/thk_conv2d_s8_mve.inc.h"
