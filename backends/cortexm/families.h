/* SPDX-License-Identifier: Apache-2.0 */
/* The families of Arm Cortex-M kernel rows: one file rows_<family>.c each, listed in cortexm.c. */
#ifndef TH_BACKENDS_CORTEXM_FAMILIES_H
#define TH_BACKENDS_CORTEXM_FAMILIES_H

#include <string.h>

#include "backends/rows/rows.h"

extern const struct th_row_sources th_cortexm_sources;
extern const struct th_kernel_sizes th_cortexm_sizes;
extern const struct th_row_family th_cortexm_dsp, th_cortexm_dsp_maps, th_cortexm_mve;

#endif
