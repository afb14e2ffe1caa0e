/* SPDX-License-Identifier: Apache-2.0 */
/* Reals and quantized integers: files may hold the one where the compiled model has the other
 * (--io quantized). The arithmetic is that of the quantize and dequantize operators. */
#ifndef TH_DRIVER_AFFINE_H
#define TH_DRIVER_AFFINE_H

#include <thimble/thimble.h>

/* Whether one scale turns integers of this type into reals. */
bool th_affine_type(const struct th_type *t);
/* Stores reals as integers of out's type; from `first` on, as many as out has. */
void th_affine_quantize(const struct th_tensor *reals, int64_t first, struct th_tensor *out);
/* The same values as float32, in the arena; NULL when memory is exhausted. */
struct th_tensor *th_affine_reals(struct th_arena *arena, const struct th_tensor *t);

#endif
