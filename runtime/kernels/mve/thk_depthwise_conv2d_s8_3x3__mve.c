/* SPDX-License-Identifier: 0BSD */
/* stack of thk_depthwise_row__mve: 100 bytes */
#define THK_NAME thk_depthwise_conv2d_s8_3x3__mve
#define THK_ROW thk_depthwise_row__mve
/* clang-format off */
#define THK_ROUND(q, at)                                                      \
    " vqrdmulh.s32 " q ", " q ", q0\n"                                        \
    " vldrw.u32 q1, [r6, #16+" at "+32]\n"                                    \
    " vshr.s32 q0, " q ", #31\n"                                              \
    " vadd.i32 " q ", " q ", q0\n"                                            \
    " vrshl.s32 " q ", " q ", q1\n"
/* clang-format on */
#include "mve/thk_depthwise_conv2d_s8_3x3_mve.inc.h"
