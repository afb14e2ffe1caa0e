/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences: lists of values that exist while the file is read and nowhere else. What they hold is
 * known then, so that operators on them take and give the values themselves. A position may be
 * known only when the network runs, if all elements have one type.
 */
#include <inttypes.h>
#include <string.h>

#include "import.h"

enum { MOST = 256 };           /* elements of a sequence */

static struct onx_list *new_list(struct onx_node *n, size_t count)
{
    struct onx_list *list;

    if (count > MOST) {
        onx_reject(n, NULL, "a sequence of %zu elements, at most %d are possible", count, MOST);
        return NULL;
    }
    list = TH_NEW(n->scope->im->arena, struct onx_list);
    if (list == NULL)
        return NULL;
    list->n = count;
    list->v = TH_NEW_ARRAY(n->scope->im->arena, th_value, count + 1);
    return list->v != NULL ? list : NULL;
}

/* Operand i as a sequence; NULL (reported) if it is none. */
static const struct onx_list *list_in(struct onx_node *n, size_t i)
{
    const struct onx_slot *slot =
        onx_has_in(n, i) ? onx_lookup(n->scope, &n->loc, n->proto->input[i]) : NULL;

    if (slot != NULL && slot->list != NULL)
        return slot->list;
    onx_reject(n, NULL, "operand %zu is no sequence", i);
    return NULL;
}

/* Operand i as a position among `count`: *known from the front, or *late where it is computed. */
static enum th_status position(struct onx_node *n, size_t i, size_t count, int64_t *known,
                               th_value *late)
{
    size_t entries;

    *late = 0;
    if (!onx_in_is_const(n, i)) {
        if (onx_in(n, i) == 0 || th_type_elems(onx_type(n, onx_in(n, i))) != 1)
            return onx_reject(n, NULL, "operand %zu (position) must be one number", i);
        TH_TRY(onx_from_front(n, onx_in(n, i), (int64_t)count, late));
        return onx_reshape(n, *late, 0, NULL, late);
    }
    if (!onx_in_ints(n, i, "position", known, 1, &entries))
        return TH_ERR_INPUT;
    if (entries != 1 || *known < -(int64_t)count)
        return onx_reject(n, NULL, "operand %zu (position) lies outside of %zu elements", i, count);
    *known += *known < 0 ? (int64_t)count : 0;
    return TH_OK;
}

static enum th_status one_type(struct onx_node *n, const struct onx_list *list, th_value more)
{
    const th_value first = more != 0 ? more : list->n != 0 ? list->v[0] : 0;

    for (size_t i = 0; i < list->n; i++)
        if (!th_type_equal(onx_type(n, first), onx_type(n, list->v[i])))
            return onx_reject(n, "a constant position",
                              "the position is computed, and elements differ in type or shape");
    return TH_OK;
}

/* at OP i ? a : b, where at is a scalar. */
static enum th_status choose(struct onx_node *n, const char *op, th_value at, size_t i, th_value a,
                             th_value b, th_value *out)
{
    int64_t ones[TH_MAX_RANK];
    th_value in[3] = {0, a, b}, index;

    for (int32_t d = 0; d < TH_MAX_RANK; d++)
        ones[d] = 1;
    TH_TRY(onx_scalar(n, onx_type(n, at)->dtype, (double)i, &index));
    TH_TRY(onx_binary(n, op, at, index, &in[0]));
    TH_TRY(onx_reshape(n, in[0], onx_type(n, a)->rank, ones, &in[0]));
    return onx_add_typed(n, "select", in, 3, NULL, onx_type(n, a)->dtype, onx_type(n, a)->quant,
                         out);
}

static enum th_status import_empty(struct onx_node *n)
{
    struct onx_list *list = new_list(n, 0);

    return list != NULL ? onx_bind_list(n, list) : TH_ERR_INTERNAL;
}

static enum th_status import_construct(struct onx_node *n)
{
    struct onx_list *list = new_list(n, onx_n_in(n));

    if (list == NULL)
        return TH_ERR_INPUT;
    TH_TRY(onx_need(n, list->v, list->n));
    return onx_bind_list(n, list);
}

static enum th_status import_insert(struct onx_node *n)
{
    const struct onx_list *from = list_in(n, 0);
    struct onx_list *to = from != NULL ? new_list(n, from->n + 1) : NULL;
    th_value x = onx_in(n, 1), late = 0;
    int64_t at;

