/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated rows: 8-bit add and sub with double rounding, in fewer instructions. The operand of
 * the larger scale is exactly its distance from the zero point times 2^19, a shift; the other one
 * is looked up in 256 words, which also hold the first one's zero point. All values are doubled,
 * so that the high half of one product is the rounded doubling multiply.
 */
#include "backends/c99/families.h"

#include <thimble/elementwise.h>

#include <stdio.h>

#include "backends/c99/generate.h"

struct sums {
    struct th_binary_quant q;
    bool minus;
    bool shifted[2];             /* else looked up */
};

static void sums_of(const struct th_inst *c, struct sums *s)
{
    s->minus = strcmp(c->op->name, "sub") == 0;
    if (s->minus)
        th_quant_sub(c, &s->q);
    else
        th_quant_add(c, &s->q);
    s->shifted[0] = s->q.a.m == 1 << 30 && s->q.a.s == 0;
    s->shifted[1] = s->q.b.m == 1 << 30 && s->q.b.s == 0;
}

static const char *refuse(const struct th_query *q)
{
    struct sums s;
    for (uint32_t i = 0; i < 2; i++)
        if (!th_type_quantized(q->inst->in[i]))
            return "the values have no scale";
    sums_of(q->inst, &s);
    if (!s.shifted[0] && !s.shifted[1])
        return "neither operand is a shift away from the common scale";
    if (s.q.out.s > -1 || s.q.out.s < -22)
        return "the result's scale is too far from the operands'";
    return th_gen_too_large(q);
}

static long doubled(const struct sums *s, uint32_t k, int32_t stored)
{
    const int32_t zero = k == 0 ? s->q.za : s->q.zb;
    const struct th_multiplier m = k == 0 ? s->q.a : s->q.b;
    const long v = 2L * th_mbqm((stored - zero) * (1 << 20), m, false);
    return k == 1 && s->minus ? -v : v;
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    struct sums s;
    int32_t table[256];
    sums_of(q->inst, &s);
    const uint32_t looked = s.shifted[0] ? 1 : 0;
    const bool lookup = !s.shifted[looked], is_signed = q->inst->in[0]->dtype == TH_DT_S8;
    /* What the shifted operands leave out: their zero points. */
    long rest = 0;
    for (uint32_t k = 0; k < 2; k++)
        if (s.shifted[k])
            rest += doubled(&s, k, 0);
    for (int i = 0; i < 256; i++)
        table[i] = (int32_t)(doubled(&s, looked, is_signed ? (int8_t)(uint8_t)i : i) + rest);
    const int e = -s.q.out.s;
    struct th_str body;
    th_str_init(&body);
    if (lookup)
        th_str_addf(&body, "@const int32_t s = t0[(uint8_t)%s] %s %s * 1048576;\n",
                    looked ? "b" : "a", looked == 0 && s.minus ? "-" : "+", looked ? "a" : "b");
    else
        th_str_addf(&body, "@const int32_t s = (a %s b) * 1048576 + (%ld);\n",
                    s.minus ? "-" : "+", rest);
    th_str_addf(&body, "@const int32_t h = thk_high(s, %ld);\n", (long)s.q.out.m);
    th_str_addf(&body, "@int32_t v = (h + (h >> 31) + (%ld)) >> %d;\n",
                (1L << (e - 1)) + (long)s.q.zo * (1L << e), e);
    th_str_addf(&body, "@v = thk_clamp(v, %ld, %ld);\n", (long)s.q.lo, (long)s.q.hi);
    const struct th_gen_table t = {"sums", TH_DT_S32, table, 256};
    const enum th_status st =
        th_gen_with_tables(q, call, "int32_t", &body, &t, lookup ? 1 : 0,
                           q->objective == TH_OPT_SIZE ? 1 : 4);
    th_str_release(&body);
    return st;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct sums s;
    sums_of(q->inst, &s);
    const bool lookup = !s.shifted[0] || !s.shifted[1];
    k->cycles = (lookup ? 14.0 : 11.0) * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = lookup ? 1024 + 200 : 180;
    k->stack_bytes = 40;
}

#define ROW(op_, types_)                                                                       \
    {.op = op_, .types = types_, .contract = "tflite", .symbol = "thk_" op_ "_sums__c99",      \
     .source = "thk_elementwise.h", .order = TH_ORDER_ELEMENT, .refuse = refuse, .bind = bind, \
     .cost = cost}

static const struct th_kernel rows[] = {
    ROW("add", "s8,s8>s8"),
    ROW("add", "u8,u8>u8"),
    ROW("sub", "s8,s8>s8"),
    ROW("sub", "u8,u8>u8"),
};
const struct th_row_family th_c99_add = {rows, TH_ARRAY_LEN(rows)};
