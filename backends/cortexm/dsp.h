/* SPDX-License-Identifier: Apache-2.0 */
/* Requantization constants of the DSP extension's kernels (runtime/kernels/armv7em/thk_dsp.h). */
#ifndef TH_BACKENDS_CORTEXM_DSP_H
#define TH_BACKENDS_CORTEXM_DSP_H

#include "backends/cortexm/families.h"

/* NULL when the four-instruction form is exact for a channel, else why not. */
const char *th_dsp_check_channel(const struct th_row_fold *f, struct th_multiplier m,
                                 int32_t out_zero);
/* Writes m, c, e: three words. fixed: the channel's output is v (before the zero point) for every
 * sum. */
void th_dsp_requant_words(struct th_multiplier m, bool fixed, int32_t v, int32_t out_zero,
                          int32_t *to);

#endif