    if (to == NULL || x == 0)
        return to == NULL ? TH_ERR_INPUT : onx_reject(n, NULL, "operand 1 is absent");
    at = (int64_t)from->n;
    if (onx_has_in(n, 2))
        TH_TRY(position(n, 2, from->n, &at, &late));
    if (at > (int64_t)from->n)
        return onx_reject(n, NULL, "position %" PRId64 " of %zu", at, from->n);
    if (late != 0)
        TH_TRY(one_type(n, from, x));
    for (size_t i = 0; i < to->n; i++) {
        if (late == 0) {
            to->v[i] = (int64_t)i == at ? x : from->v[(int64_t)i < at ? i : i - 1];
            continue;
        }
        to->v[i] = x;
        if (i < from->n)
            TH_TRY(choose(n, "equal", late, i, x, from->v[i], &to->v[i]));
        if (i > 0)
            TH_TRY(choose(n, "less", late, i, from->v[i - 1], to->v[i], &to->v[i]));
    }
    return onx_bind_list(n, to);
}

static enum th_status import_erase(struct onx_node *n)
{
    const struct onx_list *from = list_in(n, 0);
    struct onx_list *to;
    th_value late = 0;
    int64_t at;

    if (from == NULL || from->n == 0)
        return from == NULL ? TH_ERR_INPUT : onx_reject(n, NULL, "the sequence is empty");
    to = new_list(n, from->n - 1);
    if (to == NULL)
        return TH_ERR_INTERNAL;
    at = (int64_t)to->n;
    if (onx_has_in(n, 1))
        TH_TRY(position(n, 1, from->n, &at, &late));
    if (at > (int64_t)to->n)
        return onx_reject(n, NULL, "position %" PRId64 " of %zu", at, from->n);
    if (late != 0)
        TH_TRY(one_type(n, from, 0));
    for (size_t i = 0; i < to->n; i++) {
        if (late == 0)
            to->v[i] = from->v[(int64_t)i < at ? i : i + 1];
        else
            TH_TRY(choose(n, "greater", late, i, from->v[i], from->v[i + 1], &to->v[i]));
    }
    return onx_bind_list(n, to);
}

/* Each element with a new axis, one behind the other. */
static enum th_status stacked(struct onx_node *n, const struct onx_list *list, int64_t axis,
                              th_value *out)
{
    struct onx_list *rows = new_list(n, list->n);

    if (rows == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < list->n; i++) {
        const struct th_type *t = onx_type(n, list->v[i]);
        int64_t dims[TH_MAX_RANK];
        if (t->rank >= TH_MAX_RANK || axis > t->rank)
            return onx_reject(n, NULL, "an element has %d axes", (int)t->rank);
        memcpy(dims, t->dims, (size_t)axis * sizeof *dims);
        memcpy(dims + axis + 1, t->dims + axis, (size_t)(t->rank - axis) * sizeof *dims);
        dims[axis] = 1;
        TH_TRY(onx_reshape(n, list->v[i], t->rank + 1, dims, &rows->v[i]));
    }
    return onx_concat(n, rows->v, rows->n, axis, out);
}

static enum th_status import_at(struct onx_node *n)
{
    const struct onx_list *list = list_in(n, 0);
    struct th_attr_list a = {.n = 0};
    th_value in[2];
    int64_t at = 0;

    if (list == NULL)
        return TH_ERR_INPUT;
    if (list->n == 0)
        return onx_reject(n, NULL, "the sequence is empty");
    TH_TRY(position(n, 1, list->n, &at, &in[1]));
    if (in[1] == 0 && at >= (int64_t)list->n)
        return onx_reject(n, NULL, "position %" PRId64 " of %zu", at, list->n);
    if (in[1] == 0)
        return onx_bind(n, 0, list->v[at]);
    TH_TRY(one_type(n, list, 0));
    TH_TRY(stacked(n, list, 0, &in[0]));
    th_attr_list_int(&a, "axis", 0);
    return onx_finish(n, "gather", in, 2, &a);
}

static enum th_status import_length(struct onx_node *n)
{
    const struct onx_list *list = list_in(n, 0);
    th_value v;

