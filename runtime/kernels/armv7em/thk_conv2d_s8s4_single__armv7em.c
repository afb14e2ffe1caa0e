/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_conv2d_tile_nibbles_single: 64 bytes */
/* stack of thk_conv2d_tile_nibbles_single_one: 64 bytes */
#define THK_NAME thk_conv2d_s8s4_single__armv7em
#define THK_PIXEL thk_conv2d_s8s4_single_pixel__armv7em
#define THK_TILE thk_conv2d_tile_nibbles_single
#define THK_ONE thk_conv2d_tile_nibbles_single_one
#define THK_BOX thk_conv2d_box_nibbles_single
#define THK_ALONE thk_conv2d_alone_nibbles_single
#define THK_POINT thk_conv2d_point_nibbles_single
#define THK_REQUANT THK_DSP_REQUANT_SINGLE
#define THK_NIBBLES
#include "armv7em/thk_conv2d_s8.inc.h"
