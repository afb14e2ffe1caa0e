/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What recurrent layers over whole sequences share (rnn_sequence, gru_sequence, lstm_sequence):
 * ports, attributes, activations and the walk over batch and time. The files of the operators have
 * the step.
 */
#ifndef TH_OPS_SEQUENCE_H
#define TH_OPS_SEQUENCE_H

#include "ir/ops/common/nn.h"

enum { TH_SEQUENCE_X, TH_SEQUENCE_W, TH_SEQUENCE_R, TH_SEQUENCE_B, TH_SEQUENCE_LENGTHS,
       TH_SEQUENCE_H, TH_SEQUENCE_C, TH_SEQUENCE_P };

extern const char *const th_sequence_activations[];

#define TH_SEQUENCE_ACTS (TH_DT_FLOATS | TH_DT_BIT(TH_DT_S8) | TH_DT_BIT(TH_DT_S16))
#define TH_SEQUENCE_WEIGHTS (TH_DT_FLOATS | TH_DT_BIT(TH_DT_S8))
#define TH_SEQUENCE_WIDE (TH_DT_FLOATS | TH_DT_BIT(TH_DT_S16))

#define TH_SEQUENCE_INTEGERS                                                                    \
    "In float32, or in integers (8 or 16 bits): sigmoid and tanh alone, weights of 8 bits with a " \
    "scale for each row, biases of 32 bits and 1/4096, the state in steps of 1/128 or 1/32768"

#define TH_SEQUENCE_PORTS                                                                      \
    {"x", TH_SEQUENCE_ACTS, 0, "sequences [time, batch, inputs]"},                             \
    {"w", TH_SEQUENCE_WEIGHTS, 0, "input weights [gates * hidden, inputs]"},                   \
    {"r", TH_SEQUENCE_WEIGHTS, 0, "recurrent weights [gates * hidden, hidden]"},               \
    {"b", TH_DT_FLOATS | TH_DT_BIT(TH_DT_S32), TH_PORT_OPTIONAL,                               \
     "biases [2 * gates * hidden]: of w, then of r"},                                          \
    {"lengths", TH_DT_BIT(TH_DT_S32), TH_PORT_OPTIONAL, "steps of each sequence [batch]"},     \
    {"h", TH_SEQUENCE_ACTS, TH_PORT_OPTIONAL, "state before [batch, hidden]; absent: zero"}
#define TH_SEQUENCE_RESULTS                                                                    \
    {"y", TH_SEQUENCE_ACTS, TH_PORT_DECLARED,                                                  \
     "state after each step [time, batch, hidden]; 0 beyond a length"},                        \
    {"h", TH_SEQUENCE_ACTS, TH_PORT_DECLARED, "state after the last step [batch, hidden]"}

#define TH_SEQUENCE_ATTRS                                                                      \
    {.name = "reverse", .kind = TH_ATTR_BOOL, .max = 1,                                        \
     .doc = "each sequence is read from its end"},                                             \
    {.name = "clip", .kind = TH_ATTR_FLOAT, .min = 0, .max = 3e38, .def_f = 3e38,              \
     .doc = "the operands of activations are held between -clip and clip"},                    \
    {.name = "f", .kind = TH_ATTR_ENUM, .names = th_sequence_activations,                      \
     .doc = "activation of the gates"},                                                        \
    {.name = "g", .kind = TH_ATTR_ENUM, .names = th_sequence_activations, .def_i = 1,          \
     .doc = "activation of the candidate"},                                                    \
    {.name = "h", .kind = TH_ATTR_ENUM, .names = th_sequence_activations, .def_i = 1,          \
     .doc = "activation of the cell"},                                                         \
    {.name = "alpha", .kind = TH_ATTR_FLOATS, .min_len = 3, .max_len = 3, .min = 1,            \
     .doc = "first parameter of f, g, h"},                                                     \
    {.name = "beta", .kind = TH_ATTR_FLOATS, .min_len = 3, .max_len = 3, .min = 1,             \
     .doc = "second parameter of f, g, h"}

enum th_status th_sequence_infer(struct th_inst *c, int64_t gates, uint32_t states);
/* Activation f, g or h (0, 1, 2) of a held operand. */
float th_sequence_act(const struct th_inst *c, int which, float v);

struct th_sequence {
    const struct th_inst *c;
    int64_t hidden, gates;
    const float *r, *rb, *p;      /* recurrent weights and their biases, peepholes; NULL: none */
    float *xs;                    /* w x and its bias, of this step [gates * hidden] */
    float *hs;                    /* r h and its bias [gates * hidden] */
    float *h, *cell;              /* state of this sequence, changed by the step */
};
typedef void th_sequence_step(struct th_sequence *s);
enum th_status th_sequence_eval(const struct th_inst *c, struct th_eval *e, int64_t gates,
                                th_sequence_step *step);
/* Windows are not offered: a step needs all before it. */
void th_sequence_cost(const struct th_inst *c, struct th_cost *k);

#endif
