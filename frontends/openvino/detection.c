/* SPDX-License-Identifier: Apache-2.0 */
/* What selects the detections of single shot detectors, composed of general operators. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

#define MOST_ROWS ((int64_t)1 << 20)
/* Layers between prior boxes and this one, on each way. */
enum { MOST_DEPTH = 16 };

struct detector {
    struct ov_node *n;
    int64_t priors, classes;      /* without the background */
    int64_t top;                  /* of a class, before suppression */
    int64_t keep;                 /* of all, after it; -1: all */
    int64_t rows;                 /* of the result */
    double score, overlap;        /* thresholds */
    bool clip_before, clip_after;
    /* a class has its own candidates: [classes, top, ..], else [priors, ..] are everybody's */
    bool chosen;
    th_value scores;              /* [classes, top] */
    th_value places;              /* the priors of these, if chosen */
    th_value boxes;               /* corners, [classes, top, 4] or [priors, 4] */
    th_value found;               /* class or 0, 0 or class, candidate; else -1: [.., 3] */
};

/* ---- attributes ------------------------------------------------------------------------------ */

/* The one form of an attribute that is supported. */
static bool need(const struct ov_node *n, const char *name, const char *absent, const char *want,
                 bool fits)
{
    const char *text = ov_attr_text(n, name);

    if (fits)
        return true;
    ov_reject(n, "attribute '%s' is '%.40s'; nearest supported form: '%s'", name,
              text != NULL ? text : absent, want);
    return false;
}

static bool need_bool(const struct ov_node *n, const char *name, bool absent, bool want)
{
    return need(n, name, absent ? "true" : "false", want ? "true" : "false",
                ov_attr_bool(n, name, absent) == want);
}

static bool get_form(const struct ov_node *n)
{
    static const char center[] = "caffe.PriorBoxParameter.CENTER_SIZE";
    int64_t background;
    bool ok;

    if (!ov_attr_int(n, "background_label_id", 0, &background))
        return false;
    ok = need(n, "code_type", "caffe.PriorBoxParameter.CORNER", center,
              ov_attr_is(n, "code_type", center, false));
    ok &= need_bool(n, "share_location", true, true);
    ok &= need_bool(n, "variance_encoded_in_target", false, false);
    ok &= need_bool(n, "normalized", false, true);
    ok &= need_bool(n, "decrease_label_id", false, false);
    ok &= need(n, "background_label_id", "0", "0", background == 0);
    return ok;
}

static bool get_bounds(struct detector *d)
{
    const struct ov_node *n = d->n;
    const char *keep = ov_attr_text(n, "keep_top_k");
    size_t count = 0;

    d->clip_before = ov_attr_bool(n, "clip_before_nms", false);
    d->clip_after = ov_attr_bool(n, "clip_after_nms", false);
    if (!ov_attr_int(n, "top_k", -1, &d->top) ||
        !ov_attr_float(n, "confidence_threshold", 0, &d->score) ||
        !ov_attr_float(n, "nms_threshold", -1, &d->overlap))
        return false;
    bool ok = need(n, "keep_top_k", "", "one number from 1 on, or -1",
                   keep != NULL && ov_scan_ints(keep, &d->keep, 1, &count) && count == 1 &&
                       (d->keep > 0 || d->keep == -1));
    ok &= need(n, "top_k", "-1", "a number from 1 on, or -1", d->top > 0 || d->top == -1);
    ok &= need(n, "nms_threshold", "", "a number from 0 to 1", d->overlap >= 0 && d->overlap <= 1);
    ok &= need(n, "confidence_threshold", "0", "a number from -1e9 to 1e9",
               fabs(d->score) <= 1e9);
    return ok;
}

/* Operands [1, 4 * priors], [1, (1 + classes) * priors], [1, 2, 4 * priors]. */
static enum th_status get_shapes(struct detector *d, th_value in[3])
{
    struct ov_node *n = d->n;
    int64_t stated, all;

