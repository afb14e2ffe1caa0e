/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_depthwise_conv2d_nibbles_single: 56 bytes */
#define THK_NAME thk_depthwise_conv2d_s8s4_single__armv7em
#define THK_GROUPS thk_depthwise_conv2d_nibbles_single
#define THK_PIXEL thk_depthwise_conv2d_s8s4_single_pixel__armv7em
#define THK_TAPS thk_depthwise_conv2d_taps_nibbles_single
#define THK_ALONE thk_depthwise_conv2d_alone_nibbles_single
#define THK_REQUANT THK_DSP_REQUANT_SINGLE
#define THK_NIBBLES
#include "armv7em/thk_depthwise_conv2d_s8.inc.h"
