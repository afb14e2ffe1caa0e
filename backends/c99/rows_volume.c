/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: conv3d, deform_conv, layer_norm, resample. */
#include "backends/c99/families.h"

#include "backends/c99/generate.h"

static const char *refuse(const struct th_query *q)
{
    return q->whole ? th_gen_too_large(q) : "only whole outputs";
}

/* ---- conv3d, deform_conv ------------------------------------------------------------------ */

/* Of a volume, or of a map, which is a volume of extent 1. */
static int64_t volume_dim(const struct th_type *t, int32_t axis)
{
    const int32_t missing = 5 - t->rank;
    return axis == 0 ? t->dims[0] : axis <= missing ? 1 : t->dims[axis - missing];
}

static int64_t window_of(const struct th_inst *c, const char *attr, int32_t axis, int64_t missing)
{
    const int32_t a = axis - (5 - c->in[0]->rank);
    return a < 0 ? missing : th_inst_ints(c, attr, (uint32_t)a);
}

static const char *refuse_volume(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    for (int32_t a = 0; a < 3; a++) {
        const int64_t reach = volume_dim(c->in[1], a + 1) * window_of(c, "dilation", a, 1) +
                              volume_dim(&c->out[0], a + 1) * window_of(c, "stride", a, 1);
        if (reach > INT32_MAX / 2)
            return "the window reaches too far";
    }
    return refuse(q);
}

static void call_volume(struct th_call *call, const struct th_inst *c)
{
    static const char *const in[] = {"batch", "in_d", "in_h", "in_w", "in_c"};
    static const char *const out[] = {"out_d", "out_h", "out_w", "out_c"};
    static const char *const window[] = {"kernel_d", "kernel_h", "kernel_w"};
    static const char *const stride[] = {"stride_d", "stride_h", "stride_w"};
    static const char *const dilation[] = {"dilation_d", "dilation_h", "dilation_w"};
    static const char *const pad[] = {"pad_d", "pad_h", "pad_w"};
    const struct th_type *x = c->in[0], *w = c->in[1], *y = &c->out[0];
    th_call_struct_begin(call, "thk_volume");
    for (int32_t a = 0; a < 5; a++)
        th_call_field_int(call, in[a], volume_dim(x, a));
    for (int32_t a = 0; a < 4; a++)
        th_call_field_int(call, out[a], volume_dim(y, a + 1));
    th_call_field_int(call, "groups", volume_dim(x, 4) / volume_dim(w, 4));
    for (int32_t a = 0; a < 3; a++)
        th_call_field_int(call, window[a], volume_dim(w, a + 1));
    for (int32_t a = 0; a < 3; a++)
        th_call_field_int(call, stride[a], window_of(c, "stride", a, 1));
    for (int32_t a = 0; a < 3; a++)
        th_call_field_int(call, dilation[a], window_of(c, "dilation", a, 1));
    for (int32_t a = 0; a < 3; a++)
        th_call_field_int(call, pad[a], window_of(c, "pad", a, 0));
    th_call_struct_end(call);
}

static enum th_status bind_volume(const struct th_query *q, struct th_call *call)
{
    const bool real = q->inst->in[0]->dtype == TH_DT_F32;
    const char *in = real ? "const float" : "const int32_t";
    call_volume(call, q->inst);
    if (real) {
        th_call_float(call, (float)th_inst_float(q->inst, "act_min"));
        th_call_float(call, (float)th_inst_float(q->inst, "act_max"));
    }
    for (uint32_t i = 0; i < 3; i++)
        th_call_input(call, i, in);
    th_call_output(call, 0, real ? "float" : "int32_t");
    return TH_OK;
}

static enum th_status bind_deform(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *w = c->in[1];
    size_t column = (size_t)volume_dim(c->in[0], 4);
    for (int32_t a = 1; a < 4; a++)
        column *= (size_t)volume_dim(w, a);
    call_volume(call, c);
    th_call_int(call, c->in[0]->rank - 2);
    th_call_int(call, th_inst_int(c, "offset_groups"));
    th_call_int(call, th_inst_int(c, "edge"));
    for (uint32_t i = 0; i < 5; i++)
        th_call_input(call, i, "const float");
    th_call_output(call, 0, "float");
    th_call_scratch(call, column * sizeof(float), sizeof(float), "float");
    return TH_OK;
}

static void cost_volume(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_cost c;
    th_inst_cost(q->inst, &c);
    k->cycles = 10.0 * (double)c.macs + 60.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 620;
    k->stack_bytes = 160;
}

