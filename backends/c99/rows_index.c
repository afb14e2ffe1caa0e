/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: indexing, choosing, converting, running sums. */
#include "backends/c99/families.h"

#include <thimble/elementwise.h>
#include <thimble/emit.h>

#include <stdio.h>

#include "backends/c99/generate.h"

static long long product(const struct th_type *t, int32_t from, int32_t to)
{
    return (long long)th_row_dims(t, from, to);
}

static int32_t axis_of(const struct th_inst *c, int32_t rank)
{
    const int64_t a = th_inst_int(c, "axis");
    return (int32_t)(a < 0 ? a + rank : a);
}

static const char *refuse(const struct th_query *q)
{
    for (uint32_t i = 0; i < q->inst->n_in; i++)
        if (th_dtype_bits(q->inst->in[i]->dtype) < 8)
            return "elements narrower than a byte";
    return th_gen_too_large(q);
}

/* ---- gather, gather_nd, scatter_nd -------------------------------------------------------- */
/* What an index is held in before its range is known. */
static const char *index_type(const struct th_type *i)
{
    return i->dtype == TH_DT_S64 ? "int64_t" : "int32_t";
}

static enum th_status bind_gather(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0], *i = c->in[1];
    const int32_t axis = axis_of(c, x->rank);
    int64_t batch = th_inst_int(c, "batch_dims");
    batch += batch < 0 ? i->rank : 0;
    const long long n = (long long)x->dims[axis], inner = product(x, axis + 1, x->rank);
    const long long picks = product(i, (int32_t)batch, i->rank);
    const long long slices = product(x, (int32_t)batch, axis);
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "i");
    th_gen_result(&g, 0, "y");
    th_str_addf(&g.body,
                "    for (int32_t s = 0; s < %lld; s++)\n"
                "        for (int32_t k = 0; k < %lld; k++) {\n"
                "            const %s v = i[s / %lld * %lld + k];\n",
                product(x, 0, axis), picks, index_type(i), slices ? slices : 1, picks);
    if (th_inst_int(c, "zero_outside"))
        th_str_addf(&g.body,
                    "            if (v < -%lld || v >= %lld) {\n"
                    "                for (int32_t j = 0; j < %lld; j++)\n"
                    "                    y[j] = %lld;\n"
                    "                y += %lld;\n"
                    "                continue;\n"
                    "            }\n"
                    "            const int32_t at = (int32_t)v + (v < 0 ? %lld : 0);\n",
                    n, n, inner, (long long)th_quant_zero(x->quant, 0), inner, n);
    else
        th_str_addf(&g.body,
                    "            const int32_t at = v < 0 ? 0 : v > %lld ? %lld : (int32_t)v;\n",
                    n - 1, n - 1);
    th_str_addf(&g.body,
                "            memcpy(y, x + (s * %lld + at) * %lld, %lld * sizeof(%s));\n"
                "            y += %lld;\n"
                "        }\n",
                n, inner, inner, th_gen_in_type(&g, 0), inner);
    return th_gen_end(&g);
}

/* Adds up `at` from an index vector; strides are those of type t. */
static void index_vector(struct th_gen *g, const struct th_type *i, const struct th_type *t,
                         int64_t depth, bool hold)
{
    for (int32_t d = 0; d < depth; d++) {
        const long long n = (long long)t->dims[d], step = product(t, d + 1, t->rank);
        if (hold)
            th_str_addf(&g->body,
                        "        const %s i%d = i[k * %lld + %d];\n"
                        "        at += (i%d < 0 ? 0 : i%d > %lld ? %lld : (int32_t)i%d) * %lld;\n",
                        index_type(i), d, (long long)depth, d, d, d, n - 1, n - 1, d, step);
        else
            th_str_addf(&g->body,
                        "        const %s i%d = i[k * %lld + %d];\n"
                        "        if (i%d < 0 || i%d >= %lld)\n"
                        "            continue;\n"
                        "        at += (int32_t)i%d * %lld;\n",
                        index_type(i), d, (long long)depth, d, d, d, n, d, step);
    }
}

