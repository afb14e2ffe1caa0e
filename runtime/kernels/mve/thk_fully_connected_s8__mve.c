/* SPDX-License-Identifier: 0BSD */
#include "mve/thk_mve.h"

#define THK_NAME thk_fully_connected_s8__mve
#define THK_REQUANT thk_mve_requant
#include "mve/thk_fully_connected_s8_mve.inc.h"
