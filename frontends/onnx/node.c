/* SPDX-License-Identifier: Apache-2.0 */
/* Operands, attributes and results of one operator, and the few ways to add nodes. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

enum th_status onx_reject(const struct onx_node *n, const char *nearest, const char *format, ...)
{
    va_list args;
    enum th_status status;

    va_start(args, format);
    status = th_reject_form(n->scope->im->ctx, &n->loc, nearest, format, args);
    va_end(args);
    return status;
}

/* ---- operands and results -------------------------------------------------------------------- */

size_t onx_n_in(const struct onx_node *n)
{
    return n->proto->n_input;
}

size_t onx_n_out(const struct onx_node *n)
{
    return n->proto->n_output;
}

bool onx_has_in(const struct onx_node *n, size_t i)
{
    return i < n->proto->n_input && *onx_str(n->proto->input[i]) != '\0';
}

bool onx_has_out(const struct onx_node *n, size_t i)
{
    return i < n->proto->n_output && *onx_str(n->proto->output[i]) != '\0';
}

th_value onx_in(struct onx_node *n, size_t i)
{
    return onx_has_in(n, i) ? onx_resolve(n->scope, &n->loc, n->proto->input[i]) : 0;
}

enum th_status onx_need(struct onx_node *n, th_value *in, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        in[i] = onx_in(n, i);
        if (in[i] == 0)
            return onx_reject(n, NULL, "operand %zu is absent", i);
    }
    return TH_OK;
}

const struct th_type *onx_type(const struct onx_node *n, th_value v)
{
    return th_value_type(n->scope->graph, v);
}

const struct th_tensor *onx_const(const struct onx_node *n, th_value v)
{
    return v != 0 ? th_value_const(n->scope->graph, v) : NULL;
}

bool onx_declared(struct onx_node *n, size_t i, struct th_type *out)
{
    const Onnx__ValueInfoProto *v;

    if (!onx_has_out(n, i))
        return false;
    v = onx_names_get(&n->scope->declared, n->proto->output[i]);
    return onx_declared_type(n->scope->im, v, out) == 1;
}

enum th_status onx_bind(struct onx_node *n, size_t i, th_value v)
{
    struct th_graph *g = n->scope->graph;
    const char *name;

    if (!onx_has_out(n, i))
        return TH_OK;
    if (v == 0)
        return TH_ERR_INTERNAL;
    name = n->proto->output[i];
    if (th_value_is_const(g, v) &&
        !onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(th_value_type(g, v))))
        return TH_ERR_INTERNAL;
    if (*th_value_name(g, v) == '\0')
        th_value_set_name(g, v, name);
    return onx_define(n->scope, &n->loc, name, v);
}

/* ---- attributes ------------------------------------------------------------------------------ */

const Onnx__AttributeProto *onx_attr(const struct onx_node *n, const char *name)
{
    for (size_t i = 0; i < n->proto->n_attribute; i++) {
        const Onnx__AttributeProto *a = n->proto->attribute[i];
        if (strcmp(onx_str(a->name), name) != 0)
            continue;
        if (*onx_str(a->ref_attr_name) == '\0')
            return a;
        if (n->scope->call == NULL)
            return NULL;
        struct onx_node call = {.scope = n->scope->caller, .proto = n->scope->call};
        return onx_attr(&call, a->ref_attr_name);
    }
    return NULL;
}

bool onx_has(const struct onx_node *n, const char *name)
{
    return onx_attr(n, name) != NULL;
}

int64_t onx_attr_i(const struct onx_node *n, const char *name, int64_t fallback)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    return a != NULL && a->has_i ? a->i : fallback;
}

double onx_attr_f(const struct onx_node *n, const char *name, double fallback)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    return a != NULL && a->has_f ? (double)a->f : fallback;
}

static const char *copied(const struct onx_node *n, const ProtobufCBinaryData *b)
{
    const char *s = th_arena_strndup(n->scope->im->arena, b->data != NULL ? (char *)b->data : "",
                                     b->len);

    return s != NULL ? s : "";
}