static enum th_status bind_gather_nd(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0], *i = q->inst->in[1];
    const int64_t depth = i->dims[i->rank - 1];
    const long long inner = product(x, (int32_t)depth, x->rank);
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "i");
    th_gen_result(&g, 0, "y");
    th_str_addf(&g.body, "%s    for (int32_t k = 0; k < %lld; k++) {\n        int32_t at = 0;\n",
                depth == 0 ? "    (void)i;\n" : "", product(i, 0, i->rank - 1));
    index_vector(&g, i, x, depth, true);
    th_str_addf(&g.body, "        memcpy(y + k * %lld, x + at, %lld * sizeof(%s));\n    }\n",
                inner, inner, th_gen_in_type(&g, 0));
    return th_gen_end(&g);
}

static enum th_status bind_scatter_nd(const struct th_query *q, struct th_call *call)
{
    const struct th_type *i = q->inst->in[0], *y = &q->inst->out[0];
    const int64_t depth = i->dims[i->rank - 1];
    const long long inner = product(y, (int32_t)depth, y->rank);
    const char *type = th_dtype_ctype(y->dtype);
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "i");
    th_gen_operand(&g, 1, "u");
    th_gen_result(&g, 0, "y");
    th_str_addf(&g.body,
                "%s    memset(y, 0, %lld * sizeof(%s));\n"
                "    for (int32_t k = 0; k < %lld; k++) {\n        int32_t at = 0;\n",
                depth == 0 ? "    (void)i;\n" : "", (long long)th_type_elems(y), type,
                product(i, 0, i->rank - 1));
    index_vector(&g, i, y, depth, false);
    th_str_addf(&g.body, "        for (int32_t j = 0; j < %lld; j++)\n            ", inner);
    if (y->dtype == TH_DT_F32)
        th_str_addf(&g.body, "y[at + j] += u[k * %lld + j];\n    }\n", inner);
    else if (y->dtype == TH_DT_BOOL)
        th_str_addf(&g.body, "y[at + j] |= u[k * %lld + j];\n    }\n", inner);
    else
        th_str_addf(&g.body,
                    "y[at + j] = (%s)((uint64_t)y[at + j] + (uint64_t)u[k * %lld + j]);\n    }\n",
                    type, inner);
    return th_gen_end(&g);
}

/* ---- select, cast ------------------------------------------------------------------------- */
static enum th_status bind_select(const struct th_query *q, struct th_call *call)
{
    struct th_str body;
    th_str_init(&body);
    th_str_addf(&body, "@const %s v = a ? b : c;\n", th_dtype_ctype(q->inst->out[0].dtype));
    const enum th_status s = th_gen_elementwise(q, call, NULL, &body);
    th_str_release(&body);
    return s;
}

static bool half(enum th_dtype dt)
{
    return dt == TH_DT_F16 || dt == TH_DT_BF16;
}

/* Half precision is held in uint16_t and goes through float, or double where that is exact. */
static void cast_half(struct th_str *s, enum th_dtype from, enum th_dtype to, bool cut)
{
    const char *wide = from == TH_DT_F16    ? "thk_from_half(a)"
                       : from == TH_DT_BF16 ? "thk_from_brain(a)"
                                            : "a";
    if (from == to)
        th_str_add(s, "@const uint16_t v = a;\n");
    else if (to == TH_DT_BF16 && cut && th_dtype_is_float(from))
        th_str_addf(s, "@const uint16_t v = thk_cut_brain((float)%s);\n", wide);
    else if (half(to))
        th_str_addf(s, "@const uint16_t v = thk_to_%s((double)%s);\n",
                    to == TH_DT_F16 ? "half" : "brain", wide);
    else if (to == TH_DT_F32 || to == TH_DT_F64)
        th_str_addf(s, "@const %s v = (%s)%s;\n", th_dtype_ctype(to), th_dtype_ctype(to), wide);
    else if (to == TH_DT_BOOL)
        th_str_add(s, "@const uint8_t v = (a & 0x7FFF) != 0;\n");
    else
        th_str_addf(s, "@const float h = %s;\n", wide);
}

