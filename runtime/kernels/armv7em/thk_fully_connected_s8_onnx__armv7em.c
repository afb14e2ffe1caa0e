/* SPDX-License-Identifier: 0BSD */
#include "armv7em/thk_dsp.h"

/* stack of thk_fully_connected_groups_onnx: 56 bytes */
#define THK_NAME thk_fully_connected_s8_onnx__armv7em
#define THK_GROUPS thk_fully_connected_groups_onnx
#define THK_EVEN
#include "armv7em/thk_fully_connected_s8.inc.h"
