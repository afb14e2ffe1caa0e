/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/sequence_int.h"

#include <math.h>
#include <string.h>

#define UNIT8 {1.0f / 128, 0}
#define UNIT16 {1.0f / 32768, 0}
#define BIAS {1.0f / 4096, 0}
#define CELL {1.0f / 2048, 0}
static const struct th_quant_param unit8 = UNIT8, unit16 = UNIT16, bias32 = BIAS, cell16 = CELL;

/* The last two are of a layer with a cell. */
static const struct th_quant_fixed fixed[] = {
    {false, TH_SEQUENCE_B, TH_DT_S32, BIAS, BIAS},
    {false, TH_SEQUENCE_H, TH_DT_NONE, UNIT8, UNIT16},
    {true, 1, TH_DT_NONE, UNIT8, UNIT16},
    {false, TH_SEQUENCE_C, TH_DT_S16, CELL, CELL},
    {true, 2, TH_DT_S16, CELL, CELL},
};

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_integer(const struct th_inst *c)
{
    return th_dtype_is_int(c->in[TH_SEQUENCE_X]->dtype);
}

static struct th_quant_param unit_of(const struct th_inst *c)
{
    return c->in[TH_SEQUENCE_X]->dtype == TH_DT_S8 ? unit8 : unit16;
}

static const struct th_quant *quant_of(const struct th_inst *c, struct th_quant_param p)
{
    const int64_t zero = p.zero_point;
    return th_quant_new(c->arena, 1, &p.scale, &zero, -1);
}

enum th_status th_sequence_types(struct th_inst *c)
{
    for (uint32_t i = 0; i < c->n_out && is_integer(c); i++) {
        struct th_type *t = &c->out[i];
        if (t->dtype != TH_DT_NONE)
            continue;
        t->dtype = i == 2 ? TH_DT_S16 : c->in[TH_SEQUENCE_X]->dtype;
        t->quant = quant_of(c, i == 2 ? cell16 : unit_of(c));
        if (t->quant == NULL)
            return th_out_of_memory(c);
    }
    return TH_OK;
}

static enum th_status need_form(const struct th_inst *c, const struct th_type *t, const char *what,
                                enum th_dtype dtype, struct th_quant_param p)
{
    if (t == NULL)
        return TH_OK;
    if (t->dtype != dtype || t->quant == NULL || t->quant->n != 1 ||
        th_quant_scale(t->quant, 0) != p.scale || th_quant_zero(t->quant, 0) != 0)
        return th_inst_error(c, "with %s activations %s must be %s of scale %g and zero point 0",
                             th_dtype_name(c->in[TH_SEQUENCE_X]->dtype), what,
                             th_dtype_name(dtype), (double)p.scale);
    return TH_OK;
}

static bool plain_curves(const struct th_inst *c)
{
    const bool gated = strcmp(c->op->name, "rnn_sequence") != 0;
    const bool lstm = strcmp(c->op->name, "lstm_sequence") == 0;
    return th_inst_int(c, "f") == (gated ? 0 : 1) && (!gated || th_inst_int(c, "g") == 1) &&
           (!lstm || th_inst_int(c, "h") == 1);
}

static double factor(const struct th_inst *c, uint32_t port, uint32_t row)
{
    const float in = port == TH_SEQUENCE_W ? th_quant_scale(c->in[TH_SEQUENCE_X]->quant, 0)
                                           : unit_of(c).scale;
    /* What the multiplier holds. Beyond, sums count for less: one of 1 is 4 before the sigmoid. */
    return fmin((double)in * (double)th_quant_scale(c->in[port]->quant, row) * 4096, 16383);
}

static enum th_status need_weights(const struct th_inst *c, uint32_t port, const char *what)
{
    const struct th_type *t = c->in[port];
    if (t->dtype != TH_DT_S8 || t->quant == NULL)
        return th_inst_error(c, "%s are no s8 with scales", what);
    if (t->dims[1] > 32768)
        return th_inst_error(c, "rows of %lld %s, at most 32768 are summed in 32 bits",
                             (long long)t->dims[1], what);
    for (uint32_t k = 0; k < t->quant->n; k++) {
        if (th_quant_zero(t->quant, k) != 0 || (t->quant->n > 1 && t->quant->axis != 0))
            return th_inst_error(c, "%s must be symmetric, with one scale or one for each row",
                                 what);
    }
    return TH_OK;
}

static enum th_status verify_int(const struct th_inst *c)
{
    const struct th_type *x = c->in[TH_SEQUENCE_X];
    const enum th_dtype act = x->dtype;

