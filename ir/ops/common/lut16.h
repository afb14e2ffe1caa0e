/* SPDX-License-Identifier: Apache-2.0 */
/* 16-bit logistic and tanh by one interpolated table, and general 16-bit function tables. */
#ifndef TH_OPS_LUT16_H
#define TH_OPS_LUT16_H

#include <stdint.h>

/* Logistic function at i/24 in 0.16 fixed point, half of the interpolation error of the interval
 * that follows already added; the last entry saturates. */
struct th_sigmoid_table {
    uint16_t v[256];
};
void th_sigmoid_table_fill(struct th_sigmoid_table *t);
/* x * multiplier / 2^shift is the input in units of 1/(24*512) (logistic), 1/(24*256) (tanh: of
 * half of the argument); multiplier 0 means that x itself is Q3.12 / 2^shift. Results Q0.15. */
int16_t th_logistic_s16(const struct th_sigmoid_table *t, int16_t x, int32_t multiplier,
                        int32_t shift);
int16_t th_tanh_s16(const struct th_sigmoid_table *t, int16_t x, int32_t multiplier,
                    int32_t shift);

/* A function over the whole int16 range: 512 intervals, linearly interpolated. */
struct th_lut16 {
    int16_t v[513];
};
typedef float th_lut16_fn(float x);
void th_lut16_fill(struct th_lut16 *t, float in_scale, int32_t in_zero, float out_scale,
                   int32_t out_zero, th_lut16_fn *fn);
int16_t th_lut16_at(const struct th_lut16 *t, int16_t x);

#endif
