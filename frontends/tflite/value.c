/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of the file as values of the IR, and the few ways to add nodes. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

/* ---- messages */

enum th_status tfl_reject(const struct tfl_node *n, const char *nearest, const char *format, ...)
{
    va_list args;
    enum th_status status;

    va_start(args, format);
    status = th_reject_form(n->scope->im->ctx, &n->loc, nearest, format, args);
    va_end(args);
    return status;
}

/* ---- types */

enum th_dtype tfl_dtype(int type)
{
    switch (type) {
    case TFL_FLOAT32: return TH_DT_F32;
    case TFL_FLOAT64: return TH_DT_F64;
    case TFL_FLOAT16: return TH_DT_F16;
    case TFL_INT8: return TH_DT_S8;
    case TFL_INT16: return TH_DT_S16;
    case TFL_INT32: return TH_DT_S32;
    case TFL_INT64: return TH_DT_S64;
    case TFL_UINT8: return TH_DT_U8;
    case TFL_UINT16: return TH_DT_U16;
    case TFL_UINT32: return TH_DT_U32;
    case TFL_UINT64: return TH_DT_U64;
    case TFL_BOOL: return TH_DT_BOOL;
    case TFL_INT4: return TH_DT_S4;
    default: return TH_DT_NONE;
    }
}

/* Scales of zero stand in integer tensors that are no quantized reals (indices, shapes). */
static bool has_quant(const struct tfl_tensor *t, enum th_dtype dt)
{
    if (t->quant.count == 0 || !th_dtype_is_int(dt))
        return false;
    for (size_t i = 0; i < t->quant.count; i++) {
        if (t->quant.scale[i] > 0.0f)
            return true;
    }
    return false;
}

/* A channel of zero scale holds only zeros, whatever its scale: the least one serves. */
static const float *positive_scales(struct tfl_import *im, const struct tfl_quant *q)
{
    float *scales;
    size_t i = 0;

    while (i < q->count && q->scale[i] > 0.0f)
        i++;
    if (i == q->count)
        return q->scale;
    scales = th_arena_memdup(im->arena, q->scale, q->count * sizeof *scales);
    for (; scales != NULL && i < q->count; i++) {
        if (scales[i] == 0.0f)
            scales[i] = 1.17549435e-38f;
    }
    return scales;
}

bool tfl_tensor_type(struct tfl_import *im, const struct tfl_tensor *t, struct th_type *out)
{
    enum th_dtype dt = tfl_dtype(t->type);

    *out = (struct th_type){.dtype = dt, .rank = (int32_t)t->rank};
    for (size_t i = 0; i < t->rank; i++) {
        out->dims[i] = t->dims[i];
        if (t->signature != NULL && t->signature[i] < 0)
            out->rank = -1;
    }
    if (dt == TH_DT_NONE || t->quant.details != NULL) {
        struct th_loc loc = TH_LOC_NONE;
        loc.file = im->request->base_name;
        loc.name = t->name;
        loc.offset = (int64_t)t->offset;
        th_error(im->ctx, &loc, TFL_MSG_UNKNOWN, dt == TH_DT_NONE
                 ? "tensor type %s is not supported"
                 : "%s is not supported; nearest supported form: one scale a channel",
                 dt == TH_DT_NONE ? tfl_type_name(t->type) : t->quant.details);
        return false;
    }
    if (has_quant(t, dt)) {
        const float *scales = positive_scales(im, &t->quant);
        if (scales != NULL)
            out->quant = th_quant_new(th_program_arena(im->program), (uint32_t)t->quant.count,
                                      scales, t->quant.zero_point,
                                      t->quant.count == 1 ? -1 : t->quant.axis);
        if (out->quant == NULL) {
            th_error(im->ctx, NULL, TFL_MSG_DAMAGED, "out of memory");
            return false;
        }
    }
    return true;
}

const struct th_type *tfl_type_of(const struct tfl_node *n, th_value v)
{
    return th_value_type(n->scope->graph, v);
}

struct th_type tfl_out_type(struct tfl_node *n, size_t i)
{
    struct th_type type;
    const struct tfl_tensor *t = &n->scope->sg->tensors[n->op->outputs[i]];

