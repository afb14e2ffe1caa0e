/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_conv2d_tile_pairs_onnx: 56 bytes */
/* stack of thk_conv2d_tile_pairs_onnx_one: 60 bytes */
#define THK_NAME thk_conv2d_s8_onnx__armv7em
#define THK_PIXEL thk_conv2d_s8_onnx_pixel__armv7em
#define THK_TILE thk_conv2d_tile_pairs_onnx
#define THK_ONE thk_conv2d_tile_pairs_onnx_one
#define THK_BOX thk_conv2d_box_pairs_onnx
#define THK_ALONE thk_conv2d_alone_pairs_onnx
#define THK_POINT thk_conv2d_point_pairs_onnx
#define THK_EVEN
#include "armv7em/thk_conv2d_s8.inc.h"