    if (!plain_curves(c))
        return th_inst_error(c, "the integer form has sigmoid for gates and tanh for the rest");
    if (th_operand_type(c, TH_SEQUENCE_P) != NULL)
        return th_inst_error(c, "the integer form has no peepholes");
    TH_TRY(th_need_quant(c, x, "x"));
    if (act == TH_DT_S16 && th_quant_zero(x->quant, 0) != 0)
        return th_inst_error(c, "16-bit x must have zero point 0");
    TH_TRY(need_weights(c, TH_SEQUENCE_W, "input weights"));
    TH_TRY(need_weights(c, TH_SEQUENCE_R, "recurrent weights"));
    TH_TRY(need_form(c, th_operand_type(c, TH_SEQUENCE_B), "the bias", TH_DT_S32, bias32));
    TH_TRY(need_form(c, th_operand_type(c, TH_SEQUENCE_H), "the state", act, unit_of(c)));
    TH_TRY(need_form(c, th_operand_type(c, TH_SEQUENCE_C), "the cell", TH_DT_S16, cell16));
    for (uint32_t i = 0; i < c->n_out && i < 2; i++)
        TH_TRY(need_form(c, &c->out[i], "a result", act, unit_of(c)));
    return c->n_out > 2 ? need_form(c, &c->out[2], "the cell", TH_DT_S16, cell16) : TH_OK;
}

enum th_status th_sequence_verify(const struct th_inst *c)
{
    if (is_integer(c))
        return verify_int(c);
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i] != NULL && i != TH_SEQUENCE_LENGTHS && c->in[i]->dtype != TH_DT_F32)
            return th_inst_error(c, "operand '%s' is %s, expected f32 as x",
                                 c->op->inputs[i].name, th_dtype_name(c->in[i]->dtype));
    for (uint32_t i = 0; i < c->n_out; i++)
        if (c->out[i].dtype != TH_DT_F32)
            return th_inst_error(c, "result %u is %s, expected f32", (unsigned)i,
                                 th_dtype_name(c->out[i].dtype));
    return TH_OK;
}

bool th_sequence_quant(const struct th_inst *c, struct th_quant_rule *q)
{
    const bool cell = strcmp(c->op->name, "lstm_sequence") == 0;

    *q = (struct th_quant_rule){
        .weight_port = TH_SEQUENCE_W, .weight_axis = 0, .weight_port2 = TH_SEQUENCE_R,
        .bias_port = -1, .dtypes = TH_DT_BIT(TH_DT_S8) | TH_DT_BIT(TH_DT_S16),
        .out8 = unit8, .out16 = unit16, .fixed = fixed,
        .n_fixed = TH_ARRAY_LEN(fixed) - (cell ? 0 : 2)};
    return plain_curves(c) && th_operand_type(c, TH_SEQUENCE_P) == NULL &&
           c->in_const[TH_SEQUENCE_R] != NULL &&
           (!th_operand_type(c, TH_SEQUENCE_B) || c->in_const[TH_SEQUENCE_B]);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

int32_t th_sequence_round(int64_t x, int s)
{
    return (int32_t)((x + ((int64_t)1 << (s - 1))) >> s);
}

static int32_t hold(int64_t v, int64_t most)
{
    return (int32_t)th_clamp_i64(v, -most - 1, most);
}

int32_t th_sequence_seen(const struct th_sequence_int *s, int32_t v)
{
    return s->narrow ? hold(th_sequence_round(v, 8), 127) : v;
}

static int32_t weighted(const int32_t *w, const int32_t *v, int64_t n, struct th_multiplier16 q)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (int64_t)w[i] * v[i];
    return hold((sum * q.m + ((int64_t)1 << (q.shift - 1))) >> q.shift, TH_SEQUENCE_MOST);
}

int32_t th_sequence_past(const struct th_sequence_int *s, int64_t row, const int32_t *v)
{
    return weighted(s->r + row * s->hidden, v, s->hidden, s->scale[row]) +
           (s->rb ? hold(s->rb[row], TH_SEQUENCE_MOST) : 0);
}

static int16_t argument(const struct th_sequence_int *s, int64_t sum)
{
    return (int16_t)hold(th_clamp_i64(sum, -s->clip, s->clip), 32767);
}

int32_t th_sequence_sigmoid(const struct th_sequence_int *s, int64_t sum)
{
    return th_logistic_s16(&s->table, argument(s, sum), 0, 0);
}

int32_t th_sequence_tanh(const struct th_sequence_int *s, int64_t sum)
{
    return th_tanh_s16(&s->table, argument(s, sum), 0, 0);
}

/* ---- evaluation ------------------------------------------------------------------------------ */

static const struct th_multiplier16 *factors(const struct th_inst *c, struct th_eval *e,
                                             uint32_t port, int64_t rows)
{
    struct th_multiplier16 *list = TH_NEW_ARRAY(e->arena, struct th_multiplier16,
                                                (size_t)rows + 1);
    for (int64_t k = 0; list && k < rows; k++)
        list[k] = th_multiplier16_make(
            th_quantize_multiplier(factor(c, port, (uint32_t)k), false));
    return list;
}

