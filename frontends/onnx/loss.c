/* SPDX-License-Identifier: Apache-2.0 */
/* Losses as they stand in exported graphs: what a class index picks from (log) probabilities. */
#include <string.h>

#include "import.h"

struct loss {
    th_value x;            /* log probabilities [N, C, d...] */
    th_value target;       /* classes [N, d...] */
    th_value weight;       /* of each class, or 0 */
    th_value ignored;      /* where a class does not count [N, d...], or 0 */
};

/* Classes that do not count become 0, so that they can be looked up. */
static enum th_status mark_ignored(struct onx_node *n, struct loss *l)
{
    enum th_dtype dt = onx_type(n, l->target)->dtype;
    th_value in[3], limit;

    l->ignored = 0;
    if (!onx_has(n, "ignore_index"))
        return TH_OK;
    TH_TRY(onx_scalar(n, dt, (double)onx_attr_i(n, "ignore_index", 0), &limit));
    TH_TRY(onx_binary(n, "equal", l->target, limit, &l->ignored));
    in[0] = l->ignored;
    TH_TRY(onx_scalar(n, dt, 0, &in[1]));
    in[2] = l->target;
    return onx_add_typed(n, "select", in, 3, NULL, dt, NULL, &l->target);
}

/* -x at the class of each place, [N, d...]. */
static enum th_status pick(struct onx_node *n, const struct loss *l, th_value *out)
{
    const struct th_type t = *onx_type(n, l->target);
    struct th_attr_list a = {.n = 0};
    int64_t dims[TH_MAX_RANK] = {t.dims[0], 1};
    th_value in[2] = {l->x, 0};

    for (int32_t i = 1; i < t.rank; i++)
        dims[i + 1] = t.dims[i];
    TH_TRY(onx_reshape(n, l->target, t.rank + 1, dims, &in[1]));
    th_attr_list_int(&a, "axis", 1);
    TH_TRY(onx_add(n, "gather_elements", in, 2, &a, out));
    TH_TRY(onx_reshape(n, *out, t.rank, t.dims, out));
    return onx_unary(n, "neg", *out, out);
}

/* What each place counts; 0: all the same. */
static enum th_status place_weights(struct onx_node *n, const struct loss *l, th_value *out)
{
    enum th_dtype dt = onx_type(n, l->x)->dtype;
    th_value in[3] = {l->ignored, 0, 0};

    *out = 0;
    if (l->weight != 0)
        TH_TRY(onx_gather(n, l->weight, l->target, 0, out));
    if (l->ignored == 0)
        return TH_OK;
    TH_TRY(onx_scalar(n, dt, 0, &in[1]));
    in[2] = *out;
    if (in[2] == 0)
        TH_TRY(onx_scalar(n, dt, 1, &in[2]));
    return onx_add_typed(n, "select", in, 3, NULL, dt, NULL, out);
}

static enum th_status all_axes(struct onx_node *n, const char *op, th_value v, th_value *out)
{
    int64_t axes[TH_MAX_RANK];
    int32_t rank = onx_type(n, v)->rank;

    for (int32_t i = 0; i < rank; i++)
        axes[i] = i;
    return onx_reduce(n, op, v, axes, (size_t)rank, false, out);
}

static enum th_status reduced(struct onx_node *n, struct loss *l, th_value *out)
{
    const char *how = onx_attr_s(n, "reduction", "mean");
    th_value y, w, total;

    TH_TRY(mark_ignored(n, l));
    TH_TRY(pick(n, l, &y));
    TH_TRY(place_weights(n, l, &w));
    if (w != 0)
        TH_TRY(onx_binary(n, "mul", y, w, &y));
    if (strcmp(how, "none") == 0) {
        *out = y;
        return TH_OK;
    }
    if (strcmp(how, "mean") == 0 && w == 0)
        return all_axes(n, "mean", y, out);
    TH_TRY(all_axes(n, "sum", y, out));
    if (strcmp(how, "mean") != 0)
        return TH_OK;
    TH_TRY(all_axes(n, "sum", w, &total));
    return onx_binary(n, "div", *out, total, out);
}

static enum th_status operands(struct onx_node *n, struct loss *l)
{
    const struct th_type *x, *t;
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    *l = (struct loss){.x = in[0], .target = in[1], .weight = onx_in(n, 2)};
    x = onx_type(n, l->x);
    t = onx_type(n, l->target);
    if (x->rank < 2 || t->rank != x->rank - 1)
        return onx_reject(n, NULL, "classes of %d dimensions for an operand of %d", (int)t->rank,
                          (int)x->rank);
    return TH_OK;
}

static enum th_status import_nll(struct onx_node *n)
{
    struct loss l;
    th_value y;

    TH_TRY(operands(n, &l));
    TH_TRY(reduced(n, &l, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_cross_entropy(struct onx_node *n)
{
    struct loss l;
    th_value y;

    TH_TRY(operands(n, &l));
    TH_TRY(onx_to_last(n, l.x, &l.x));
    TH_TRY(onx_unary(n, "log_softmax", l.x, &l.x));
    TH_TRY(onx_to_first(n, l.x, &l.x));
    TH_TRY(reduced(n, &l, &y));
    TH_TRY(onx_bind(n, 0, y));
    return onx_bind(n, 1, l.x);
}

const struct onx_row onx_rows_loss[] = {
    {"NegativeLogLikelihoodLoss", import_nll, NULL},
    {"SoftmaxCrossEntropyLoss", import_cross_entropy, NULL},
    {NULL, NULL, NULL},
};
