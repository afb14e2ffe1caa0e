/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention: products of matrices around a softmax. Heads of the queries that share a head of the
 * keys lie next to each other, so they are further rows of one product, and no key is repeated.
 * What masks without arithmetic (booleans, the diagonal, the length of a cache) is put together
 * first, and folds into a constant where lengths are known.
 */
#include <inttypes.h>
#include <string.h>

#include "import.h"

enum { Q, K, V, MASK, PAST_K, PAST_V, LENGTHS };
enum { RAW, CAPPED, BIASED, PROBABILITIES };        /* what result 3 shows */

struct attention {
    struct onx_node *n;
    th_value q, k, v;            /* [batch, heads, length, depth] */
    th_value allowed;            /* booleans that broadcast to the scores, or 0 */
    th_value bias;               /* numbers to be added to them, or 0 */
    int64_t batch, heads, kv_heads, rows, past, total, depth;
    int64_t mode, left, right;   /* left, right: keys seen on each side, -1: all */
    enum th_dtype stored, wide;  /* what the queries are, what is computed in */
    enum th_dtype softmax;
    double scale, cap;
    bool causal, flat;           /* flat: the heads of an element lie in one row */
};

static bool is_float(enum th_dtype dt)
{
    return dt == TH_DT_F16 || dt == TH_DT_BF16 || dt == TH_DT_F32 || dt == TH_DT_F64;
}

static enum th_status flag(struct onx_node *n, const char *name, int64_t least, int64_t most,
                           int64_t fallback, int64_t *out)
{
    *out = onx_attr_i(n, name, fallback);
    return *out >= least && *out <= most
               ? TH_OK
               : onx_reject(n, NULL, "%s %" PRId64 ", possible are %" PRId64 " to %" PRId64, name,
                            *out, least, most);
}

static enum th_status attributes(struct attention *a)
{
    struct onx_node *n = a->n;
    const int64_t precision = onx_attr_i(n, "softmax_precision", 1);
    int64_t causal;

    TH_TRY(flag(n, "is_causal", 0, 1, 0, &causal));
    TH_TRY(flag(n, "qk_matmul_output_mode", RAW, PROBABILITIES, RAW, &a->mode));
    TH_TRY(flag(n, "left_window_size", -1, INT64_MAX, -1, &a->left));
    TH_TRY(flag(n, "right_window_size", -1, INT64_MAX, -1, &a->right));
    a->causal = causal != 0;
    a->cap = onx_attr_f(n, "softcap", 0);
    a->scale = onx_attr_f(n, "scale", 0);
    if (!(a->cap >= 0 && isfinite(a->cap)))
        return onx_reject(n, "softcap of 0 or more", "softcap %g", a->cap);
    if (!(a->scale >= 0 && isfinite(a->scale)))
        return onx_reject(n, "a scale of 0 or more, whose root the standard takes", "scale %g",
                          a->scale);
    a->softmax = precision >= 1 && precision <= 16 ? onx_dtype((int32_t)precision) : TH_DT_NONE;
    if (!is_float(a->softmax))
        return onx_reject(n, "1 (float), 10 (float16), 11 (double) or 16 (bfloat16)",
                          "softmax_precision %" PRId64, precision);
    return TH_OK;
}

/* ---- operands -------------------------------------------------------------------------------- */

/* [batch, length, heads * depth] to [batch, heads, length, depth]. */
static enum th_status split_heads(struct attention *a, const char *name, th_value *v)
{
    const struct th_type t = *onx_type(a->n, *v);
    const int64_t heads = onx_attr_i(a->n, name, 0);

    if (heads < 1)
        return onx_reject(a->n, NULL, "%s %" PRId64 ", operands of 3 dimensions need 1 or more",
                          name, heads);
    if (t.dims[2] % heads != 0)
        return onx_reject(a->n, NULL, "rows of %" PRId64 " numbers in %" PRId64 " heads (%s)",
                          t.dims[2], heads, name);
    TH_TRY(onx_reshape(a->n, *v, 4, (int64_t[]){t.dims[0], t.dims[1], heads, t.dims[2] / heads},
                       v));
    return onx_transpose(a->n, *v, (int64_t[]){0, 2, 1, 3}, v);
}

/* The attributes add nothing to operands whose heads are an axis, but must not contradict. */
static enum th_status same_heads(struct attention *a, const char *name, th_value v)
{
    const int64_t there = onx_type(a->n, v)->dims[1], said = onx_attr_i(a->n, name, there);

    return said == there ? TH_OK
                         : onx_reject(a->n, NULL, "%s %" PRId64 " with operands of %" PRId64
                                      " heads", name, said, there);
}