    if (!tfl_tensor_type(n->scope->im, t, &type))
        type.dtype = TH_DT_NONE;
    type.rank = -1;
    return type;
}

/* ---- constants */

bool tfl_charge(struct tfl_import *im, const struct th_loc *loc, uint64_t bytes)
{
    if (bytes > im->bytes_left) {
        th_error(im->ctx, loc, TFL_MSG_DAMAGED,
                 "the constants that this file computes or widens are too many for its size");
        im->ops_left = 0;
        return false;
    }
    im->bytes_left -= (size_t)bytes;
    return true;
}

static bool aligned(const void *p, enum th_dtype dt)
{
    unsigned bytes = th_dtype_bits(dt) / 8;

    return bytes <= 1 || (uintptr_t)p % bytes == 0;
}

/* Weights of 4 bits become 8 bits wide: kernels compute with them so, and the bytes are the same
 * numbers. The low half of a byte comes first. */
static struct th_blob *widen_nibbles(struct tfl_import *im, const struct tfl_tensor *t,
                                     struct th_type *type)
{
    size_t count = (size_t)th_type_elems(type);
    int8_t *wide;

    if (!tfl_charge(im, NULL, count) || t->size != count / 2 + count % 2)
        return NULL;
    wide = th_arena_alloc(im->arena, count);
    if (wide == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        int nibble = t->data[i / 2] >> (i % 2 * 4) & 15;
        wide[i] = (int8_t)(nibble < 8 ? nibble : nibble - 16);
    }
    type->dtype = TH_DT_S8;
    return th_blob_copy(wide, count);
}

/* Constants stay where they are in the file; the odd misaligned one is copied. */
static struct th_blob *constant_blob(struct tfl_import *im, const struct tfl_tensor *t,
                                     struct th_type *type)
{
    if (t->data == NULL)
        return th_blob_copy("", 0);
    if (type->dtype == TH_DT_S4)
        return widen_nibbles(im, t, type);
    if (type->dtype == TH_DT_BOOL) {
        unsigned char *bits = NULL;
        if (tfl_charge(im, NULL, t->size))
            bits = th_arena_alloc(im->arena, t->size);
        for (size_t i = 0; bits != NULL && i < t->size; i++)
            bits[i] = t->data[i] != 0;
        return bits != NULL ? th_blob_copy(bits, t->size) : NULL;
    }
    if (!aligned(t->data, type->dtype))
        return tfl_charge(im, NULL, t->size) ? th_blob_copy(t->data, t->size) : NULL;
    return th_blob_slice(im->request->file, (size_t)(t->data - im->model->file), t->size);
}

static th_value add_constant(struct tfl_scope *s, const struct tfl_tensor *t)
{
    struct th_type type;
    struct th_blob *blob;

    if (!tfl_tensor_type(s->im, t, &type))
        return 0;
    if (type.rank < 0)
        type.rank = (int32_t)t->rank;
    if (t->sparse) {
        struct th_loc loc = TH_LOC_NONE;
        loc.file = s->im->request->base_name;
        loc.name = t->name;
        th_error(s->im->ctx, &loc, TFL_MSG_UNKNOWN,
                 "sparse weights are not supported; nearest supported form: dense weights");
        return 0;
    }
    blob = constant_blob(s->im, t, &type);
    return blob != NULL ? th_graph_add_const(s->graph, t->name, &type, blob) : 0;
}

th_value tfl_const(struct tfl_node *n, const struct th_type *type, const void *data)
{
    return th_graph_const_copy(n->scope->graph, "", type, data);
}

/* ---- variables */

th_state tfl_variable(struct tfl_scope *s, int32_t tensor)
{
    th_state *state = &s->im->variables[s->index][tensor];
    const struct tfl_tensor *t = &s->sg->tensors[tensor];
    struct th_type type;

    if (*state == 0 && tfl_tensor_type(s->im, t, &type)) {
        type.rank = (int32_t)t->rank;
        *state = th_program_add_state(s->im->program, t->name, &type, TH_STATE_MODEL, NULL);
    }
    return *state;
}