    if (list == NULL)
        return TH_ERR_INPUT;
    TH_TRY(onx_ints(n, TH_DT_S64, 0, NULL, &(int64_t){(int64_t)list->n}, &v));
    return onx_bind(n, 0, v);
}

static enum th_status import_concat(struct onx_node *n)
{
    const struct onx_list *list = list_in(n, 0);
    bool fresh = onx_attr_i(n, "new_axis", 0) != 0;
    int64_t axis;
    th_value v;

    if (list == NULL)
        return TH_ERR_INPUT;
    if (list->n == 0)
        return onx_reject(n, NULL, "the sequence is empty");
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, list->v[0])->rank + fresh, &axis))
        return TH_ERR_INPUT;
    TH_TRY(fresh ? stacked(n, list, axis, &v) : onx_concat(n, list->v, list->n, axis, &v));
    return onx_bind(n, 0, v);
}

/* Sizes of the parts: those given, pieces of the one given, or single slices. */
static enum th_status part_sizes(struct onx_node *n, int64_t extent, int64_t *sizes, size_t *count)
{
    int64_t each = 1, parts;

    if (onx_has_in(n, 1)) {
        if (!onx_in_ints(n, 1, "split", sizes, MOST, count))
            return TH_ERR_INPUT;
        if (onx_type(n, onx_in(n, 1))->rank != 0)
            return TH_OK;
        each = sizes[0];
    }
    if (each < 1)
        return onx_reject(n, NULL, "parts of %" PRId64 " elements", each);
    parts = extent / each + (extent % each != 0);
    if (parts > MOST)
        return onx_reject(n, NULL, "a sequence of %" PRId64 " elements, at most %d are possible",
                          parts, MOST);
    *count = (size_t)parts;
    for (size_t i = 0; i < *count; i++)
        sizes[i] = extent - (int64_t)i * each < each ? extent - (int64_t)i * each : each;
    return TH_OK;
}

static enum th_status import_split(struct onx_node *n)
{
    bool keep = onx_has_in(n, 1) || onx_attr_i(n, "keepdims", 1) != 0;
    int64_t sizes[MOST], dims[TH_MAX_RANK], axis, at = 0;
    struct onx_list *list;
    struct th_type t;
    size_t count;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    t = *onx_type(n, x);
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), t.rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(part_sizes(n, t.dims[axis], sizes, &count));
    list = new_list(n, count);
    if (list == NULL)
        return TH_ERR_INPUT;
    memcpy(dims, t.dims, (size_t)axis * sizeof *dims);
    memcpy(dims + axis, t.dims + axis + 1, (size_t)(t.rank - 1 - axis) * sizeof *dims);
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] < 0 || sizes[i] > t.dims[axis] - at)
            return onx_reject(n, NULL, "part %zu has %" PRId64 " of %" PRId64 " elements", i,
                              sizes[i], t.dims[axis]);
        TH_TRY(onx_slice(n, x, axis, at, sizes[i], &list->v[i]));
        if (!keep)
            TH_TRY(onx_reshape(n, list->v[i], t.rank - 1, dims, &list->v[i]));
        at += sizes[i];
    }
    if (at != t.dims[axis])
        return onx_reject(n, NULL, "the parts have %" PRId64 " of %" PRId64 " elements", at,
                          t.dims[axis]);
    return onx_bind_list(n, list);
}

static enum th_status import_identity(struct onx_node *n)
{
    const struct onx_slot *slot =
        onx_has_in(n, 0) ? onx_lookup(n->scope, &n->loc, n->proto->input[0]) : NULL;
    th_value x;

    if (slot != NULL && slot->list != NULL)
        return onx_bind_list(n, slot->list);
    TH_TRY(onx_need(n, &x, 1));
    return onx_bind(n, 0, x);
}

const struct onx_row onx_rows_sequence[] = {
    {"SequenceEmpty", import_empty, NULL},
    {"SequenceConstruct", import_construct, NULL},
    {"SequenceInsert", import_insert, NULL},
    {"SequenceErase", import_erase, NULL},
    {"SequenceAt", import_at, NULL},
    {"SequenceLength", import_length, NULL},
    {"SplitToSequence", import_split, NULL},
    {"ConcatFromSequence", import_concat, NULL},
    {"Identity", import_identity, NULL},
    {NULL, NULL, NULL},
};
