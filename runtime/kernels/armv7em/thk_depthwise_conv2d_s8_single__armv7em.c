/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_depthwise_conv2d_groups_single: 56 bytes */
#define THK_NAME thk_depthwise_conv2d_s8_single__armv7em
#define THK_GROUPS thk_depthwise_conv2d_groups_single
#define THK_PIXEL thk_depthwise_conv2d_s8_single_pixel__armv7em
#define THK_TAPS thk_depthwise_conv2d_taps_single
#define THK_ALONE thk_depthwise_conv2d_alone_single
#define THK_REQUANT THK_DSP_REQUANT_SINGLE
#include "armv7em/thk_depthwise_conv2d_s8.inc.h"
