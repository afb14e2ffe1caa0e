/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer LSTM with peepholes, projection, layer normalization or coupled gates: s8 activations,
 * s16 cell state. Dense products accumulate into 16-bit gates with saturation, squashing is 16-bit
 * fixed point, products of gates are shifted.
 */
#include "ir/ops/common/fixed16.h"
#include "ir/ops/common/invroot.h"
#include "ir/ops/common/lstm.h"

#include <math.h>

struct gate {
    const int32_t *wi, *wr;
    const int64_t *bias, *peep, *ln;
    struct th_multiplier mi, mr, mp, ml;
    int32_t guard;               /* least variance */
};

struct job {
    const struct th_lstm *s;
    bool single;
    struct gate gate[4];
    int16_t *value[4];
    const int32_t *proj;
    const int64_t *proj_bias;
    struct th_multiplier hidden, projection;
    int64_t h_zero, hidden_zero;
    int32_t cell_clip, proj_clip;
    int cell_power;              /* the cell state's scale is 2^cell_power */
    int32_t *squashed;
};

static int64_t clamp16(int64_t v)
{
    return th_clamp_i64(v, INT16_MIN, INT16_MAX);
}

static int64_t dense(const struct job *j, const int32_t *w, const int64_t *bias, int64_t r,
                     const int32_t *x, int64_t n, struct th_multiplier q)
{
    uint64_t acc = bias ? (uint64_t)bias[r] : 0;
    for (int64_t i = 0; i < n; i++)
        acc += (uint64_t)((int64_t)w[r * n + i] * x[i]);
    return th_mbqm((int32_t)acc, q, j->single);
}

/* Mean and deviation over the cells in fixed point, then weights and bias. */
static void normalize(const struct job *j, const struct gate *k, int16_t *v)
{
    const int64_t n = j->s->cells;
    int64_t sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
        squares += (int64_t)v[i] * v[i];
    }
    const int64_t mean = sum * 1024 / n, one = 1 << 20;
    int64_t variance = (squares * (one / n) - mean * mean) / one;
    if (variance < 1)
        variance = k->guard;
    const struct th_multiplier inverse = th_inverse_root((int32_t)variance);
    struct th_multiplier out = k->ml;
    out.s += 12;
    for (int64_t i = 0; i < n; i++) {
        const int32_t shifted = (int32_t)(1024 * (int64_t)v[i] - mean);
        const int64_t rescaled = th_mbqm(shifted, inverse, j->single);
        const int64_t biased = (int32_t)(uint32_t)(uint64_t)(
            rescaled * k->ln[i] + (k->bias ? k->bias[i] : 0));
        const int64_t rounded = (biased > 0 ? biased + 512 : biased - 512) / 1024;
        v[i] = (int16_t)clamp16(th_mbqm((int32_t)rounded, out, j->single));
    }
}

static void run_gate(struct job *j, int g, const int32_t *x, const int32_t *h,
                     const struct th_tensor *cell, int64_t at)
{
    const struct gate *k = &j->gate[g];
    int16_t *v = j->value[g];
    for (int64_t r = 0; r < j->s->cells; r++) {
        int64_t sum = clamp16(dense(j, k->wi, k->ln ? NULL : k->bias, r, x, j->s->in, k->mi));
        sum = clamp16(sum + dense(j, k->wr, NULL, r, h, j->s->out, k->mr));
        if (k->peep) {
            const int64_t product = k->peep[r] * th_tensor_int(cell, at + r);
            sum = clamp16(sum + th_mbqm((int32_t)product, k->mp, j->single));
        }
        v[r] = (int16_t)sum;
    }
    if (k->ln)
        normalize(j, k, v);
    for (int64_t r = 0; r < j->s->cells; r++)
        v[r] = g == TH_GATE_C ? th_fixed16_tanh(v[r], 3) : th_fixed16_logistic(v[r], 3);
}

