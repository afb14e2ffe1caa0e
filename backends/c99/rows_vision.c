/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: grid_sample, roi_align, roi_pool, non_max_suppression, detection_postprocess,
 * determinant. */
#include "backends/c99/families.h"

#include "backends/c99/generate.h"

static const char *refuse(const struct th_query *q)
{
    return q->whole ? th_gen_too_large(q) : "only whole outputs";
}

/* Index operand i, in the parameter of its width; the other is NULL. */
static void index_operand(struct th_call *call, const struct th_inst *c, uint32_t i)
{
    const bool has = i < c->n_in && c->in[i];
    const bool wide = has && c->in[i]->dtype == TH_DT_S64;
    const uint32_t none = c->n_in;
    th_call_input(call, has && !wide ? i : none, "const int32_t");
    th_call_input(call, wide ? i : none, "const int64_t");
}

static enum th_status bind_grid(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0];
    const int32_t last = x->rank - 1;
    th_call_struct_begin(call, "thk_grid_sample");
    th_call_field_int(call, "batch", x->dims[0]);
    th_call_field_int(call, "in_d", last > 3 ? x->dims[1] : 1);
    th_call_field_int(call, "in_h", x->dims[last - 2]);
    th_call_field_int(call, "in_w", x->dims[last - 1]);
    th_call_field_int(call, "channels", x->dims[last]);
    th_call_field_int(call, "places", th_row_dims(c->in[1], 1, last));
    th_call_field_int(call, "axes", last - 1);
    th_call_field_int(call, "mode", th_inst_int(c, "mode"));
    th_call_field_int(call, "padding", th_inst_int(c, "padding"));
    th_call_field_int(call, "align", th_inst_int(c, "align_corners"));
    th_call_struct_end(call);
    th_call_input(call, 0, "const float");
    th_call_input(call, 1, "const float");
    th_call_output(call, 0, "float");
    return TH_OK;
}

/* The fields that roi_align and roi_pool begin with. */
static void region_fields(struct th_call *call, const struct th_inst *c)
{
    th_call_field_int(call, "maps", c->in[0]->dims[0]);
    th_call_field_int(call, "in_h", c->in[0]->dims[1]);
    th_call_field_int(call, "in_w", c->in[0]->dims[2]);
    th_call_field_int(call, "channels", c->in[0]->dims[3]);
    th_call_field_int(call, "regions", c->out[0].dims[0]);
    th_call_field_int(call, "out_h", c->out[0].dims[1]);
    th_call_field_int(call, "out_w", c->out[0].dims[2]);
}

static enum th_status bind_roi(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    th_call_struct_begin(call, "thk_roi_align");
    region_fields(call, c);
    th_call_field_int(call, "largest", th_inst_int(c, "mode"));
    th_call_field_int(call, "samples", th_inst_int(c, "samples"));
    th_call_field_int(call, "half", th_inst_int(c, "half_pixel"));
    th_call_field_float(call, "scale", (float)th_inst_float(c, "scale"));
    th_call_struct_end(call);
    th_call_input(call, 0, "const float");
    th_call_input(call, 1, "const float");
    index_operand(call, c, 2);
    th_call_output(call, 0, "float");
    return TH_OK;
}

static enum th_status bind_roi_pool(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    th_call_struct_begin(call, "thk_roi_pool");
    region_fields(call, c);
    th_call_field_float(call, "scale", (float)th_inst_float(c, "scale"));
    th_call_struct_end(call);
    th_call_input(call, 0, "const float");
    th_call_input(call, 1, "const float");
    th_call_output(call, 0, "float");
    return TH_OK;
}

static enum th_status bind_suppression(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    th_call_struct_begin(call, "thk_suppression");
    th_call_field_int(call, "batches", c->in[1]->dims[0]);
    th_call_field_int(call, "classes", c->in[1]->dims[1]);
    th_call_field_int(call, "boxes", c->in[1]->dims[2]);
    th_call_field_int(call, "rows", c->out[0].dims[0]);
    th_call_field_int(call, "center", th_inst_int(c, "center"));
    th_call_struct_end(call);
    th_call_input(call, 0, "const float");
    th_call_input(call, 1, "const float");
    index_operand(call, c, 2);
    th_call_input(call, 3, "const float");
    th_call_input(call, 4, "const float");
    th_call_output(call, 0, "int32_t");
    th_call_scratch(call, (size_t)c->in[1]->dims[2], 1, "uint8_t");
    return TH_OK;
}

static enum th_status bind_detection(const struct th_query *q, struct th_call *call)
{
    static const char *const scales[] = {"y_scale", "x_scale", "h_scale", "w_scale"};
    const struct th_inst *c = q->inst;
    const size_t boxes = (size_t)c->in[0]->dims[1];
    const int64_t classes = th_inst_int(c, "classes");
    th_call_struct_begin(call, "thk_detection");
    th_call_field_int(call, "boxes", (int64_t)boxes);
    th_call_field_int(call, "coordinates", c->in[0]->dims[2]);
    th_call_field_int(call, "columns", c->in[1]->dims[2]);
    th_call_field_int(call, "first", c->in[1]->dims[2] - classes);
    th_call_field_int(call, "classes", classes);
    th_call_field_int(call, "rows", th_inst_int(c, "detections"));
    th_call_field_int(call, "most_of_class", th_inst_int(c, "per_class"));
    th_call_field_int(call, "regular", th_inst_int(c, "regular"));
    th_call_field_float(call, "least", (float)th_inst_float(c, "score_threshold"));
    th_call_field_float(call, "overlap", (float)th_inst_float(c, "iou_threshold"));
    for (size_t i = 0; i < TH_ARRAY_LEN(scales); i++)
        th_call_field_float(call, scales[i], (float)th_inst_float(c, scales[i]));
    th_call_struct_end(call);
    for (uint32_t i = 0; i < 3; i++)
        th_call_input(call, i, "const float");
    for (uint32_t i = 0; i < 4; i++)
        th_call_output(call, i, "float");
    th_call_scratch(call, boxes * (4 * sizeof(float) + 1), sizeof(float), "float");
    return TH_OK;
}

static enum th_status bind_determinant(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0];
    const size_t n = (size_t)x->dims[x->rank - 1];
    th_call_int(call, th_type_elems(&q->inst->out[0]));
    th_call_int(call, (int64_t)n);
    th_call_input(call, 0, "const float");
    th_call_output(call, 0, "float");
    th_call_scratch(call, n * n * sizeof(float), sizeof(float), "float");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_cost c;
    th_inst_cost(q->inst, &c);
    k->cycles = 8.0 * (double)c.macs + 4.0 * (double)c.ops;
    k->code_bytes = 900;
    k->stack_bytes = 160;
}

#define ROW(op_, types_, bind_)                                                                \
    {.op = op_, .types = types_, .symbol = "thk_" op_ "_f32__c99",                             \
     .source = "c99/thk_" op_ "_f32__c99.c", .order = TH_ORDER_ANY, .refuse = refuse,          \
     .bind = bind_, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("detection_postprocess", "f32,f32,f32>f32,f32,f32,f32", bind_detection),
    ROW("determinant", "f32>f32", bind_determinant),
    ROW("grid_sample", "f32,f32>f32", bind_grid),
    ROW("non_max_suppression", "f32,f32,s32|s64?,f32?,f32?>s32", bind_suppression),
    ROW("roi_align", "f32,f32,s32|s64>f32", bind_roi),
    ROW("roi_pool", "f32,f32>f32", bind_roi_pool),
};
const struct th_row_family th_c99_vision = {rows, TH_ARRAY_LEN(rows)};