    if (n->layer->n_inputs != 3)
        return ov_reject(n, "has %u operands; nearest supported form: 3 of them",
                         n->layer->n_inputs);
    TH_TRY(ov_operands(n, in, 3));
    TH_TRY(ov_need_rank(n, in[0], 2, 2));
    TH_TRY(ov_need_rank(n, in[1], 2, 2));
    TH_TRY(ov_need_rank(n, in[2], 3, 3));
    const int64_t *loc = ov_type(n, in[0])->dims, *conf = ov_type(n, in[1])->dims;
    const int64_t *prior = ov_type(n, in[2])->dims;
    if (loc[0] != 1 || conf[0] != 1 || prior[0] != 1)
        return ov_reject(n, "%" PRId64 " images; nearest supported form: one", loc[0]);
    d->priors = prior[2] / 4;
    all = d->priors > 0 ? conf[1] / d->priors : 0;
    if (prior[1] != 2 || loc[1] != prior[2] || loc[1] % 4 != 0 || all < 1 ||
        conf[1] % d->priors != 0)
        return ov_reject(n, "boxes [1,%" PRId64 "], scores [1,%" PRId64 "] and priors [1,%" PRId64
                         ",%" PRId64 "] do not belong together", loc[1], conf[1], prior[1],
                         prior[2]);
    if (!ov_attr_int(n, "num_classes", all, &stated))
        return TH_ERR_INPUT;
    if (stated != all || all < 2)
        return ov_reject(n, "%" PRId64 " scores for each box, %" PRId64 " classes are stated; it "
                         "needs 2 or more", all, stated);
    d->classes = all - 1;
    /* how many rows the format gives the result */
    if (d->keep > 0)
        d->rows = d->keep;
    else if (!th_mul_i64(d->top > 0 ? d->top : d->priors, all, &d->rows))
        d->rows = INT64_MAX;
    if (d->rows > MOST_ROWS)
        return ov_reject(n, "a result of %" PRId64 " rows, at most %" PRId64 " are possible",
                         d->rows, MOST_ROWS);
    d->top = d->top > 0 && d->top < d->priors ? d->top : d->priors;
    d->chosen = d->top < d->priors;
    return TH_OK;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static enum th_status last_axis(const struct ov_node *n, th_value v, int64_t begin, int64_t size,
                                th_value *out)
{
    return ov_slice_axis(n, v, ov_type(n, v)->rank - 1, begin, size, out);
}

static enum th_status join(const struct ov_node *n, const th_value *parts, uint32_t count,
                           int32_t axis, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    if (count == 1) {
        *out = parts[0];
        return TH_OK;
    }
    th_attr_list_int(&a, "axis", axis);
    return ov_add(n, "concat", parts, count, &a, out);
}

/* Rows of x, along its first axis. */
static enum th_status take(const struct ov_node *n, th_value x, th_value rows, th_value *out)
{
    const th_value in[2] = {x, rows};
    struct th_attr_list a = {.n = 0};

    th_attr_list_int(&a, "axis", 0);
    return ov_add(n, "gather", in, 2, &a, out);
}

static enum th_status order(const struct ov_node *n, th_value x, int64_t k, bool largest,
                            th_value *values, th_value *places)
{
    struct th_attr_list a = {.n = 0};
    th_value y[2] = {0, 0};

    if (n->scope->im->nodes_left == 0)
        return ov_reject(n, "the file asks for more nodes than its size allows");
    n->scope->im->nodes_left--;
    th_attr_list_int(&a, "k", k);
    th_attr_list_bool(&a, "largest", largest);
    const struct th_node_desc d = {.op = "top_k", .contract = OV_CONTRACT, .in = &x, .n_in = 1,
                                   .attrs = a.at, .n_attrs = a.n, .n_out = 2, .loc = n->loc};
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, y));
    if (values != NULL)
        *values = y[0];
    *places = y[1];
    return TH_OK;
}

