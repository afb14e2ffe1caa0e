/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>

static const struct th_port inputs[] = {
    {"boxes", TH_DT_FLOATS, 0, "corners or centre and size [n, boxes, 4]"},
    {"scores", TH_DT_FLOATS, 0, "scores [n, classes, boxes]"},
    {"most", TH_DT_INDEX, TH_PORT_OPTIONAL, "boxes of a class at most; absent: all"},
    {"overlap", TH_DT_FLOATS, TH_PORT_OPTIONAL, "overlap over union that suppresses; absent: 0"},
    {"least", TH_DT_FLOATS, TH_PORT_OPTIONAL, "scores must be above; absent: any"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S32), 0, "batch, class, box of those that stay [rows, 3]; else -1"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "rows", .kind = TH_ATTR_INT, .required = true, .min = 0, .max = 1 << 24,
     .doc = "rows of the result"},
    {.name = "center", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "boxes are x, y of the centre, width, height; else y1, x1, y2, x2"},
    {.name = NULL},
};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *b = c->in[0], *s = c->in[1];
    TH_TRY(th_need_rank(c, 0, 3));
    TH_TRY(th_need_rank(c, 1, 3));
    if (b->dims[2] != 4 || s->dims[0] != b->dims[0] || s->dims[2] != b->dims[1])
        return th_inst_error(c, "boxes [%lld, %lld, %lld] and scores [%lld, .., %lld]",
                             (long long)b->dims[0], (long long)b->dims[1], (long long)b->dims[2],
                             (long long)s->dims[0], (long long)s->dims[2]);
    for (uint32_t i = 2; i < 5; i++)
        if (th_operand_type(c, i) && th_type_elems(c->in[i]) != 1)
            return th_inst_error(c, "operand %u is more than one number", i);
    const int64_t dims[2] = {th_inst_int(c, "rows"), 3};
    c->out[0].dtype = TH_DT_S32;
    c->out[0].quant = NULL;
    c->out[0].rank = 2;
    c->out[0].dims[0] = dims[0];
    c->out[0].dims[1] = dims[1];
    return TH_OK;
}

struct edges {
    float lo[2], hi[2];
};

static struct edges edges_of(const float *box, bool center)
{
    struct edges e;
    for (int a = 0; a < 2; a++) {
        const float p = center ? box[a] - box[a + 2] / 2 : box[a];
        const float q = center ? box[a] + box[a + 2] / 2 : box[a + 2];
        e.lo[a] = p < q ? p : q;
        e.hi[a] = p < q ? q : p;
    }
    return e;
}

/* Whether the overlap of two boxes over their union is above the bound. */
static bool suppresses(const float *a, const float *b, bool center, float bound)
{
    const struct edges p = edges_of(a, center), q = edges_of(b, center);
    float common = 1, area_p = 1, area_q = 1;
    for (int k = 0; k < 2; k++) {
        const float lo = p.lo[k] > q.lo[k] ? p.lo[k] : q.lo[k];
        const float hi = p.hi[k] < q.hi[k] ? p.hi[k] : q.hi[k];
        common *= hi > lo ? hi - lo : 0;
        area_p *= p.hi[k] - p.lo[k];
        area_q *= q.hi[k] - q.lo[k];
    }
    const float both = area_p + area_q - common;
    return area_p > 0 && area_q > 0 && both > 0 && common / both > bound;
}

struct job {
    const struct th_inst *c;
    struct th_tensor *y;
    int64_t row;
    const float *boxes, *scores;     /* of this batch and class */
    int64_t n, most, batch, class;
    float overlap, least;
    bool bounded;
    bool *gone;
};

/* The best box that is left, or -1: of equal ones the first. */
static int64_t best(const struct job *j)
{
    int64_t at = -1;
    for (int64_t i = 0; i < j->n; i++)
        if (!j->gone[i] && !isnan(j->scores[i]) && (!j->bounded || j->scores[i] > j->least) &&
            (at < 0 || j->scores[i] > j->scores[at]))
            at = i;
    return at;
}

static void one_class(struct job *j)
{
    const bool center = th_inst_int(j->c, "center");
    for (int64_t i = 0; i < j->n; i++)
        j->gone[i] = false;
    for (int64_t k = 0; k < j->most && j->row < j->y->type.dims[0]; k++) {
        const int64_t at = best(j);
        if (at < 0)
            return;
        const int64_t row[3] = {j->batch, j->class, at};
        for (int i = 0; i < 3; i++)
            th_tensor_set_int(j->y, j->row * 3 + i, row[i]);
        j->row++;
        j->gone[at] = true;
        for (int64_t i = 0; i < j->n; i++)
            j->gone[i] = j->gone[i] || suppresses(j->boxes + 4 * at, j->boxes + 4 * i, center,
                                                  j->overlap);
    }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *s = c->in[1];
    const struct th_tensor *most = th_operand(c, e, 2), *overlap = th_operand(c, e, 3);
    const struct th_tensor *least = th_operand(c, e, 4);
    const int64_t n = s->dims[2];
    struct job j = {.c = c, .y = e->out[0], .n = n, .most = most ? th_tensor_int(most, 0) : n,
                    .overlap = overlap ? th_floats(overlap)[0] : 0,
                    .least = least ? th_floats(least)[0] : 0, .bounded = least != NULL,
                    .gone = TH_NEW_ARRAY(e->arena, bool, (size_t)n + 1)};
    if (!j.gone)
        return th_out_of_memory(c);
    for (int64_t i = 0; i < th_type_elems(&c->out[0]); i++)
        th_tensor_set_int(e->out[0], i, -1);
    for (j.batch = 0; j.batch < s->dims[0]; j.batch++)
        for (j.class = 0; j.class < s->dims[1]; j.class++) {
            j.boxes = th_floats(e->in[0]) + j.batch * n * 4;
            j.scores = th_floats(e->in[1]) + (j.batch * s->dims[1] + j.class) * n;
            one_class(&j);
        }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = 0;
    k->ops = th_type_elems(c->in[1]) * (2 + 14 * th_inst_int(c, "rows"));
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_non_max_suppression;
const struct th_op th_op_non_max_suppression = {
    .struct_size = sizeof(struct th_op),
    .name = "non_max_suppression",
    .summary = "boxes that no better box of their class overlaps",
    .doc = "For each batch and class the boxes by falling score, of equal ones the first; a box "
           "stays if its overlap with each that stayed is at most the bound. The result has a "
           "fixed number of rows; those that are not needed hold -1.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .cost = cost,
};
