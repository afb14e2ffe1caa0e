/* SPDX-License-Identifier: Apache-2.0 */
/* Operands, constants, results and attributes of layers. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/numeric.h>

#include "import.h"

/* ---- messages -------------------------------------------------------------------------------- */

enum th_status ov_reject(const struct ov_node *n, const char *format, ...)
{
    va_list args;
    enum th_status status;

    va_start(args, format);
    status = th_reject_form(n->scope->im->ctx, &n->loc, NULL, format, args);
    va_end(args);
    return status;
}

/* ---- types ----------------------------------------------------------------------------------- */

enum th_dtype ov_dtype(const char *name)
{
    static const struct {
        const char *layer, *port;
        enum th_dtype dt;
    } names[] = {
        {"f32", "FP32", TH_DT_F32}, {"f16", "FP16", TH_DT_F32}, {"bf16", "BF16", TH_DT_F32},
        {"i8", "I8", TH_DT_S8}, {"i16", "I16", TH_DT_S16}, {"i32", "I32", TH_DT_S32},
        {"i64", "I64", TH_DT_S64}, {"u8", "U8", TH_DT_U8}, {"u16", "U16", TH_DT_U16},
        {"u32", "U32", TH_DT_U32}, {"u64", "U64", TH_DT_U64}, {"boolean", "BOOL", TH_DT_BOOL},
        {"i4", "I4", TH_DT_S8}, {"u4", "U4", TH_DT_U8}, {"f64", "FP64", TH_DT_F64},
    };
    for (size_t i = 0; i < TH_ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i].layer) == 0 || strcmp(name, names[i].port) == 0)
            return names[i].dt;
    }
    return TH_DT_NONE;
}

const struct th_type *ov_type(const struct ov_node *n, th_value v)
{
    return th_value_type(n->scope->graph, v);
}

bool ov_charge(struct ov_import *im, const struct th_loc *loc, uint64_t bytes)
{
    if (bytes > im->bytes_left) {
        th_error(im->ctx, loc, OV_MSG_LARGE,
                 "the constants that this file computes or widens are too many for its size");
        im->nodes_left = 0;
        return false;
    }
    im->bytes_left -= (size_t)bytes;
    return true;
}

/* ---- operands and results -------------------------------------------------------------------- */

th_value ov_in(const struct ov_node *n, uint32_t i)
{
    if (i >= n->layer->n_inputs)
        return 0;
    const struct ov_port *p = &n->layer->inputs[i];
    return n->scope->slots[p->layer->index][p->output].value;
}

enum th_status ov_operands(const struct ov_node *n, th_value *in, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        in[i] = ov_in(n, i);
        if (in[i] == 0)
            return ov_reject(n, "has %u operands, it needs %u", n->layer->n_inputs, count);
    }
    return TH_OK;
}

enum th_status ov_need_rank(const struct ov_node *n, th_value v, int32_t least, int32_t most)
{
    int32_t rank = ov_type(n, v)->rank;

    if (rank >= least && rank <= most)
        return TH_OK;
    return ov_reject(n, "an operand has %d dimensions, possible are %d to %d", (int)rank,
                     (int)least, (int)most);
}

static bool shape_fits(const struct th_type *have, const struct ov_port *want)
{
    if (have->rank != want->rank)
        return false;
    for (int32_t i = 0; i < want->rank; i++) {
        if (want->dims[i] >= 0 && have->dims[i] != want->dims[i])
            return false;
    }
    return true;
}

static enum th_status unlike(const struct ov_node *n, const struct th_type *have,
                             const struct ov_port *want)
{
    struct th_str a;
    enum th_status s;

    th_str_init(&a);
    th_type_print(&a, have);
    th_str_addf(&a, ", the file declares %.20s[", want->precision);
    for (int32_t i = 0; i < want->rank; i++)
        th_str_addf(&a, "%s%" PRId64, i != 0 ? "," : "", want->dims[i]);
    s = ov_reject(n, "result is %s]", a.s);
    th_str_release(&a);
    return s;
}

enum th_status ov_bind(struct ov_node *n, uint32_t i, th_value v)
{
    const struct ov_layer *l = n->layer;
    const struct th_type *have = ov_type(n, v);
    struct ov_slot *slot;