static void update_cell(struct job *j, struct th_tensor *cell, int64_t at)
{
    for (int64_t r = 0; r < j->s->cells; r++) {
        const int16_t f = j->value[TH_GATE_F][r];
        const int16_t in =
            j->s->coupled ? (int16_t)(INT16_MAX - f) : j->value[TH_GATE_I][r];
        const int32_t old = (int32_t)th_tensor_int(cell, at + r);
        const int16_t kept = (int16_t)th_rdivp2(f * old, 15);
        const int16_t added =
            (int16_t)th_rdivp2(in * j->value[TH_GATE_C][r], 30 + j->cell_power);
        int64_t v = clamp16(kept + added);
        if (j->cell_clip > 0)
            v = th_clamp_i64(v, -j->cell_clip, j->cell_clip);
        th_tensor_set_int(cell, at + r, v);
    }
}

static void update_hidden(struct job *j, const struct th_tensor *cell, int64_t cell_at,
                          struct th_tensor *h, int64_t h_at)
{
    const struct th_lstm *s = j->s;
    for (int64_t r = 0; r < s->cells; r++) {
        const int16_t c = (int16_t)th_tensor_int(cell, cell_at + r);
        const int16_t t = th_fixed16_tanh(c, 15 + j->cell_power);
        const int64_t product = th_mbqm(t * j->value[TH_GATE_O][r], j->hidden, j->single);
        /* Before a projection the reference stores the value with its zero point negated, so that
         * an asymmetric one confines it; the projection undoes the same offset. */
        const int64_t zero = j->proj ? -j->hidden_zero : j->hidden_zero;
        const int64_t stored = th_clamp_i64(product + zero, INT8_MIN, INT8_MAX);
        j->squashed[r] = (int32_t)(j->proj ? stored - zero : stored);
    }
    for (int64_t r = 0; r < s->out; r++) {
        int64_t v = j->squashed[r];
        if (j->proj) {
            v = dense(j, j->proj, j->proj_bias, r, j->squashed, s->cells, j->projection);
            v = th_clamp_i64(v + j->h_zero, INT8_MIN, INT8_MAX);
            if (j->proj_clip > 0)
                v = th_clamp_i64(v, -j->proj_clip, j->proj_clip);
        }
        th_tensor_set_int(h, h_at + r, v);
    }
}

/* ---- preparation: every product of scales is a float one ------------------------------------ */
static float scale_of(const struct th_inst *c, uint32_t operand)
{
    const struct th_type *t = th_operand_type(c, operand);
    return t ? th_quant_scale(t->quant, 0) : 1.0f;
}

static struct th_multiplier ratio(float a, float b, float out, bool single)
{
    const float both = a * b, real = both / out;
    return th_quantize_multiplier((double)real, single);
}

static float intermediate(const struct th_inst *c, uint32_t i, float otherwise)
{
    const struct th_attr *a = th_attr_find(c->attrs, "intermediate_scales");
    return a && i < a->n && a->v.floats[i] > 0 ? (float)a->v.floats[i] : otherwise;
}

static enum th_status wide(const struct th_inst *c, struct th_eval *e, uint32_t operand,
                           const int64_t **out)
{
    const struct th_tensor *t = th_operand(c, e, operand);
    *out = t ? th_ints_wide(e->arena, t) : NULL;
    return !t || *out ? TH_OK : th_out_of_memory(c);
}

