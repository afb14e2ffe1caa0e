/* SPDX-License-Identifier: Apache-2.0 */
/* The families of portable kernel rows: one file rows_<family>.c each, listed in c99.c. */
#ifndef TH_BACKENDS_C99_FAMILIES_H
#define TH_BACKENDS_C99_FAMILIES_H

#include <string.h>

#include "backends/rows/rows.h"

extern const struct th_row_sources th_c99_sources;
extern const struct th_kernel_sizes th_c99_sizes, th_c99_around;
extern const struct th_row_family th_c99_accumulate;
extern const struct th_row_family th_c99_add;
extern const struct th_row_family th_c99_bottleneck;
extern const struct th_row_family th_c99_boxes;
extern const struct th_row_family th_c99_conv;
extern const struct th_row_family th_c99_dense;
extern const struct th_row_family th_c99_elementwise;
extern const struct th_row_family th_c99_hybrid;
extern const struct th_row_family th_c99_index;
extern const struct th_row_family th_c99_lstm;
extern const struct th_row_family th_c99_matmul;
extern const struct th_row_family th_c99_move;
extern const struct th_row_family th_c99_permute;
extern const struct th_row_family th_c99_pool;
extern const struct th_row_family th_c99_quantize;
extern const struct th_row_family th_c99_reduce;
extern const struct th_row_family th_c99_resize;
extern const struct th_row_family th_c99_scatter;
extern const struct th_row_family th_c99_sequence;
extern const struct th_row_family th_c99_softmax;
extern const struct th_row_family th_c99_svdf;
extern const struct th_row_family th_c99_table;
extern const struct th_row_family th_c99_tile;
extern const struct th_row_family th_c99_tile_f32;
extern const struct th_row_family th_c99_vision;
extern const struct th_row_family th_c99_volume;

#endif
