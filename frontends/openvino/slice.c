/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of tensors, and blocks of space as channels. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* ---- splitting ------------------------------------------------------------------------------- */

static enum th_status import_split(struct ov_node *n)
{
    int64_t given, parts;
    int32_t axis;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_int(n, 1, "axis", &given) || !ov_axis(n, given, ov_type(n, x)->rank, &axis) ||
        !ov_attr_int(n, "num_splits", n->layer->n_outputs, &parts))
        return TH_ERR_INPUT;
    int64_t extent = ov_type(n, x)->dims[axis];
    if (parts != (int64_t)n->layer->n_outputs || parts < 1 || extent % parts != 0)
        return ov_reject(n, "an extent of %" PRId64 " in %" PRId64 " parts for %u outputs", extent,
                         parts, n->layer->n_outputs);
    for (uint32_t i = 0; i < n->layer->n_outputs; i++) {
        TH_TRY(ov_slice_axis(n, x, axis, i * (extent / parts), extent / parts, &y));
        TH_TRY(ov_bind(n, i, y));
    }
    return TH_OK;
}

/* One length may be -1: what is left. */
static enum th_status import_variadic_split(struct ov_node *n)
{
    int64_t given, at = 0, left;
    int64_t *lengths = TH_NEW_ARRAY(n->scope->im->arena, int64_t, n->layer->n_outputs);
    int32_t axis;
    size_t count;
    th_value x, y;

    if (lengths == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_int(n, 1, "axis", &given) || !ov_axis(n, given, ov_type(n, x)->rank, &axis) ||
        !ov_in_ints(n, 2, "lengths", lengths, n->layer->n_outputs, &count))
        return TH_ERR_INPUT;
    left = ov_type(n, x)->dims[axis];
    int64_t open = 0;
    for (size_t i = 0; i < count; i++) {
        open += lengths[i] == -1;
        if (lengths[i] < -1 || lengths[i] > left)
            return ov_reject(n, "part %zu has a length of %" PRId64 ", %" PRId64 " are left", i,
                             lengths[i], left);
        left -= lengths[i] == -1 ? 0 : lengths[i];
    }
    if (count != n->layer->n_outputs || open > 1 || (open == 0 && left != 0))
        return ov_reject(n, "%zu lengths for %u outputs leave %" PRId64 " elements", count,
                         n->layer->n_outputs, left);
    for (uint32_t i = 0; i < count; i++) {
        int64_t length = lengths[i] == -1 ? left : lengths[i];
        TH_TRY(ov_slice_axis(n, x, axis, at, length, &y));
        TH_TRY(ov_bind(n, i, y));
        at += length;
    }
    return TH_OK;
}

/* ---- slices ---------------------------------------------------------------------------------- */

struct part {
    int64_t begin[TH_MAX_RANK], size[TH_MAX_RANK], stride[TH_MAX_RANK];
};

static void whole(struct part *p, const struct th_type *t)
{
    for (int32_t i = 0; i < t->rank; i++) {
        p->begin[i] = 0;
        p->size[i] = t->dims[i];
        p->stride[i] = 1;
    }
}

/* Begin and end count from the back if negative, and are clamped into the extent. Only the end may
 * lie before the first element, for steps backwards. */
static bool set_axis(const struct ov_node *n, struct part *p, int32_t axis, int64_t extent,
                     int64_t begin, int64_t end, int64_t step)
{
    int64_t least = step < 0 ? -1 : 0, most = step < 0 ? extent - 1 : extent;

    if (step == 0 || step == INT64_MIN) {
        ov_reject(n, "a step of %" PRId64, step);
        return false;
    }
    begin += begin < 0 ? extent : 0;
    end += end < 0 ? extent : 0;
    begin = begin > most ? most : begin < 0 && extent > 0 ? 0 : begin;
    end = end < least ? least : end > most ? most : end;
    int64_t room = step > 0 ? end - begin : begin - end, by = step > 0 ? step : -step;
    p->size[axis] = room > 0 ? (room - 1) / by + 1 : 0;
    p->begin[axis] = p->size[axis] != 0 ? begin : 0;
    /* one element needs no step, and a huge step is out of what records take */
    p->stride[axis] = p->size[axis] > 1 ? step : 1;
    return true;
}

