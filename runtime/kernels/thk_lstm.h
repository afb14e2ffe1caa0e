/* SPDX-License-Identifier: 0BSD */
/* Parameters of LSTM kernels. Gates stand in the order input, forget, cell, output. */
#ifndef THK_LSTM_H
#define THK_LSTM_H

#include <stdint.h>

#include "thk_types.h"

/* x is [batch][steps][in], or [steps][batch][in] when time_major; y likewise with out columns. */
struct thk_lstm {
    int32_t steps, batch, in, cells, out, time_major;
};

/* Element offset of row (t, b) of a sequence. */
static inline int32_t thk_lstm_row(const struct thk_lstm *p, int32_t t, int32_t b, int32_t width)
{
    return (p->time_major ? t * p->batch + b : b * p->steps + t) * width;
}

/* Squashing of the cell, bounds (0: none). NULL pointers: that part is absent. */
struct thk_lstm_f32 {
    int32_t activation;      /* 0 tanh, 1 sigmoid, 2 relu, 3 relu6, 4 none */
    float cell_clip, proj_clip;
};

/* The same with 8-bit weights: scales of the matrices, absent ones 0. */
struct thk_lstm_f32s8 {
    struct thk_lstm_f32 f;
    int32_t asymmetric;
    float wi[4], wr[4], peep[4], proj;
};

/* Integers. x and h: their zero points. Gate g: dense products times gate_x and gate_h give
 * Q3.12; tanh: the cell state times tanh_mult / 2^tanh_shift is a position in the table. */
struct thk_lstm_int {
    int32_t x_zero, h_zero, sigmoid_cell, clip, tanh_mult, tanh_shift;
    struct thk_requant gate_x[4], gate_h[4], forget, input, output;
};

/* With peepholes, layer normalization, projection. The cell's scale is 2^cell_power. */
struct thk_lstm_full {
    int32_t x_zero, h_zero, hidden_zero, cell_power, cell_clip, proj_clip;
    struct thk_requant gate_x[4], gate_h[4], peep[4], norm[4], hidden, projection;
    int32_t guard[4];
};

#endif
