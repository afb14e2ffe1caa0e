/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

#define F32 TH_DT_BIT(TH_DT_F32)

static const struct th_port inputs[] = {
    {"boxes", F32, 0, "y, x, height, width in units of the anchor's [1, boxes, 4 or more]"},
    {"scores", F32, 0, "[1, boxes, classes], or with a background class in front"},
    {"anchors", F32, 0, "y, x of the centre, height, width [boxes, 4]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"boxes", F32, 0, "y1, x1, y2, x2 of the detections [1, detections, 4]; then zeros"},
    {"classes", F32, 0, "their classes [1, detections]"},
    {"scores", F32, 0, "falling [1, detections]"},
    {"count", F32, 0, "number of detections [1]"},
    {NULL, 0, 0, NULL},
};

#define REAL(n, low, high, text)                                                               \
    {.name = (n), .kind = TH_ATTR_FLOAT, .required = true, .min = (low), .max = (high),        \
     .doc = (text)}
#define SCALE(n, text) REAL(n, 1e-6, 1e6, text)
static const struct th_attr_spec attrs[] = {
    {.name = "detections", .kind = TH_ATTR_INT, .required = true, .min = 1, .max = 1 << 16,
     .doc = "detections at most"},
    {.name = "classes", .kind = TH_ATTR_INT, .required = true, .min = 1, .max = 1 << 16,
     .doc = "classes without the background"},
    {.name = "regular", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "boxes suppress those of their own class alone; else each box has its best class"},
    {.name = "per_class", .kind = TH_ATTR_INT, .def_i = 100, .min = 1, .max = INT32_MAX,
     .doc = "regular: detections of a class at most"},
    REAL("score_threshold", 1, 0, "smaller scores are none"),
    REAL("iou_threshold", 0, 1, "overlap over union that suppresses when exceeded"),
    SCALE("y_scale", "divides y"),
    SCALE("x_scale", "divides x"),
    SCALE("h_scale", "divides the logarithm of the height"),
    SCALE("w_scale", "divides the logarithm of the width"),
    {.name = NULL},
};

static enum th_status infer(struct th_inst *c)
{
    const int64_t detections = th_inst_int(c, "detections");
    const int64_t dims[4][3] = {{1, detections, 4}, {1, detections}, {1, detections}, {1}};
    const int32_t ranks[4] = {3, 2, 2, 1};
    TH_TRY(th_need_rank(c, 0, 3));
    TH_TRY(th_need_rank(c, 1, 3));
    TH_TRY(th_need_rank(c, 2, 2));
    for (uint32_t i = 0; i < 4; i++) {
        c->out[i].dtype = TH_DT_F32;
        c->out[i].quant = NULL;
        TH_TRY(th_set_shape(c, i, ranks[i], dims[i]));
    }
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const int64_t *b = c->in[0]->dims, *s = c->in[1]->dims, *a = c->in[2]->dims;
    const int64_t classes = th_inst_int(c, "classes");
    const double overlap = th_inst_float(c, "iou_threshold");
    if (b[0] != 1 || s[0] != 1 || b[1] != s[1] || a[0] != b[1] || b[2] < 4 || a[1] != 4)
        return th_inst_error(c, "boxes [%lld, %lld, %lld], scores [%lld, %lld, ..] and anchors "
                             "[%lld, %lld] do not belong together",
                             (long long)b[0], (long long)b[1], (long long)b[2], (long long)s[0],
                             (long long)s[1], (long long)a[0], (long long)a[1]);
    if (s[2] != classes && s[2] != classes + 1)
        return th_inst_error(c, "%lld scores a box for %lld classes", (long long)s[2],
                             (long long)classes);
    if (!(overlap > 0 && overlap <= 1))
        return th_inst_error(c, "iou_threshold is %g, not above 0 and at most 1", overlap);
    return TH_OK;
}

struct corners {
    float y1, x1, y2, x2;
};
struct detection {
    float score;
    int64_t box, class;
};
struct job {
    const struct th_inst *c;
    const float *scores;         /* behind the background's */
    int64_t boxes, columns, classes, rows, n;
    float least, overlap;
    struct corners *corners;
    bool *gone;
    struct detection *found;     /* by falling score */
};

static void decode(const struct th_inst *c, const float *box, const float *anchor,
                   struct corners *out)
{
    const double y = (double)box[0] / (double)(float)th_inst_float(c, "y_scale");
    const double x = (double)box[1] / (double)(float)th_inst_float(c, "x_scale");
    const double h = exp((double)box[2] / (double)(float)th_inst_float(c, "h_scale"));
    const double w = exp((double)box[3] / (double)(float)th_inst_float(c, "w_scale"));
    const float at_y = (float)(y * (double)anchor[2] + (double)anchor[0]);
    const float at_x = (float)(x * (double)anchor[3] + (double)anchor[1]);
    const float half_h = (float)(0.5 * h * (double)anchor[2]);
    const float half_w = (float)(0.5 * w * (double)anchor[3]);
    *out = (struct corners){at_y - half_h, at_x - half_w, at_y + half_h, at_x + half_w};
}

static float overlap_of(const struct corners *a, const struct corners *b)
{
    const float area_a = (a->y2 - a->y1) * (a->x2 - a->x1);
    const float area_b = (b->y2 - b->y1) * (b->x2 - b->x1);
    const float height = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    const float width = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
    const float common = fmaxf(height, 0) * fmaxf(width, 0);
    return area_a > 0 && area_b > 0 ? common / (area_a + area_b - common) : 0;
}

/* The best box that is left, of its best class (class < 0) or of this one; of equal ones the
 * first. */
static bool best(const struct job *j, int64_t class, struct detection *d)
{
    const int64_t lo = class < 0 ? 0 : class, hi = class < 0 ? j->classes : class + 1;
    bool any = false;
    for (int64_t i = 0; i < j->boxes; i++) {
        const float *row = j->scores + i * j->columns;
        int64_t at = lo;
        for (int64_t k = lo + 1; k < hi; k++)
            at = row[k] > row[at] ? k : at;
        if (j->gone[i] || !(row[at] >= j->least) || (any && !(row[at] > d->score)))
            continue;
        *d = (struct detection){row[at], i, at};
        any = true;
    }
    return any;
}

static void suppress(struct job *j, int64_t class, int64_t most)
{
    struct detection d;
    memset(j->gone, 0, (size_t)j->boxes * sizeof *j->gone);
    for (int64_t k = 0; k < most && best(j, class, &d); k++) {
        int64_t at = j->n;
        for (; at > 0 && j->found[at - 1].score < d.score; at--)
            j->found[at] = j->found[at - 1];
        j->found[at] = d;
        j->n = j->n < j->rows ? j->n + 1 : j->n;
        j->gone[d.box] = true;
        for (int64_t i = 0; i < j->boxes; i++)
            if (overlap_of(&j->corners[d.box], &j->corners[i]) > j->overlap)
                j->gone[i] = true;
    }
}

static void write(const struct job *j, struct th_eval *e)
{
    float *box = e->out[0]->data, *class = e->out[1]->data, *score = e->out[2]->data;
    for (int64_t i = 0; i < j->rows; i++) {
        const struct detection *d = &j->found[i];
        const struct corners none = {0}, *at = i < j->n ? &j->corners[d->box] : &none;
        memcpy(box + 4 * i, at, sizeof *at);
        class[i] = i < j->n ? (float)d->class : 0;
        score[i] = i < j->n ? d->score : 0;
    }
    ((float *)e->out[3]->data)[0] = (float)j->n;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t boxes = c->in[0]->dims[1], columns = c->in[1]->dims[2];
    struct job j = {.c = c, .boxes = boxes, .columns = columns,
                    .classes = th_inst_int(c, "classes"), .rows = th_inst_int(c, "detections"),
                    .least = (float)th_inst_float(c, "score_threshold"),
                    .overlap = (float)th_inst_float(c, "iou_threshold")};
    j.scores = th_floats(e->in[1]) + columns - j.classes;
    j.corners = TH_NEW_ARRAY(e->arena, struct corners, (size_t)boxes + 1);
    j.gone = TH_NEW_ARRAY(e->arena, bool, (size_t)boxes + 1);
    j.found = TH_NEW_ARRAY(e->arena, struct detection, (size_t)j.rows + 1);
    if (!j.corners || !j.gone || !j.found)
        return th_out_of_memory(c);
    for (int64_t i = 0; i < boxes; i++)
        decode(c, th_floats(e->in[0]) + i * c->in[0]->dims[2], th_floats(e->in[2]) + 4 * i,
               &j.corners[i]);
    if (th_inst_int(c, "regular"))
        for (int64_t k = 0; k < j.classes; k++)
            suppress(&j, k, th_inst_int(c, "per_class"));
    else
        suppress(&j, -1, j.rows);
    write(&j, e);
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t kept = th_inst_int(c, "detections");
    k->macs = 0;
    k->ops = th_type_elems(c->in[1]) * (2 + kept) + c->in[0]->dims[1] * (40 + 14 * kept);
    th_cost_bytes(c, k);
}

const struct th_op th_op_detection_postprocess = {
    .struct_size = sizeof(struct th_op),
    .name = "detection_postprocess",
    .summary = "boxes, classes and scores of what a detector found",
    .doc = "Centre: box / scale * anchor's size + anchor's centre; half the size: exp(box / scale) "
           "* anchor's size / 2; both in double, rounded to float. By falling score, of equal ones "
           "the first, a box stays if it overlaps none that stayed by more than iou_threshold of "
           "their union. The arithmetic is that of TensorFlow Lite's TFLite_Detection_PostProcess; "
           "rows that are not needed hold zeros.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .cost = cost,
};
