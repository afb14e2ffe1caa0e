/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_OPS_INVROOT_H
#define TH_OPS_INVROOT_H

#include <thimble/numeric.h>

/* 1/sqrt(v) by five Newton steps in Q3.28; v <= 1 gives the largest multiplier. */
struct th_multiplier th_inverse_root(int32_t v);

#endif
