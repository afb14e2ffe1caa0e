/* SPDX-License-Identifier: Apache-2.0 */
/* Elements chosen by indices, and indices of elements. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* Indices as 32 or 64 bits; large unsigned ones must not become negative. */
static enum th_status as_indices(const struct ov_node *n, th_value i, th_value *out)
{
    enum th_dtype dt = ov_type(n, i)->dtype;
    bool wide = dt == TH_DT_S64 || dt == TH_DT_U32 || dt == TH_DT_U64;

    if (!th_dtype_is_int(dt))
        return ov_reject(n, "indices of type %s", th_dtype_name(dt));
    if (dt == TH_DT_U64)
        TH_TRY(ov_with_number(n, "minimum", i, (double)INT64_C(0x4000000000000000), &i));
    return ov_cast(n, i, wide ? TH_DT_S64 : TH_DT_S32, out);
}

/* The same where negative ones count from the end. Entry k is an index of an axis of
 * extent[k % count]; constant ones are checked. */
static enum th_status from_the_end(const struct ov_node *n, th_value i, const int64_t *extent,
                                   int64_t count, th_value *out)
{
    const struct th_tensor *c = th_value_const(n->scope->graph, i);
    bool negative = c == NULL;
    th_value in[2];

    TH_TRY(as_indices(n, i, out));
    for (int64_t k = 0; c != NULL && k < th_type_elems(&c->type); k++) {
        int64_t at = th_tensor_int(c, k), all = extent[k % count];
        negative |= at < 0;
        if (at < -all || at >= all)
            return ov_reject(n, "index %" PRId64 " of an extent of %" PRId64, at, all);
    }
    for (int64_t k = 0; k < count; k++) {
        if (extent[k] < 1 || extent[k] > INT32_MAX)
            return TH_OK;               /* nothing to take */
    }
    if (!negative || count == 0)
        return TH_OK;
    in[0] = *out;
    in[1] = th_graph_const_ints(n->scope->graph, ov_type(n, *out)->dtype, 1, &count, extent);
    return in[1] != 0 ? ov_add(n, "floor_mod", in, 2, NULL, out) : TH_ERR_INTERNAL;
}

/* Before version 8 negative indices are not allowed: computed ones need no arithmetic. Constant
 * ones were written nonetheless, with this meaning. From then on those outside give zeros. */
static bool wraps(const struct ov_node *n)
{
    static const char *const older[] = {"", "opset1", "opset2", "opset3", "opset4", "opset5",
                                        "opset6", "opset7"};
    for (size_t i = 0; i < TH_ARRAY_LEN(older); i++) {
        if (strcmp(n->layer->version, older[i]) == 0)
            return false;
    }
    return true;
}

/* Whether all are known, and indices of an axis of this extent. */
static bool all_within(const struct ov_node *n, th_value i, int64_t extent)
{
    const struct th_tensor *c = th_value_const(n->scope->graph, i);
    bool within = c != NULL;

    for (int64_t k = 0; within && k < th_type_elems(&c->type); k++) {
        int64_t at = th_tensor_int(c, k);
        within = at >= -extent && at < extent;
    }
    return within;
}

static enum th_status import_gather(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given, batch;
    int32_t axis;
    th_value in[2];

    TH_TRY(ov_operands(n, in, 2));
    const struct th_type *x = ov_type(n, in[0]);
    if (!ov_in_int(n, 2, "axis", &given) || !ov_axis(n, given, x->rank, &axis) ||
        !ov_attr_int(n, "batch_dims", 0, &batch))
        return TH_ERR_INPUT;
    batch += batch < 0 ? ov_type(n, in[1])->rank : 0;
    if (batch < 0 || batch > axis || batch > ov_type(n, in[1])->rank)
        return ov_reject(n, "%" PRId64 " batch dimensions before axis %d", batch, (int)axis);
    const int64_t extent = x->dims[axis];
    if (wraps(n) && !all_within(n, in[1], extent)) {
        TH_TRY(as_indices(n, in[1], &in[1]));
        th_attr_list_bool(&a, "zero_outside", true);
    } else if (th_value_is_const(n->scope->graph, in[1])) {
        /* a scalar stays one */
        int32_t rank = ov_type(n, in[1])->rank;
        TH_TRY(from_the_end(n, in[1], &extent, 1, &in[1]));
        TH_TRY(rank == 0 ? ov_reshape(n, in[1], 0, NULL, &in[1]) : TH_OK);
    } else {
        TH_TRY(as_indices(n, in[1], &in[1]));
    }
    th_attr_list_int(&a, "axis", axis);
    th_attr_list_int(&a, "batch_dims", batch);
    return ov_finish(n, "gather", in, 2, &a);
}

