/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: svdf with integers, floats, and floats with integer weights. */
#include "backends/c99/families.h"

#include <thimble/emit.h>

#include <math.h>
#include <stdio.h>

#include "backends/c99/generate.h"

enum { X, WF, WT, BIAS, STATE };

struct shape {
    long long batch, in, filters, memory, rank, units, state;
};

static struct shape shape_of(const struct th_inst *c)
{
    const struct shape s = {
        .batch = c->in[X]->dims[0], .in = c->in[X]->dims[1], .filters = c->in[WF]->dims[0],
        .memory = c->in[WT]->dims[1], .rank = th_inst_int(c, "rank"),
        .units = c->in[WF]->dims[0] / th_inst_int(c, "rank"),
        .state = th_type_elems(c->in[STATE])};
    return s;
}

static void newest_float(const struct th_inst *c, const struct shape *v, struct th_str *s)
{
    const bool hybrid = c->in[WF]->dtype == TH_DT_S8;
    if (hybrid)
        th_str_addf(s,
                    "    for (int32_t b = 0; b < %lld; b++) {\n"
                    "        int32_t zero;\n"
                    "        const float scale = thk_hybrid_quantize(x + b * %lld, %lld, %d, q, "
                    "&zero) * ",
                    v->batch, v->in, v->in, th_inst_int(c, "asymmetric_inputs") != 0);
    else
        th_str_addf(s, "    for (int32_t b = 0; b < %lld; b++) {\n", v->batch);
    if (hybrid) {
        th_emit_float(s, th_quant_scale(c->in[WF]->quant, 0));
        th_str_add(s, ";\n");
    }
    th_str_addf(s,
                "        for (int32_t r = 0; r < %lld; r++) {\n"
                "            %s dot = 0;\n"
                "            for (int32_t i = 0; i < %lld; i++)\n",
                v->filters, hybrid ? "int32_t" : "float", v->in);
    if (hybrid)
        th_str_addf(s, "                dot += (wf[r * %lld + i] - (%ld)) * (q[i] - zero);\n",
                    v->in, (long)th_quant_zero(c->in[WF]->quant, 0));
    else
        th_str_addf(s, "                dot += wf[r * %lld + i] * x[b * %lld + i];\n", v->in,
                    v->in);
    th_str_addf(s, "            t[(b * %lld + r + 1) * %lld - 1] = %s;\n        }\n    }\n",
                v->filters, v->memory, hybrid ? "(float)dot * scale" : "dot");
}

static void outputs_float(const struct th_inst *c, const struct shape *v, struct th_str *s)
{
    const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
    th_str_addf(s,
                "    for (int32_t b = 0; b < %lld; b++)\n"
                "        for (int32_t u = 0; u < %lld; u++) {\n"
                "            float sum = %s;\n"
                "            for (int32_t r = u * %lld; r < (u + 1) * %lld; r++) {\n"
                "                float dot = 0;\n"
                "                for (int32_t m = 0; m < %lld; m++)\n"
                "                    dot += ",
                v->batch, v->units, c->in[BIAS] ? "bias[u]" : "0", v->rank, v->rank, v->memory);
    if (c->in[WT]->dtype == TH_DT_F32) {
        th_str_addf(s, "wt[r * %lld + m]", v->memory);
    } else {
        th_str_addf(s, "(float)wt[r * %lld + m] * ", v->memory);
        th_emit_float(s, th_quant_scale(c->in[WT]->quant, 0));
    }
    th_str_addf(s,
                " * t[(b * %lld + r) * %lld + m];\n"
                "                sum += dot;\n            }\n",
                v->filters, v->memory);
    if (isfinite(lo)) {
        th_str_add(s, "            sum = sum < ");
        th_emit_float(s, (float)lo);
        th_str_add(s, " ? ");
        th_emit_float(s, (float)lo);
        th_str_add(s, " : sum;\n");
    }
    if (isfinite(hi)) {
        th_str_add(s, "            sum = sum > ");
        th_emit_float(s, (float)hi);
        th_str_add(s, " ? ");
        th_emit_float(s, (float)hi);
        th_str_add(s, " : sum;\n");
    }
    th_str_addf(s, "            y[b * %lld + u] = sum;\n        }\n", v->units);
}

static struct th_multiplier ratio(const struct th_inst *c, const struct th_quant *a,
                                  const struct th_quant *b, const struct th_quant *out)
{
    const float both = th_quant_scale(a, 0) * th_quant_scale(b, 0);
    const float r = both / th_quant_scale(out, 0);
    return th_quantize_multiplier((double)r, th_inst_single_rounding(c));
}