static enum th_status operands(struct attention *a)
{
    struct onx_node *n = a->n;
    th_value *const part[3] = {&a->q, &a->k, &a->v};
    th_value in[3];

    TH_TRY(onx_need(n, in, 3));
    const int32_t rank = onx_type(n, in[0])->rank;
    a->flat = rank == 3;
    for (size_t i = 0; i < 3; i++) {
        const struct th_type *t = onx_type(n, in[i]);
        const char *name = i == 0 ? "q_num_heads" : "kv_num_heads";
        if (!is_float(t->dtype) || t->quant != NULL)
            return onx_reject(n, NULL, "operand %zu is %s, needed are floats", i,
                              th_dtype_name(t->dtype));
        if ((rank != 3 && rank != 4) || t->rank != rank)
            return onx_reject(n, NULL, "operand %zu has %d dimensions, needed are 3 or 4 of all "
                              "three", i, (int)t->rank);
        if (th_type_elems(t) < 1)
            return onx_reject(n, NULL, "operand %zu has no elements", i);
        *part[i] = in[i];
        TH_TRY(a->flat ? split_heads(a, name, part[i]) : same_heads(a, name, in[i]));
    }
    if (onx_type(n, a->q)->dtype != onx_type(n, a->k)->dtype)
        return onx_reject(n, NULL, "queries of %s and keys of %s",
                          th_dtype_name(onx_type(n, a->q)->dtype),
                          th_dtype_name(onx_type(n, a->k)->dtype));
    return TH_OK;
}

static enum th_status shapes(struct attention *a)
{
    const struct th_type *q = onx_type(a->n, a->q), *k = onx_type(a->n, a->k);
    const struct th_type *v = onx_type(a->n, a->v);

    a->batch = q->dims[0], a->heads = q->dims[1], a->rows = q->dims[2], a->depth = q->dims[3];
    a->kv_heads = k->dims[1], a->total = k->dims[2];
    a->stored = q->dtype;
    a->wide = q->dtype == TH_DT_F64 || v->dtype == TH_DT_F64 ? TH_DT_F64 : TH_DT_F32;
    if (k->dims[0] != a->batch || v->dims[0] != a->batch)
        return onx_reject(a->n, NULL, "batches of %" PRId64 ", %" PRId64 " and %" PRId64, a->batch,
                          k->dims[0], v->dims[0]);
    if (k->dims[3] != a->depth)
        return onx_reject(a->n, NULL, "queries of %" PRId64 " numbers and keys of %" PRId64,
                          a->depth, k->dims[3]);
    if (v->dims[1] != a->kv_heads || v->dims[2] != a->total)
        return onx_reject(a->n, NULL, "%" PRId64 " keys in %" PRId64 " heads and %" PRId64
                          " values in %" PRId64, a->total, a->kv_heads, v->dims[2], v->dims[1]);
    if (a->heads % a->kv_heads != 0)
        return onx_reject(a->n, NULL, "%" PRId64 " heads of queries cannot share %" PRId64
                          " heads of keys", a->heads, a->kv_heads);
    return TH_OK;
}

/* What came before stands in front; result i is both. */
static enum th_status with_past(struct attention *a, size_t operand, size_t result, th_value *v)
{
    const struct th_type now = *onx_type(a->n, *v);
    th_value in[2] = {onx_in(a->n, operand), *v};

    if (in[0] != 0) {
        const struct th_type *t = onx_type(a->n, in[0]);
        bool fits = t->dtype == now.dtype && t->rank == 4;
        for (int32_t i = 0; fits && i < 4; i++)
            fits = i == 2 || t->dims[i] == now.dims[i];
        if (!fits)
            return onx_reject(a->n, NULL, "operand %zu does not continue operand %zu in type or "
                              "shape", operand, operand - PAST_K + K);
        a->past = t->dims[2];
        if (a->past > 0)
            TH_TRY(onx_concat(a->n, in, 2, 2, v));
    }
    return onx_bind(a->n, result, *v);
}

static enum th_status caches(struct attention *a)
{
    const bool past = onx_has_in(a->n, PAST_K);
    int64_t keys;