    if (i >= l->n_outputs)
        return ov_reject(n, "has %u outputs, it needs %u", l->n_outputs, i + 1);
    const struct ov_port *want = &l->outputs[i];
    enum th_dtype dt = *want->precision != '\0' ? ov_dtype(want->precision) : have->dtype;
    if (dt == TH_DT_NONE)
        return ov_reject(n, "element type '%.20s' is not supported", want->precision);
    if (dt != have->dtype || (!n->scope->im->reshaped && !shape_fits(have, want)))
        return unlike(n, have, want);
    slot = &n->scope->slots[l->index][i];
    slot->value = v;
    if (*th_value_name(n->scope->graph, v) == '\0' && *l->name != '\0' &&
        !th_value_is_input(n->scope->graph, v))
        th_value_set_name(n->scope->graph, v, l->name);
    return TH_OK;
}

static const struct th_tensor *const_in(const struct ov_node *n, uint32_t i)
{
    th_value v = ov_in(n, i);

    return v != 0 ? th_value_const(n->scope->graph, v) : NULL;
}

bool ov_in_ints(const struct ov_node *n, uint32_t i, const char *what, int64_t *out, size_t max,
                size_t *count)
{
    const struct th_tensor *c = const_in(n, i);
    int64_t elems;

    *count = 0;
    if (c == NULL || !th_dtype_is_int(c->type.dtype)) {
        ov_reject(n, "operand %u (%s) must be an integer constant", i, what);
        return false;
    }
    elems = th_type_elems(&c->type);
    if (elems < 0 || (uint64_t)elems > max) {
        ov_reject(n, "operand %u (%s) has %" PRId64 " entries, at most %zu are possible", i, what,
                  elems, max);
        return false;
    }
    for (int64_t k = 0; k < elems; k++)
        out[k] = th_tensor_int(c, k);
    *count = (size_t)elems;
    return true;
}

bool ov_in_int(const struct ov_node *n, uint32_t i, const char *what, int64_t *out)
{
    size_t count;

    if (!ov_in_ints(n, i, what, out, 1, &count))
        return false;
    if (count == 0)
        ov_reject(n, "operand %u (%s) is empty", i, what);
    return count == 1;
}

bool ov_in_float(const struct ov_node *n, uint32_t i, const char *what, double *out)
{
    const struct th_tensor *c = const_in(n, i);

    if (c == NULL || th_type_elems(&c->type) != 1) {
        ov_reject(n, "operand %u (%s) must be one constant number", i, what);
        return false;
    }
    *out = th_dtype_is_float(c->type.dtype) ? th_tensor_real(c, 0) : (double)th_tensor_int(c, 0);
    return true;
}

/* Each once, counted from the front, in ascending order. */
static bool sort_axes(const struct ov_node *n, const int64_t *given, size_t n_given, int32_t rank,
                      int64_t *axes, size_t *count)
{
    bool taken[TH_MAX_RANK] = {false};

    *count = 0;
    for (size_t k = 0; k < n_given; k++) {
        int32_t axis;
        if (!ov_axis(n, given[k], rank, &axis))
            return false;
        taken[axis] = true;
    }
    for (int32_t k = 0; k < rank; k++) {
        if (taken[k])
            axes[(*count)++] = k;
    }
    return true;
}

bool ov_in_axes(const struct ov_node *n, uint32_t i, int32_t rank, int64_t *axes, size_t *count)
{
    int64_t given[2 * TH_MAX_RANK];
    size_t n_given;

    *count = 0;
    return ov_in_ints(n, i, "axes", given, TH_ARRAY_LEN(given), &n_given) &&
           sort_axes(n, given, n_given, rank, axes, count);
}

bool ov_attr_axes(const struct ov_node *n, const char *name, int32_t rank, int64_t *axes,
                  size_t *count)
{
    const char *text = ov_attr_text(n, name);
    int64_t given[2 * TH_MAX_RANK];
    size_t n_given = 0;

    *count = 0;
    if (text != NULL && !ov_scan_ints(text, given, TH_ARRAY_LEN(given), &n_given)) {
        ov_reject(n, "attribute '%s' is '%.40s', not a list of axes", name, text);
        return false;
    }
    return sort_axes(n, given, n_given, rank, axes, count);
}

