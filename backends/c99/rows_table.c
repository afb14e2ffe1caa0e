/* SPDX-License-Identifier: Apache-2.0 */
/* Unary rows by look-up: any 8-bit op as 256 entries filled by its own eval, and the 16-bit
 * functions that interpolate a table. */
#include "backends/c99/families.h"

#include <thimble/elementwise.h>

#include <math.h>

#include "backends/c99/generate.h"

/* ---- 8 bits -------------------------------------------------------------------------------- */
static enum th_status bind_table(const struct th_query *q, struct th_call *c)
{
    unsigned char t[256];
    TH_TRY(th_unary_table(q->inst, t));
    th_call_input(c, 0, "const uint8_t");
    th_call_data(c, "table", TH_DT_U8, t, sizeof t, 1);
    th_call_output(c, 0, "uint8_t");
    th_call_int(c, th_type_elems(&q->inst->out[0]));
    return TH_OK;
}

static void cost_table(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 6.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 256 + 24;
    k->stack_bytes = 8;
}

/* ---- 16 bits -------------------------------------------------------------------------------- */
static const char *refuse_scaled(const struct th_query *q)
{
    if (!th_type_quantized(q->inst->in[0]) || !th_type_quantized(&q->inst->out[0]))
        return "the values have no scale";
    return th_gen_too_large(q);
}

static enum th_status bind_sigmoid(const struct th_query *q, struct th_call *c)
{
    const bool is_tanh = !strcmp(q->inst->op->name, "tanh");
    const struct th_sigmoid16 s = th_sigmoid16_make(q->inst, is_tanh);
    uint16_t t[256];
    for (int i = 0; i < 256; i++)
        t[i] = th_sigmoid_entry(i);
    th_call_input(c, 0, "const int16_t");
    th_call_data(c, "sigmoid", TH_DT_U16, t, 256, 2);
    th_call_output(c, 0, "int16_t");
    th_call_int(c, th_type_elems(&q->inst->out[0]));
    th_call_int(c, s.mult);
    th_call_int(c, s.shift);
    return TH_OK;
}

static enum th_status bind_rsqrt(const struct th_query *q, struct th_call *c)
{
    const bool single = th_inst_single_rounding(q->inst);
    const float product = sqrtf(th_quant_scale(q->inst->in[0]->quant, 0)) *
                          th_quant_scale(q->inst->out[0].quant, 0);
    const struct th_multiplier m = th_quantize_multiplier(1.0 / (double)product, single);
    th_call_input(c, 0, "const int16_t");
    th_call_output(c, 0, "int16_t");
    th_call_int(c, th_type_elems(&q->inst->out[0]));
    th_call_int(c, m.m);
    th_call_int(c, m.s);
    th_call_int(c, single);
    return TH_OK;
}

static const char *refuse_rsqrt(const struct th_query *q)
{
    const char *why = refuse_scaled(q);
    if (why)
        return why;
    const float product = sqrtf(th_quant_scale(q->inst->in[0]->quant, 0)) *
                          th_quant_scale(q->inst->out[0].quant, 0);
    const struct th_multiplier m = th_quantize_multiplier(1.0 / (double)product, false);
    return m.s - 20 < -31 || m.s - 20 > 30 ? "the scales are too far apart" : NULL;
}

static void cost_sixteen(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 30.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 160;
    k->stack_bytes = 48;
}

#define TABLE(op_)                                                                             \
    {.op = op_, .types = "s8|u8>s8|u8", .symbol = "thk_table_u8__c99",                         \
     .source = "c99/thk_table_u8__c99.c", .order = TH_ORDER_ELEMENT,                           \
     .refuse = th_gen_too_large, .bind = bind_table, .cost = cost_table}
#define SIXTEEN(op_, refuse_, bind_)                                                           \
    {.op = op_, .types = "s16>s16", .symbol = "thk_" op_ "_s16__c99",                          \
     .source = "c99/thk_" op_ "_s16__c99.c", .order = TH_ORDER_ELEMENT, .refuse = refuse_,     \
     .bind = bind_, .cost = cost_sixteen}

static const struct th_kernel rows[] = {
    TABLE("abs"), TABLE("acos"), TABLE("acosh"), TABLE("asin"), TABLE("asinh"), TABLE("atan"),
    TABLE("atanh"), TABLE("ceil"), TABLE("clamp"), TABLE("cos"), TABLE("cosh"), TABLE("elu"),
    TABLE("erf"), TABLE("exp"), TABLE("floor"), TABLE("gelu"), TABLE("hard_sigmoid"),
    TABLE("hard_swish"), TABLE("leaky_relu"), TABLE("log"), TABLE("logistic"), TABLE("mish"),
    TABLE("neg"), TABLE("requantize"), TABLE("round"), TABLE("rsqrt"), TABLE("shrink"),
    TABLE("sign"), TABLE("silu"), TABLE("sin"), TABLE("sinh"), TABLE("softplus"),
    TABLE("softsign"), TABLE("sqrt"), TABLE("square"), TABLE("tan"), TABLE("tanh"),
    TABLE("thresholded_relu"),
    {.op = "table", .types = "s8|u8,s8|u8>s8|u8", .symbol = "thk_table_u8__c99",
     .source = "c99/thk_table_u8__c99.c", .order = TH_ORDER_ELEMENT,
     .refuse = th_gen_too_large, .bind = bind_table, .cost = cost_table},
    SIXTEEN("logistic", refuse_scaled, bind_sigmoid),
    SIXTEEN("tanh", refuse_scaled, bind_sigmoid),
    SIXTEEN("rsqrt", refuse_rsqrt, bind_rsqrt),
};
const struct th_row_family th_c99_table = {rows, TH_ARRAY_LEN(rows)};