struct job {
    int64_t inputs, rows;
    const int32_t *x, *w;
    const struct th_multiplier16 *scale;
    const int64_t *b;
};

/* w x and its bias. */
static void read_step(struct th_sequence_int *s, const struct job *j, int64_t at)
{
    for (int64_t k = 0; k < j->rows; k++)
        s->now[k] = weighted(j->w + k * j->inputs, j->x + at * j->inputs, j->inputs, j->scale[k]) +
                    (j->b ? hold(j->b[k], TH_SEQUENCE_MOST) : 0);
}

static void one_sequence(struct th_sequence_int *s, const struct job *j, struct th_eval *e,
                         int64_t n, int64_t len, th_sequence_int_step *step)
{
    const int64_t batch = s->c->in[TH_SEQUENCE_X]->dims[1];
    for (int64_t k = 0; k < len; k++) {
        const int64_t at = (th_inst_int(s->c, "reverse") ? len - 1 - k : k) * batch + n;
        read_step(s, j, at);
        step(s);
        for (int64_t i = 0; i < s->hidden; i++)
            th_tensor_set_int(e->out[0], at * s->hidden + i, th_sequence_seen(s, s->h[i]));
    }
}

static void prepare(struct th_sequence_int *s, struct job *j, struct th_eval *e, int64_t gates)
{
    const struct th_inst *c = s->c;
    const struct th_tensor *b = th_operand(c, e, TH_SEQUENCE_B);
    const double clip = th_inst_float(c, "clip") * 4096;

    s->hidden = c->in[TH_SEQUENCE_R]->dims[1];
    s->narrow = c->in[TH_SEQUENCE_X]->dtype == TH_DT_S8;
    s->clip = (int32_t)th_round_away(clip, 0, 65536);
    j->inputs = c->in[TH_SEQUENCE_X]->dims[2];
    j->rows = gates * s->hidden;
    j->x = th_ints_centred(e->arena, e->in[TH_SEQUENCE_X]);
    j->w = th_ints_centred(e->arena, e->in[TH_SEQUENCE_W]);
    s->r = th_ints_centred(e->arena, e->in[TH_SEQUENCE_R]);
    j->scale = factors(c, e, TH_SEQUENCE_W, j->rows);
    s->scale = factors(c, e, TH_SEQUENCE_R, j->rows);
    j->b = b ? th_ints_wide(e->arena, b) : NULL;
    s->rb = j->b ? j->b + j->rows : NULL;
    s->now = TH_NEW_ARRAY(e->arena, int32_t, (size_t)j->rows + 1);
    s->side = TH_NEW_ARRAY(e->arena, int32_t, (size_t)j->rows + 1);
    s->h = TH_NEW_ARRAY(e->arena, int32_t, (size_t)s->hidden + 1);
    s->cell = TH_NEW_ARRAY(e->arena, int32_t, (size_t)s->hidden + 1);
    th_sigmoid_table_fill(&s->table);
}

enum th_status th_sequence_eval_int(const struct th_inst *c, struct th_eval *e, int64_t gates,
                                    th_sequence_int_step *step)
{
    const struct th_tensor *lengths = th_operand(c, e, TH_SEQUENCE_LENGTHS);
    const struct th_tensor *h0 = th_operand(c, e, TH_SEQUENCE_H);
    const struct th_tensor *c0 = th_operand(c, e, TH_SEQUENCE_C);
    const int64_t steps = c->in[TH_SEQUENCE_X]->dims[0], batch = c->in[TH_SEQUENCE_X]->dims[1];
    struct th_sequence_int s = {.c = c};
    struct job j = {.rows = 0};

    prepare(&s, &j, e, gates);
    if (!j.x || !j.w || !s.r || !j.scale || !s.scale || !s.now || !s.side || !s.h || !s.cell ||
        (th_operand(c, e, TH_SEQUENCE_B) && !j.b))
        return th_out_of_memory(c);
    const int32_t up = s.narrow ? 256 : 1;
    for (int64_t n = 0; n < batch; n++) {
        const int64_t from = n * s.hidden;
        for (int64_t i = 0; i < s.hidden; i++) {
            s.h[i] = h0 ? (int32_t)th_tensor_int(h0, from + i) * up : 0;
            s.cell[i] = c0 ? (int32_t)th_tensor_int(c0, from + i) : 0;
        }
        one_sequence(&s, &j, e, n,
                     lengths ? th_clamp_i64(th_tensor_int(lengths, n), 0, steps) : steps, step);
        for (int64_t i = 0; i < s.hidden; i++) {
            th_tensor_set_int(e->out[1], from + i, th_sequence_seen(&s, s.h[i]));
            if (c->n_out > 2)
                th_tensor_set_int(e->out[2], from + i, s.cell[i]);
        }
    }
    return TH_OK;
}
