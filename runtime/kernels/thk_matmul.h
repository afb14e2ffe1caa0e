/* SPDX-License-Identifier: 0BSD */
/* What generated matrix products use. */
#ifndef THK_MATMUL_H
#define THK_MATMUL_H

#include "thk_elementwise.h"
#include "thk_hybrid.h"

#endif
