/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of --feed frames: time series, step by step. */
#ifndef TH_DRIVER_FRAMES_CASES_H
#define TH_DRIVER_FRAMES_CASES_H

#include "driver/compile.h"
#include "driver/verify.h"

/* One case for each step. The files of --input are series, each from a fresh state, filled up to
 * whole steps by repeating their first frame; those of --expect are the outputs after the last
 * step. Without --input, series are drawn from --seed. want: all outputs that are ready are
 * compared, with what the evaluator gives for the model on the window of that step. Reports. */
enum th_status th_frames_cases(const struct th_compiled *c, bool want,
                               struct th_verify_case **cases, uint32_t *n);

#endif