static enum th_status add_slice(const struct ov_node *n, th_value x, const struct part *p,
                                th_value *y)
{
    struct th_attr_list a = {.n = 0};
    size_t rank = (size_t)ov_type(n, x)->rank;

    th_attr_list_ints(&a, "begin", p->begin, rank);
    th_attr_list_ints(&a, "size", p->size, rank);
    th_attr_list_ints(&a, "stride", p->stride, rank);
    return ov_add(n, "slice", &x, 1, &a, y);
}

static enum th_status import_slice(struct ov_node *n)
{
    int64_t begin[TH_MAX_RANK], end[TH_MAX_RANK], step[TH_MAX_RANK], axes[TH_MAX_RANK];
    bool taken[TH_MAX_RANK] = {false};
    size_t count[4];
    struct part p;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    const struct th_type *t = ov_type(n, x);
    if (!ov_in_ints(n, 1, "start", begin, TH_MAX_RANK, &count[0]) ||
        !ov_in_ints(n, 2, "stop", end, TH_MAX_RANK, &count[1]) ||
        !ov_in_ints(n, 3, "step", step, TH_MAX_RANK, &count[2]))
        return TH_ERR_INPUT;
    count[3] = count[0];
    for (size_t i = 0; i < count[0]; i++)
        axes[i] = (int64_t)i;
    if (n->layer->n_inputs > 4 && !ov_in_ints(n, 4, "axes", axes, TH_MAX_RANK, &count[3]))
        return TH_ERR_INPUT;
    if (count[1] != count[0] || count[2] != count[0] || count[3] != count[0])
        return ov_reject(n, "start, stop, step and axes have %zu, %zu, %zu and %zu entries",
                         count[0], count[1], count[2], count[3]);
    whole(&p, t);
    for (size_t i = 0; i < count[0]; i++) {
        int32_t axis;
        if (!ov_axis(n, axes[i], t->rank, &axis))
            return TH_ERR_INPUT;
        if (taken[axis])
            return ov_reject(n, "axis %d stands twice", (int)axis);
        taken[axis] = true;
        if (!set_axis(n, &p, axis, t->dims[axis], begin[i], end[i], step[i]))
            return TH_ERR_INPUT;
    }
    TH_TRY(add_slice(n, x, &p, &y));
    return ov_bind(n, 0, y);
}

enum { MASK_BEGIN, MASK_END, MASK_NEW, MASK_SHRINK, MASK_ELLIPSIS, MASKS };
enum { MAX_SPECS = 2 * TH_MAX_RANK };

struct specs {
    int64_t mask[MASKS][MAX_SPECS];             /* entries that are not given are 0 */
    int64_t begin[MAX_SPECS], end[MAX_SPECS], step[MAX_SPECS];
    size_t count;
    size_t used;                                /* axes of the operand that have an entry */
};

static bool read_masks(const struct ov_node *n, struct specs *s)
{
    static const char *const names[] = {"begin_mask", "end_mask", "new_axis_mask",
                                        "shrink_axis_mask", "ellipsis_mask"};
    for (int i = 0; i < MASKS; i++) {
        const char *text = ov_attr_text(n, names[i]);
        size_t count = 0;
        bool good = text == NULL || ov_scan_ints(text, s->mask[i], MAX_SPECS, &count);
        for (size_t k = 0; good && k < count; k++)
            good = s->mask[i][k] == 0 || s->mask[i][k] == 1;
        if (!good) {
            ov_reject(n, "attribute '%s' is '%.40s'", names[i], text);
            return false;
        }
    }
    return true;
}

static bool read_specs(const struct ov_node *n, int32_t rank, struct specs *s)
{
    size_t ends, steps, ellipses = 0;

    memset(s, 0, sizeof *s);
    if (!read_masks(n, s) || !ov_in_ints(n, 1, "begin", s->begin, MAX_SPECS, &s->count) ||
        !ov_in_ints(n, 2, "end", s->end, MAX_SPECS, &ends))
        return false;
    steps = s->count;
    for (size_t i = 0; i < s->count; i++)
        s->step[i] = 1;
    if (n->layer->n_inputs > 3 && !ov_in_ints(n, 3, "strides", s->step, MAX_SPECS, &steps))
        return false;
    if (ends != s->count || steps != s->count) {
        ov_reject(n, "begin, end and strides have %zu, %zu and %zu entries", s->count, ends,
                  steps);
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        s->used += !s->mask[MASK_NEW][i] && !s->mask[MASK_ELLIPSIS][i];
        ellipses += s->mask[MASK_ELLIPSIS][i] != 0;
    }
    if (ellipses > 1)
        ov_reject(n, "%zu entries stand for all axes that are left", ellipses);
    else if (s->used > (size_t)rank)
        ov_reject(n, "%zu axes of %d are sliced", s->used, (int)rank);
    return ellipses <= 1 && s->used <= (size_t)rank;
}

