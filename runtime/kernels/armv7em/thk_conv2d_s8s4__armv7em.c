/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_conv2d_tile_nibbles: 64 bytes */
/* stack of thk_conv2d_tile_nibbles_one: 64 bytes */
#define THK_NAME thk_conv2d_s8s4__armv7em
#define THK_PIXEL thk_conv2d_s8s4_pixel__armv7em
#define THK_TILE thk_conv2d_tile_nibbles
#define THK_ONE thk_conv2d_tile_nibbles_one
#define THK_BOX thk_conv2d_box_nibbles
#define THK_ALONE thk_conv2d_alone_nibbles
#define THK_POINT thk_conv2d_point_nibbles
#define THK_REQUANT THK_DSP_REQUANT
#define THK_NIBBLES
#include "armv7em/thk_conv2d_s8.inc.h"
