/* SPDX-License-Identifier: Apache-2.0 */
/* Squashing functions in 16-bit fixed point: the scheme of the 32-bit ones, at half the width. */
#ifndef TH_OPS_FIXED16_H
#define TH_OPS_FIXED16_H

#include <stdint.h>

/* a in Q(k).(15-k), 0 <= k <= 6; results Q0.15. */
int16_t th_fixed16_logistic(int16_t a, int integer_bits);
int16_t th_fixed16_tanh(int16_t a, int integer_bits);

#endif