/* ---- constants ------------------------------------------------------------------------------- */

struct range {
    const unsigned char *bytes;
    size_t offset, size;
};

/* Elements of narrow or foreign types as the IR has them. */
static struct th_blob *widen(struct ov_node *n, const char *type, const struct range *r,
                             int64_t count, unsigned bytes_each)
{
    size_t bytes;

    if (!th_mul_size((size_t)count, bytes_each, &bytes) ||
        !ov_charge(n->scope->im, &n->loc, bytes))
        return NULL;
    unsigned char *out = th_arena_alloc(n->scope->im->arena, bytes);
    if (out == NULL)
        return NULL;
    for (int64_t i = 0; i < count; i++) {
        uint32_t wide = 0;
        if (strcmp(type, "f16") == 0)
            wide = th_half_widen((uint16_t)(r->bytes[2 * i] | r->bytes[2 * i + 1] << 8));
        else if (strcmp(type, "bf16") == 0)
            wide = (uint32_t)(r->bytes[2 * i] | r->bytes[2 * i + 1] << 8) << 16;
        else if (type[1] == '4')
            wide = r->bytes[i / 2] >> (i % 2 * 4) & 15u;
        else
            wide = r->bytes[i] != 0;            /* boolean */
        if (bytes_each == 4)
            memcpy(out + 4 * i, &wide, 4);
        else
            out[i] = (unsigned char)(*type == 'i' && wide > 7 ? wide | 0xf0u : wide);
    }
    struct th_blob *blob = th_blob_copy(out, bytes);
    return blob;
}

static unsigned bits_in_file(const char *type, enum th_dtype dt)
{
    if (strcmp(type, "f16") == 0 || strcmp(type, "bf16") == 0)
        return 16;
    return type[1] == '4' ? 4 : th_dtype_bits(dt);
}

/* The weights lie beside the model, under its name with another ending. */
static struct th_blob *weights_of(struct ov_node *n)
{
    struct ov_import *im = n->scope->im;
    const char *base = im->request->base_name, *dot = strrchr(base, '.');

    if (im->weights != NULL || im->weights_missing)
        return im->weights;
    char *name = th_arena_printf(im->arena, "%.*s.bin",
                                 (int)(dot != NULL ? (size_t)(dot - base) : strlen(base)), base);
    if (name == NULL || th_read_companion(im->request, name, &im->weights) != TH_OK) {
        im->weights_missing = true;
        return NULL;
    }
    size_t more;
    if (th_mul_size(th_blob_size(im->weights), CONSTANT_BYTES_PER_BYTE, &more) &&
        th_add_size(more, im->bytes_left, &more))
        im->bytes_left = more;
    return im->weights;
}

static bool const_range(struct ov_node *n, unsigned bits, const struct th_type *type,
                        struct range *r)
{
    int64_t offset, size, count, in_file, all = 0;
    struct th_blob *weights;

    if (!ov_attr_int(n, "offset", -1, &offset) || !ov_attr_int(n, "size", -1, &size))
        return false;
    weights = size != 0 ? weights_of(n) : NULL;
    if (size != 0 && weights == NULL)
        return false;           /* told once */
    if (weights != NULL)
        all = (int64_t)th_blob_size(weights);
    if (offset < 0 || size < 0 || offset > all || size > all - offset) {
        ov_reject(n, "%" PRId64 " bytes at %" PRId64 " of the weights, which have %" PRId64, size,
                  offset, all);
        return false;
    }
    if (!th_type_count(type, &count) || !th_mul_i64(count, bits, &in_file) ||
        !th_add_i64(in_file, 7, &in_file) || size != in_file / 8) {
        ov_reject(n, "%" PRId64 " bytes do not hold a tensor of this shape", size);
        return false;
    }
    r->offset = (size_t)offset;
    r->size = (size_t)size;
    r->bytes = (const unsigned char *)(weights != NULL ? th_blob_data(weights) : "") + offset;
    return true;
}