const char *onx_attr_s(const struct onx_node *n, const char *name, const char *fallback)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    return a != NULL && a->has_s ? copied(n, &a->s) : fallback;
}

const char *onx_attr_string(const struct onx_node *n, const char *name, size_t i,
                            const char *fallback)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    return a != NULL && i < a->n_strings ? copied(n, &a->strings[i]) : fallback;
}

const int64_t *onx_attr_ints(const struct onx_node *n, const char *name, size_t *count)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    *count = a != NULL ? a->n_ints : 0;
    return *count != 0 ? a->ints : NULL;
}

const float *onx_attr_floats(const struct onx_node *n, const char *name, size_t *count)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    *count = a != NULL ? a->n_floats : 0;
    return *count != 0 ? a->floats : NULL;
}

const Onnx__GraphProto *onx_attr_graph(const struct onx_node *n, const char *name)
{
    const Onnx__AttributeProto *a = onx_attr(n, name);

    return a != NULL ? a->g : NULL;
}

/* ---- constant operands ----------------------------------------------------------------------- */

bool onx_in_is_const(struct onx_node *n, size_t i)
{
    return onx_const(n, onx_in(n, i)) != NULL;
}

bool onx_in_ints(struct onx_node *n, size_t i, const char *what, int64_t *out, size_t max,
                 size_t *count)
{
    const struct th_tensor *c = onx_const(n, onx_in(n, i));
    int64_t elems;

    *count = 0;
    if (c == NULL && onx_in(n, i) != 0 && th_type_elems(onx_type(n, onx_in(n, i))) == 0)
        return true;           /* nothing to know */
    if (c == NULL || !th_dtype_is_int(c->type.dtype)) {
        onx_reject(n, NULL, "operand %zu (%s) must be an integer constant", i, what);
        return false;
    }
    elems = th_type_elems(&c->type);
    if ((uint64_t)elems > max) {
        onx_reject(n, NULL, "operand %zu (%s) has %" PRId64 " entries, at most %zu are possible",
                   i, what, elems, max);
        return false;
    }
    for (int64_t k = 0; k < elems; k++)
        out[k] = th_tensor_int(c, k);
    *count = (size_t)elems;
    return true;
}

bool onx_in_real(struct onx_node *n, size_t i, const char *what, double *out)
{
    const struct th_tensor *c;

    if (!onx_has_in(n, i))
        return true;
    c = onx_const(n, onx_in(n, i));
    if (c == NULL || th_type_elems(&c->type) != 1) {
        onx_reject(n, NULL, "operand %zu (%s) must be one constant number", i, what);
        return false;
    }
    *out = th_dtype_is_float(c->type.dtype) ? th_tensor_real(c, 0) : (double)th_tensor_int(c, 0);
    return true;
}

bool onx_axis(const struct onx_node *n, int64_t axis, int32_t rank, int64_t *out)
{
    if (axis < -(int64_t)rank || axis >= rank) {
        onx_reject(n, NULL, "axis %" PRId64 " of a tensor that has %d dimensions", axis,
                   (int)rank);
        return false;
    }
    *out = axis < 0 ? axis + rank : axis;
    return true;
}

