/* SPDX-License-Identifier: Apache-2.0 */
/* The families of RISC-V kernel rows: one file rows_<family>.c each, listed in riscv.c. */
#ifndef TH_BACKENDS_RISCV_FAMILIES_H
#define TH_BACKENDS_RISCV_FAMILIES_H

#include <string.h>

#include "backends/rows/rows.h"

extern const struct th_row_sources th_riscv_sources;
extern const struct th_kernel_sizes th_riscv_sizes;
extern const struct th_row_family th_riscv_rvv, th_riscv_rvv_maps;

#endif
