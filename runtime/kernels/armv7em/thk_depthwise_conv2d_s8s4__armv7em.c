/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_depthwise_conv2d_nibbles: 56 bytes */
#define THK_NAME thk_depthwise_conv2d_s8s4__armv7em
#define THK_GROUPS thk_depthwise_conv2d_nibbles
#define THK_PIXEL thk_depthwise_conv2d_s8s4_pixel__armv7em
#define THK_TAPS thk_depthwise_conv2d_taps_nibbles
#define THK_ALONE thk_depthwise_conv2d_alone_nibbles
#define THK_REQUANT THK_DSP_REQUANT
#define THK_NIBBLES
#include "armv7em/thk_depthwise_conv2d_s8.inc.h"