bool onx_axes(struct onx_node *n, size_t i, const char *name, int32_t rank, int64_t *out,
              size_t *count)
{
    bool seen[TH_MAX_RANK] = {false};

    if (onx_has_in(n, i)) {
        if (!onx_in_ints(n, i, "axes", out, TH_MAX_RANK, count))
            return false;
    } else {
        const int64_t *list = onx_attr_ints(n, name, count);
        if (*count > TH_MAX_RANK) {
            onx_reject(n, NULL, "%zu axes, at most %d are possible", *count, TH_MAX_RANK);
            return false;
        }
        if (*count != 0)
            memcpy(out, list, *count * sizeof *out);
    }
    for (size_t k = 0; k < *count; k++) {
        if (!onx_axis(n, out[k], rank, &out[k]))
            return false;
        if (seen[out[k]]) {
            onx_reject(n, NULL, "axis %" PRId64 " is given twice", out[k]);
            return false;
        }
        seen[out[k]] = true;
    }
    return true;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static enum th_status add_plain(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a, const struct th_type *type, th_value *out)
{
    struct th_node_desc d = {
        .op = op, .contract = "onnx", .in = in, .n_in = (uint32_t)n_in, .out = type, .n_out = 1,
        .loc = n->loc,
    };
    th_value v = 0;             /* callers let a result take the place of its operand */

    if (a != NULL) {
        d.attrs = a->at;
        d.n_attrs = a->n;
    }
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, &v));
    if (th_value_is_const(n->scope->graph, v) &&
        !onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(onx_type(n, v))))
        return TH_ERR_INTERNAL;
    TH_TRY(onx_narrow_keep(n, op, in, n_in, v));
    *out = v;
    return TH_OK;
}

static bool is_half(enum th_dtype dt)
{
    return dt == TH_DT_F16 || dt == TH_DT_BF16;
}

/* Half precision is a way to store: an operator that does not compute in it gets floats. Which of
 * the two forms it was; NONE if all operands can stay. */
static enum th_dtype widens(const struct onx_node *n, const struct th_op *record,
                            const th_value *in, size_t n_in)
{
    const struct th_port *port = record != NULL ? record->inputs : NULL;

    for (size_t i = 0; i < n_in && port != NULL && port->name != NULL; i++) {
        const enum th_dtype dt = in[i] != 0 ? onx_type(n, in[i])->dtype : TH_DT_NONE;
        if (is_half(dt) && port->dtypes != 0 && !(port->dtypes & TH_DT_BIT(dt)))
            return dt;
        port += (port->flags & TH_PORT_VARIADIC) == 0;
    }
    return TH_DT_NONE;
}

enum { MAX_WIDENED = 32 };

static enum th_status add(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a, const struct th_type *type, th_value *out)
{
    struct th_type wide = {.rank = -1};
    th_value list[MAX_WIDENED];
    enum th_dtype half = TH_DT_NONE, result;

    if (n_in <= MAX_WIDENED)
        half = widens(n, th_op_find(n->scope->im->ctx, op), in, n_in);
    if (half == TH_DT_NONE)
        return add_plain(n, op, in, n_in, a, type, out);
    for (size_t i = 0; i < n_in; i++) {
        list[i] = in[i];
        if (in[i] != 0 && is_half(onx_type(n, in[i])->dtype))
            TH_TRY(onx_cast(n, in[i], TH_DT_F32, &list[i]));
    }
    if (type != NULL) {
        wide = *type;
        wide.dtype = is_half(type->dtype) ? TH_DT_F32 : type->dtype;
    }
    TH_TRY(add_plain(n, op, list, n_in, a, type != NULL ? &wide : NULL, out));
    result = type != NULL && type->dtype != TH_DT_NONE ? type->dtype
             : onx_type(n, *out)->dtype == TH_DT_F32   ? half
                                                       : TH_DT_NONE;
    return is_half(result) ? onx_cast(n, *out, result, out) : TH_OK;
}

enum th_status onx_add_typed(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                             const struct th_attr_list *a, enum th_dtype dt,
                             const struct th_quant *q, th_value *out)
{
    struct th_type open = {.dtype = dt, .rank = -1, .quant = q};

    return add(n, op, in, n_in, a, &open, out);
}

enum th_status onx_add(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                       const struct th_attr_list *a, th_value *out)
{
    const struct th_op *record = th_op_find(n->scope->im->ctx, op);

    if (record != NULL && record->outputs[0].flags & TH_PORT_DECLARED && n_in != 0) {
        const struct th_type *x = onx_type(n, in[0]);
        return onx_add_typed(n, op, in, n_in, a, x->dtype, x->quant, out);
    }
    return add(n, op, in, n_in, a, NULL, out);
}