/* x where the condition holds, else this number. */
static enum th_status or_else(const struct ov_node *n, th_value condition, th_value x, double other,
                              th_value *out)
{
    const struct th_type t = th_type_make(ov_type(n, x)->dtype, 0, NULL);
    const float real = (float)other;
    const int32_t whole = isfinite(other) ? (int32_t)other : 0;
    const void *data = th_dtype_is_float(t.dtype) ? (const void *)&real : &whole;
    const th_value number = th_graph_const_copy(n->scope->graph, NULL, &t, data);
    const th_value in[3] = {condition, x, number};

    return number != 0 ? ov_add(n, "select", in, 3, NULL, out) : TH_ERR_INTERNAL;
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Scores by class, and of each class the best where their number is bounded: what is stable in
 * order stays so. */
static enum th_status choose(struct detector *d, th_value scores)
{
    const int64_t table[2] = {d->priors, d->classes + 1}, swap[2] = {1, 0};
    struct ov_node *n = d->n;

    TH_TRY(ov_reshape(n, scores, 2, table, &scores));
    TH_TRY(last_axis(n, scores, 1, d->classes, &scores));
    TH_TRY(ov_transpose(n, scores, swap, &d->scores));
    if (d->chosen)
        TH_TRY(order(n, d->scores, d->top, true, &d->scores, &d->places));
    return TH_OK;
}

struct copy {
    const struct th_graph *g;
    int64_t rows, stride;     /* entry i of row r goes to out[r * stride + i] */
    int64_t steps;            /* values it may look at: parts of nothing cost as well */
};

/* False if v is not made of constants by reshapes and concatenations of rows. Large ones of these
 * are not computed while reading. */
static bool copy_known(struct copy *j, th_value v, float *out, int depth)
{
    const struct th_graph *g = j->g;
    const struct th_tensor *c = th_value_const(g, v);
    const struct th_type *t = th_value_type(g, v);
    const th_node def = th_value_def(g, v);
    const int64_t len = th_type_elems(t) / j->rows;
    int64_t outer = 1, axis;

    if (t->dtype != TH_DT_F32 || depth == 0 || j->steps-- <= 0 || (c == NULL && def == 0))
        return false;
    for (int64_t r = 0; c != NULL && len != 0 && r < j->rows; r++)
        memcpy(out + r * j->stride, (const float *)c->data + r * len, (size_t)len * sizeof *out);
    if (c != NULL || len == 0)
        return true;
    if (th_node_is(g, def, "reshape"))
        return copy_known(j, th_node_input(g, def, 0), out, depth - 1);
    if (!th_node_is(g, def, "concat"))
        return false;
    axis = th_attr_int(th_node_attrs(g, def), "axis", 0);
    for (int64_t i = 0; i < axis && i < t->rank; i++)
        outer *= t->dims[i];
    if (outer != j->rows || axis < 0)
        return false;
    for (uint32_t i = 0; i < th_node_input_count(g, def); i++) {
        const th_value part = th_node_input(g, def, i);
        if (!copy_known(j, part, out, depth - 1))
            return false;
        out += th_type_elems(th_value_type(g, part)) / j->rows;
    }
    return true;
}

/* Centres and sizes of the prior boxes [priors, 4], and four variances, or as many for each. */
static enum th_status read_priors(struct detector *d, th_value in, th_value *boxes,
                                  th_value *variances)
{
    const int64_t row = 4 * d->priors, table[2] = {d->priors, 4}, four = 4;
    struct ov_node *n = d->n;
    bool equal = true;
    size_t count;

    /* here and in the constants */
    if (!th_mul_size((size_t)row, 2, &count) ||
        !ov_charge(n->scope->im, &n->loc, (uint64_t)count * 2 * sizeof(float)))
        return TH_ERR_INPUT;
    float *all = TH_NEW_ARRAY(n->scope->im->arena, float, count);
    if (all == NULL)
        return TH_ERR_INTERNAL;
    struct copy j = {n->scope->graph, 2, row, row + 1024};
    if (!copy_known(&j, in, all, MOST_DEPTH))
        return ov_reject(n, "operand 2 (prior boxes) must be constant");
    for (int64_t i = 0; i < row; i++)
        equal &= all[row + i] == all[row + i % 4];
    for (float *p = all; p < all + row; p += 4) {
        const float lo[2] = {p[0], p[1]}, hi[2] = {p[2], p[3]};
        for (int k = 0; k < 2; k++) {
            p[k] = (lo[k] + hi[k]) / 2;
            p[k + 2] = hi[k] - lo[k];
            /* the overlap of boxes that are inside out is not what the suppression computes */
            if (!(p[k + 2] >= 0))
                return ov_reject(n, "prior box %" PRId64 " has a size of %g",
                                 (int64_t)(p - all) / 4, (double)p[k + 2]);
        }
    }
    *boxes = ov_const_f32(n, 2, table, all);
    *variances = equal ? ov_const_f32(n, 1, &four, all + row)
                       : ov_const_f32(n, 2, table, all + row);
    return *boxes != 0 && *variances != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* Centre: variance * box * prior's size + prior's centre; size: exp(variance * box) * prior's. */
static enum th_status decode(struct detector *d, th_value loc, th_value priors)
{
    const int64_t table[2] = {d->priors, 4}, rows[3] = {d->classes, d->top, 4};
    struct ov_node *n = d->n;
    th_value prior, variance, center, size, by, parts[2];
    bool each;

    TH_TRY(read_priors(d, priors, &prior, &variance));
    each = ov_type(n, variance)->rank == 2;
    TH_TRY(ov_reshape(n, loc, 2, table, &loc));
    if (d->chosen) {
        TH_TRY(take(n, loc, d->places, &loc));
        TH_TRY(take(n, prior, d->places, &prior));
        if (each)
            TH_TRY(take(n, variance, d->places, &variance));
    }
    TH_TRY(ov_binary(n, "mul", loc, variance, &loc));
    TH_TRY(last_axis(n, prior, 2, 2, &by));
    TH_TRY(last_axis(n, loc, 0, 2, &center));
    TH_TRY(ov_binary(n, "mul", center, by, &center));
    TH_TRY(last_axis(n, prior, 0, 2, &prior));
    TH_TRY(ov_binary(n, "add", center, prior, &center));
    TH_TRY(last_axis(n, loc, 2, 2, &size));
    TH_TRY(ov_unary(n, "exp", size, &size));
    TH_TRY(ov_binary(n, "mul", size, by, &size));
    TH_TRY(ov_with_number(n, "mul", size, 0.5, &size));
    TH_TRY(ov_binary(n, "sub", center, size, &parts[0]));
    TH_TRY(ov_binary(n, "add", center, size, &parts[1]));
    TH_TRY(join(n, parts, 2, ov_type(n, center)->rank - 1, &d->boxes));
    if (d->clip_before)
        TH_TRY(ov_clamp(n, d->boxes, 0, 1, &d->boxes));
    return d->chosen ? ov_reshape(n, d->boxes, 3, rows, &d->boxes) : TH_OK;
}

/* ---- suppression ----------------------------------------------------------------------------- */

/* Rows by class, in each by falling score, of equal ones the lower prior first. The overlap does
 * not ask which axis of a box comes first. */
static enum th_status suppress(struct detector *d, int64_t rows)
{
    const int64_t batch = d->chosen ? d->classes : 1, classes = d->chosen ? 1 : d->classes;
    const int64_t boxes[3] = {batch, d->top, 4}, scores[3] = {batch, classes, d->top};
    const float overlap = (float)d->overlap, score = (float)d->score;
    struct th_attr_list a = {.n = 0};
    struct ov_node *n = d->n;
    th_value in[5] = {0};

    TH_TRY(ov_reshape(n, d->boxes, 3, boxes, &in[0]));
    TH_TRY(ov_reshape(n, d->scores, 3, scores, &in[1]));
    in[3] = ov_const_f32(n, 0, NULL, &overlap);
    in[4] = ov_const_f32(n, 0, NULL, &score);
    if (in[3] == 0 || in[4] == 0)
        return TH_ERR_INTERNAL;
    th_attr_list_int(&a, "rows", rows);
    th_attr_list_bool(&a, "center", false);
    return ov_add(n, "non_max_suppression", in, 5, &a, &d->found);
}

/* A column of what was found, [rows]. */
static enum th_status column(const struct detector *d, int64_t at, th_value *out)
{
    const int64_t rows = ov_type(d->n, d->found)->dims[0];

    TH_TRY(last_axis(d->n, d->found, at, 1, out));
    return ov_reshape(d->n, *out, 1, &rows, out);
}

/* Where the rows found have their scores (class by class), or their boxes; 0 for those that hold
 * nothing. */
static enum th_status place(const struct detector *d, bool of_box, th_value *out)
{
    struct ov_node *n = d->n;
    th_value class;

    TH_TRY(column(d, 2, out));
    if (d->classes > 1 && (!of_box || d->chosen)) {
        TH_TRY(column(d, d->chosen ? 0 : 1, &class));
        TH_TRY(ov_with_number(n, "mul", class, (double)d->top, &class));
        TH_TRY(ov_binary(n, "add", *out, class, out));
    }
    return ov_with_number(n, "maximum", *out, 0, out);
}

/* Scores of what was found, [rows]. */
static enum th_status scores_of(const struct detector *d, th_value *out)
{
    const int64_t all = d->classes * d->top;
    th_value at;

    TH_TRY(place(d, false, &at));
    TH_TRY(ov_reshape(d->n, d->scores, 1, &all, out));
    return take(d->n, *out, at, out);
}

/* The best `keep` of all classes: by score, of equal ones the lower prior first, then again by
 * class. With one class the rows are in that order already. */
static enum th_status keep_best(struct detector *d)
{
    const int64_t all = ov_type(d->n, d->found)->dims[0], candidates = d->classes * d->top;
    struct ov_node *n = d->n;
    th_value held, prior, by, score, at, class;

    TH_TRY(column(d, 2, &prior));
    TH_TRY(ov_with_number(n, "greater_equal", prior, 0, &held));
    if (d->chosen) {
        TH_TRY(ov_reshape(n, d->places, 1, &candidates, &by));
        TH_TRY(place(d, true, &at));
        TH_TRY(take(n, by, at, &prior));
    }
    TH_TRY(scores_of(d, &score));
    TH_TRY(or_else(n, held, score, -INFINITY, &score));
    TH_TRY(order(n, prior, all, false, NULL, &by));
    TH_TRY(take(n, score, by, &score));
    TH_TRY(order(n, score, d->keep, true, NULL, &at));
    TH_TRY(take(n, by, at, &by));
    TH_TRY(take(n, d->found, by, &d->found));
    TH_TRY(take(n, held, by, &held));
    TH_TRY(column(d, d->chosen ? 0 : 1, &class));
    TH_TRY(or_else(n, held, class, (double)d->classes, &class));
    TH_TRY(order(n, class, d->keep, false, NULL, &by));
    return take(n, d->found, by, &d->found);
}

/* ---- the result ------------------------------------------------------------------------------ */

/* Rows of image, class, score and corners. The row behind the last has image -1; what follows is
 * zero. */
static enum th_status tabulate(struct detector *d)
{
    const int64_t shape[4] = {1, 1, d->rows, 7}, wide[2] = {d->rows, 1};
    const int64_t corners[2] = {d->chosen ? d->classes * d->top : d->priors, 4}, one[2] = {1, 1};
    struct ov_node *n = d->n;
    const float first = 1;
    th_value held, at, before[2], parts[4], y;

    before[0] = ov_const_f32(n, 2, one, &first);
    if (before[0] == 0)
        return TH_ERR_INTERNAL;
    TH_TRY(last_axis(n, d->found, 2, 1, &held));
    TH_TRY(ov_with_number(n, "greater_equal", held, 0, &held));
    TH_TRY(ov_cast(n, held, TH_DT_F32, &parts[0]));
    TH_TRY(ov_slice_axis(n, parts[0], 0, 0, d->rows - 1, &before[1]));
    TH_TRY(join(n, before, d->rows > 1 ? 2 : 1, 0, &before[0]));
    TH_TRY(ov_binary(n, "sub", parts[0], before[0], &parts[0]));
    TH_TRY(last_axis(n, d->found, d->chosen ? 0 : 1, 1, &parts[1]));
    TH_TRY(ov_with_number(n, "add", parts[1], 1, &parts[1]));
    TH_TRY(ov_cast(n, parts[1], TH_DT_F32, &parts[1]));
    TH_TRY(scores_of(d, &parts[2]));
    TH_TRY(ov_reshape(n, parts[2], 2, wide, &parts[2]));
    TH_TRY(or_else(n, held, parts[2], 0, &parts[2]));
    TH_TRY(place(d, true, &at));
    TH_TRY(ov_reshape(n, d->boxes, 2, corners, &parts[3]));
    TH_TRY(take(n, parts[3], at, &parts[3]));
    if (d->clip_after)
        TH_TRY(ov_clamp(n, parts[3], 0, 1, &parts[3]));
    TH_TRY(or_else(n, held, parts[3], 0, &parts[3]));
    TH_TRY(join(n, parts, 4, 1, &y));
    TH_TRY(ov_reshape(n, y, 4, shape, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_detection(struct ov_node *n)
{
    struct detector d = {.n = n};
    th_value in[3];

    bool ok = get_form(n);
    if (!get_bounds(&d) || !ok)
        return TH_ERR_INPUT;
    TH_TRY(get_shapes(&d, in));
    TH_TRY(choose(&d, in[1]));
    TH_TRY(decode(&d, in[0], in[2]));
    int64_t most = d.classes * d.top;
    bool bounded = d.classes > 1 && d.keep > 0 && d.keep < most;
    if (bounded && most > MOST_ROWS)
        return ov_reject(n, "%" PRId64 " boxes of %" PRId64 " classes, at most %" PRId64
                         " in all are possible", d.top, d.classes, MOST_ROWS);
    TH_TRY(suppress(&d, bounded ? most : d.rows));
    if (bounded)
        TH_TRY(keep_best(&d));
    return tabulate(&d);
}

const struct ov_row ov_rows_detection[] = {
    {"DetectionOutput", import_detection, NULL},
    {NULL, NULL, NULL},
};
