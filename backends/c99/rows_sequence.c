/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: recurrent layers over whole sequences. */
#include "backends/c99/families.h"

#include <math.h>

#include <thimble/elementwise.h>
#include <thimble/emit.h>
#include <thimble/numeric.h>

#include "backends/c99/generate.h"

enum { X, W, R, B, LENGTHS, STATE, CELL };

static const char *refuse(const struct th_query *q)
{
    return q->whole ? th_gen_too_large(q) : "only whole outputs";
}

static void list_field(struct th_call *call, const struct th_inst *c, const char *name)
{
    const struct th_attr *a = th_attr_find(c->attrs, name);
    struct th_str s;
    th_str_init(&s);
    for (uint32_t i = 0; i < 3; i++) {
        th_str_add(&s, i ? ", " : "{");
        th_emit_float(&s, a && i < a->n ? (float)a->v.floats[i] : 0.0f);
    }
    th_str_add(&s, "}");
    if (!s.failed)
        th_call_field_text(call, name, s.s);
    th_str_release(&s);
}

static void shape_fields(struct th_call *call, const struct th_inst *c, const char *form)
{
    const struct th_type *x = c->in[X];
    th_call_field_int(call, "steps", x->dims[0]);
    th_call_field_int(call, "batch", x->dims[1]);
    th_call_field_int(call, "inputs", x->dims[2]);
    th_call_field_int(call, "hidden", c->in[R]->dims[1]);
    th_call_field_int(call, "reverse", th_inst_int(c, "reverse"));
    th_call_field_int(call, "form", form ? th_inst_int(c, form) : 0);
}

/* ---- floats --------------------------------------------------------------------------------- */

static void call_struct(struct th_call *call, const struct th_inst *c, const char *form)
{
    struct th_str s;
    th_call_struct_begin(call, "thk_sequence");
    shape_fields(call, c, form);
    th_call_field_float(call, "clip", (float)th_inst_float(c, "clip"));
    th_str_init(&s);
    th_str_addf(&s, "{%d, %d, %d}", (int)th_inst_int(c, "f"), (int)th_inst_int(c, "g"),
                (int)th_inst_int(c, "h"));
    if (!s.failed)
        th_call_field_text(call, "act", s.s);
    th_str_release(&s);
    list_field(call, c, "alpha");
    list_field(call, c, "beta");
    th_call_struct_end(call);
}

static enum th_status bind_any(const struct th_query *q, struct th_call *call, const char *form,
                               uint32_t inputs, uint32_t outputs, size_t gates)
{
    call_struct(call, q->inst, form);
    for (uint32_t i = 0; i < inputs; i++)
        th_call_input(call, i, i == 4 ? "const int32_t" : "const float");
    for (uint32_t i = 0; i < outputs; i++)
        th_call_output(call, i, "float");
    th_call_scratch(call, gates * (size_t)q->inst->in[2]->dims[1] * sizeof(float), sizeof(float),
                    "float");
    return TH_OK;
}

static enum th_status bind_rnn(const struct th_query *q, struct th_call *call)
{
    return bind_any(q, call, NULL, 6, 2, 1);
}

static enum th_status bind_gru(const struct th_query *q, struct th_call *call)
{
    return bind_any(q, call, "linear_before_reset", 6, 2, 4);
}

static enum th_status bind_lstm(const struct th_query *q, struct th_call *call)
{
    return bind_any(q, call, "input_forget", 8, 3, 4);
}

/* ---- integers ------------------------------------------------------------------------------- */

/* Multiplier and shift of w's sums, then of r's, for each row: to Q3.12. */
static void scales(struct th_call *call, const struct th_inst *c, int64_t rows)
{
    const double x = (double)th_quant_scale(c->in[X]->quant, 0);
    const double h = c->in[X]->dtype == TH_DT_S8 ? 1.0 / 128 : 1.0 / 32768;
    int16_t *list = TH_NEW_ARRAY(c->arena, int16_t, (size_t)rows * 4);
    for (int64_t k = 0; list && k < 2 * rows; k++) {
        const struct th_quant *q = c->in[k % 2 ? R : W]->quant;
        const double real =
            fmin((k % 2 ? h : x) * (double)th_quant_scale(q, (uint32_t)(k / 2)) * 4096, 16383);
        const struct th_multiplier16 m =
            th_multiplier16_make(th_quantize_multiplier(real, false));
        list[2 * k] = m.m;
        list[2 * k + 1] = m.shift;
    }
    if (list)
        th_call_data(call, "scale", TH_DT_S16, list, (size_t)rows * 4, sizeof(int16_t));
}

/* What the zero point of x takes from each row's sum. */
static void offsets(struct th_call *call, const struct th_inst *c, int64_t rows)
{
    const struct th_tensor *w = c->in_const[W];
    const int64_t zero = th_quant_zero(c->in[X]->quant, 0), n = c->in[W]->dims[1];
    int32_t *list = TH_NEW_ARRAY(c->arena, int32_t, (size_t)rows);
    if (zero == 0) {
        th_call_text(call, "NULL");
        return;
    }
    for (int64_t k = 0; list && k < rows; k++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += th_tensor_int(w, k * n + i);
        list[k] = (int32_t)(-zero * sum);
    }
    if (list)
        th_call_data(call, "offset", TH_DT_S32, list, (size_t)rows, sizeof(int32_t));
}