static th_value read_variable(struct tfl_node *n, int32_t tensor)
{
    struct th_attr_list a = {.n = 0};
    th_state state;
    th_value v = 0;

    if (n->scope->im->initialising) {
        tfl_reject(n, "assignments of constants", "an initialiser uses a variable tensor");
        return 0;
    }
    state = tfl_variable(n->scope, tensor);
    if (state == 0)
        return 0;
    th_attr_list_state(&a, "state", state);
    return tfl_add_exact(n, "state_read", NULL, 0, &a,
                         th_state_type(n->scope->im->program, state), &v) == TH_OK ? v : 0;
}

/* ---- operands and results */

bool tfl_has_in(const struct tfl_node *n, size_t i)
{
    return i < n->op->ninputs && n->op->inputs[i] >= 0;
}

const struct tfl_tensor *tfl_in_tensor(const struct tfl_node *n, size_t i)
{
    return tfl_has_in(n, i) ? &n->scope->sg->tensors[n->op->inputs[i]] : NULL;
}

th_value tfl_in(struct tfl_node *n, size_t i)
{
    const struct tfl_tensor *t = tfl_in_tensor(n, i);
    struct tfl_slot *slot;

    if (t == NULL)
        return 0;
    slot = &n->scope->slots[n->op->inputs[i]];
    if (slot->value != 0 || slot->bad)
        return slot->value;
    if (t->variable)
        return read_variable(n, n->op->inputs[i]);      /* anew each time: it changes */
    slot->value = add_constant(n->scope, t);
    slot->bad = slot->value == 0;
    return slot->value;
}

static bool shapes_agree(const struct th_type *have, const struct th_type *want)
{
    if (want->rank <= 0)        /* open, or 0 as files write it for an unknown rank */
        return true;
    if (have->rank != want->rank)
        return false;
    for (int32_t i = 0; i < want->rank; i++) {
        if (have->dims[i] != want->dims[i])
            return false;
    }
    return true;
}

static void print_types(struct tfl_node *n, const struct th_type *have,
                        const struct th_type *want)
{
    struct th_str a, b;

    th_str_init(&a);
    th_str_init(&b);
    th_type_print(&a, have);
    th_type_print(&b, want);
    th_error(n->scope->im->ctx, &n->loc, TFL_MSG_DAMAGED, "result is %s, the file declares %s", a.s,
             b.s);
    th_str_release(&a);
    th_str_release(&b);
}

enum th_status tfl_bind(struct tfl_node *n, size_t i, th_value v)
{
    const struct tfl_tensor *t = &n->scope->sg->tensors[n->op->outputs[i]];
    struct th_type want, have = *tfl_type_of(n, v);

    if (!tfl_tensor_type(n->scope->im, t, &want))
        return TH_ERR_INPUT;
    if (have.dtype != want.dtype || (!n->scope->im->reshaped && !shapes_agree(&have, &want))) {
        print_types(n, &have, &want);
        return TH_ERR_INPUT;
    }
    if (th_value_is_const(n->scope->graph, v) &&
        !tfl_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(&have)))
        return TH_ERR_INTERNAL;
    /* An operator that only moves data leaves the bytes; their meaning is what the file says. */
    if (want.quant != NULL && !th_quant_equal(have.quant, want.quant)) {
        have.quant = want.quant;
        th_value_set_type(n->scope->graph, v, &have);
    }
    if (t->name[0] != '\0')
        th_value_set_name(n->scope->graph, v, t->name);
    if (t->quant.nrange == 1)
        th_value_set_range(n->scope->graph, v, t->quant.min[0], t->quant.max[0]);
    n->scope->slots[n->op->outputs[i]].value = v;
    return TH_OK;
}

bool tfl_in_ints(struct tfl_node *n, size_t i, const char *what, int64_t *out, size_t max,
                 size_t *count)
{
    th_value v = tfl_in(n, i);
    const struct th_tensor *c = v != 0 ? th_value_const(n->scope->graph, v) : NULL;
    int64_t elems;

    *count = 0;
    if (c == NULL || !th_dtype_is_int(c->type.dtype)) {
        tfl_reject(n, NULL, "operand %zu (%s) must be an integer constant", i, what);
        return false;
    }
    elems = th_type_elems(&c->type);
    if (elems < 0 || (uint64_t)elems > max) {
        tfl_reject(n, NULL, "operand %zu (%s) has %" PRId64 " entries, at most %zu are possible",
                   i, what, elems, max);
        return false;
    }
    for (int64_t k = 0; k < elems; k++)
        out[k] = th_tensor_int(c, k);
    *count = (size_t)elems;
    return true;
}

