/* SPDX-License-Identifier: Apache-2.0 */
/* The families of x86-64 kernel rows: one file rows_<family>.c each, listed in x86.c. */
#ifndef TH_BACKENDS_X86_FAMILIES_H
#define TH_BACKENDS_X86_FAMILIES_H

#include <string.h>

#include "backends/rows/rows.h"

extern const struct th_row_sources th_x86_sources;
extern const struct th_kernel_sizes th_x86_sizes;
extern const struct th_row_family th_x86_avx2, th_x86_avx2_f32, th_x86_avx512vnni;

#endif