    if (past != onx_has_in(a->n, PAST_V))
        return onx_reject(a->n, NULL, "past_key and past_value must stand together");
    if (past && onx_has_in(a->n, LENGTHS))
        return onx_reject(a->n, NULL, "nonpad_kv_seqlen belongs to a cache that is kept outside, "
                          "past_key and past_value to one that is not");
    TH_TRY(with_past(a, PAST_K, 1, &a->k));
    keys = a->past;
    TH_TRY(with_past(a, PAST_V, 2, &a->v));
    if (keys != a->past)
        return onx_reject(a->n, NULL, "%" PRId64 " keys and %" PRId64 " values of the past", keys,
                          a->past);
    a->total = onx_type(a->n, a->k)->dims[2];
    return TH_OK;
}

/* ---- masks ----------------------------------------------------------------------------------- */

/* A shorter mask hides the keys behind it, from operator set 24 on. */
static enum th_status pad_mask(struct attention *a, th_value *mask)
{
    struct th_type t = *onx_type(a->n, *mask);
    const int32_t last = t.rank - 1;
    th_value in[2] = {*mask, 0};

    if (a->n->opset < 24 || t.dims[last] >= a->total || t.dims[last] < 1)
        return TH_OK;
    t.dims[last] = a->total - t.dims[last];
    TH_TRY(onx_filled(a->n, &t, t.dtype == TH_DT_BOOL ? 0 : -(double)INFINITY, &in[1]));
    return onx_concat(a->n, in, 2, last, mask);
}

static enum th_status given_mask(struct attention *a)
{
    const int64_t want[4] = {a->batch, a->heads, a->rows, a->total};
    th_value mask = onx_in(a->n, MASK);
    struct th_type t;

    if (mask == 0)
        return TH_OK;
    t = *onx_type(a->n, mask);
    if (t.dtype != TH_DT_BOOL && !is_float(t.dtype))
        return onx_reject(a->n, "booleans or floats; put a Cast before", "a mask of %s",
                          th_dtype_name(t.dtype));
    if (t.rank < 1 || t.rank > 4)
        return onx_reject(a->n, NULL, "a mask of %d dimensions, possible are 1 to 4", (int)t.rank);
    TH_TRY(pad_mask(a, &mask));
    t = *onx_type(a->n, mask);
    for (int32_t i = 0; i < t.rank; i++) {
        const int64_t other = want[4 - t.rank + i];
        if (t.dims[i] != 1 && t.dims[i] != other)
            return onx_reject(a->n, NULL, "the mask has %" PRId64 " along axis %d where scores "
                              "have %" PRId64, t.dims[i], (int)i, other);
    }
    if (t.dtype == TH_DT_BOOL)
        a->allowed = mask;
    else
        TH_TRY(onx_cast(a->n, mask, a->wide, &a->bias));
    return TH_OK;
}

static enum th_status allow(struct attention *a, th_value where)
{
    if (a->allowed != 0)
        TH_TRY(onx_binary(a->n, "logical_and", a->allowed, where, &where));
    a->allowed = where;
    return TH_OK;
}

/* The keys in use of each element of the batch [batch, 1, 1, 1] in s32, or 0. Numbers out of range
 * are held where they mean the same. */
static enum th_status lengths(struct attention *a, th_value *out)
{
    struct onx_node *n = a->n;
    th_value limit;

    *out = onx_in(n, LENGTHS);
    if (*out == 0)
        return TH_OK;
    const struct th_type *t = onx_type(n, *out);
    if ((t->dtype != TH_DT_S64 && t->dtype != TH_DT_S32) || t->rank != 1 ||
        t->dims[0] != a->batch)
        return onx_reject(n, NULL, "nonpad_kv_seqlen must hold %" PRId64 " integers, one for each "
                          "element of the batch", a->batch);
    TH_TRY(onx_scalar(n, t->dtype, 0, &limit));
    TH_TRY(onx_binary(n, "maximum", *out, limit, out));
    TH_TRY(onx_scalar(n, onx_type(n, *out)->dtype, (double)(a->total + a->rows), &limit));
    TH_TRY(onx_binary(n, "minimum", *out, limit, out));
    TH_TRY(onx_cast(n, *out, TH_DT_S32, out));
    return onx_reshape(n, *out, 4, (int64_t[]){a->batch, 1, 1, 1}, out);
}

/* Keys up to (or from) a distance from the query's own place. */
static enum th_status border(struct attention *a, const char *op, th_value key, th_value place,
                             int64_t distance)
{
    th_value d, where;

    TH_TRY(onx_scalar(a->n, TH_DT_S32, (double)distance, &d));
    TH_TRY(onx_binary(a->n, "add", place, d, &place));
    TH_TRY(onx_binary(a->n, op, key, place, &where));
    return allow(a, where);
}

