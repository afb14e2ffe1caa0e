/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM in float32, with float weights or with s8 weights and dynamically quantized inputs. */
#include "ir/ops/common/lstm.h"

#include <math.h>
#include <string.h>

/* A weight matrix or vector: floats, or integers with one scale. */
struct weights {
    const float *f;
    const int32_t *q;
    float scale;
};

struct job {
    const struct th_inst *c;
    const struct th_lstm *s;
    struct weights wi[4], wr[4], peep[4], proj;
    const float *bias[4], *ln[4], *proj_bias;
    bool asymmetric;
    int activation;
    float cell_clip, proj_clip;
    /* scratch of one step */
    float *gate[4];
    float *squashed;
    int32_t *xq, *hq, *pq;
    float x_scale, h_scale;
};

static enum th_status load(struct job *j, struct th_eval *e, uint32_t operand, struct weights *w)
{
    const struct th_tensor *t = th_operand(j->c, e, operand);
    *w = (struct weights){0};
    if (!t)
        return TH_OK;
    if (t->type.dtype == TH_DT_F32) {
        w->f = th_floats(t);
        return TH_OK;
    }
    w->q = th_ints_centred(e->arena, t);
    w->scale = th_quant_scale(t->type.quant, 0);
    return w->q ? TH_OK : th_out_of_memory(j->c);
}

static bool present(const struct weights *w)
{
    return w->f || w->q;
}

static float weight_at(const struct weights *w, int64_t i)
{
    return w->f ? w->f[i] : (float)w->q[i] * w->scale;
}

/* One batch becomes s8 minus its zero point; the scale comes back. */
static float quantize(const struct job *j, const float *x, int64_t n, int32_t *q)
{
    float scale;
    int32_t zero = 0;
    if (j->asymmetric)
        th_quantize_asymmetric(x, n, q, &scale, &zero);
    else
        th_quantize_symmetric(x, n, q, &scale);
    for (int64_t i = 0; i < n; i++)
        q[i] -= zero;
    return scale;
}

/* Row r of the matrix times a vector, as the float to be added to an accumulator. */
static float row_product(const struct weights *w, int64_t r, int64_t n, const float *x,
                         const int32_t *q, float scale)
{
    if (w->f) {
        float dot = 0;
        for (int64_t i = 0; i < n; i++) {
            const float product = w->f[r * n + i] * x[i];
            dot += product;
        }
        return dot;
    }
    int64_t dot = 0;
    for (int64_t i = 0; i < n; i++)
        dot += (int64_t)w->q[r * n + i] * q[i];
    const float both = scale * w->scale;
    return (float)(int32_t)dot * both;
}

static float logistic(float x)
{
    if (x > 16.619047164916992188f)
        return 1;
    if (x < -9.0f)
        return expf(x);
    return 1.0f / (1.0f + expf(-x));
}

static float activate(int kind, float x)
{
    switch (kind) {
    case TH_LSTM_SIGMOID:
        return logistic(x);
    case TH_LSTM_RELU:
        return x < 0 ? 0 : x;
    case TH_LSTM_RELU6:
        return th_clampf(x, 0, 6);
    case TH_LSTM_NONE:
        return x;
    default:
        return tanhf(x);
    }
}

/* Mean zero, variance one. */
static void normalize(float *v, int64_t n)
{
    float sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += v[i];
    const float mean = sum / (float)n;
    for (int64_t i = 0; i < n; i++) {
        const float diff = v[i] - mean, square = diff * diff;
        squares += square;
    }
    const float inverse = 1.0f / sqrtf(squares / (float)n + 1e-8f);
    for (int64_t i = 0; i < n; i++)
        v[i] = (v[i] - mean) * inverse;
}

static void gate(struct job *j, int g, const float *x, const float *h, const float *cell)
{
    const struct th_lstm *s = j->s;
    float *v = j->gate[g];
    for (int64_t r = 0; r < s->cells; r++) {
        v[r] = j->ln[g] || !j->bias[g] ? 0 : j->bias[g][r];
        v[r] += row_product(&j->wi[g], r, s->in, x, j->xq, j->x_scale);
        v[r] += row_product(&j->wr[g], r, s->out, h, j->hq, j->h_scale);
        if (present(&j->peep[g])) {
            const float product = weight_at(&j->peep[g], r) * cell[r];
            v[r] += product;
        }
    }
    if (j->ln[g]) {
        normalize(v, s->cells);
        for (int64_t r = 0; r < s->cells; r++) {
            v[r] *= j->ln[g][r];
            if (j->bias[g])
                v[r] += j->bias[g][r];
        }
    }
    for (int64_t r = 0; r < s->cells; r++)
        v[r] = activate(g == TH_GATE_C ? j->activation : TH_LSTM_SIGMOID, v[r]);
}