bool tfl_in_int(struct tfl_node *n, size_t i, const char *what, int64_t *out)
{
    size_t count;

    if (!tfl_in_ints(n, i, what, out, 1, &count))
        return false;
    if (count == 1)
        return true;
    tfl_reject(n, NULL, "operand %zu (%s) is empty", i, what);
    return false;
}

/* ---- nodes */

static enum th_status add(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a, const struct th_type *type, th_value *out)
{
    struct th_node_desc d = {
        .op = op, .in = in, .n_in = (uint32_t)n_in, .out = type, .n_out = 1, .loc = n->loc,
    };
    th_value v = 0;             /* callers let a result take the place of its operand */

    if (a != NULL) {
        d.attrs = a->at;
        d.n_attrs = a->n;
    }
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, &v));
    *out = v;
    return TH_OK;
}

enum th_status tfl_add(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                       const struct th_attr_list *a, th_value *out)
{
    return add(n, op, in, n_in, a, NULL, out);
}

enum th_status tfl_add_typed(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                             const struct th_attr_list *a, const struct th_type *type,
                             th_value *out)
{
    struct th_type open = *type;

    open.rank = -1;
    return add(n, op, in, n_in, a, &open, out);
}

enum th_status tfl_add_exact(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                             const struct th_attr_list *a, const struct th_type *type,
                             th_value *out)
{
    return add(n, op, in, n_in, a, type, out);
}

enum th_status tfl_finish(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a)
{
    const struct th_op *record = th_op_find(n->scope->im->ctx, op);
    struct th_type type = tfl_out_type(n, 0);
    th_value out = 0;

    if (type.dtype == TH_DT_NONE)
        return TH_ERR_INPUT;
    if (record != NULL && (record->outputs[0].flags & TH_PORT_DECLARED))
        TH_TRY(tfl_add_typed(n, op, in, n_in, a, &type, &out));
    else
        TH_TRY(tfl_add(n, op, in, n_in, a, &out));
    return tfl_bind(n, 0, out);
}

enum th_status tfl_reshape(struct tfl_node *n, th_value v, size_t rank, const int64_t *dims,
                           th_value *out)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_ints(&a, "shape", dims, rank);
    return tfl_add(n, "reshape", &v, 1, &a, out);
}

bool tfl_activation(struct tfl_node *n, struct th_attr_list *a)
{
    static const struct {
        double min, max;
    } bounds[] = {{-INFINITY, INFINITY}, {0, INFINITY}, {-1, 1}, {0, 6}};
    int64_t kind = tfl_option_int(n->op, "fused_activation_function", 0);

    if (kind < 0 || (size_t)kind >= TH_ARRAY_LEN(bounds)) {
        tfl_reject(n, "NONE, RELU, RELU_N1_TO_1, RELU6",
                   "fused activation %" PRId64 " is not supported", kind);
        return false;
    }
    if (kind == 0)
        return true;
    th_attr_list_float(a, "act_min", bounds[kind].min);
    th_attr_list_float(a, "act_max", bounds[kind].max);
    return true;
}

enum th_status tfl_symmetric(struct tfl_node *n, const size_t *operands, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct tfl_tensor *t = tfl_in_tensor(n, operands[i]);
        for (size_t k = 0; t != NULL && k < t->quant.count; k++) {
            if (t->quant.zero_point[k] != 0 && t->type != TFL_UINT8)
                return tfl_reject(n, "symmetric weights", "operand %zu has zero point %" PRId64,
                                  operands[i], t->quant.zero_point[k]);
        }
    }
    return TH_OK;
}

bool tfl_axis(struct tfl_node *n, int64_t axis, size_t rank, size_t *out)
{
    int64_t end = (int64_t)rank;

    if (axis < -end || axis >= end) {
        tfl_reject(n, NULL, "axis %" PRId64 " of a tensor that has %zu dimensions", axis, rank);
        return false;
    }
    *out = (size_t)(axis < 0 ? axis + end : axis);
    return true;
}