static void cast_truncate(struct th_str *s, const char *from, bool wide, enum th_dtype to)
{
    const int64_t lo = th_dtype_min(to), hi = th_dtype_max(to);
    char low[32];
    snprintf(low, sizeof low, lo == INT64_MIN ? "INT64_MIN" : "%lld", (long long)lo);
    th_str_addf(s, "@const int64_t v = thk_truncate%s(%s, %s, %lld, ", wide ? "_f64" : "", from,
                low, (long long)hi);
    if (wide)
        th_str_addf(s, "%.1f", (double)hi + 1.0);
    else
        th_emit_float(s, (float)((double)hi + 1.0));
    th_str_add(s, ");\n");
}

static enum th_status bind_cast(const struct th_query *q, struct th_call *call)
{
    const enum th_dtype from = q->inst->in[0]->dtype, to = q->inst->out[0].dtype;
    const bool to_int = !th_dtype_is_float(to) && to != TH_DT_BOOL;
    const char *type = th_dtype_ctype(to);
    struct th_str body;
    th_str_init(&body);
    if (half(from) || half(to)) {
        cast_half(&body, from, to, th_inst_int(q->inst, "truncate"));
        if (to_int)
            cast_truncate(&body, "h", false, to);
    } else if (to == TH_DT_BOOL) {
        th_str_addf(&body, "@const %s v = a != 0;\n", type);
    } else if (th_dtype_is_float(from) && to_int) {
        cast_truncate(&body, "a", from == TH_DT_F64, to);
    } else {
        const bool wide = th_dtype_bits(from) == 64 && to == TH_DT_F32 && from != TH_DT_F64;
        th_str_addf(&body, "@const %s v = (%s)%sa;\n", type, type, wide ? "(double)" : "");
    }
    const enum th_status s = th_gen_elementwise(q, call, NULL, &body);
    th_str_release(&body);
    return s;
}

/* ---- cumsum, arg_max, arg_min, top_k ------------------------------------------------------ */
/* Head of the loops over the lines along an axis; `at` is the line's first element. */
static void lines(struct th_gen *g, const struct th_type *x, int32_t axis)
{
    const long long inner = product(x, axis + 1, x->rank);
    th_str_addf(&g->body,
                "    for (int32_t o = 0; o < %lld; o++)\n"
                "    for (int32_t j = 0; j < %lld; j++) {\n"
                "        const int32_t at = o * %lld + j;\n",
                product(x, 0, axis), inner, inner * (long long)x->dims[axis]);
}

static enum th_status bind_cumsum(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const int32_t axis = axis_of(c, x->rank);
    const long long n = (long long)x->dims[axis], inner = product(x, axis + 1, x->rank);
    const bool exclusive = th_inst_int(c, "exclusive"), reverse = th_inst_int(c, "reverse");
    const bool quant = th_type_quantized(x), single = th_inst_single_rounding(c);
    const char *m = single ? "thk_mbqm_single" : "thk_mbqm";
    const char *sum = quant ? "int32_t"
                      : th_dtype_is_float(x->dtype) ? th_dtype_ctype(x->dtype)
                                                    : "uint64_t";
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_result(&g, 0, "y");
    lines(&g, x, axis);
    const long zi = (long)th_quant_zero(x->quant, 0);
    const double sx = th_quant_scale(x->quant, 0), sy = th_quant_scale(y->quant, 0);
    const struct th_multiplier in = th_quantize_multiplier(sx / (2 * sx), single);
    const struct th_multiplier out =
        th_quantize_multiplier(2 * sx / ((double)(1 << 20) * sy), single);
    if (quant)
        th_str_addf(&g.body, "        int32_t sum = %s(-(%ld) * 1048576, %ld, %ld);\n", m, zi,
                    (long)in.m, (long)in.s);
    else
        th_str_addf(&g.body, "        %s sum = 0;\n", sum);
    th_str_addf(&g.body, "        for (int32_t k = 0; k < %lld; k++) {\n", n);
    if (reverse)
        th_str_addf(&g.body, "            const int32_t p = at + (%lld - k) * %lld;\n", n - 1,
                    inner);
    else
        th_str_addf(&g.body, "            const int32_t p = at + k * %lld;\n", inner);
    th_str_addf(&g.body, "            %s next = sum + ", sum);
    if (quant)
        th_str_addf(&g.body, "%s((x[p] - (%ld)) * 1048576, %ld, %ld);\n", m, zi, (long)in.m,
                    (long)in.s);
    else
        th_str_addf(&g.body, "(%s)x[p];\n", sum);
    const char *shown = exclusive ? "sum" : "next";
    if (quant)
        th_str_addf(&g.body,
                    "            y[p] = (%s)thk_clamp(%s(%s, %ld, %ld) + (%ld), %ld, %ld);\n",
                    th_dtype_ctype(y->dtype), m, shown, (long)out.m, (long)out.s,
                    (long)th_quant_zero(y->quant, 0), (long)th_dtype_min(y->dtype),
                    (long)th_dtype_max(y->dtype));
    else
        th_str_addf(&g.body, "            y[p] = (%s)%s;\n", th_dtype_ctype(y->dtype), shown);
    th_str_add(&g.body, "            sum = next;\n        }\n    }\n");
    return th_gen_end(&g);
}