static float clip(float v, float limit)
{
    if (!(limit > 0))
        return v;
    v = limit < v ? limit : v;
    return v < -limit ? -limit : v;
}

static void update_cell(struct job *j, float *cell)
{
    for (int64_t r = 0; r < j->s->cells; r++) {
        const float f = j->gate[TH_GATE_F][r];
        const float in = j->s->coupled ? 1.0f - f : j->gate[TH_GATE_I][r];
        const float kept = f * cell[r], added = in * j->gate[TH_GATE_C][r];
        cell[r] = clip(kept + added, j->cell_clip);
    }
}

static void update_hidden(struct job *j, const float *cell, float *h)
{
    const struct th_lstm *s = j->s;
    float scale = 1;
    for (int64_t r = 0; r < s->cells; r++)
        j->squashed[r] = j->gate[TH_GATE_O][r] * activate(j->activation, cell[r]);
    if (!present(&j->proj)) {
        memcpy(h, j->squashed, (size_t)s->cells * sizeof(*h));
        return;
    }
    if (j->proj.q)
        scale = quantize(j, j->squashed, s->cells, j->pq);
    for (int64_t r = 0; r < s->out; r++) {
        const float start = j->proj_bias ? j->proj_bias[r] : 0;
        const float v = start + row_product(&j->proj, r, s->cells, j->squashed, j->pq, scale);
        h[r] = clip(v, j->proj_clip);
    }
}

static void step(struct job *j, const float *x, float *h, float *cell)
{
    const struct th_lstm *s = j->s;
    if (j->wi[TH_GATE_F].q) {
        j->x_scale = quantize(j, x, s->in, j->xq);
        j->h_scale = quantize(j, h, s->out, j->hq);
    }
    if (!s->coupled)
        gate(j, TH_GATE_I, x, h, cell);
    gate(j, TH_GATE_F, x, h, cell);
    gate(j, TH_GATE_C, x, h, cell);
    update_cell(j, cell);
    gate(j, TH_GATE_O, x, h, cell);
    update_hidden(j, cell, h);
}

static enum th_status prepare(struct job *j, struct th_eval *e)
{
    const struct th_inst *c = j->c;
    static const uint32_t peep[4] = {TH_LSTM_PEEP_I, TH_LSTM_PEEP_F, 0, TH_LSTM_PEEP_O};
    for (uint32_t g = 0; g < 4; g++) {
        TH_TRY(load(j, e, TH_LSTM_WI + g, &j->wi[g]));
        TH_TRY(load(j, e, TH_LSTM_WR + g, &j->wr[g]));
        if (peep[g])
            TH_TRY(load(j, e, peep[g], &j->peep[g]));
        j->bias[g] = th_floats(th_operand(c, e, TH_LSTM_B + g));
        j->ln[g] = th_floats(th_operand(c, e, TH_LSTM_LN + g));
        j->gate[g] = TH_NEW_ARRAY(e->arena, float, (size_t)j->s->cells);
        if (!j->gate[g])
            return th_out_of_memory(c);
    }
    TH_TRY(load(j, e, TH_LSTM_PROJ_W, &j->proj));
    j->proj_bias = th_floats(th_operand(c, e, TH_LSTM_PROJ_B));
    j->asymmetric = th_inst_int(c, "asymmetric_inputs");
    j->activation = (int)th_inst_int(c, "activation");
    j->cell_clip = (float)th_inst_float(c, "cell_clip");
    j->proj_clip = (float)th_inst_float(c, "proj_clip");
    j->squashed = TH_NEW_ARRAY(e->arena, float, (size_t)j->s->cells);
    j->xq = TH_NEW_ARRAY(e->arena, int32_t, (size_t)j->s->in);
    j->hq = TH_NEW_ARRAY(e->arena, int32_t, (size_t)j->s->out);
    j->pq = TH_NEW_ARRAY(e->arena, int32_t, (size_t)j->s->cells);
    return j->squashed && j->xq && j->hq && j->pq ? TH_OK : th_out_of_memory(c);
}

enum th_status th_lstm_eval_float(const struct th_inst *c, struct th_eval *e,
                                  const struct th_lstm *s, struct th_tensor *h,
                                  struct th_tensor *cell)
{
    struct job j = {.c = c, .s = s};
    TH_TRY(prepare(&j, e));
    const float *x = th_floats(e->in[TH_LSTM_X]);
    float *y = e->out[0]->data;
    for (int64_t b = 0; b < s->batch; b++) {
        float *hb = (float *)h->data + b * s->out, *cb = (float *)cell->data + b * s->cells;
        for (int64_t t = 0; t < s->steps; t++) {
            step(&j, x + th_lstm_row(s, t, b, s->in), hb, cb);
            memcpy(y + th_lstm_row(s, t, b, s->out), hb, (size_t)s->out * sizeof(*y));
        }
    }
    return TH_OK;
}
