/* SPDX-License-Identifier: Apache-2.0 */
/* Types and tensors of the file as types and constants of the IR. */
#define _XOPEN_SOURCE 700      /* realpath, O_NOFOLLOW */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import.h"

/* Elements of less than a byte are held in bytes. */
static const struct {
    const char *name;
    enum th_dtype dt;
    unsigned bits;             /* in the file, where a byte holds several; or 0 */
} types[] = {
    {"undefined", TH_DT_NONE, 0}, {"float", TH_DT_F32, 0}, {"uint8", TH_DT_U8, 0},
    {"int8", TH_DT_S8, 0}, {"uint16", TH_DT_U16, 0}, {"int16", TH_DT_S16, 0},
    {"int32", TH_DT_S32, 0}, {"int64", TH_DT_S64, 0}, {"string", TH_DT_NONE, 0},
    {"bool", TH_DT_BOOL, 0}, {"float16", TH_DT_F16, 0}, {"double", TH_DT_F64, 0},
    {"uint32", TH_DT_U32, 0}, {"uint64", TH_DT_U64, 0}, {"complex64", TH_DT_NONE, 0},
    {"complex128", TH_DT_NONE, 0}, {"bfloat16", TH_DT_BF16, 0}, {"float8e4m3fn", TH_DT_NONE, 0},
    {"float8e4m3fnuz", TH_DT_NONE, 0}, {"float8e5m2", TH_DT_NONE, 0},
    {"float8e5m2fnuz", TH_DT_NONE, 0}, {"uint4", TH_DT_U8, 4}, {"int4", TH_DT_S8, 4},
    {"float4e2m1", TH_DT_NONE, 0}, {"float8e8m0", TH_DT_NONE, 0}, {"uint2", TH_DT_U8, 2},
    {"int2", TH_DT_S8, 2},
};

enum th_dtype onx_dtype(int32_t type)
{
    return type > 0 && (size_t)type < TH_ARRAY_LEN(types) ? types[type].dt : TH_DT_NONE;
}

unsigned onx_type_bits(int32_t type)
{
    return type > 0 && (size_t)type < TH_ARRAY_LEN(types) ? types[type].bits : 0;
}

/* The name of a value in im->narrow. */
static const char *narrow_key(struct onx_import *im, const struct th_graph *g, th_value v)
{
    return th_arena_printf(im->arena, "%p %" PRIu32, (const void *)g, (uint32_t)v);
}

bool onx_narrow_add(struct onx_import *im, const struct th_graph *g, th_value v, int32_t type)
{
    const char *key;
    int32_t *e;

    if (onx_type_bits(type) == 0)
        return true;
    key = narrow_key(im, g, v);
    e = TH_NEW(im->arena, int32_t);
    if (key == NULL || e == NULL)
        return false;
    *e = type;
    return onx_names_set(&im->narrow, key, e);
}

static int32_t narrow_of(struct onx_import *im, const struct th_graph *g, th_value v)
{
    const char *key = im->narrow.n != 0 ? narrow_key(im, g, v) : NULL;
    const int32_t *e = key != NULL ? onx_names_get(&im->narrow, key) : NULL;

    return e != NULL ? *e : 0;
}

int32_t onx_narrow_type(const struct onx_node *n, th_value v)
{
    return narrow_of(n->scope->im, n->scope->graph, v);
}

bool onx_narrow_drop(struct onx_node *n, th_value v)
{
    const char *key = narrow_key(n->scope->im, n->scope->graph, v);

    return key != NULL && onx_names_set(&n->scope->im->narrow, key, NULL);
}

bool onx_narrow_copy(struct onx_import *im, const struct th_graph *from, th_value v,
                     const struct th_graph *to, th_value w)
{
    return onx_narrow_add(im, to, w, narrow_of(im, from, v));
}

bool onx_narrow_same(struct onx_import *im, const struct th_graph *a, th_value v,
                     const struct th_graph *b, th_value w)
{
    return narrow_of(im, a, v) == narrow_of(im, b, w);
}

