/* SPDX-License-Identifier: 0BSD */
/* Rounding of the contract "onnx" in the register-tiled kernels. */
#ifndef THK_TILE_EVEN_H
#define THK_TILE_EVEN_H

#include "c99/thk_tile.h"
#include "thk_quantize.h"

/* q: the bits of the factor, the zero point, 0; any acc. */
static inline int32_t thk_tile_requant_even(int32_t acc, const int32_t *q)
{
    float factor;
    memcpy(&factor, &q[0], sizeof factor);
    return thk_quantize_even((float)acc * factor, q[1], INT32_MIN, INT32_MAX);
}

#endif