static enum th_status bind_arg(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0];
    const int32_t axis = axis_of(c, x->rank);
    const long long inner = product(x, axis + 1, x->rank);
    const char sign = strcmp(c->op->name, "arg_max") ? '<' : '>';
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_result(&g, 0, "y");
    lines(&g, x, axis);
    th_str_addf(&g.body,
                "        int32_t best = 0;\n"
                "        %s top = x[at];\n"
                "        for (int32_t k = 1; k < %lld; k++) {\n"
                "            const %s v = x[at + k * %lld];\n",
                th_gen_in_type(&g, 0), (long long)x->dims[axis], th_gen_in_type(&g, 0), inner);
    const char *equal = th_inst_int(c, "last") ? "=" : "";
    if (th_dtype_is_float(x->dtype))
        th_str_addf(&g.body, "            if (v == v && (top != top || v %c%s top)) {\n", sign,
                    equal);
    else
        th_str_addf(&g.body, "            if (v %c%s top) {\n", sign, equal);
    th_str_addf(&g.body,
                "                top = v;\n                best = k;\n            }\n        }\n"
                "        *y++ = best;\n    }\n");
    return th_gen_end(&g);
}

static enum th_status bind_top_k(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0];
    const long long n = (long long)x->dims[x->rank - 1], k = (long long)th_inst_int(q->inst, "k");
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_result(&g, 0, "y");
    th_gen_result(&g, 1, "best");
    th_str_addf(&g.body,
                "    for (int32_t r = 0; r < %lld; r++) {\n"
                "        int32_t held = 0;\n"
                "        for (int32_t i = 0; i < %lld; i++) {\n"
                "            int32_t at = held;\n"
                "            while (at > 0 && x[i] %c x[best[at - 1]])\n"
                "                at--;\n"
                "            if (at >= %lld)\n"
                "                continue;\n"
                "            held += held < %lld;\n"
                "            for (int32_t m = held - 1; m > at; m--)\n"
                "                best[m] = best[m - 1];\n"
                "            best[at] = i;\n"
                "        }\n"
                "        for (int32_t i = 0; i < %lld; i++)\n"
                "            y[i] = x[best[i]];\n"
                "        x += %lld;\n        y += %lld;\n        best += %lld;\n    }\n",
                product(x, 0, x->rank - 1), n, th_inst_int(q->inst, "largest") ? '>' : '<', k, k,
                k, n, k, k);
    return th_gen_end(&g);
}