enum th_status onx_finish(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a)
{
    th_value v;

    TH_TRY(onx_add(n, op, in, n_in, a, &v));
    return onx_bind(n, 0, v);
}

enum th_status onx_unary(struct onx_node *n, const char *op, th_value x, th_value *out)
{
    return onx_add(n, op, &x, 1, NULL, out);
}

enum th_status onx_binary(struct onx_node *n, const char *op, th_value a, th_value b,
                          th_value *out)
{
    th_value in[2] = {a, b};

    return onx_add(n, op, in, 2, NULL, out);
}

static bool same_dims(const struct th_type *t, int32_t rank, const int64_t *dims)
{
    bool same = t->rank == rank;

    for (int32_t i = 0; same && i < rank; i++)
        same = t->dims[i] == dims[i];
    return same;
}

enum th_status onx_reshape(struct onx_node *n, th_value v, int32_t rank, const int64_t *dims,
                           th_value *out)
{
    struct th_attr_list a = {.n = 0};

    if (same_dims(onx_type(n, v), rank, dims)) {
        *out = v;
        return TH_OK;
    }
    th_attr_list_ints(&a, "shape", dims, (size_t)rank);
    return onx_add(n, "reshape", &v, 1, &a, out);
}

enum th_status onx_transpose(struct onx_node *n, th_value v, const int64_t *perm, th_value *out)
{
    struct th_attr_list a = {.n = 0};
    int32_t rank = onx_type(n, v)->rank;
    bool identity = true;

    for (int32_t i = 0; i < rank; i++)
        identity = identity && perm[i] == i;
    if (identity) {
        *out = v;
        return TH_OK;
    }
    th_attr_list_ints(&a, "perm", perm, (size_t)rank);
    return onx_add(n, "transpose", &v, 1, &a, out);
}

bool onx_is_fixed(const struct onx_node *n, th_value v)
{
    const struct th_graph *g = n->scope->graph;
    th_node d = v != 0 ? th_value_def(g, v) : 0;

    if (d != 0 && (th_node_is(g, d, "reshape") || th_node_is(g, d, "transpose"))) {
        v = th_node_input(g, d, 0);
        d = th_value_def(g, v);
    }
    if (d != 0 && th_node_is(g, d, "dequantize"))
        v = th_node_input(g, d, 0);
    return v != 0 && th_value_is_const(g, v);
}

enum th_status onx_to_last(struct onx_node *n, th_value v, th_value *out)
{
    int32_t rank = onx_type(n, v)->rank;
    int64_t perm[TH_MAX_RANK] = {0};

    for (int32_t i = 1; i < rank; i++)
        perm[i] = i + 1 < rank ? i + 1 : 1;
    return onx_transpose(n, v, perm, out);
}

enum th_status onx_to_first(struct onx_node *n, th_value v, th_value *out)
{
    int32_t rank = onx_type(n, v)->rank;
    int64_t perm[TH_MAX_RANK] = {0};

    for (int32_t i = 1; i < rank; i++)
        perm[i] = i == 1 ? rank - 1 : i - 1;
    return onx_transpose(n, v, perm, out);
}

enum th_status onx_cast(struct onx_node *n, th_value v, enum th_dtype dt, th_value *out)
{
    if (onx_type(n, v)->dtype == dt && onx_type(n, v)->quant == NULL) {
        *out = v;
        return TH_OK;
    }
    return onx_add_typed(n, "cast", &v, 1, NULL, dt, NULL, out);
}

/* As two's complement: the bits that the type has not are dropped. */
enum th_status onx_cast_narrow(struct onx_node *n, th_value v, int32_t type, th_value *out)
{
    const enum th_dtype dt = onx_dtype(type);
    const unsigned bits = onx_type_bits(type);
    const double span = (double)(1u << bits), low = dt == TH_DT_S8 ? span / 2 : 0;
    th_value offset, size;

