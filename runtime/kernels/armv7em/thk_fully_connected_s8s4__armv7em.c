/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_fully_connected_nibbles: 60 bytes */
#define THK_NAME thk_fully_connected_s8s4__armv7em
#define THK_GROUPS thk_fully_connected_nibbles
#define THK_REQUANT THK_DSP_REQUANT
#define THK_NIBBLES
#include "armv7em/thk_fully_connected_s8.inc.h"