/* What the places of keys and queries hide. */
static enum th_status borders(struct attention *a)
{
    struct onx_node *n = a->n;
    const int64_t far = a->total + 2 * a->rows;
    const bool ahead = a->causal || (a->right >= 0 && a->right < far);
    const bool behind = a->left >= 0 && a->left < far;
    th_value used, key, place, start;

    TH_TRY(lengths(a, &used));
    if (!ahead && !behind && used == 0)
        return TH_OK;
    if (far > INT32_MAX / 4)
        return onx_reject(n, NULL, "%" PRId64 " keys and %" PRId64 " queries", a->total, a->rows);
    TH_TRY(onx_iota(n, TH_DT_S32, a->total, &key));
    TH_TRY(onx_reshape(n, key, 2, (int64_t[]){1, a->total}, &key));
    if (used != 0 && !a->causal) {      /* the diagonal ends where the keys end */
        TH_TRY(onx_binary(n, "less", key, used, &place));
        TH_TRY(allow(a, place));
    }
    if (!ahead && !behind)
        return TH_OK;
    TH_TRY(onx_iota(n, TH_DT_S32, a->rows, &place));
    TH_TRY(onx_reshape(n, place, 2, (int64_t[]){a->rows, 1}, &place));
    TH_TRY(onx_scalar(n, TH_DT_S32, (double)(used != 0 ? -a->rows : a->past), &start));
    TH_TRY(onx_binary(n, "add", place, start, &place));
    if (used != 0)
        TH_TRY(onx_binary(n, "add", place, used, &place));
    if (ahead)
        TH_TRY(border(a, "less_equal", key, place, a->causal ? 0 : a->right));
    return behind ? border(a, "greater_equal", key, place, -a->left) : TH_OK;
}

static bool holds_everywhere(const struct onx_node *n, th_value v)
{
    const struct th_tensor *c = onx_const(n, v);
    bool all = c != NULL;

    for (int64_t i = 0; all && i < th_type_elems(&c->type); i++)
        all = th_tensor_int(c, i) != 0;
    return all;
}

/* A bias takes the booleans in: it is never larger than the scores. */
static enum th_status masks(struct attention *a)
{
    th_value in[3];

    TH_TRY(given_mask(a));
    TH_TRY(borders(a));
    if (a->allowed != 0 && holds_everywhere(a->n, a->allowed))
        a->allowed = 0;
    if (a->allowed == 0 || a->bias == 0)
        return TH_OK;
    in[0] = a->allowed, in[1] = a->bias;
    TH_TRY(onx_scalar(a->n, a->wide, -(double)INFINITY, &in[2]));
    a->allowed = 0;
    return onx_add_typed(a->n, "select", in, 3, NULL, a->wide, NULL, &a->bias);
}

/* Queries that see no key at all give 0. */
static enum th_status no_key_no_value(struct attention *a, th_value *v)
{
    const int64_t last = -1;
    struct th_attr_list l = {.n = 0};
    th_value in[3] = {a->allowed, *v, 0}, never;

    if (a->bias != 0) {
        TH_TRY(onx_scalar(a->n, a->wide, -(double)INFINITY, &never));
        TH_TRY(onx_binary(a->n, "not_equal", a->bias, never, &in[0]));
    }
    if (in[0] == 0)
        return TH_OK;
    th_attr_list_ints(&l, "axes", &last, 1);
    th_attr_list_bool(&l, "keep_dims", true);
    TH_TRY(onx_add_typed(a->n, "reduce_any", in, 1, &l, TH_DT_BOOL, NULL, &in[0]));
    if (holds_everywhere(a->n, in[0]))
        return TH_OK;
    TH_TRY(onx_scalar(a->n, a->wide, 0, &in[2]));
    return onx_add_typed(a->n, "select", in, 3, NULL, a->wide, NULL, v);
}

/* ---- the computation ------------------------------------------------------------------------- */

/* a [batch, heads, rows, x] times b [batch, kv_heads, ..]: [batch, heads, rows, columns]. */
static enum th_status product(struct attention *a, th_value left, th_value right, bool turned,
                              th_value *out)
{
    const int64_t inner = onx_type(a->n, left)->dims[3];
    const int64_t columns = onx_type(a->n, right)->dims[turned ? 2 : 3];
    const int64_t rows = a->heads / a->kv_heads * a->rows;
    struct th_attr_list l = {.n = 0};
    th_value in[2];

    TH_TRY(onx_cast(a->n, right, a->wide, &in[1]));
    TH_TRY(onx_reshape(a->n, left, 4, (int64_t[]){a->batch, a->kv_heads, rows, inner}, &in[0]));
    th_attr_list_bool(&l, "adj_b", turned);
    TH_TRY(onx_add(a->n, "batch_matmul", in, 2, &l, out));
    return onx_reshape(a->n, *out, 4, (int64_t[]){a->batch, a->heads, a->rows, columns}, out);
}