/* ---- one_hot, dynamic_update_slice -------------------------------------------------------- */
static enum th_status bind_one_hot(const struct th_query *q, struct th_call *call)
{
    const struct th_type *y = &q->inst->out[0];
    const int32_t axis = axis_of(q->inst, y->rank);
    const long long inner = product(y, axis + 1, y->rank);
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "i");
    th_gen_operand(&g, 1, "on");
    th_gen_operand(&g, 2, "off");
    th_gen_result(&g, 0, "y");
    th_str_addf(&g.body,
                "    for (int32_t o = 0; o < %lld; o++)\n"
                "        for (int32_t d = 0; d < %lld; d++)\n"
                "            for (int32_t j = 0; j < %lld; j++)\n"
                "                *y++ = i[o * %lld + j] == d ? *on : *off;\n",
                product(y, 0, axis), (long long)y->dims[axis], inner, inner);
    return th_gen_end(&g);
}

static enum th_status bind_update(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0], *u = q->inst->in[1];
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "u");
    th_gen_operand(&g, 2, "start");
    th_gen_result(&g, 0, "y");
    th_str_addf(&g.body, "    int32_t at = 0;\n    memmove(y, x, %lld * sizeof(%s));\n",
                (long long)th_type_elems(x), th_gen_in_type(&g, 0));
    for (int32_t a = 0; a < x->rank; a++) {
        const long long most = (long long)(x->dims[a] - u->dims[a]);
        th_str_addf(&g.body, "    at += (start[%d] < 0 ? 0 : start[%d] > %lld ? %lld : "
                    "(int32_t)start[%d]) * %lld;\n", a, a, most, most, a,
                    product(x, a + 1, x->rank));
    }
    const int32_t last = x->rank - 1;
    for (int32_t a = 0; a < last; a++) {
        th_gen_indent(&g.body, a + 1);
        th_str_addf(&g.body, "for (int32_t i%d = 0; i%d < %lld; i%d++)\n", a, a,
                    (long long)u->dims[a], a);
    }
    th_gen_indent(&g.body, x->rank);
    th_str_add(&g.body, "memcpy(y + at");
    for (int32_t a = 0; a < last; a++)
        th_gen_index(&g.body, product(x, a + 1, x->rank), "i", a);
    th_str_add(&g.body, ", u");
    for (int32_t a = 0; a < last; a++)
        th_gen_index(&g.body, product(u, a + 1, u->rank), "i", a);
    th_str_addf(&g.body, ", %lld * sizeof(%s));\n",
                x->rank > 0 ? (long long)u->dims[last] : 1LL, th_gen_in_type(&g, 0));
    return th_gen_end(&g);
}

/* ---- rows --------------------------------------------------------------------------------- */
static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 12.0 * (double)th_type_elems(&q->inst->out[0]);
    for (uint32_t i = 0; i < q->inst->n_in; i++)
        k->cycles += 4.0 * (double)th_type_elems(q->inst->in[i]);
    k->code_bytes = 140;
    k->stack_bytes = 72;
}

#define ROW(op_, order_, refuse_, bind_)                                                       \
    {.op = op_, .types = NULL, .symbol = "thk_" op_ "__c99", .source = "thk_elementwise.h",    \
     .order = order_, .refuse = refuse_, .bind = bind_, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("arg_max", TH_ORDER_ANY, refuse, bind_arg),
    ROW("arg_min", TH_ORDER_ANY, refuse, bind_arg),
    ROW("cast", TH_ORDER_ELEMENT, refuse, bind_cast),
    ROW("cumsum", TH_ORDER_ANY, refuse, bind_cumsum),
    ROW("dynamic_update_slice", TH_ORDER_ELEMENT, refuse, bind_update),
    ROW("gather", TH_ORDER_ANY, refuse, bind_gather),
    ROW("gather_nd", TH_ORDER_ANY, refuse, bind_gather_nd),
    ROW("one_hot", TH_ORDER_ANY, refuse, bind_one_hot),
    ROW("scatter_nd", TH_ORDER_ANY, refuse, bind_scatter_nd),
    ROW("select", TH_ORDER_ELEMENT, refuse, bind_select),
    ROW("top_k", TH_ORDER_ANY, refuse, bind_top_k),
};
const struct th_row_family th_c99_index = {rows, TH_ARRAY_LEN(rows)};