    if (bits == 0)
        return onx_cast(n, v, dt, out);
    if (onx_narrow_type(n, v) != type) {
        TH_TRY(onx_cast(n, v, TH_DT_S32, &v));
        TH_TRY(onx_scalar(n, TH_DT_S32, low, &offset));
        TH_TRY(onx_scalar(n, TH_DT_S32, span, &size));
        TH_TRY(onx_binary(n, "add", v, offset, &v));
        TH_TRY(onx_binary(n, "floor_mod", v, size, &v));
        TH_TRY(onx_binary(n, "sub", v, offset, &v));
        TH_TRY(onx_cast(n, v, dt, &v));
    }
    *out = v;
    return onx_narrow_add(n->scope->im, n->scope->graph, v, type) ? TH_OK : TH_ERR_INTERNAL;
}

enum th_status onx_clamp(struct onx_node *n, th_value v, double lo, double hi, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_float(&a, "act_min", lo);
    th_attr_list_float(&a, "act_max", hi);
    return onx_add(n, "clamp", &v, 1, &a, out);
}

enum th_status onx_slice(struct onx_node *n, th_value v, int64_t axis, int64_t begin, int64_t size,
                         th_value *out)
{
    const struct th_type *t = onx_type(n, v);
    int64_t begins[TH_MAX_RANK] = {0}, sizes[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};

    memcpy(sizes, t->dims, sizeof sizes);
    begins[axis] = begin;
    sizes[axis] = size;
    th_attr_list_ints(&a, "begin", begins, (size_t)t->rank);
    th_attr_list_ints(&a, "size", sizes, (size_t)t->rank);
    return onx_add(n, "slice", &v, 1, &a, out);
}

enum th_status onx_concat(struct onx_node *n, const th_value *in, size_t n_in, int64_t axis,
                          th_value *out)
{
    struct th_attr_list a = {.n = 0};

    if (n_in == 1) {
        *out = in[0];
        return TH_OK;
    }
    th_attr_list_int(&a, "axis", axis);
    return onx_add(n, "concat", in, n_in, &a, out);
}

enum th_status onx_gather(struct onx_node *n, th_value v, th_value index, int64_t axis,
                          th_value *out)
{
    struct th_attr_list a = {.n = 0};
    th_value in[2] = {v, index};

    th_attr_list_int(&a, "axis", axis);
    return onx_add(n, "gather", in, 2, &a, out);
}

enum th_status onx_broadcast(struct onx_node *n, th_value v, int32_t rank, const int64_t *dims,
                             th_value *out)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_ints(&a, "shape", dims, (size_t)rank);
    return onx_add(n, "broadcast_to", &v, 1, &a, out);
}

enum th_status onx_reduce(struct onx_node *n, const char *op, th_value v, const int64_t *axes,
                          size_t count, bool keep, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    if (count == 0) {
        *out = v;
        return TH_OK;
    }
    th_attr_list_ints(&a, "axes", axes, count);
    th_attr_list_bool(&a, "keep_dims", keep);
    return onx_add(n, op, &v, 1, &a, out);
}

/* ---- constants ------------------------------------------------------------------------------- */

enum th_status onx_filled(struct onx_node *n, const struct th_type *type, double v, th_value *out)
{
    struct th_tensor *t = NULL;

    if (onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(type)))
        t = th_tensor_new(n->scope->im->arena, type);
    if (t == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < th_type_elems(type); i++)
        th_tensor_set_real(t, i, v);
    *out = th_graph_const_copy(n->scope->graph, "", type, t->data);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}

enum th_status onx_scalar(struct onx_node *n, enum th_dtype dt, double v, th_value *out)
{
    struct th_type type = th_type_make(dt, 0, NULL);

    return onx_filled(n, &type, v, out);
}

enum th_status onx_ints(struct onx_node *n, enum th_dtype dt, int32_t rank, const int64_t *dims,
                        const int64_t *v, th_value *out)
{
    *out = th_graph_const_ints(n->scope->graph, dt, rank, dims, v);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}
