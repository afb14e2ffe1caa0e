/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows that take a map in pieces and reduce it to one pixel: pools whose window is all
 * that there is, mean and sum over rows and columns. And those that compute boxes of means and sums
 * over rows or columns. */
#include "backends/c99/families.h"

#include <math.h>
#include <stdio.h>

struct reduction {
    int64_t h, w, channels, y0, y1, x0, x1, count;
    struct th_multiplier m;
    int64_t offset;
    int32_t zero, lo, hi;
    double act_lo, act_hi;
};

static bool is_pool(const struct th_query *q)
{
    return strstr(q->inst->op->name, "_pool2d") != NULL;
}

/* The division by n inside the multiplier, as many bits of it as fit. */
static struct th_multiplier divided(struct th_multiplier m, int64_t n)
{
    int shift = 63 - __builtin_clzll((unsigned long long)n);
    shift = shift > 32 ? 32 : shift;
    shift = shift > 31 + m.s ? 31 + m.s : shift;
    shift = shift < 0 ? 0 : shift;
    m.m = (int32_t)(((int64_t)m.m << shift) / n);
    m.s -= shift;
    return m;
}

static void pool_window(const struct th_query *q, struct reduction *r)
{
    const struct th_inst *c = q->inst;
    const int64_t top = th_inst_ints(c, "pad", 0), left = th_inst_ints(c, "pad", 1);
    const int64_t y1 = th_inst_ints(c, "filter", 0) - top;
    const int64_t x1 = th_inst_ints(c, "filter", 1) - left;
    r->y1 = y1 < r->h ? y1 : r->h;
    r->x1 = x1 < r->w ? x1 : r->w;
    r->act_lo = th_inst_float(c, "act_min");
    r->act_hi = th_inst_float(c, "act_max");
    if (th_dtype_is_int(c->out[0].dtype))
        th_activation_bounds(&c->out[0], r->act_lo, r->act_hi, &r->lo, &r->hi);
    r->zero = th_dtype_is_int(c->out[0].dtype) ? th_row_zero(&c->out[0]) : 0;
}

static const char *find_axes(const struct th_inst *c, bool reduced[TH_MAX_RANK])
{
    const struct th_type *x = c->in[0];
    memset(reduced, 0, TH_MAX_RANK * sizeof *reduced);
    if (!th_attr_find(c->attrs, "axes"))
        return "the channels are reduced too";
    for (uint32_t i = 0; i < th_inst_ints_len(c, "axes"); i++) {
        const int64_t axis = th_inst_ints(c, "axes", i);
        reduced[axis < 0 ? axis + x->rank : axis] = true;
    }
    return reduced[x->rank - 1] ? "the channels are reduced too" : NULL;
}

/* Rows and columns reduced, channels kept; one map. */
static const char *axes_refused(const struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    bool reduced[TH_MAX_RANK];
    const char *why = find_axes(c, reduced);
    if (why)
        return why;
    for (int32_t a = 1; a < x->rank - 1; a++)
        if (!reduced[a] && x->dims[a] != 1)
            return "rows or columns are kept";
    return NULL;
}

static void mean_scale(const struct th_query *q, struct reduction *r)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const bool mean = strcmp(c->op->name, "mean") == 0;
    r->act_lo = -INFINITY, r->act_hi = INFINITY;
    if (th_dtype_is_float(x->dtype)) {
        r->count = mean ? r->count : 1;
        return;
    }
    const double real = (double)th_quant_scale(x->quant, 0) / (double)th_quant_scale(y->quant, 0);
    r->m = th_quantize_multiplier(real, th_inst_single_rounding(c));
    if (mean)
        r->m = divided(r->m, r->count);
    r->offset = th_quant_zero(x->quant, 0) * r->count;
    r->zero = th_row_zero(y);
    r->lo = (int32_t)th_dtype_min(y->dtype);
    r->hi = (int32_t)th_dtype_max(y->dtype);
}

static const char *describe(const struct th_query *q, struct reduction *r)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0];
    memset(r, 0, sizeof *r);
    if (x->rank != 4 && x->rank != 3)
        return "the operand is no map";
    if (x->dims[0] != 1)
        return "there is more than one map";
    r->channels = x->dims[x->rank - 1];
    r->w = x->dims[x->rank - 2];
    r->h = x->rank == 4 ? x->dims[1] : 1;
    r->y1 = r->h;
    r->x1 = r->w;
    if (th_type_elems(&c->out[0]) != r->channels)
        return "the result is not one pixel";
    if (th_type_elems(x) > INT32_MAX / 256 || (r->h + 1) * (r->w + 1) > INT32_MAX / 65536)
        return "a sum does not fit 32 bits";
    if (is_pool(q)) {
        if (x->rank != 4)
            return "the operand is not of rank 4";
        pool_window(q, r);
    }
    r->count = (r->y1 - r->y0) * (r->x1 - r->x0);
    if (r->y1 <= r->y0 || r->x1 <= r->x0)
        return "nothing to reduce";
    if (is_pool(q))
        return NULL;
    const char *why = axes_refused(c);
    if (why)
        return why;
    if (!th_dtype_is_float(x->dtype) && (!x->quant || !c->out[0].quant))
        return "plain integers";
    mean_scale(q, r);
    return NULL;
}

