/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_fully_connected_groups: 56 bytes */
#define THK_NAME thk_fully_connected_s8__armv7em
#define THK_GROUPS thk_fully_connected_groups
#define THK_REQUANT THK_DSP_REQUANT
#include "armv7em/thk_fully_connected_s8.inc.h"