static void sigmoid_table(struct th_call *call)
{
    uint16_t t[256];
    for (int i = 0; i < 256; i++)
        t[i] = th_sigmoid_entry(i);
    th_call_data(call, "sigmoid", TH_DT_U16, t, 256, 2);
}

static enum th_status bind_int(const struct th_query *q, struct th_call *call, const char *form,
                               int64_t gates, size_t scratch)
{
    const struct th_inst *c = q->inst;
    const char *act = c->in[X]->dtype == TH_DT_S8 ? "int8_t" : "int16_t";
    const char *read = c->in[X]->dtype == TH_DT_S8 ? "const int8_t" : "const int16_t";
    const int64_t rows = gates * c->in[R]->dims[1];
    const double clip = fmin(th_inst_float(c, "clip") * 4096, 65536);
    th_call_struct_begin(call, "thk_sequence_int");
    shape_fields(call, c, form);
    th_call_field_int(call, "clip", th_round_away(clip, 0, 65536));
    th_call_struct_end(call);
    th_call_input(call, X, read);
    th_call_input(call, W, "const int8_t");
    th_call_input(call, R, "const int8_t");
    th_call_input(call, B, "const int32_t");
    th_call_input(call, LENGTHS, "const int32_t");
    th_call_input(call, STATE, read);
    if (c->n_out > 2)
        th_call_input(call, CELL, "const int16_t");
    offsets(call, c, rows);
    scales(call, c, rows);
    sigmoid_table(call);
    th_call_output(call, 0, act);
    th_call_output(call, 1, act);
    if (c->n_out > 2)
        th_call_output(call, 2, "int16_t");
    th_call_scratch(call, scratch * (size_t)c->in[R]->dims[1], sizeof(int16_t), "int16_t");
    return TH_OK;
}

static enum th_status bind_rnn_int(const struct th_query *q, struct th_call *call)
{
    return bind_int(q, call, NULL, 1, sizeof(int16_t));
}

/* Three gates and the state reset; with 8 bits the whole state, too. */
static enum th_status bind_gru_int(const struct th_query *q, struct th_call *call)
{
    return bind_int(q, call, "linear_before_reset", 3,
                    q->inst->in[X]->dtype == TH_DT_S8 ? 4 * sizeof(int16_t) + 1
                                                      : 4 * sizeof(int16_t));
}

static enum th_status bind_lstm_int(const struct th_query *q, struct th_call *call)
{
    return bind_int(q, call, "input_forget", 4, 4 * sizeof(int16_t));
}

static const char *refuse_int(const struct th_query *q)
{
    if (!q->inst->in_const[W])
        return "the weights are computed";
    return refuse(q);
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_cost c;
    th_inst_cost(q->inst, &c);
    k->cycles = 5.0 * (double)c.macs + 8.0 * (double)c.ops;
    k->code_bytes = 1400;
    k->stack_bytes = 176;
}

#define ROW(op_, types_, bind_)                                                                \
    {.op = op_, .types = types_, .symbol = "thk_" op_ "_f32__c99",                             \
     .source = "c99/thk_" op_ "_f32__c99.c", .order = TH_ORDER_ANY, .refuse = refuse,          \
     .bind = bind_, .cost = cost}

#define INT(op_, t_, types_, bind_)                                                            \
    {.op = op_, .types = types_, .symbol = "thk_" op_ "_" t_ "__c99",                          \
     .source = "c99/thk_" op_ "_" t_ "__c99.c", .order = TH_ORDER_ANY, .refuse = refuse_int,   \
     .bind = bind_, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("rnn_sequence", "f32,f32,f32,f32?,s32?,f32?>f32,f32", bind_rnn),
    ROW("gru_sequence", "f32,f32,f32,f32?,s32?,f32?>f32,f32", bind_gru),
    ROW("lstm_sequence", "f32,f32,f32,f32?,s32?,f32?,f32?,f32?>f32,f32,f32", bind_lstm),
    INT("rnn_sequence", "s8", "s8,s8,s8,s32?,s32?,s8?>s8,s8", bind_rnn_int),
    INT("rnn_sequence", "s16", "s16,s8,s8,s32?,s32?,s16?>s16,s16", bind_rnn_int),
    INT("gru_sequence", "s8", "s8,s8,s8,s32?,s32?,s8?>s8,s8", bind_gru_int),
    INT("gru_sequence", "s16", "s16,s8,s8,s32?,s32?,s16?>s16,s16", bind_gru_int),
    INT("lstm_sequence", "s8", "s8,s8,s8,s32?,s32?,s8?,s16?,f32?>s8,s8,s16", bind_lstm_int),
    INT("lstm_sequence", "s16", "s16,s8,s8,s32?,s32?,s16?,s16?,f32?>s16,s16,s16", bind_lstm_int),
};
const struct th_row_family th_c99_sequence = {rows, TH_ARRAY_LEN(rows)};