/* v is of the type, or a constant that could be, such as the zeros that fill a border. */
static bool is_narrow(const struct onx_node *n, th_value v, int32_t type)
{
    const struct th_tensor *c = onx_const(n, v);
    const int64_t span = (int64_t)1 << onx_type_bits(type);
    const int64_t lo = onx_dtype(type) == TH_DT_S8 ? -span / 2 : 0;
    bool fits = c != NULL && onx_narrow_type(n, v) == 0;

    for (int64_t i = 0; fits && i < th_type_elems(&c->type); i++)
        fits = th_tensor_int(c, i) >= lo && th_tensor_int(c, i) < lo + span;
    return fits || onx_narrow_type(n, v) == type;
}

/* Operators that only move elements say so, by their moves or by a copy's rule for scales. A cast
 * to what holds them already changes none. */
enum th_status onx_narrow_keep(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                               th_value out)
{
    struct onx_import *im = n->scope->im;
    const enum th_dtype dt = onx_type(n, out)->dtype;
    int32_t type = 0;

    for (size_t i = 0; im->narrow.n != 0 && type == 0 && i < n_in; i++)
        if (in[i] != 0 && onx_type(n, in[i])->dtype == dt)
            type = onx_narrow_type(n, in[i]);
    if (type == 0)
        return TH_OK;
    const struct th_op *record = th_op_find(im->ctx, op), *copy = th_op_find(im->ctx, "copy");
    bool keeps = record != NULL && copy != NULL &&
                 (record->moves != NULL || record->quant == copy->quant || strcmp(op, "cast") == 0);
    for (size_t i = 0; keeps && i < n_in; i++)
        keeps = in[i] == 0 || onx_type(n, in[i])->dtype != dt || is_narrow(n, in[i], type);
    if (!keeps)
        return onx_reject(n, "a Cast to int8 or uint8 before", "computing in %s",
                          onx_type_name(type));
    return onx_narrow_add(im, n->scope->graph, out, type) ? TH_OK : TH_ERR_INTERNAL;
}

const char *onx_type_name(int32_t type)
{
    return type >= 0 && (size_t)type < TH_ARRAY_LEN(types) ? types[type].name : "unknown";
}

bool onx_charge(struct onx_import *im, const struct th_loc *loc, uint64_t bytes)
{
    if (bytes > im->bytes_left) {
        th_error(im->ctx, loc, ONX_MSG_LARGE,
                 "the constants that this file computes or widens are too many for its size");
        im->ops_left = 0;
        return false;
    }
    im->bytes_left -= (size_t)bytes;
    return true;
}

/* ---- declared types */

/* The size of a symbolic dimension given with --input-dim, or that of an input of that name. */
static const int64_t *symbol(struct onx_import *im, const char *name)
{
    for (uint32_t i = 0; i < im->request->n_dims; i++) {
        if (strcmp(im->request->dims[i].name, name) == 0) {
            im->dims_used[i] = true;
            return &im->request->dims[i].value;
        }
    }
    return onx_names_get(&im->symbols, name);
}

int onx_declared_type(struct onx_import *im, const Onnx__ValueInfoProto *v, struct th_type *out)
{
    const Onnx__TypeProto__Tensor *t;
    int complete = 1;

    *out = (struct th_type){.dtype = TH_DT_NONE, .rank = -1};
    if (v == NULL || v->type == NULL || v->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return -1;
    t = v->type->tensor_type;
    if (t == NULL)
        return -1;
    out->dtype = onx_dtype(t->elem_type);
    if (out->dtype == TH_DT_NONE)
        return -1;
    if (t->shape == NULL || t->shape->n_dim > TH_MAX_RANK)
        return 0;
    out->rank = (int32_t)t->shape->n_dim;
    for (size_t i = 0; i < t->shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = t->shape->dim[i];
        const int64_t *given = NULL;
        out->dims[i] = -1;
        if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
            out->dims[i] = d->dim_value;
        else if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
            given = symbol(im, onx_str(d->dim_param));
        if (given != NULL)
            out->dims[i] = *given;
        if (out->dims[i] < 0)
            complete = 0;
    }
    return complete;
}

/* ---- data of another file */

static const char *entry(const Onnx__TensorProto *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++) {
        const Onnx__StringStringEntryProto *e = t->external_data[i];
        if (strcmp(onx_str(e->key), key) == 0)
            return onx_str(e->value);
    }
    return NULL;
}