static const char *refuse(const struct th_query *q)
{
    struct reduction r;
    return describe(q, &r);
}

/* The parameter struct, without views. */
static void call_numbers(struct th_call *c, const struct reduction *r, bool real)
{
    const struct {
        const char *name;
        int64_t v;
    } f[] = {
        {"channels", r->channels}, {"y0", r->y0}, {"y1", r->y1}, {"x0", r->x0}, {"x1", r->x1},
        {"count", r->count}, {"m", r->m.m}, {"s", r->m.s}, {"offset", r->offset},
        {"zero", r->zero}, {"lo", r->lo}, {"hi", r->hi},
    };
    for (size_t i = 0; i < TH_ARRAY_LEN(f); i++)
        th_call_field_int(c, f[i].name, f[i].v);
    if (real) {
        th_call_field_float(c, "act_lo", (float)r->act_lo);
        th_call_field_float(c, "act_hi", (float)r->act_hi);
    }
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    const enum th_dtype dt = q->inst->in[0]->dtype;
    const bool most = strcmp(q->inst->op->name, "max_pool2d") == 0;
    const char *type = th_dtype_ctype(dt);
    const struct th_view v = q->in_views ? q->in_views[0] : (struct th_view){0};
    char in[32];
    struct reduction r;
    describe(q, &r);
    th_call_struct_begin(c, "thk_reduce");
    th_row_field_view(c, "in", &v);
    call_numbers(c, &r, dt == TH_DT_F32);
    th_call_struct_end(c);
    th_call_struct_begin(c, "thk_box");
    th_call_field_int(c, "h", r.h);
    th_call_field_int(c, "w", r.w);
    th_call_field_int(c, "n", r.channels);
    th_call_struct_end(c);
    snprintf(in, sizeof in, "const %s", type);
    th_call_input(c, 0, in);
    th_call_accumulator(c, dt == TH_DT_F32 ? "float" : most ? type : "int32_t");
    th_call_output(c, 0, type);
    th_call_phase(c);
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 6.0 * (double)th_type_elems(q->inst->in[0]) +
                40.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 200;
    k->stack_bytes = 64;
}

/* ---- over rows or columns -------------------------------------------------------------------- */
static const char *describe_axis(const struct th_query *q, struct reduction *r)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0];
    struct th_view in, out;
    bool reduced[TH_MAX_RANK];
    memset(r, 0, sizeof *r);
    if (!th_row_views(q, &in, &out))
        return "only whole pixels of maps";
    if (x->dims[0] != 1)
        return "there is more than one map";
    const char *why = find_axes(c, reduced);
    if (why)
        return why;
    if (reduced[1] == reduced[2])
        return "it keeps rows and columns, or neither";
    r->channels = x->dims[3];
    r->y1 = reduced[1] ? x->dims[1] : 0;
    r->x1 = reduced[2] ? x->dims[2] : 0;
    r->count = r->y1 + r->x1;
    if (r->count < 1)
        return "nothing to reduce";
    if (th_type_elems(x) > INT32_MAX / 256 || r->count > INT32_MAX / 65536)
        return "a sum does not fit 32 bits";
    if (!th_dtype_is_float(x->dtype) && (!x->quant || !c->out[0].quant))
        return "plain integers";
    mean_scale(q, r);
    return NULL;
}

static const char *refuse_axis(const struct th_query *q)
{
    struct reduction r;
    return describe_axis(q, &r);
}

static enum th_status bind_axis(const struct th_query *q, struct th_call *c)
{
    const enum th_dtype dt = q->inst->in[0]->dtype;
    const char *type = th_dtype_ctype(dt);
    struct th_view in, out;
    struct reduction r;
    char text[32];
    describe_axis(q, &r);
    th_row_views(q, &in, &out);
    th_call_struct_begin(c, "thk_reduce");
    th_row_field_view(c, "in", &in);
    th_row_field_view(c, "out", &out);
    call_numbers(c, &r, dt == TH_DT_F32);
    th_call_struct_end(c);
    th_row_call_box(c, q);
    snprintf(text, sizeof text, "const %s", type);
    th_call_input(c, 0, text);
    th_call_output(c, 0, type);
    return TH_OK;
}

