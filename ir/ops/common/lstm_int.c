/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM with s8 or s16 activations, s8 weights and an s16 cell state. */
#include "ir/ops/common/lstm.h"
#include "ir/ops/common/lut16.h"

#include <math.h>
#include <string.h>

struct gate {
    const int32_t *wi, *wr;
    const int64_t *bias;
    struct th_multiplier mi, mr;
};

struct job {
    const struct th_lstm *s;
    bool single, wide;
    struct gate gate[4];
    int16_t *value[4];               /* outputs of the gates of one step */
    struct th_multiplier forget, input, output;
    int64_t h_zero, h_lo, h_hi;
    int32_t clip;                    /* 0: none */
    int32_t tanh_multiplier, tanh_shift;
    int activation;
    struct th_sigmoid_table table;
};

static int64_t clamp16(int64_t v)
{
    return th_clamp_i64(v, INT16_MIN, INT16_MAX);
}

/* Multiplier of a dense layer: its product of scales is a float one. */
static struct th_multiplier dense_ratio(float in, float w, float out, bool single)
{
    const float both = in * w;
    return th_quantize_multiplier((double)both / (double)out, single);
}

static int64_t dense(const struct job *j, const int32_t *w, const int64_t *bias, int64_t r,
                     const int32_t *x, int64_t n, struct th_multiplier q)
{
    uint64_t acc = bias ? (uint64_t)bias[r] : 0;
    for (int64_t i = 0; i < n; i++)
        acc += (uint64_t)((int64_t)w[r * n + i] * x[i]);
    return clamp16(j->wide ? th_mbqm64((int64_t)acc, q)
                           : th_mbqm((int32_t)acc, q, j->single));
}

static void run_gate(struct job *j, int g, const int32_t *x, const int32_t *h)
{
    const struct gate *k = &j->gate[g];
    for (int64_t r = 0; r < j->s->cells; r++) {
        const int64_t from_x = dense(j, k->wi, k->bias, r, x, j->s->in, k->mi);
        const int64_t from_h = dense(j, k->wr, NULL, r, h, j->s->out, k->mr);
        const int16_t sum = (int16_t)clamp16(from_x + from_h);
        j->value[g][r] = g == TH_GATE_C && j->activation == TH_LSTM_TANH
                             ? th_tanh_s16(&j->table, sum, 0, 0)
                             : th_logistic_s16(&j->table, sum, 0, 0);
    }
}

static void update_cell(struct job *j, struct th_tensor *cell, int64_t at)
{
    for (int64_t r = 0; r < j->s->cells; r++) {
        const int32_t old = (int32_t)th_tensor_int(cell, at + r);
        const int32_t kept_raw = j->value[TH_GATE_F][r] * old;
        const int32_t added_raw = j->value[TH_GATE_I][r] * j->value[TH_GATE_C][r];
        const int64_t kept = clamp16(th_mbqm(kept_raw, j->forget, j->single));
        const int64_t added = clamp16(th_mbqm(added_raw, j->input, j->single));
        int64_t v = clamp16(kept + added);
        if (j->clip > 0)
            v = th_clamp_i64(v, -j->clip, j->clip);
        th_tensor_set_int(cell, at + r, v);
    }
}

static void update_hidden(struct job *j, const struct th_tensor *cell, int64_t cell_at,
                          struct th_tensor *h, int64_t h_at)
{
    for (int64_t r = 0; r < j->s->cells; r++) {
        const int16_t c = (int16_t)th_tensor_int(cell, cell_at + r);
        const int16_t t = th_tanh_s16(&j->table, c, j->tanh_multiplier, j->tanh_shift);
        const int64_t v =
            j->h_zero + th_mbqm(t * j->value[TH_GATE_O][r], j->output, j->single);
        th_tensor_set_int(h, h_at + r, th_clamp_i64(v, j->h_lo, j->h_hi));
    }
}