/* ---- layer_norm --------------------------------------------------------------------------- */
static enum th_status bind_norm(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0];
    const int64_t a = th_inst_int(c, "axis");
    const int64_t n = th_row_dims(x, (int32_t)(a < 0 ? a + x->rank : a), x->rank);
    th_call_int(call, n ? th_type_elems(x) / n : 0);
    th_call_int(call, n);
    th_call_float(call, (float)th_inst_float(c, "epsilon"));
    th_call_int(call, th_inst_int(c, "rms"));
    for (uint32_t i = 0; i < 3; i++)
        th_call_input(call, i, "const float");
    th_call_output(call, 0, "float");
    return TH_OK;
}

static void cost_norm(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 24.0 * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = 300;
    k->stack_bytes = 64;
}

/* ---- resample ----------------------------------------------------------------------------- */
static enum th_status bind_resample(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0];
    const int64_t a = th_inst_int(c, "axis");
    const int32_t axis = (int32_t)(a < 0 ? a + x->rank : a);
    const long long n = (long long)x->dims[axis], taps = (long long)c->in[1]->dims[1];
    const long long inner = (long long)th_row_dims(x, axis + 1, x->rank);
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "index");
    th_gen_operand(&g, 2, "weight");
    th_gen_result(&g, 0, "y");
    struct th_str *s = &g.body;
    th_str_addf(s, "    for (int32_t o = 0; o < %lld; o++)\n", (long long)th_row_dims(x, 0, axis));
    th_str_addf(s, "        for (int32_t p = 0; p < %lld; p += %lld) {\n",
                (long long)c->in[1]->dims[0] * taps, taps ? taps : 1);
    for (long long t = 0; t < taps && taps <= 4; t++)
        th_str_addf(s,
                    "            const int32_t v%lld = index[p + %lld];\n"
                    "            const float *const x%lld = x + (o * %lld + (v%lld < 0 ? 0 : "
                    "v%lld > %lld ? %lld : v%lld)) * %lld;\n",
                    t, t, t, n, t, t, n - 1, n - 1, t, inner);
    th_str_addf(s, "            for (int32_t j = 0; j < %lld; j++) {\n"
                "                float sum = 0.0f;\n", inner);
    for (long long t = 0; t < taps && taps <= 4; t++)
        th_str_addf(s, "                sum += weight[p + %lld] * x%lld[j];\n", t, t);
    if (taps > 4)
        th_str_addf(s,
                    "                for (int32_t t = p; t < p + %lld; t++) {\n"
                    "                    const int32_t v = index[t];\n"
                    "                    sum += weight[t] * x[(o * %lld + (v < 0 ? 0 : v > %lld "
                    "? %lld : v)) * %lld + j];\n"
                    "                }\n",
                    taps, n, n - 1, n - 1, inner);
    th_str_add(s, "                *y++ = sum;\n            }\n        }\n");
    return th_gen_end(&g);
}

static void cost_resample(const struct th_query *q, struct th_kernel_cost *k)
{
    const double taps = (double)q->inst->in[1]->dims[1];
    k->cycles = (8.0 + 9.0 * taps) * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 180;
    k->stack_bytes = 64;
}

static const struct th_kernel rows[] = {
    {.op = "conv3d", .types = "f32,f32,f32?>f32", .symbol = "thk_conv3d_f32__c99",
     .source = "c99/thk_conv3d_f32__c99.c", .order = TH_ORDER_ANY, .refuse = refuse_volume,
     .bind = bind_volume, .cost = cost_volume},
    {.op = "conv3d", .types = "s32,s32,s32?>s32", .symbol = "thk_conv3d_s32__c99",
     .source = "c99/thk_conv3d_s32__c99.c", .order = TH_ORDER_ANY, .refuse = refuse_volume,
     .bind = bind_volume, .cost = cost_volume},
    {.op = "deform_conv", .types = "f32,f32,f32,f32?,f32?>f32",
     .symbol = "thk_deform_conv_f32__c99", .source = "c99/thk_deform_conv_f32__c99.c",
     .order = TH_ORDER_ANY, .refuse = refuse_volume, .bind = bind_deform, .cost = cost_volume},
    {.op = "layer_norm", .types = "f32,f32?,f32?>f32", .symbol = "thk_layer_norm_f32__c99",
     .source = "c99/thk_layer_norm_f32__c99.c", .order = TH_ORDER_ELEMENT, .refuse = refuse,
     .bind = bind_norm, .cost = cost_norm},
    {.op = "resample", .symbol = "thk_resample__c99", .source = "thk_elementwise.h",
     .order = TH_ORDER_ANY, .refuse = refuse, .bind = bind_resample, .cost = cost_resample},
};
const struct th_row_family th_c99_volume = {rows, TH_ARRAY_LEN(rows)};