static bool number(const char *text, uint64_t *out)
{
    char *end;

    if (text == NULL)
        return true;
    if (text[0] < '0' || text[0] > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0';
}

/* A name below the model's folder: no way up, none from the root. */
static bool confined(const char *location)
{
    const char *p = location;

    if (*p == '\0' || *p == '/' || strchr(p, '\\') != NULL)
        return false;
    for (;;) {
        size_t len = strcspn(p, "/");
        if (len == 2 && p[0] == '.' && p[1] == '.')
            return false;
        if (p[len] == '\0')
            return true;
        p += len + 1;
    }
}

struct mapping {
    void *data;
    size_t bytes;
};

static void unmap(void *user)
{
    struct mapping *m = user;

    munmap(m->data, m->bytes);
    free(m);
}

static struct th_blob *map_file(int fd)
{
    struct stat st;
    struct mapping *m;
    struct th_blob *b;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
        return NULL;
    m = malloc(sizeof *m);
    if (m == NULL)
        return NULL;
    m->bytes = (size_t)st.st_size;
    m->data = mmap(NULL, m->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (m->data == MAP_FAILED) {
        free(m);
        return NULL;
    }
    b = th_blob_wrap(m->data, m->bytes, unmap, m);
    if (b == NULL)
        unmap(m);
    return b;
}

/* Symbolic links are followed only if they end in the model's folder. */
static struct th_blob *open_below(struct onx_import *im, const char *location)
{
    const char *path = onx_str(im->request->path), *slash = strrchr(path, '/');
    struct th_blob *b = NULL;
    char *folder, *file, *joined;

    joined = slash != NULL
                 ? th_arena_printf(im->arena, "%.*s", slash == path ? 1 : (int)(slash - path), path)
                 : th_arena_strdup(im->arena, ".");
    folder = joined != NULL ? realpath(joined, NULL) : NULL;
    joined = folder != NULL ? th_arena_printf(im->arena, "%s/%s", folder, location) : NULL;
    file = joined != NULL ? realpath(joined, NULL) : NULL;
    if (file != NULL) {
        size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
        int fd = -1;
        if (strncmp(file, folder, len) == 0 && file[len] == '/')
            fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0) {
            b = map_file(fd);
            close(fd);
        }
    }
    free(file);
    free(folder);
    return b;
}

static struct th_blob *external_blob(struct onx_import *im, const struct th_loc *loc,
                                     const Onnx__TensorProto *t, uint64_t need)
{
    const char *location = entry(t, "location");
    uint64_t offset = 0, length = need;
    struct th_blob *whole;

    if (location == NULL || !confined(location)) {
        th_error(im->ctx, loc, ONX_MSG_DAMAGED, "tensor '%s': its data lie outside of the model's "
                 "folder ('%s')", onx_str(t->name), onx_str(location));
        return NULL;
    }
    if (!number(entry(t, "offset"), &offset) || !number(entry(t, "length"), &length) ||
        length != need) {
        th_error(im->ctx, loc, ONX_MSG_DAMAGED, "tensor '%s': %" PRIu64 " bytes of '%s', its type "
                 "has %" PRIu64, onx_str(t->name), length, location, need);
        return NULL;
    }
    whole = onx_names_get(&im->external, location);
    if (whole == NULL) {
        whole = open_below(im, location);
        if (whole != NULL && !onx_names_set(&im->external, location, whole)) {
            th_blob_unref(whole);
            whole = NULL;
        }
    }
    if (whole == NULL) {
        th_error(im->ctx, loc, ONX_MSG_DAMAGED,
                 "tensor '%s': cannot read '%s' beside the model", onx_str(t->name), location);
        return NULL;
    }
    if (offset > th_blob_size(whole) || need > th_blob_size(whole) - offset) {
        th_error(im->ctx, loc, ONX_MSG_DAMAGED, "tensor '%s': bytes %" PRIu64 " to %" PRIu64
                 " of '%s', which has %zu", onx_str(t->name), offset, offset + need, location,
                 th_blob_size(whole));
        return NULL;
    }
    return th_blob_slice(whole, (size_t)offset, (size_t)need);
}

/* ---- data in the file */

static bool aligned(const void *p, enum th_dtype dt)
{
    unsigned bytes = th_dtype_bits(dt) / 8;

    return bytes <= 1 || (uintptr_t)p % bytes == 0;
}

/* The list of numbers that the format uses for a type: entry i as it is stored. */
struct numbers {
    size_t n;
    size_t width;             /* of one entry; 0: entries have the stored form themselves */
    const void *data;
};

static struct numbers listed(const Onnx__TensorProto *t, enum th_dtype dt)
{
    switch (dt) {
    case TH_DT_F32: return (struct numbers){t->n_float_data, 0, t->float_data};
    case TH_DT_F64: return (struct numbers){t->n_double_data, 0, t->double_data};
    case TH_DT_S64: return (struct numbers){t->n_int64_data, 0, t->int64_data};
    case TH_DT_U64: return (struct numbers){t->n_uint64_data, 0, t->uint64_data};
    case TH_DT_U32: return (struct numbers){t->n_uint64_data, 8, t->uint64_data};
    case TH_DT_S32: return (struct numbers){t->n_int32_data, 0, t->int32_data};
    default: return (struct numbers){t->n_int32_data, 4, t->int32_data};
    }
}

/* The low bytes of entries that are wider than the type. */
static void narrow(const struct numbers *from, enum th_dtype dt, unsigned char *to)
{
    size_t bytes = th_dtype_bits(dt) / 8;

    for (size_t i = 0; i < from->n; i++) {
        uint64_t v = from->width == 4 ? (uint32_t)((const int32_t *)from->data)[i]
                                      : ((const uint64_t *)from->data)[i];
        if (dt == TH_DT_BOOL)
            v = v != 0;
        for (size_t k = 0; k < bytes; k++)
            to[i * bytes + k] = (unsigned char)(v >> 8 * k);
    }
}

static struct th_blob *listed_blob(struct onx_import *im, const struct th_loc *loc,
                                   const Onnx__TensorProto *t, const struct th_type *type)
{
    struct numbers from = listed(t, type->dtype);
    size_t bytes = (size_t)th_type_size(type);
    unsigned char *copy;

    if (from.n != (uint64_t)th_type_elems(type)) {
        th_error(im->ctx, loc, ONX_MSG_DAMAGED, "tensor '%s': %zu numbers, its shape has %" PRId64,
                 onx_str(t->name), from.n, th_type_elems(type));
        return NULL;
    }
    if (from.width == 0)
        return bytes != 0 ? onx_file_blob(im->file, from.data, bytes) : th_blob_copy("", 0);
    if (!onx_charge(im, loc, bytes))
        return NULL;
    copy = th_arena_alloc(im->arena, bytes);
    if (copy == NULL)
        return NULL;
    narrow(&from, type->dtype, copy);
    return th_blob_copy(copy, bytes);
}

/* Stays where it is, unless misaligned or made of truth values that may be any byte. */
static struct th_blob *settle(struct onx_import *im, const struct th_loc *loc,
                              struct th_blob *blob, const struct th_type *type)
{
    size_t bytes = th_blob_size(blob);
    unsigned char *copy;
    struct th_blob *out;

    if (type->dtype != TH_DT_BOOL && aligned(th_blob_data(blob), type->dtype))
        return blob;
    copy = onx_charge(im, loc, bytes) ? th_arena_memdup(im->arena, th_blob_data(blob), bytes)
                                      : NULL;
    for (size_t i = 0; copy != NULL && type->dtype == TH_DT_BOOL && i < bytes; i++)
        copy[i] = copy[i] != 0;
    out = copy != NULL ? th_blob_copy(copy, bytes) : NULL;
    th_blob_unref(blob);
    return out;
}

static bool tensor_type(struct onx_import *im, const struct th_loc *loc,
                        const Onnx__TensorProto *t, struct th_type *type)
{
    int64_t bytes;

    *type = (struct th_type){.dtype = onx_dtype(t->data_type), .rank = (int32_t)t->n_dims};
    if (type->dtype == TH_DT_NONE) {
        th_error(im->ctx, loc, ONX_MSG_UNKNOWN, "tensor '%s' has elements of type %s, which is not "
                 "supported", onx_str(t->name), onx_type_name(t->data_type));
        return false;
    }
    if (t->n_dims > TH_MAX_RANK) {
        th_error(im->ctx, loc, ONX_MSG_UNKNOWN, "tensor '%s' has %zu dimensions, at most %d are "
                 "possible", onx_str(t->name), t->n_dims, TH_MAX_RANK);
        return false;
    }
    for (size_t i = 0; i < t->n_dims; i++) {
        type->dims[i] = t->dims[i];
        if (t->dims[i] < 0) {
            th_error(im->ctx, loc, ONX_MSG_DAMAGED, "tensor '%s': dimension %zu is %" PRId64,
                     onx_str(t->name), i, t->dims[i]);
            return false;
        }
    }
    if (th_type_bytes(type, &bytes))
        return true;
    th_error(im->ctx, loc, ONX_MSG_LARGE, "tensor '%s' is too large", onx_str(t->name));
    return false;
}

static struct th_blob *tensor_blob(struct onx_import *im, const struct th_loc *loc,
                                   const Onnx__TensorProto *t, const struct th_type *type)
{
    uint64_t bytes = (uint64_t)th_type_size(type);
    struct th_blob *blob;

    if (t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        blob = external_blob(im, loc, t, bytes);
    } else if (!t->has_raw_data) {
        return listed_blob(im, loc, t, type);
    } else if (t->raw_data.len != bytes) {
        th_error(im->ctx, loc, ONX_MSG_DAMAGED, "tensor '%s': %zu bytes, its type has %" PRIu64,
                 onx_str(t->name), t->raw_data.len, bytes);
        return NULL;
    } else {
        blob = bytes != 0 ? onx_file_blob(im->file, t->raw_data.data, t->raw_data.len)
                          : th_blob_copy("", 0);
    }
    return blob != NULL ? settle(im, loc, blob, type) : NULL;
}

/* Elements of which a byte holds several, the first in its low bits. */
static struct th_blob *narrow_blob(struct onx_import *im, const struct th_loc *loc,
                                   const Onnx__TensorProto *t, const struct th_type *type,
                                   unsigned bits)
{
    const uint64_t elems = (uint64_t)th_type_elems(type), each = 8 / bits;
    const struct th_type bytes = th_type_make(TH_DT_U8, 1,
                                              (int64_t[]){(int64_t)((elems + each - 1) / each)});
    struct th_blob *packed = tensor_blob(im, loc, t, &bytes), *out;
    const unsigned sign = type->dtype == TH_DT_S8 ? 1u << (bits - 1) : 0;
    unsigned char *wide = NULL;

    if (packed == NULL)
        return NULL;
    if (onx_charge(im, loc, elems))
        wide = th_arena_alloc(im->arena, (size_t)elems);
    for (size_t i = 0; wide != NULL && i < elems; i++) {
        const unsigned char *from = th_blob_data(packed);
        unsigned v = from[i / each] >> i % each * bits & ((1u << bits) - 1);
        wide[i] = (unsigned char)((v ^ sign) - sign);
    }
    out = wide != NULL ? th_blob_copy(wide, (size_t)elems) : NULL;
    th_blob_unref(packed);
    return out;
}

th_value onx_constant(struct onx_import *im, struct th_graph *g, const struct th_loc *loc,
                      const char *name, const Onnx__TensorProto *t)
{
    struct th_type type;
    struct th_blob *blob;
    th_value v;

    if (t == NULL || !tensor_type(im, loc, t, &type))
        return 0;
    if (t->segment != NULL) {
        th_error(im->ctx, loc, ONX_MSG_UNKNOWN, "tensor '%s' is stored in segments; nearest "
                 "supported form: one piece", onx_str(t->name));
        return 0;
    }
    if (onx_type_bits(t->data_type) != 0)
        blob = narrow_blob(im, loc, t, &type, onx_type_bits(t->data_type));
    else
        blob = tensor_blob(im, loc, t, &type);
    v = blob != NULL ? th_graph_add_const(g, name, &type, blob) : 0;
    return v != 0 && onx_narrow_add(im, g, v, t->data_type) ? v : 0;
}

/* ---- sparse constants */

/* Index i of the list, as a position in the dense tensor; false if outside. */
static bool dense_index(const struct th_tensor *indices, const struct th_type *type, int64_t i,
                        int64_t *at)
{
    int64_t elems = th_type_elems(type);

    *at = 0;
    if (indices->type.rank == 1) {
        *at = th_tensor_int(indices, i);
    } else {
        for (int32_t d = 0; d < type->rank; d++) {
            int64_t k = th_tensor_int(indices, i * type->rank + d);
            if (k < 0 || k >= type->dims[d])
                return false;
            *at = *at * type->dims[d] + k;
        }
    }
    return *at >= 0 && *at < elems;
}

static bool fill_dense(const struct th_tensor *values, const struct th_tensor *indices,
                       struct th_tensor *dense)
{
    int64_t n = th_type_elems(&values->type), at;
    size_t width = th_dtype_bits(dense->type.dtype) / 8;

    if (values->type.rank != 1 || indices->type.dtype != TH_DT_S64 ||
        (indices->type.rank != 1 && indices->type.rank != 2) || indices->type.dims[0] != n ||
        (indices->type.rank == 2 && indices->type.dims[1] != dense->type.rank))
        return false;
    for (int64_t i = 0; i < n; i++) {
        if (!dense_index(indices, &dense->type, i, &at))
            return false;
        memcpy((unsigned char *)dense->data + (size_t)at * width,
               (const unsigned char *)values->data + (size_t)i * width, width);
    }
    return true;
}

th_value onx_sparse_constant(struct onx_import *im, struct th_graph *g, const struct th_loc *loc,
                             const char *name, const Onnx__SparseTensorProto *t)
{
    th_value values = t->values != NULL ? onx_constant(im, g, loc, "", t->values) : 0;
    th_value indices = t->indices != NULL ? onx_constant(im, g, loc, "", t->indices) : 0;
    struct th_type type = {.rank = (int32_t)t->n_dims};
    struct th_tensor *dense = NULL;
    int64_t bytes;
    bool sane = values != 0 && indices != 0 && t->n_dims <= TH_MAX_RANK;

    for (size_t i = 0; sane && i < t->n_dims; i++) {
        type.dims[i] = t->dims[i];
        sane = t->dims[i] >= 0;
    }
    if (sane)
        type.dtype = th_value_type(g, values)->dtype;
    if (sane && th_type_bytes(&type, &bytes) && onx_charge(im, loc, (uint64_t)bytes))
        dense = th_tensor_new(im->arena, &type);
    if (dense != NULL && fill_dense(th_value_const(g, values), th_value_const(g, indices), dense)) {
        const th_value v = th_graph_const_copy(g, name, &type, dense->data);
        return v != 0 && onx_narrow_copy(im, g, values, g, v) ? v : 0;
    }
    th_error(im->ctx, loc, ONX_MSG_DAMAGED, "sparse tensor '%s' does not hold together", name);
    return 0;
}
