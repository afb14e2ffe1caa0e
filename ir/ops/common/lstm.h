/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluations of the LSTM record: float and hybrid, integer, integer with all extras. */
#ifndef TH_OPS_LSTM_H
#define TH_OPS_LSTM_H

#include "ir/ops/common/nn.h"

/* Operand numbers; gates in the order input, forget, cell, output. */
enum {
    TH_LSTM_X, TH_LSTM_WI, TH_LSTM_WR = 5, TH_LSTM_PEEP_I = 9, TH_LSTM_PEEP_F, TH_LSTM_PEEP_O,
    TH_LSTM_B, TH_LSTM_PROJ_W = 16, TH_LSTM_PROJ_B, TH_LSTM_H, TH_LSTM_C, TH_LSTM_LN
};
enum { TH_GATE_I, TH_GATE_F, TH_GATE_C, TH_GATE_O };
enum { TH_LSTM_TANH, TH_LSTM_SIGMOID, TH_LSTM_RELU, TH_LSTM_RELU6, TH_LSTM_NONE };

struct th_lstm {
    int64_t steps, batch, in, cells, out;
    bool time_major;
    bool coupled;      /* no input gate: it is one minus the forget gate */
};
/* Element offset of row (t, b) of a sequence of `width` columns. */
static inline int64_t th_lstm_row(const struct th_lstm *s, int64_t t, int64_t b, int64_t width)
{
    return (s->time_major ? t * s->batch + b : b * s->steps + t) * width;
}
/* h and c hold the state and are updated; y is output 0. */
enum th_status th_lstm_eval_float(const struct th_inst *c, struct th_eval *e,
                                  const struct th_lstm *s, struct th_tensor *h,
                                  struct th_tensor *cell);
enum th_status th_lstm_eval_int(const struct th_inst *c, struct th_eval *e,
                                const struct th_lstm *s, struct th_tensor *h,
                                struct th_tensor *cell);
enum th_status th_lstm_eval_full(const struct th_inst *c, struct th_eval *e,
                                 const struct th_lstm *s, struct th_tensor *h,
                                 struct th_tensor *cell);

#endif