static enum th_status prepare_gate(const struct th_inst *c, struct th_eval *e, struct job *j,
                                   uint32_t g)
{
    static const uint32_t peep[4] = {TH_LSTM_PEEP_I, TH_LSTM_PEEP_F, 0, TH_LSTM_PEEP_O};
    struct gate *k = &j->gate[g];
    const bool normalized = th_operand_type(c, TH_LSTM_LN + g) != NULL;
    const float unit = 0.000244140625f;   /* 2^-12 */
    const float out = normalized ? intermediate(c, g, unit) : unit;
    const float ln_scale = scale_of(c, TH_LSTM_LN + g);
    j->value[g] = TH_NEW_ARRAY(e->arena, int16_t, (size_t)j->s->cells);
    if (!j->value[g])
        return th_out_of_memory(c);
    if (!th_operand_type(c, TH_LSTM_WI + g))
        return TH_OK;
    k->wi = th_ints_centred(e->arena, e->in[TH_LSTM_WI + g]);
    k->wr = th_ints_centred(e->arena, e->in[TH_LSTM_WR + g]);
    if (!k->wi || !k->wr)
        return th_out_of_memory(c);
    TH_TRY(wide(c, e, TH_LSTM_B + g, &k->bias));
    TH_TRY(wide(c, e, TH_LSTM_LN + g, &k->ln));
    k->mi = ratio(scale_of(c, TH_LSTM_WI + g), scale_of(c, TH_LSTM_X), out, j->single);
    k->mr = ratio(scale_of(c, TH_LSTM_WR + g), scale_of(c, TH_LSTM_H), out, j->single);
    k->ml = th_quantize_multiplier((double)ln_scale, j->single);
    const double guard = 10000.0 * (double)ln_scale;
    k->guard = guard > 1 ? (int32_t)th_clamp_i64((int64_t)guard, 1, 1 << 28) : 1;
    if (!peep[g])
        return TH_OK;
    TH_TRY(wide(c, e, peep[g], &k->peep));
    const double real = ldexp(1, j->cell_power) * (double)scale_of(c, peep[g]) / (double)out;
    k->mp = th_quantize_multiplier((double)(float)real, j->single);
    return TH_OK;
}

static int32_t clip_steps(float clip, float scale, float limit)
{
    const float steps = clip / scale;
    return clip > 0 ? (int32_t)(steps < limit ? steps : limit) : 0;
}

static enum th_status prepare(const struct th_inst *c, struct th_eval *e, struct job *j)
{
    const float h_scale = scale_of(c, TH_LSTM_H), c_scale = scale_of(c, TH_LSTM_C);
    const float hidden_scale = intermediate(c, 4, h_scale);
    const double unit = 1.0 / 32768;
    j->cell_power = (int)lround(log2((double)c_scale));
    for (uint32_t g = 0; g < 4; g++)
        TH_TRY(prepare_gate(c, e, j, g));
    j->h_zero = th_quant_zero(c->in[TH_LSTM_H]->quant, 0);
    j->hidden_zero = th_inst_ints_len(c, "intermediate_zeros") > 4
                         ? th_inst_ints(c, "intermediate_zeros", 4)
                         : j->h_zero;
    const double real = unit / (double)hidden_scale * unit;
    j->hidden = th_quantize_multiplier((double)(float)real, j->single);
    j->projection = ratio(scale_of(c, TH_LSTM_PROJ_W), hidden_scale, h_scale, j->single);
    j->cell_clip = clip_steps((float)th_inst_float(c, "cell_clip"), c_scale, 32767);
    j->proj_clip = clip_steps((float)th_inst_float(c, "proj_clip"), h_scale, 127);
    j->squashed = TH_NEW_ARRAY(e->arena, int32_t, (size_t)j->s->cells);
    const struct th_tensor *proj = th_operand(c, e, TH_LSTM_PROJ_W);
    j->proj = proj ? th_ints_centred(e->arena, proj) : NULL;
    if (!j->squashed || (proj && !j->proj))
        return th_out_of_memory(c);
    return wide(c, e, TH_LSTM_PROJ_B, &j->proj_bias);
}

enum th_status th_lstm_eval_full(const struct th_inst *c, struct th_eval *e,
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
    TH_TRY(prepare(c, e, j));
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t t = 0; t < s->steps; t++) {
            const int32_t *row = x + th_lstm_row(s, t, b, s->in);
            for (int64_t r = 0; r < s->out; r++)
                hq[r] = (int32_t)(th_tensor_int(h, b * s->out + r) - j->h_zero);
            for (int g = s->coupled ? TH_GATE_F : TH_GATE_I; g <= TH_GATE_C; g++)
                run_gate(j, g, row, hq, cell, b * s->cells);
            update_cell(j, cell, b * s->cells);
            run_gate(j, TH_GATE_O, row, hq, cell, b * s->cells);
            update_hidden(j, cell, b * s->cells, h, b * s->out);
            for (int64_t r = 0; r < s->out; r++)
                th_tensor_set_int(e->out[0], th_lstm_row(s, t, b, s->out) + r,
                                  th_tensor_int(h, b * s->out + r));
        }
    return TH_OK;
}