th_value ov_import_const(struct ov_node *n)
{
    const char *element = ov_attr_text(n, "element_type"), *shape = ov_attr_text(n, "shape");
    struct th_type type = {.dtype = element != NULL ? ov_dtype(element) : TH_DT_NONE};
    struct th_blob *blob;
    struct range r;

    if (type.dtype == TH_DT_NONE) {
        ov_reject(n, "element type '%.20s' is not supported", element != NULL ? element : "");
        return 0;
    }
    if (shape == NULL || !ov_scan_shape(shape, type.dims, &type.rank)) {
        ov_reject(n, "shape '%.60s' is none", shape != NULL ? shape : "");
        return 0;
    }
    for (int32_t i = 0; i < type.rank; i++) {
        if (type.dims[i] < 0) {
            ov_reject(n, "dimension %d of a constant is open", (int)i);
            return 0;
        }
    }
    unsigned bits = bits_in_file(element, type.dtype), each = th_dtype_bits(type.dtype);
    if (!const_range(n, bits, &type, &r))
        return 0;
    if (bits != each || type.dtype == TH_DT_BOOL)
        blob = widen(n, element, &r, th_type_elems(&type), each / 8);
    else if (each > 8 && (uintptr_t)r.bytes % (each / 8) != 0)
        blob = ov_charge(n->scope->im, &n->loc, r.size) ? th_blob_copy(r.bytes, r.size) : NULL;
    else if (r.size == 0)
        blob = th_blob_copy("", 0);
    else
        blob = th_blob_slice(n->scope->im->weights, r.offset, r.size);
    return blob != NULL ? th_graph_add_const(n->scope->graph, n->layer->name, &type, blob) : 0;
}

/* ---- attributes ------------------------------------------------------------------------------ */

const char *ov_attr_text(const struct ov_node *n, const char *name)
{
    return n->layer->data != NULL ? ov_text(n->layer->data, name) : NULL;
}

/* Names of modes and truths are the same in upper and lower case. */
static bool same_word(const char *a, const char *b)
{
    while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool ov_attr_is(const struct ov_node *n, const char *name, const char *value, bool absent)
{
    const char *text = ov_attr_text(n, name);

    return text != NULL ? same_word(text, value) : absent;
}

bool ov_attr_choice(const struct ov_node *n, const char *name, const char *const *choices,
                    int absent, int *choice)
{
    const char *text = ov_attr_text(n, name);
    struct th_str all;

    *choice = absent;
    for (int i = 0; text != NULL && choices[i] != NULL; i++) {
        if (same_word(text, choices[i])) {
            *choice = i;
            return true;
        }
    }
    if (text == NULL && absent >= 0)
        return true;
    th_str_init(&all);
    for (int i = 0; choices[i] != NULL; i++)
        th_str_addf(&all, "%s%s", i != 0 ? ", " : "", choices[i]);
    if (text == NULL)
        ov_reject(n, "attribute '%s' is missing; possible are %s", name, all.s);
    else
        ov_reject(n, "attribute '%s' is '%.40s'; possible are %s", name, text, all.s);
    th_str_release(&all);
    return false;
}

bool ov_attr_bool(const struct ov_node *n, const char *name, bool absent)
{
    return ov_attr_is(n, name, "true", absent) || ov_attr_is(n, name, "1", absent);
}

bool ov_attr_int(const struct ov_node *n, const char *name, int64_t absent, int64_t *v)
{
    const char *text = ov_attr_text(n, name);

    *v = absent;
    if (text == NULL || ov_scan_int(text, v))
        return true;
    ov_reject(n, "attribute '%s' is '%.40s', not a whole number", name, text);
    return false;
}

bool ov_attr_float(const struct ov_node *n, const char *name, double absent, double *v)
{
    const char *text = ov_attr_text(n, name);
    size_t count;

    *v = absent;
    if (text == NULL || (ov_scan_floats(text, v, 1, &count) && count == 1))
        return true;
    ov_reject(n, "attribute '%s' is '%.40s', not a number", name, text);
    return false;
}

bool ov_attr_ints(const struct ov_node *n, const char *name, int64_t absent, int64_t *v,
                  size_t count)
{
    const char *text = ov_attr_text(n, name);
    size_t found;

    for (size_t i = 0; i < count; i++)
        v[i] = absent;
    if (text == NULL || (ov_scan_ints(text, v, count, &found) && (found == count || found == 0)))
        return true;
    ov_reject(n, "attribute '%s' is '%.40s', not %zu whole numbers", name, text, count);
    return false;
}
