/* SPDX-License-Identifier: 0BSD */
#define THK_NAME thk_fully_connected_s8__rvv
#define THK_CONTRACT(part) THK_RVV_##part##_TWICE
#include "rvv/thk_fully_connected_s8.inc.h"