/* More than a generated loop nest for the whole map. */
static void cost_axis(const struct th_query *q, struct th_kernel_cost *k)
{
    const int64_t *y = q->inst->out[0].dims;
    struct reduction r;
    describe_axis(q, &r);
    const double pixels = q->whole ? (double)(y[1] * y[2])
                                   : (double)((q->box.hi[1] - q->box.lo[1]) *
                                              (q->box.hi[2] - q->box.lo[2]));
    k->cycles = pixels * (double)r.channels * (5.0 * (double)r.count + 40.0) +
                (q->whole ? 1e5 : 0.0);
    k->code_bytes = 260;
    k->stack_bytes = 128;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_RING_IN | TH_VIEW_TAIL_IN | TH_VIEW_ANY_BOX |                \
     TH_VIEW_ACCUMULATE)
#define ROW(op_, types_, contract_, name_)                                                     \
    {.op = op_, .types = types_, .contract = contract_, .symbol = "thk_" name_ "__c99",        \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ANY, .views = VIEWS,              \
     .refuse = refuse, .bind = bind, .cost = cost}
#define AXIS(op_, types_, contract_, name_)                                                    \
    {.op = op_, .types = types_, .contract = contract_, .symbol = "thk_" name_ "__c99",        \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ANY,                              \
     .views = TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |  \
              TH_VIEW_TAIL_IN | TH_VIEW_ANY_BOX,                                               \
     .refuse = refuse_axis, .bind = bind_axis, .cost = cost_axis}
#define AXES(op_)                                                                              \
    AXIS(op_, "s8>s8", "tflite", "mean_axis_s8"),                                              \
        AXIS(op_, "s8>s8", "tflite-single-rounding", "mean_axis_s8_single"),                   \
        AXIS(op_, "u8>u8", "tflite", "mean_axis_u8"),                                          \
        AXIS(op_, "u8>u8", "tflite-single-rounding", "mean_axis_u8_single"),                   \
        AXIS(op_, "s16>s16", "tflite", "mean_axis_s16"),                                       \
        AXIS(op_, "s16>s16", "tflite-single-rounding", "mean_axis_s16_single"),                \
        AXIS(op_, "f32>f32", NULL, "mean_axis_f32")
#define BOTH(op_, types_, name_)                                                               \
    ROW(op_, types_, "tflite", name_), ROW(op_, types_, "tflite-single-rounding", name_)
#define SCALED(op_, types_, name_)                                                             \
    ROW(op_, types_, "tflite", name_),                                                         \
        ROW(op_, types_, "tflite-single-rounding", name_ "_single")

static const struct th_kernel rows[] = {
    BOTH("avg_pool2d", "s8>s8", "avg_pool2d_acc_s8"),
    BOTH("avg_pool2d", "u8>u8", "avg_pool2d_acc_u8"),
    BOTH("avg_pool2d", "s16>s16", "avg_pool2d_acc_s16"),
    ROW("avg_pool2d", "s8>s8", "onnx", "avg_pool2d_acc_s8_onnx"),
    ROW("avg_pool2d", "u8>u8", "onnx", "avg_pool2d_acc_u8_onnx"),
    ROW("avg_pool2d", "f32>f32", NULL, "mean_acc_f32"),
    ROW("max_pool2d", "s8>s8", NULL, "max_pool2d_acc_s8"),
    ROW("max_pool2d", "u8>u8", NULL, "max_pool2d_acc_u8"),
    ROW("max_pool2d", "s16>s16", NULL, "max_pool2d_acc_s16"),
    ROW("max_pool2d", "f32>f32", NULL, "max_pool2d_acc_f32"),
    SCALED("mean", "s8>s8", "mean_acc_s8"),
    SCALED("mean", "u8>u8", "mean_acc_u8"),
    SCALED("mean", "s16>s16", "mean_acc_s16"),
    ROW("mean", "f32>f32", NULL, "mean_acc_f32"),
    SCALED("sum", "s8>s8", "mean_acc_s8"),
    SCALED("sum", "u8>u8", "mean_acc_u8"),
    SCALED("sum", "s16>s16", "mean_acc_s16"),
    ROW("sum", "f32>f32", NULL, "mean_acc_f32"),
    AXES("mean"),
    AXES("sum"),
};
const struct th_row_family th_c99_accumulate = {rows, TH_ARRAY_LEN(rows)};
