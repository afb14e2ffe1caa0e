/* SPDX-License-Identifier: 0BSD */
/* The kernel itself: the 3x3 one computes its borders with it, and both may be in one model. */
#include "mve/thk_depthwise_any.h"