static enum th_status import_gather_nd(struct ov_node *n)
{
    int64_t batch;
    th_value in[2];

    TH_TRY(ov_operands(n, in, 2));
    if (!ov_attr_int(n, "batch_dims", 0, &batch))
        return TH_ERR_INPUT;
    if (batch != 0)
        return ov_reject(n, "%" PRId64 " batch dimensions; nearest supported form: none", batch);
    const struct th_type x = *ov_type(n, in[0]), *i = ov_type(n, in[1]);
    int64_t depth = i->rank > 0 ? i->dims[i->rank - 1] : 0;
    if (i->rank < 1 || depth > x.rank)
        return ov_reject(n, "indices of %" PRId64 " numbers for %d dimensions", depth, (int)x.rank);
    TH_TRY(from_the_end(n, in[1], x.dims, depth, &in[1]));
    return ov_finish(n, "gather_nd", in, 2, NULL);
}

static enum th_status import_gather_elements(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given;
    int32_t axis;
    th_value in[2];

    TH_TRY(ov_operands(n, in, 2));
    if (!ov_attr_int(n, "axis", 0, &given) ||
        !ov_axis(n, given, ov_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(as_indices(n, in[1], &in[1]));
    th_attr_list_int(&a, "axis", axis);
    return ov_finish(n, "gather_elements", in, 2, &a);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What becomes of an element that an update meets, as the records have it. */
static bool read_mode(const struct ov_node *n, struct th_attr_list *a)
{
    static const char *const modes[] = {"none", "sum", "prod", "min", "max", NULL};
    int mode;

    if (!ov_attr_choice(n, "reduction", modes, 0, &mode))
        return false;
    th_attr_list_enum(a, "mode", mode);
    return true;
}

static enum th_status import_scatter_nd(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3];

    TH_TRY(ov_operands(n, in, 3));
    if (!read_mode(n, &a))
        return TH_ERR_INPUT;
    TH_TRY(as_indices(n, in[1], &in[1]));
    return ov_finish(n, "scatter_update", in, 3, &a);
}

static enum th_status import_scatter_elements(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given;
    int32_t axis;
    th_value in[3];

    TH_TRY(ov_operands(n, in, 3));
    if (!ov_in_int(n, 3, "axis", &given) ||
        !ov_axis(n, given, ov_type(n, in[0])->rank, &axis) || !read_mode(n, &a))
        return TH_ERR_INPUT;
    if (ov_attr_text(n, "reduction") != NULL && !ov_attr_is(n, "reduction", "none", true) &&
        !ov_attr_bool(n, "use_init_val", true))
        return ov_reject(n, "reductions that leave the first value out are not supported");
    TH_TRY(as_indices(n, in[1], &in[1]));
    th_attr_list_int(&a, "axis", axis);
    return ov_finish(n, "scatter_elements", in, 3, &a);
}

/* Slices along an axis; that axis comes first meanwhile. Updates have the indices' axes in the
 * place of it. */
static enum th_status import_scatter(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given, dims[TH_MAX_RANK];
    int32_t axis;
    th_value in[3], y;

    TH_TRY(ov_operands(n, in, 3));
    const struct th_type x = *ov_type(n, in[0]), i = *ov_type(n, in[1]), u = *ov_type(n, in[2]);
    if (!ov_in_int(n, 3, "axis", &given) || !ov_axis(n, given, x.rank, &axis))
        return TH_ERR_INPUT;
    if (u.rank != x.rank - 1 + i.rank || i.rank == TH_MAX_RANK)
        return ov_reject(n, "updates of %d dimensions for data of %d and indices of %d",
                         (int)u.rank, (int)x.rank, (int)i.rank);
    TH_TRY(as_indices(n, in[1], &in[1]));
    for (int32_t k = 0; k < i.rank; k++) {
        TH_TRY(ov_move_axis(n, in[2], axis + k, k, &in[2]));
        dims[k] = i.dims[k];
    }
    dims[i.rank] = 1;
    TH_TRY(ov_reshape(n, in[1], i.rank + 1, dims, &in[1]));
    TH_TRY(ov_move_axis(n, in[0], axis, 0, &in[0]));
    th_attr_list_enum(&a, "mode", 0);
    TH_TRY(ov_add(n, "scatter_update", in, 3, &a, &y));
    TH_TRY(ov_move_axis(n, y, 0, axis, &y));
    return ov_bind(n, 0, y);
}

/* ---- indices of elements --------------------------------------------------------------------- */

static enum th_status import_one_hot(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t depth, axis;
    th_value i, ops[3];

    TH_TRY(ov_operands(n, &i, 1));
    if (!ov_in_int(n, 1, "depth", &depth) || !ov_attr_int(n, "axis", -1, &axis))
        return TH_ERR_INPUT;
    if (!ov_attr_is(n, "negative_indices_mode", "ignore_negative", true))
        return ov_reject(n, "attribute 'negative_indices_mode' is '%.40s'; nearest supported form: "
                         "'ignore_negative'", ov_attr_text(n, "negative_indices_mode"));
    ops[1] = ov_in(n, 2);
    ops[2] = ov_in(n, 3);
    if (ops[1] == 0 || ops[2] == 0)
        return ov_reject(n, "has %u operands, it needs 4", n->layer->n_inputs);
    TH_TRY(as_indices(n, i, &ops[0]));
    th_attr_list_int(&a, "depth", depth);
    th_attr_list_int(&a, "axis", axis);
    return ov_finish(n, "one_hot", ops, 3, &a);
}

static enum th_status import_cumsum(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given = 0;
    int32_t axis;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if ((ov_in(n, 1) != 0 && !ov_in_int(n, 1, "axis", &given)) ||
        !ov_axis(n, given, ov_type(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "axis", axis);
    th_attr_list_bool(&a, "exclusive", ov_attr_bool(n, "exclusive", false));
    th_attr_list_bool(&a, "reverse", ov_attr_bool(n, "reverse", false));
    return ov_finish(n, "cumsum", &x, 1, &a);
}

static enum th_status import_top_k(struct ov_node *n)
{
    static const char *const modes[] = {"max", "min", NULL};
    static const char *const sorts[] = {"value", "none", "index", NULL};
    const char *type = ov_attr_text(n, "index_element_type");
    enum th_dtype dt = type != NULL ? ov_dtype(type) : TH_DT_S32;
    struct th_attr_list a = {.n = 0};
    int64_t given, k;
    int least, sort;
    int32_t axis;
    th_value x, y[2] = {0, 0};

    TH_TRY(ov_operands(n, &x, 1));
    int32_t rank = ov_type(n, x)->rank;
    if (!ov_in_int(n, 1, "k", &k) || !ov_attr_int(n, "axis", -1, &given) ||
        !ov_axis(n, given, rank, &axis))
        return TH_ERR_INPUT;
    if (!ov_attr_choice(n, "mode", modes, -1, &least) ||
        !ov_attr_choice(n, "sort", sorts, 0, &sort))
        return TH_ERR_INPUT;
    if (k > 1 && sort == 2)
        return ov_reject(n, "sorting by index; nearest supported form: by value");
    if (dt != TH_DT_S32 && dt != TH_DT_S64)
        return ov_reject(n, "indices of type '%.20s' are not supported", type);
    TH_TRY(ov_move_axis(n, x, axis, rank - 1, &x));
    th_attr_list_int(&a, "k", k);
    th_attr_list_bool(&a, "largest", !least);
    const struct th_node_desc d = {.op = "top_k", .contract = OV_CONTRACT, .in = &x, .n_in = 1,
                                   .attrs = a.at, .n_attrs = a.n, .n_out = 2, .loc = n->loc};
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, y));
    TH_TRY(ov_cast(n, y[1], dt, &y[1]));
    for (uint32_t i = 0; i < 2 && i < n->layer->n_outputs; i++) {
        TH_TRY(ov_move_axis(n, y[i], rank - 1, axis, &y[i]));
        TH_TRY(ov_bind(n, i, y[i]));
    }
    return TH_OK;
}

const struct ov_row ov_rows_index[] = {
    {"Gather", import_gather, NULL},
    {"GatherND", import_gather_nd, NULL},
    {"GatherElements", import_gather_elements, NULL},
    {"ScatterUpdate", import_scatter, NULL},
    {"ScatterNDUpdate", import_scatter_nd, NULL},
    {"ScatterElementsUpdate", import_scatter_elements, NULL},
    {"OneHot", import_one_hot, NULL},
    {"CumSum", import_cumsum, NULL},
    {"TopK", import_top_k, NULL},
    {NULL, NULL, NULL},
};
