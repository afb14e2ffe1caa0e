/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: resize_nearest, resize_bilinear. Source positions are computed here, by the
 * rules of the records; the kernels read tables. */
#include "backends/c99/families.h"

#include <math.h>

struct axis {
    int32_t *at;        /* nearest: [n]; bilinear: [2n], the two inputs */
    int32_t *part10;    /* [n] share of the second, in 1/1024 */
    float *part;        /* [n] */
};

static int64_t clamp(int64_t v, int64_t hi)
{
    return v < 0 ? 0 : v > hi ? hi : v;
}

static float real_scale(int64_t in, int64_t out, bool align)
{
    return align && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

static int64_t nearest(int64_t i, int64_t in, int64_t out, bool align, bool half)
{
    const float at = ((float)i + (half ? 0.5f : 0.0f)) * real_scale(in, out, align);
    return clamp((int64_t)(align ? roundf(at) : floorf(at)), in - 1);
}

static void between_real(struct axis *a, int64_t i, int64_t in, int64_t out, bool align,
                         bool half)
{
    const float scale = real_scale(in, out, align);
    float at = (float)i * scale;
    if (half) {
        const float centre = ((float)i + 0.5f) * scale;
        at = centre - 0.5f;
    }
    a->at[2 * i] = (int32_t)clamp((int64_t)floorf(at), in - 1);
    a->at[2 * i + 1] = (int32_t)clamp((int64_t)ceilf(at), in - 1);
    a->part[i] = at - (float)a->at[2 * i];
}

static void between_fixed(struct axis *a, int64_t i, int64_t in, int64_t out, bool align,
                          bool half)
{
    const int64_t scale = align && out > 1 ? (1024 * (in - 1) + (out - 1) / 2) / (out - 1)
                                           : (1024 * in + out / 2) / out;
    const int64_t at = half ? i * scale + scale / 2 - 512 : i * scale;
    a->at[2 * i] = (int32_t)clamp(at / 1024, in - 1);
    a->at[2 * i + 1] = (int32_t)clamp((at + 1023) / 1024, in - 1);
    a->part10[i] = (int32_t)(at - 1024 * a->at[2 * i]);
}

static bool make_axis(const struct th_query *q, struct th_arena *arena, int64_t in, int64_t out,
                      struct axis *a)
{
    const struct th_inst *c = q->inst;
    const bool align = th_inst_int(c, "align_corners"), half = th_inst_int(c, "half_pixel");
    const bool real = c->in[0]->dtype == TH_DT_F32 || c->in[0]->dtype == TH_DT_U8;
    a->at = TH_NEW_ARRAY(arena, int32_t, (size_t)(2 * out));
    a->part10 = TH_NEW_ARRAY(arena, int32_t, (size_t)out);
    a->part = TH_NEW_ARRAY(arena, float, (size_t)out);
    if (!a->at || !a->part10 || !a->part)
        return false;
    for (int64_t i = 0; i < out; i++) {
        if (!strcmp(c->op->name, "resize_nearest"))
            a->at[i] = (int32_t)nearest(i, in, out, align, half);
        else if (real)
            between_real(a, i, in, out, align, half);
        else
            between_fixed(a, i, in, out, align, half);
    }
    return true;
}

static const char *refuse(const struct th_query *q)
{
    const struct th_type *x = q->inst->in[0], *y = &q->inst->out[0];
    struct th_view in, out;
    if (!th_row_views(q, &in, &out))
        return "only whole pixels of maps";
    if (th_dtype_bits(x->dtype) < 8)
        return "elements narrower than a byte";
    if (th_type_size(x) > INT32_MAX || th_type_size(y) > INT32_MAX)
        return "a size does not fit 32 bits";
    return NULL;
}

static void call_resize(struct th_call *c, const struct th_query *q)
{
    const struct th_type *x = q->inst->in[0];
    struct th_view in, out;
    th_row_views(q, &in, &out);
    th_call_struct_begin(c, "thk_resize");
    th_row_field_view(c, "in", &in);
    th_row_field_view(c, "out", &out);
    th_call_field_int(c, "channels", x->dims[3]);
    th_call_field_int(c, "size", (int64_t)th_dtype_bits(x->dtype) / 8);
    th_call_struct_end(c);
    th_row_call_box(c, q);
}

static enum th_status bind_nearest(const struct th_query *q, struct th_call *c)
{
    const struct th_inst *i = q->inst;
    const int64_t *x = i->in[0]->dims, *y = i->out[0].dims;
    struct axis rows, columns;
    if (!make_axis(q, th_call_arena(c), x[1], y[1], &rows) ||
        !make_axis(q, th_call_arena(c), x[2], y[2], &columns))
        return TH_ERR_INTERNAL;
    call_resize(c, q);
    th_call_data(c, "rows", TH_DT_S32, rows.at, (size_t)y[1], 4);
    th_call_data(c, "columns", TH_DT_S32, columns.at, (size_t)y[2], 4);
    th_call_input(c, 0, "const uint8_t");
    th_call_output(c, 0, "uint8_t");
    if (x[0] != 1)
        th_call_batch(c, x[0], 1);
    return TH_OK;
}

static enum th_status bind_bilinear(const struct th_query *q, struct th_call *c)
{
    const struct th_inst *i = q->inst;
    const int64_t *x = i->in[0]->dims, *y = i->out[0].dims;
    const enum th_dtype t = i->in[0]->dtype;
    const bool real = t == TH_DT_F32 || t == TH_DT_U8;
    const enum th_dtype part = real ? TH_DT_F32 : TH_DT_S32;
    struct axis a[2];
    if (!make_axis(q, th_call_arena(c), x[1], y[1], &a[0]) ||
        !make_axis(q, th_call_arena(c), x[2], y[2], &a[1]))
        return TH_ERR_INTERNAL;
    call_resize(c, q);
    for (int k = 0; k < 2; k++) {
        const void *share = real ? (const void *)a[k].part : (const void *)a[k].part10;
        th_call_data(c, k ? "columns" : "rows", TH_DT_S32, a[k].at, (size_t)(2 * y[1 + k]), 4);
        th_call_data(c, "shares", part, share, (size_t)y[1 + k], 4);
    }
    th_call_input(c, 0, t == TH_DT_F32   ? "const float"
                        : t == TH_DT_U8  ? "const uint8_t"
                        : t == TH_DT_S16 ? "const int16_t"
                                         : "const int8_t");
    th_call_output(c, 0, th_dtype_ctype(t));
    if (x[0] != 1)
        th_call_batch(c, x[0], 1);
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    const bool nearest_op = !strcmp(q->inst->op->name, "resize_nearest");
    double n = (double)th_type_elems(&q->inst->out[0]);
    if (!q->whole)
        n = (double)((q->box.hi[1] - q->box.lo[1]) * (q->box.hi[2] - q->box.lo[2]) *
                     q->inst->out[0].dims[3]);
    k->cycles = (nearest_op ? 4.0 : 40.0) * n;
    k->code_bytes = nearest_op ? 160 : 350;
    k->stack_bytes = 100;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define BILINEAR(types_, contract_, name_)                                                     \
    {.op = "resize_bilinear", .types = types_, .contract = contract_,                          \
     .symbol = "thk_resize_bilinear_" name_ "__c99",                                           \
     .source = "c99/thk_resize_bilinear_" name_ "__c99.c", .order = TH_ORDER_ANY,              \
     .views = VIEWS, .refuse = refuse, .bind = bind_bilinear, .cost = cost}
#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"

static const struct th_kernel rows[] = {
    {.op = "resize_nearest", .types = NULL, .symbol = "thk_resize_nearest_bytes__c99",
     .source = "c99/thk_resize_nearest_bytes__c99.c", .order = TH_ORDER_ANY,
     .views = VIEWS, .refuse = refuse, .bind = bind_nearest, .cost = cost},
    BILINEAR("s8>s8", DOUBLE, "s8"),
    BILINEAR("s8>s8", SINGLE, "s8_single"),
    BILINEAR("s16>s16", DOUBLE, "s16"),
    BILINEAR("s16>s16", SINGLE, "s16_single"),
    BILINEAR("u8>u8", DOUBLE, "u8"),
    BILINEAR("u8>u8", SINGLE, "u8"),
    BILINEAR("f32>f32", NULL, "f32"),
};
const struct th_row_family th_c99_resize = {rows, TH_ARRAY_LEN(rows)};