/* Entry i on an axis that stays: a mask of 1 says that the bound is ignored. */
static bool set_range(const struct ov_node *n, const struct specs *s, size_t i, int32_t axis,
                      int64_t extent, struct part *p)
{
    bool back = s->step[i] < 0;
    int64_t from = s->mask[MASK_BEGIN][i] ? (back ? INT64_MAX : 0) : s->begin[i];
    int64_t first = INT64_MIN + extent, last = INT64_MAX;
    int64_t to = s->mask[MASK_END][i] ? (back ? first : last) : s->end[i];

    return set_axis(n, p, axis, extent, from, to, s->step[i]);
}

/* Entry i is one index; its axis goes. Step and end mean nothing. */
static bool set_index(const struct ov_node *n, const struct specs *s, size_t i, int32_t axis,
                      int64_t extent, struct part *p)
{
    int64_t at = s->begin[i];

    if (at < -extent || at >= extent) {
        ov_reject(n, "index %" PRId64 " of an extent of %" PRId64, at, extent);
        return false;
    }
    at += at < 0 ? extent : 0;
    /* the index and the mask that lets it go contradict each other */
    if (s->mask[MASK_BEGIN][i] && at != 0) {
        ov_reject(n, "begin %zu is masked, but its axis shrinks to index %" PRId64
                  "; nearest supported form: no mask", i, at);
        return false;
    }
    p->begin[axis] = at;
    p->size[axis] = p->stride[axis] = 1;
    return true;
}

