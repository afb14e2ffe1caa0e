/* SPDX-License-Identifier: Apache-2.0 */
/* Which function of the model is meant, and what it wants. */
#ifndef TH_DRIVER_ENTRY_H
#define TH_DRIVER_ENTRY_H

#include "driver/options.h"
#include "driver/verify.h"

/* Index of the function --signature names, or 0. Reports. */
enum th_status th_entry_find(const struct th_options *o, const struct th_program *p,
                             uint32_t *index);
/* Cases from --input and --expect. Reports; when the number of files is wrong, with what the
 * function wants. */
enum th_status th_entry_cases(const struct th_options *o, struct th_program *p, uint32_t index,
                              struct th_verify_case **cases, uint32_t *n);

#endif