static enum th_status prepare_gates(const struct th_inst *c, struct th_eval *e, struct job *j)
{
    const float gate_scale = 0.000244140625f;   /* 2^-12: gates are Q3.12 before squashing */
    for (uint32_t g = 0; g < 4; g++) {
        struct gate *k = &j->gate[g];
        const struct th_tensor *bias = th_operand(c, e, TH_LSTM_B + g);
        k->wi = th_ints_centred(e->arena, e->in[TH_LSTM_WI + g]);
        k->wr = th_ints_centred(e->arena, e->in[TH_LSTM_WR + g]);
        k->bias = bias ? th_ints_wide(e->arena, bias) : NULL;
        j->value[g] = TH_NEW_ARRAY(e->arena, int16_t, (size_t)j->s->cells);
        if (!k->wi || !k->wr || (bias && !k->bias) || !j->value[g])
            return th_out_of_memory(c);
        k->mi = dense_ratio(th_quant_scale(c->in[TH_LSTM_X]->quant, 0),
                            th_quant_scale(c->in[TH_LSTM_WI + g]->quant, 0), gate_scale,
                            j->single);
        k->mr = dense_ratio(th_quant_scale(c->in[TH_LSTM_H]->quant, 0),
                            th_quant_scale(c->in[TH_LSTM_WR + g]->quant, 0), gate_scale,
                            j->single);
    }
    return TH_OK;
}

static void prepare_cell(const struct th_inst *c, struct job *j)
{
    const struct th_type *h = c->in[TH_LSTM_H];
    const double unit = 1.0 / 32768, s_c = (double)th_quant_scale(c->in[TH_LSTM_C]->quant, 0);
    const double s_h = (double)th_quant_scale(h->quant, 0);
    const double clip = (double)(float)th_inst_float(c, "cell_clip");
    j->forget = th_quantize_multiplier(unit * s_c / s_c, j->single);
    j->input = th_quantize_multiplier(unit * unit / s_c, j->single);
    j->output = th_quantize_multiplier(unit * unit / s_h, j->single);
    j->h_zero = th_quant_zero(h->quant, 0);
    j->h_lo = th_dtype_min(h->dtype);
    j->h_hi = th_dtype_max(h->dtype);
    j->clip = 0;
    if (clip > 0) {
        const double steps = clip / s_c;
        j->clip = (int32_t)(steps < 32767 ? steps : 32767);
    }
    const int shift = 15 + (int)lround(log2(s_c)) - 3;
    j->tanh_multiplier = shift < 0 ? 3 : 0;
    j->tanh_shift = shift < 0 ? -shift : shift;
    j->activation = (int)th_inst_int(c, "activation");
    th_sigmoid_table_fill(&j->table);
}

enum th_status th_lstm_eval_int(const struct th_inst *c, struct th_eval *e,
                                const struct th_lstm *s, struct th_tensor *h,
                                struct th_tensor *cell)
{
    struct job *j = TH_NEW(e->arena, struct job);
    int32_t *hq = TH_NEW_ARRAY(e->arena, int32_t, (size_t)s->out);
    const int32_t *x = th_ints_centred(e->arena, e->in[TH_LSTM_X]);
    if (!j || !hq || !x)
        return th_out_of_memory(c);
    j->s = s;
    j->single = th_inst_single_rounding(c);
    j->wide = c->in[TH_LSTM_X]->dtype == TH_DT_S16;
    TH_TRY(prepare_gates(c, e, j));
    prepare_cell(c, j);
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t t = 0; t < s->steps; t++) {
            const int32_t *row = x + th_lstm_row(s, t, b, s->in);
            for (int64_t r = 0; r < s->out; r++)
                hq[r] = (int32_t)(th_tensor_int(h, b * s->out + r) - j->h_zero);
            for (int g = 0; g < 4; g++)
                run_gate(j, g, row, hq);
            update_cell(j, cell, b * s->cells);
            update_hidden(j, cell, b * s->cells, h, b * s->out);
            for (int64_t r = 0; r < s->out; r++)
                th_tensor_set_int(e->out[0], th_lstm_row(s, t, b, s->out) + r,
                                  th_tensor_int(h, b * s->out + r));
        }
    return TH_OK;
}
