/* SPDX-License-Identifier: 0BSD */
#include "mve/thk_mve_even.h"

#define THK_NAME thk_fully_connected_s8_onnx__mve
#define THK_REQUANT thk_mve_requant_even
#include "mve/thk_fully_connected_s8_mve.inc.h"