static enum th_status import_strided_slice(struct ov_node *n)
{
    int64_t dims[2 * MAX_SPECS];
    int32_t axis = 0, rank = 0;
    struct specs s;
    struct part p;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    const struct th_type *t = ov_type(n, x);
    if (!read_specs(n, t->rank, &s))
        return TH_ERR_INPUT;
    whole(&p, t);
    for (size_t i = 0; i < s.count; i++) {
        if (s.mask[MASK_ELLIPSIS][i]) {
            for (size_t left = (size_t)t->rank - s.used; left > 0; left--)
                dims[rank++] = t->dims[axis++];
        } else if (s.mask[MASK_NEW][i]) {
            dims[rank++] = 1;
        } else if (s.mask[MASK_SHRINK][i]) {
            if (!set_index(n, &s, i, axis, t->dims[axis], &p))
                return TH_ERR_INPUT;
            axis++;
        } else {
            if (!set_range(n, &s, i, axis, t->dims[axis], &p))
                return TH_ERR_INPUT;
            dims[rank++] = p.size[axis++];
        }
    }
    for (; axis < t->rank; axis++)
        dims[rank++] = t->dims[axis];
    if (rank > TH_MAX_RANK)
        return ov_reject(n, "the result would have %d dimensions", (int)rank);
    TH_TRY(add_slice(n, x, &p, &y));
    TH_TRY(ov_reshape(n, y, rank, dims, &y));
    return ov_bind(n, 0, y);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Channels and blocks of two spatial axes change places: [n, c, h, w] with the block of each axis
 * split off, reordered, joined again. */
static enum th_status import_depth_to_space(struct ov_node *n)
{
    bool deep = n->row->ir != NULL;      /* space to depth */
    static const char *const modes[] = {"blocks_first", "depth_first", NULL};
    int64_t b;
    int depth_first;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 3, 4));
    if (!ov_attr_choice(n, "mode", modes, -1, &depth_first))
        return TH_ERR_INPUT;
    const struct th_type t = *ov_type(n, x);
    int32_t spatial = t.rank - 2;
    int64_t cells;
    if (!ov_attr_int(n, "block_size", 1, &b))
        return TH_ERR_INPUT;
    if (b < 1 || b > INT32_MAX)
        return ov_reject(n, "a block of %" PRId64, b);
    cells = spatial == 2 ? b * b : b;
    if (!deep && t.dims[1] % cells != 0)
        return ov_reject(n, "%" PRId64 " channels do not hold blocks of %" PRId64, t.dims[1],
                         cells);
    for (int32_t i = 2; deep && i < t.rank; i++) {
        if (t.dims[i] % b != 0)
            return ov_reject(n, "an extent of %" PRId64 " has no whole blocks of %" PRId64,
                             t.dims[i], b);
    }
    int64_t split[6] = {t.dims[0]}, joined[4] = {t.dims[0]}, perm[6] = {0};
    int32_t at = 1;
    if (deep) {
        /* [n, c, h/b, b, w/b, b]: the blocks move before or behind the channels */
        split[at++] = t.dims[1];
        for (int32_t i = 0; i < spatial; i++) {
            split[at++] = t.dims[2 + i] / b;
            split[at++] = b;
            perm[1 + i + depth_first] = 3 + 2 * i;
            perm[2 + spatial + i] = 2 + 2 * i;
            joined[2 + i] = t.dims[2 + i] / b;
        }
        perm[depth_first ? 1 : 1 + spatial] = 1;
        if (!th_mul_i64(t.dims[1], cells, &joined[1]))
            return ov_reject(n, "the result is too large");
    } else {
        /* [n, b, b, c, h, w], or [n, c, b, b, h, w] */
        int64_t c = t.dims[1] / cells;
        if (depth_first)
            split[at++] = c;
        for (int32_t i = 0; i < spatial; i++)
            split[at++] = b;
        if (!depth_first)
            split[at++] = c;
        perm[1] = depth_first ? 1 : 1 + spatial;
        joined[1] = c;
        for (int32_t i = 0; i < spatial; i++) {
            split[at++] = t.dims[2 + i];
            perm[2 + 2 * i] = 2 + spatial + i;
            perm[3 + 2 * i] = 1 + depth_first + i;
            if (!th_mul_i64(t.dims[2 + i], b, &joined[2 + i]))
                return ov_reject(n, "the result is too large");
        }
    }
    TH_TRY(ov_reshape(n, x, at, split, &y));
    TH_TRY(ov_transpose(n, y, perm, &y));
    TH_TRY(ov_reshape(n, y, t.rank, joined, &y));
    return ov_bind(n, 0, y);
}

/* An axis of groups x members is read the other way round. */
static enum th_status import_shuffle(struct ov_node *n)
{
    int64_t given, groups, dims[TH_MAX_RANK + 1], perm[TH_MAX_RANK + 1];
    int32_t axis;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    const struct th_type t = *ov_type(n, x);
    if (!ov_attr_int(n, "axis", 1, &given) || !ov_axis(n, given, t.rank, &axis) ||
        !ov_attr_int(n, "group", 1, &groups))
        return TH_ERR_INPUT;
    if (groups < 1 || t.dims[axis] % groups != 0 || t.rank == TH_MAX_RANK)
        return ov_reject(n, "%" PRId64 " groups of an extent of %" PRId64, groups, t.dims[axis]);
    for (int32_t i = 0; i <= t.rank; i++) {
        dims[i] = i < axis ? t.dims[i] : i == axis ? groups : t.dims[i - 1];
        perm[i] = i;
    }
    dims[axis + 1] = t.dims[axis] / groups;
    perm[axis] = axis + 1;
    perm[axis + 1] = axis;
    TH_TRY(ov_reshape(n, x, t.rank + 1, dims, &y));
    TH_TRY(ov_transpose(n, y, perm, &y));
    TH_TRY(ov_reshape(n, y, t.rank, t.dims, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_slice[] = {
    {"Split", import_split, NULL},
    {"VariadicSplit", import_variadic_split, NULL},
    {"Slice", import_slice, NULL},
    {"StridedSlice", import_strided_slice, NULL},
    {"DepthToSpace", import_depth_to_space, NULL},
    {"SpaceToDepth", import_depth_to_space, "deep"},
    {"ShuffleChannels", import_shuffle, NULL},
    {NULL, NULL, NULL},
};