/* Sums are unsigned: they wrap as the record's do. */
static void integer_body(const struct th_inst *c, const struct shape *v, struct th_str *s)
{
    const char *m = th_inst_single_rounding(c) ? "thk_mbqm_single" : "thk_mbqm";
    const struct th_quant *qs = c->in[STATE]->quant;
    const struct th_multiplier m1 = ratio(c, c->in[X]->quant, c->in[WF]->quant, qs);
    const struct th_multiplier m2 = ratio(c, qs, c->in[WT]->quant, c->out[0].quant);
    const enum th_dtype dt = c->in[STATE]->dtype;
    const long zs = (long)th_quant_zero(qs, 0);
    const long lowest = (long)th_dtype_min(dt), highest = (long)th_dtype_max(dt);
    int32_t lo, hi;
    th_activation_bounds(&c->out[0], th_inst_float(c, "act_min"), th_inst_float(c, "act_max"),
                         &lo, &hi);
    th_str_addf(s,
                "    for (int32_t b = 0; b < %lld; b++)\n"
                "        for (int32_t r = 0; r < %lld; r++) {\n"
                "            uint32_t dot = 0;\n"
                "            for (int32_t i = 0; i < %lld; i++)\n"
                "                dot += (uint32_t)((wf[r * %lld + i] - (%ld)) * (x[b * %lld + i] - "
                "(%ld)));\n",
                v->batch, v->filters, v->in, v->in, (long)th_quant_zero(c->in[WF]->quant, 0),
                v->in, (long)th_quant_zero(c->in[X]->quant, 0));
    th_str_addf(s,
                "            const int32_t v = %s((int32_t)dot, %ld, %ld);\n"
                "            t[(b * %lld + r + 1) * %lld - 1] =\n"
                "                (%s)thk_clamp(thk_clamp(v, %ld, %ld) + (%ld), %ld, %ld);\n"
                "        }\n",
                m, (long)m1.m, (long)m1.s, v->filters, v->memory, th_dtype_ctype(dt), lowest,
                highest, zs, lowest, highest);
    th_str_addf(s,
                "    for (int32_t b = 0; b < %lld; b++)\n"
                "        for (int32_t u = 0; u < %lld; u++) {\n"
                "            uint32_t sum = %s;\n"
                "            for (int32_t i = u * %lld; i < (u + 1) * %lld; i++)\n"
                "                sum += (uint32_t)((wt[i] - (%ld)) * (t[b * %lld + i] - (%ld)));\n",
                v->batch, v->units, c->in[BIAS] ? "(uint32_t)bias[u]" : "0",
                v->rank * v->memory, v->rank * v->memory,
                (long)th_quant_zero(c->in[WT]->quant, 0), v->filters * v->memory, zs);
    th_str_addf(s,
                "            const int32_t v = %s((int32_t)sum, %ld, %ld) + (%ld);\n"
                "            y[b * %lld + u] = (%s)thk_clamp(v, %ld, %ld);\n        }\n",
                m, (long)m2.m, (long)m2.s, (long)th_quant_zero(c->out[0].quant, 0), v->units,
                th_dtype_ctype(c->out[0].dtype), (long)lo, (long)hi);
}

static void parameter(struct th_str *params, struct th_call *call, const struct th_inst *c,
                      uint32_t i, const char *name)
{
    char type[32];
    if (!c->in[i])
        return;
    snprintf(type, sizeof type, "const %s", th_dtype_ctype(c->in[i]->dtype));
    th_str_addf(params, "%s%s *%s", params->len ? ", " : "", type, name);
    th_call_input(call, i, type);
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    static const char *const names[] = {"x", "wf", "wt", "bias", "s"};
    const struct th_inst *c = q->inst;
    const struct shape v = shape_of(c);
    const bool real = c->in[X]->dtype == TH_DT_F32, hybrid = real && c->in[WF]->dtype == TH_DT_S8;
    const char *state = th_dtype_ctype(c->in[STATE]->dtype);
    const char *out = th_dtype_ctype(c->out[0].dtype);
    struct th_str params, s;
    th_str_init(&params);
    th_str_init(&s);
    for (uint32_t i = 0; i < TH_ARRAY_LEN(names); i++)
        parameter(&params, call, c, i, names[i]);
    th_str_addf(&params, ", %s *y, %s *t", out, state);
    th_call_output(call, 0, out);
    if (c->n_out > 1)
        th_call_output(call, 1, state);
    else
        th_call_scratch(call, (size_t)th_type_size(c->in[STATE]), 8, state);
    if (hybrid && c->n_out > 1) {
        th_str_add(&params, ", int8_t *q");
        th_call_scratch(call, (size_t)v.in, 1, "int8_t");
    }
    th_str_addf(&s, "    memmove(t, s + 1, %lld * sizeof(%s));\n", v.state - 1, state);
    if (real) {
        newest_float(c, &v, &s);
        outputs_float(c, &v, &s);
    } else {
        integer_body(c, &v, &s);
    }
    const bool failed = params.failed || s.failed;
    const enum th_status st = failed ? TH_ERR_INTERNAL : th_gen_function(q, call, params.s, s.s);
    th_str_release(&params);
    th_str_release(&s);
    return st;
}

static const char *refuse(const struct th_query *q)
{
    if (q->inst->n_out < 2 && q->inst->in[X]->dtype == TH_DT_F32 &&
        q->inst->in[WF]->dtype == TH_DT_S8)
        return "the state is not wanted";
    return th_gen_too_large(q);
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_cost c;
    th_inst_cost(q->inst, &c);
    k->cycles = 5.0 * (double)c.macs + 4.0 * (double)c.ops;
    k->code_bytes = 380;
    k->stack_bytes = 88;
}

#define ROW(types_, source_)                                                                   \
    {.op = "svdf", .types = types_, .symbol = "thk_svdf__c99", .source = source_,              \
     .order = TH_ORDER_ELEMENT, .refuse = refuse, .bind = bind, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("s8,s8,s8|s16,s32?,s8|s16>s8,s8|s16?", "thk_elementwise.h"),
    ROW("f32,f32,f32,f32?,f32>f32,f32?", "thk_elementwise.h"),
    ROW("f32,s8,s8,f32?,f32>f32,f32?", "thk_hybrid.h"),
};
const struct th_row_family th_c99_svdf = {rows, TH_ARRAY_LEN(rows)};