static enum th_status times(struct attention *a, const char *op, th_value v, double by,
                            th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(a->n, a->wide, by, &c));
    return onx_binary(a->n, op, v, c, out);
}

/* Result 3, if this is what it shows. */
static enum th_status show(struct attention *a, int64_t mode, th_value v)
{
    if (a->mode != mode || !onx_has_out(a->n, 3))
        return TH_OK;
    TH_TRY(onx_cast(a->n, v, a->stored, &v));
    return onx_bind(a->n, 3, v);
}

static enum th_status scores(struct attention *a, th_value *out)
{
    const double scale = onx_has(a->n, "scale") ? a->scale : 1 / sqrt((double)a->depth);
    th_value q, in[3] = {a->allowed, 0, 0};

    TH_TRY(onx_cast(a->n, a->q, a->wide, &q));
    TH_TRY(times(a, "mul", q, scale, &q));
    TH_TRY(product(a, q, a->k, true, out));
    TH_TRY(show(a, RAW, *out));
    if (a->cap > 0) {
        TH_TRY(times(a, "div", *out, a->cap, out));
        TH_TRY(onx_unary(a->n, "tanh", *out, out));
        TH_TRY(times(a, "mul", *out, a->cap, out));
    }
    TH_TRY(show(a, CAPPED, *out));
    if (a->bias != 0)
        TH_TRY(onx_binary(a->n, "add", *out, a->bias, out));
    if (a->allowed != 0) {
        in[1] = *out;
        TH_TRY(onx_scalar(a->n, a->wide, -(double)INFINITY, &in[2]));
        TH_TRY(onx_add_typed(a->n, "select", in, 3, NULL, a->wide, NULL, out));
    }
    return show(a, BIASED, *out);
}

/* The operator of the IR has no doubles. */
static enum th_status softmax_f64(struct onx_node *n, th_value v, th_value *out)
{
    const int64_t last = 3;
    th_value r;

    TH_TRY(onx_reduce(n, "reduce_max", v, &last, 1, true, &r));
    TH_TRY(onx_binary(n, "sub", v, r, &v));
    TH_TRY(onx_unary(n, "exp", v, &v));
    TH_TRY(onx_reduce(n, "sum", v, &last, 1, true, &r));
    return onx_binary(n, "div", v, r, out);
}

static enum th_status probabilities(struct attention *a, th_value v, th_value *out)
{
    struct th_attr_list l = {.n = 0};
    enum th_dtype dt = a->softmax;

    /* Nothing is gained by storing in what the operands are stored in. */
    if (!onx_has(a->n, "softmax_precision") || dt == a->stored)
        dt = a->wide;
    TH_TRY(onx_cast(a->n, v, dt, &v));
    if (dt == TH_DT_F64) {
        TH_TRY(softmax_f64(a->n, v, &v));
    } else {
        th_attr_list_float(&l, "beta", 1);
        TH_TRY(onx_add(a->n, "softmax", &v, 1, &l, &v));
    }
    return onx_cast(a->n, v, a->wide, out);
}

static enum th_status import_attention(struct onx_node *n)
{
    struct attention a = {.n = n};
    th_value y;

    TH_TRY(attributes(&a));
    TH_TRY(operands(&a));
    TH_TRY(shapes(&a));
    TH_TRY(caches(&a));
    TH_TRY(masks(&a));
    TH_TRY(scores(&a, &y));
    TH_TRY(probabilities(&a, y, &y));
    const bool shown = a.mode == PROBABILITIES && onx_has_out(n, 3);
    if (shown)
        TH_TRY(no_key_no_value(&a, &y));
    TH_TRY(show(&a, PROBABILITIES, y));
    TH_TRY(product(&a, y, a.v, false, &y));
    if (!shown)                 /* fewer numbers than probabilities */
        TH_TRY(no_key_no_value(&a, &y));
    if (a.flat) {
        const int64_t wide = onx_type(n, y)->dims[3] * a.heads;
        TH_TRY(onx_transpose(n, y, (int64_t[]){0, 2, 1, 3}, &y));
        TH_TRY(onx_reshape(n, y, 3, (int64_t[]){a.batch, a.rows, wide}, &y));
    }
    TH_TRY(onx_cast(n, y, a.stored, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_attention[] = {
    {"Attention", import_attention, NULL},
    {NULL, NULL, NULL},
};
