/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_fully_connected_nibbles_single: 60 bytes */
#define THK_NAME thk_fully_connected_s8s4_single__armv7em
#define THK_GROUPS thk_fully_connected_nibbles_single
#define THK_REQUANT THK_DSP_REQUANT_SINGLE
#define THK_NIBBLES
#include "armv7em/thk_fully_connected_s8.inc.h"
