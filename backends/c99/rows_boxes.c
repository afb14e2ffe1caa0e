/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows of data movement that compute boxes: pad, slice, space_to_depth, depth_to_space.
 * Whole maps are left to generated loops where those are cheaper. */
#include "backends/c99/families.h"

#include <math.h>
#include <stdio.h>

#define MAX_ELEMENT 8

static bool is(const struct th_query *q, const char *op)
{
    return strcmp(q->inst->op->name, op) == 0;
}

static const char *refuse_common(const struct th_query *q)
{
    const struct th_type *x = q->inst->in[0];
    struct th_view in, out;
    if (th_dtype_bits(x->dtype) < 8 || th_dtype_bits(x->dtype) > 8 * MAX_ELEMENT)
        return "elements of another width";
    if (!th_row_views(q, &in, &out))
        return "only whole pixels of maps";
    return x->dims[0] == 1 ? NULL : "there is more than one map";
}

static const char *refuse_shift(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    const char *why = refuse_common(q);
    if (why)
        return why;
    if (is(q, "pad"))
        return th_inst_ints(c, "before", 0) || th_inst_ints(c, "after", 0)
                   ? "the batch is padded" : NULL;
    if (th_inst_ints(c, "stride", 3) != 1)
        return "channels are skipped";
    for (uint32_t a = 1; a < 3; a++)
        if (th_inst_ints(c, "stride", a) < 1 || th_inst_ints(c, "stride", a) > INT16_MAX)
            return "it runs backwards, or in long steps";
    return NULL;
}

/* The bytes of one element of what a pad puts around. */
static bool fill_text(const struct th_query *q, struct th_arena *a, char *text, size_t n)
{
    const struct th_type *x = q->inst->in[0];
    const double value = is(q, "pad") ? th_inst_float(q->inst, "value") : 0.0;
    const double stored = isnan(value) ? (double)th_quant_zero(x->quant, 0) : value;
    const int64_t one = 1;
    struct th_type type = th_type_make(x->dtype, 1, &one);
    struct th_tensor *t = th_tensor_new(a, &type);
    size_t at = 0;
    if (!t)
        return false;
    if (th_dtype_is_float(x->dtype))
        th_tensor_set_real(t, 0, stored);
    else
        th_tensor_set_int(t, 0, (int64_t)stored);
    const unsigned char *bytes = t->data;
    for (int64_t i = 0; i < th_type_size(&type); i++)
        at += (size_t)snprintf(text + at, n - at, "%s%u", i ? ", " : "{", bytes[i]);
    snprintf(text + at, n - at, "}");
    return true;
}

static void call_views(const struct th_query *q, struct th_call *c, const char *type)
{
    struct th_view in, out;
    th_row_views(q, &in, &out);
    th_call_struct_begin(c, type);
    th_row_field_view(c, "in", &in);
    th_row_field_view(c, "out", &out);
    th_call_field_int(c, "size", (int64_t)th_dtype_bits(q->inst->in[0]->dtype) / 8);
}

static enum th_status call_end(const struct th_query *q, struct th_call *c)
{
    th_call_struct_end(c);
    th_row_call_box(c, q);
    th_call_input(c, 0, "const uint8_t");
    th_call_output(c, 0, "uint8_t");
    return TH_OK;
}

static enum th_status bind_shift(const struct th_query *q, struct th_call *c)
{
    const struct th_inst *i = q->inst;
    const int64_t *x = i->in[0]->dims, *y = i->out[0].dims;
    const int64_t size = (int64_t)th_dtype_bits(i->in[0]->dtype) / 8;
    const bool pad = is(q, "pad");
    char fill[64];
    if (!fill_text(q, th_call_arena(c), fill, sizeof fill))
        return TH_ERR_INTERNAL;
    call_views(q, c, "thk_shift");
    th_call_field_int(c, "in_h", x[1]);
    th_call_field_int(c, "in_w", x[2]);
    th_call_field_int(c, "dy", pad ? -th_inst_ints(i, "before", 1) : th_inst_ints(i, "begin", 1));
    th_call_field_int(c, "dx", pad ? -th_inst_ints(i, "before", 2) : th_inst_ints(i, "begin", 2));
    th_call_field_int(c, "step_h", pad ? 1 : th_inst_ints(i, "stride", 1));
    th_call_field_int(c, "step_w", pad ? 1 : th_inst_ints(i, "stride", 2));
    th_call_field_int(c, "skip", pad ? 0 : th_inst_ints(i, "begin", 3) * size);
    th_call_field_int(c, "run", (pad ? x[3] : y[3]) * size);
    th_call_field_int(c, "before", pad ? th_inst_ints(i, "before", 3) * size : 0);
    th_call_field_int(c, "after", pad ? th_inst_ints(i, "after", 3) * size : 0);
    th_call_field_text(c, "fill", fill);
    return call_end(q, c);
}

static const char *refuse_blocks(const struct th_query *q)
{
    const char *why = refuse_common(q);
    return why ? why : th_inst_int(q->inst, "block") < 1 ? "no block" : NULL;
}

static enum th_status bind_blocks(const struct th_query *q, struct th_call *c)
{
    const struct th_inst *i = q->inst;
    const struct th_type *wide = is(q, "space_to_depth") ? i->in[0] : &i->out[0];
    call_views(q, c, "thk_blocks");
    th_call_field_int(c, "block", th_inst_int(i, "block"));
    th_call_field_int(c, "run", wide->dims[3] * (int64_t)th_dtype_bits(wide->dtype) / 8);
    return call_end(q, c);
}

/* More than a generated loop nest for the whole map. */
static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    const int64_t *y = q->inst->out[0].dims;
    const double pixels = q->whole ? (double)(y[1] * y[2])
                                   : (double)((q->box.hi[1] - q->box.lo[1]) *
                                              (q->box.hi[2] - q->box.lo[2]));
    k->cycles = pixels * (80.0 + 2.5 * (double)y[3]) + (q->whole ? 1e5 : 0.0);
    k->code_bytes = 240;
    k->stack_bytes = 96;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, name_, refuse_, bind_)                                                        \
    {.op = op_, .symbol = "thk_" name_ "_bytes__c99",                                          \
     .source = "c99/thk_" name_ "_bytes__c99.c", .order = TH_ORDER_ANY, .views = VIEWS,        \
     .refuse = refuse_, .bind = bind_, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("pad", "shift", refuse_shift, bind_shift),
    ROW("slice", "shift", refuse_shift, bind_shift),
    ROW("space_to_depth", "space_to_depth", refuse_blocks, bind_blocks),
    ROW("depth_to_space", "depth_to_space", refuse_blocks, bind_blocks),
};
const struct th_row_family th_c99_boxes = {rows, TH_ARRAY_LEN(rows)};
