/* SPDX-License-Identifier: Apache-2.0 */
/* Pad in every mode, with lists that the file fixes; others are in late.c. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

struct padding {
    int64_t before[TH_MAX_RANK], after[TH_MAX_RANK];
    bool cuts;                 /* negative entries */
};

static bool read_padding(struct onx_node *n, int32_t rank, struct padding *p)
{
    int64_t list[2 * TH_MAX_RANK], axes[TH_MAX_RANK], axis;
    size_t count, n_axes = (size_t)rank;
    uint32_t seen = 0;
    const int64_t *given = onx_attr_ints(n, "pads", &count);

    *p = (struct padding){.cuts = false};
    for (int32_t i = 0; i < rank; i++)
        axes[i] = i;
    if (onx_has_in(n, 1)) {
        if (!onx_in_ints(n, 1, "pads", list, TH_ARRAY_LEN(list), &count))
            return false;
        if (onx_has_in(n, 3) && !onx_in_ints(n, 3, "axes", axes, TH_MAX_RANK, &n_axes))
            return false;
        given = list;
    }
    if (count != 2 * n_axes) {
        onx_reject(n, NULL, "%zu pads for %zu axes", count, n_axes);
        return false;
    }
    for (size_t i = 0; i < n_axes; i++) {
        if (!onx_axis(n, axes[i], rank, &axis))
            return false;
        if (seen & 1u << axis) {
            onx_reject(n, NULL, "axis %d is given twice", (int)axis);
            return false;
        }
        seen |= 1u << axis;
        p->before[axis] = given[i];
        p->after[axis] = given[n_axes + i];
        p->cuts = p->cuts || given[i] < 0 || given[n_axes + i] < 0;
    }
    return true;
}

/* Negative padding cuts; what is left of the lists pads. */
static enum th_status cut_negative(struct onx_node *n, th_value *x, struct padding *p)
{
    const struct th_type *t = onx_type(n, *x);
    int32_t rank = t->rank;

    for (int32_t i = 0; i < rank; i++) {
        const int64_t before = p->before[i] < 0 ? p->before[i] : 0;
        const int64_t after = p->after[i] < 0 ? p->after[i] : 0, dim = onx_type(n, *x)->dims[i];
        if (before == 0 && after == 0)
            continue;
        if (before < -dim || after < -dim - before)
            return onx_reject(n, NULL, "padding cuts more than axis %d has", (int)i);
        TH_TRY(onx_slice(n, *x, i, -before, dim + before + after, x));
        p->before[i] = p->before[i] < 0 ? 0 : p->before[i];
        p->after[i] = p->after[i] < 0 ? 0 : p->after[i];
    }
    return TH_OK;
}

/* The border of an axis, repeated; or, around: the other end. */
static enum th_status pad_ends(struct onx_node *n, th_value x, const struct padding *p, bool around,
                               th_value *out)
{
    int32_t rank = onx_type(n, x)->rank;

    for (int32_t i = 0; i < rank; i++) {
        int64_t dim = onx_type(n, x)->dims[i], k = 0;
        th_value in[3];
        if (p->before[i] == 0 && p->after[i] == 0)
            continue;
        for (int side = 0; side < 2; side++) {
            int64_t times = side ? p->after[i] : p->before[i], dims[TH_MAX_RANK];
            if (side)
                in[k++] = x;
            if (times == 0)
                continue;
            if (around) {
                TH_TRY(onx_slice(n, x, i, side ? 0 : dim - times, times, &in[k++]));
                continue;
            }
            TH_TRY(onx_slice(n, x, i, side ? dim - 1 : 0, 1, &in[k]));
            memcpy(dims, onx_type(n, in[k])->dims, sizeof dims);
            dims[i] = times;
            TH_TRY(onx_broadcast(n, in[k], rank, dims, &in[k]));
            k++;
        }
        TH_TRY(onx_concat(n, in, (size_t)k, i, &x));
    }
    *out = x;
    return TH_OK;
}

/* Padding that is longer than the axis goes through it again: places as they come. */
static enum th_status pad_far(struct onx_node *n, th_value x, const struct padding *p, bool around,
                              th_value *out)
{
    const int32_t rank = onx_type(n, x)->rank;

    for (int32_t i = 0; i < rank; i++) {
        const int64_t dim = onx_type(n, x)->dims[i], most = 1 << 24;
        const int64_t turn = around ? dim : dim > 1 ? 2 * (dim - 1) : 1;
        th_value places;
        if (p->before[i] == 0 && p->after[i] == 0)
            continue;
        if (dim < 1 || dim > most || p->before[i] > most || p->after[i] > most)
            return onx_reject(n, NULL, "axis %d of %" PRId64 " elements is padded by %" PRId64
                              " and %" PRId64, (int)i, dim, p->before[i], p->after[i]);
        const int64_t count = dim + p->before[i] + p->after[i];
        int64_t *at = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)count);
        if (at == NULL)
            return TH_ERR_INTERNAL;
        for (int64_t k = 0; k < count; k++) {
            const int64_t to = ((k - p->before[i]) % turn + turn) % turn;
            at[k] = to < dim ? to : turn - to;
        }
        TH_TRY(onx_ints(n, TH_DT_S32, 1, &count, at, &places));
        TH_TRY(onx_gather(n, x, places, i, &x));
    }
    *out = x;
    return TH_OK;
}

/* Whether an axis is padded by more than it has, without the elements that do not count. */
static bool is_far(const struct th_type *t, const struct padding *p, int64_t without)
{
    for (int32_t i = 0; i < t->rank; i++)
        if (p->before[i] > t->dims[i] - without || p->after[i] > t->dims[i] - without)
            return true;
    return false;
}

static enum th_status import_pad(struct onx_node *n)
{
    const char *mode = onx_attr_s(n, "mode", "constant");
    const bool wrap = strcmp(mode, "wrap") == 0, reflect = strcmp(mode, "reflect") == 0;
    double value = onx_attr_f(n, "value", 0);
    struct th_attr_list a = {.n = 0};
    struct padding p;
    int32_t rank;
    th_value x, y = 0;

    TH_TRY(onx_need(n, &x, 1));
    for (size_t i = 1; i < 4; i++)
        if (onx_has_in(n, i) && !onx_in_is_const(n, i))
            return onx_late_pad(n);
    rank = onx_type(n, x)->rank;
    if (!read_padding(n, rank, &p))
        return TH_ERR_INPUT;
    TH_TRY(cut_negative(n, &x, &p));
    if ((wrap || reflect) && is_far(onx_type(n, x), &p, reflect)) {
        TH_TRY(pad_far(n, x, &p, wrap, &y));
        return onx_bind(n, 0, y);
    }
    if (wrap || strcmp(mode, "edge") == 0) {
        TH_TRY(pad_ends(n, x, &p, wrap, &y));
        return onx_bind(n, 0, y);
    }
    th_attr_list_ints(&a, "before", p.before, (size_t)rank);
    th_attr_list_ints(&a, "after", p.after, (size_t)rank);
    if (reflect) {
        th_attr_list_enum(&a, "mode", 0);
        return onx_finish(n, "mirror_pad", &x, 1, &a);
    }
    if (strcmp(mode, "constant") != 0)
        return onx_reject(n, "constant, reflect, edge, wrap", "mode '%s'", mode);
    if (!onx_in_real(n, 2, "constant_value", &value))
        return TH_ERR_INPUT;
    th_attr_list_float(&a, "value", value);
    return onx_finish(n, "pad", &x, 1, &a);
}

const struct onx_row onx_rows_pad[] = {
    {"Pad", import_pad, NULL},
    {NULL, NULL, NULL},
};
