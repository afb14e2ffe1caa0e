/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: recurrent layers over whole sequences. */
#include "backends/c99/families.h"

#include <thimble/emit.h>

#include "backends/c99/generate.h"

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

static void call_struct(struct th_call *call, const struct th_inst *c, const char *form)
{
    const struct th_type *x = c->in[0];
    struct th_str s;
    th_call_struct_begin(call, "thk_sequence");
    th_call_field_int(call, "steps", x->dims[0]);
    th_call_field_int(call, "batch", x->dims[1]);
    th_call_field_int(call, "inputs", x->dims[2]);
    th_call_field_int(call, "hidden", c->in[2]->dims[1]);
    th_call_field_int(call, "reverse", th_inst_int(c, "reverse"));
    th_call_field_int(call, "form", form ? th_inst_int(c, form) : 0);
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

static const struct th_kernel rows[] = {
    ROW("rnn_sequence", "f32,f32,f32,f32?,s32?,f32?>f32,f32", bind_rnn),
    ROW("gru_sequence", "f32,f32,f32,f32?,s32?,f32?>f32,f32", bind_gru),
    ROW("lstm_sequence", "f32,f32,f32,f32?,s32?,f32?,f32?,f32?>f32,f32,f32", bind_lstm),
};
const struct th_row_family th_c99_sequence = {rows, TH_ARRAY_LEN(rows)};
