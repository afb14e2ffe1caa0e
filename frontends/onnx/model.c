/* SPDX-License-Identifier: Apache-2.0 */
/* The frontend: a file becomes a program with one function. */
#include <inttypes.h>
#include <string.h>

#include <thimble/plugin.h>

#include "import.h"

/* Honest files use a function of theirs a few times for each node in it. */
enum { OPS_LEAST = 4096, USES_OF_A_NODE = 64 };
/* What an import may add in constants beside those of the file. */
enum { CONSTANT_BYTES = 64 << 20, CONSTANT_BYTES_PER_BYTE = 16 };

/* A file begins with ir_version (field 1, a small number), and one of the next fields is a text, an
 * opset or the graph. */
static int probe(const unsigned char *bytes, size_t len)
{
    if (len < 4 || bytes[0] != 0x08 || bytes[1] == 0 || bytes[1] > 32)
        return 0;
    switch (bytes[2]) {
    case 0x12: case 0x1a: case 0x22: case 0x32: case 0x3a: case 0x42: case 0x28:
        return 60;
    default:
        return 0;
    }
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static bool initialized(const Onnx__GraphProto *g, const char *name)
{
    for (size_t i = 0; i < g->n_initializer; i++)
        if (strcmp(onx_str(g->initializer[i]->name), name) == 0)
            return true;
    return false;
}

/* --input-dim INPUT.AXIS=N, INPUT=N where one dimension is open, batch=N for axis 0. */
static const int64_t *given_dim(struct onx_import *im, const char *name, int32_t axis, int n_open)
{
    for (uint32_t i = 0; i < im->request->n_dims; i++) {
        const struct th_input_dim *d = &im->request->dims[i];
        size_t len = strlen(name);
        bool match = axis == 0 && strcmp(d->name, "batch") == 0;
        if (strncmp(d->name, name, len) == 0 && d->name[len] == '\0')
            match = match || n_open == 1;
        if (strncmp(d->name, name, len) == 0 && d->name[len] == '.')
            match = match || (d->name[len + 1] == '0' + axis && d->name[len + 2] == '\0');
        if (match) {
            im->dims_used[i] = true;
            return &d->value;
        }
    }
    return NULL;
}

/* Dimension `axis` as messages name it. symbol: "" if the file has none. */
static void tell_open(struct onx_import *im, const struct th_loc *loc, int32_t axis,
                      const char *symbol)
{
    const char *name = loc->name;
    const char *open = *symbol != '\0' ? " ('" : "", *close = *symbol != '\0' ? "')" : "";

    if (axis == 0)
        th_warning(im->ctx, loc, ONX_MSG_OPEN, "dimension 0%s%s%s of input '%s' is open and taken "
                   "as 1; --input-dim %s.0=N sets it", open, symbol, close, name, name);
    else if (*symbol != '\0')
        th_error(im->ctx, loc, ONX_MSG_OPEN, "dimension %d%s%s%s of input '%s' is open; give it "
                 "with --input-dim %s.%d=N or --input-dim %s=N", (int)axis, open, symbol, close,
                 name, name, (int)axis, symbol);
    else
        th_error(im->ctx, loc, ONX_MSG_OPEN, "dimension %d of input '%s' is open; give it with "
                 "--input-dim %s.%d=N", (int)axis, name, name, (int)axis);
}

/* Sizes for symbols that nobody gave: a leading one is taken as 1, as exporters name the batch. */
static bool settle(struct onx_import *im, const Onnx__ValueInfoProto *v, struct th_type *type)
{
    const Onnx__TensorShapeProto *shape = v->type->tensor_type->shape;
    struct th_loc loc = TH_LOC_NONE;
    int n_open = 0;
    bool ok = true;

    loc.file = im->request->base_name;
    loc.name = onx_str(v->name);
    for (int32_t i = 0; i < type->rank; i++)
        n_open += type->dims[i] < 0;
    for (int32_t i = 0; i < type->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
        const char *symbol = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                                 ? onx_str(d->dim_param) : "";
        const int64_t *given;
        if (type->dims[i] >= 0)
            continue;
        given = given_dim(im, onx_str(v->name), i, n_open);
        if (given != NULL) {
            type->dims[i] = *given;
        } else if (i == 0) {
            type->dims[i] = 1;
            tell_open(im, &loc, i, symbol);
        } else {
            tell_open(im, &loc, i, symbol);
            ok = false;
            continue;
        }
        if (*symbol != '\0' && onx_names_get(&im->symbols, symbol) == NULL) {
            int64_t *size = TH_NEW(im->arena, int64_t);
            if (size == NULL)
                return false;
            *size = type->dims[i];
            if (!onx_names_set(&im->symbols, symbol, size))
                return false;
        }
    }
    return ok;
}

static enum th_status add_input(struct onx_scope *s, const Onnx__ValueInfoProto *v)
{
    struct onx_import *im = s->im;
    struct th_loc loc = TH_LOC_NONE;
    struct th_type type;
    int64_t bytes;
    th_value value = 0;

    loc.file = im->request->base_name;
    loc.name = onx_str(v->name);
    if (onx_declared_type(im, v, &type) < 0) {
        const Onnx__TypeProto__Tensor *t =
            v->type != NULL && v->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
                ? v->type->tensor_type : NULL;
        th_error(im->ctx, &loc, ONX_MSG_UNKNOWN, "this input is %s%s; nearest supported form: a "
                 "tensor of numbers", t != NULL ? "a tensor of " : "no tensor",
                 t != NULL ? onx_type_name(t->elem_type) : "");
    } else if (type.rank < 0) {
        th_error(im->ctx, &loc, ONX_MSG_OPEN, "this input has no shape");
    } else if (settle(im, v, &type)) {
        for (int32_t i = 0; i < type.rank; i++) {
            if (type.dims[i] < 0 || type.dims[i] > INT32_MAX) {
                th_error(im->ctx, &loc, ONX_MSG_OPEN, "dimension %d of this input cannot be %"
                         PRId64, (int)i, type.dims[i]);
                return onx_define(s, &loc, onx_str(v->name), 0);
            }
        }
        if (!th_type_bytes(&type, &bytes))
            th_error(im->ctx, &loc, ONX_MSG_LARGE, "this input is too large");
        else
            value = th_graph_add_input(s->graph, onx_str(v->name), &type);
        if (value != 0 && !onx_narrow_add(im, s->graph, value, v->type->tensor_type->elem_type))
            return TH_ERR_INTERNAL;
    }
    return onx_define(s, &loc, onx_str(v->name), value);
}

/* ---- the graph ------------------------------------------------------------------------------- */

/* What the file declares is compared only when everything in it is fixed: exporters leave stale
 * shapes behind where they let a dimension open. */
static void check_output(struct onx_import *im, const Onnx__ValueInfoProto *v,
                         const struct th_type *have)
{
    struct th_loc loc = TH_LOC_NONE;
    struct th_type want;
    struct th_str a, b;

    if (onx_declared_type(im, v, &want) != 1 ||
        (want.dtype == have->dtype && (im->request->n_dims != 0 || want.rank == 0 ||
                                       th_type_same_shape(&want, have))))
        return;
    loc.file = im->request->base_name;
    loc.name = onx_str(v->name);
    th_str_init(&a);
    th_str_init(&b);
    th_type_print(&a, have);
    th_type_print(&b, &want);
    if (want.dtype != have->dtype)
        th_error(im->ctx, &loc, ONX_MSG_DAMAGED, "result is %s, the file declares %s; "
                 "declare what its node gives, or add a Cast", a.s, b.s);
    else
        th_warning(im->ctx, &loc, ONX_MSG_DAMAGED, "result is %s, the file declares %s", a.s, b.s);
    th_str_release(&a);
    th_str_release(&b);
}

static enum th_status add_outputs(struct onx_scope *s, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_output; i++) {
        struct th_loc loc = TH_LOC_NONE;
        const char *name = onx_str(graph->output[i]->name);
        th_value v;
        loc.file = s->im->request->base_name;
        loc.name = name;
        v = onx_resolve(s, &loc, name);
        if (v == 0)
            continue;
        check_output(s->im, graph->output[i], th_value_type(s->graph, v));
        TH_TRY(th_graph_add_output(s->graph, name, v));
    }
    return TH_OK;
}

static enum th_status import_graph(struct onx_import *im)
{
    const Onnx__GraphProto *graph = im->model->graph;
    struct th_graph *g = th_program_add_function(im->program, "run");
    struct onx_scope s;

    if (g == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(onx_scope_init(&s, im, g, NULL, graph));
    for (size_t i = 0; i < graph->n_input; i++)
        if (!initialized(graph, onx_str(graph->input[i]->name)))
            TH_TRY(add_input(&s, graph->input[i]));
    for (uint32_t i = 0; i < im->request->n_dims; i++)
        if (!im->dims_used[i])
            th_error(im->ctx, NULL, ONX_MSG_OPEN,
                     "--input-dim %s: no input has an open dimension of that name",
                     im->request->dims[i].name);
    TH_TRY(onx_import_nodes(&s));
    return add_outputs(&s, graph);
}

static size_t count_ops(const struct onx_import *im)
{
    size_t n = OPS_LEAST + im->model->graph->n_node * USES_OF_A_NODE;

    for (size_t i = 0; i < im->model->n_functions; i++)
        n += im->model->functions[i]->n_node * USES_OF_A_NODE;
    return n;
}

static bool default_domain(const char *d)
{
    return *d == '\0' || strcmp(d, "ai.onnx") == 0;
}

static enum th_status set_up(struct onx_import *im)
{
    const Onnx__ModelProto *m = im->model;
    struct th_loc loc = TH_LOC_NONE;

    loc.file = im->request->base_name;
    im->opset = 1;
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (default_domain(onx_str(m->opset_import[i]->domain)))
            im->opset = m->opset_import[i]->version;
    if (m->graph == NULL) {
        th_error(im->ctx, &loc, ONX_MSG_DAMAGED, "the file has no graph");
        return TH_ERR_INPUT;
    }
    if (im->opset < 1) {
        th_error(im->ctx, &loc, ONX_MSG_DAMAGED, "there is no operator set %" PRId64 "; known are "
                 "%d to %d", im->opset, ONX_OPSET_LEAST, ONX_OPSET_MOST);
        return TH_ERR_INPUT;
    }
    if (im->opset < ONX_OPSET_LEAST || im->opset > ONX_OPSET_MOST)
        th_warning(im->ctx, &loc, ONX_MSG_UNKNOWN, "operator set %" PRId64 "; known are %d to %d",
                   im->opset, ONX_OPSET_LEAST, ONX_OPSET_MOST);
    im->dims_used = TH_NEW_ARRAY(im->arena, bool, im->request->n_dims);
    if (im->dims_used == NULL)
        return TH_ERR_INTERNAL;
    onx_names_init(&im->functions, im->arena);
    onx_names_init(&im->external, im->arena);
    onx_names_init(&im->symbols, im->arena);
    onx_names_init(&im->narrow, im->arena);
    for (size_t i = 0; i < m->n_functions; i++) {
        Onnx__FunctionProto *f = m->functions[i];
        const char *name = default_domain(onx_str(f->domain))
                               ? onx_str(f->name)
                               : th_arena_printf(im->arena, "%s:%s", f->domain, onx_str(f->name));
        if (name == NULL || !onx_names_set(&im->functions, name, f))
            return TH_ERR_INTERNAL;
    }
    im->ops_left = count_ops(im);
    im->bytes_left = CONSTANT_BYTES + th_blob_size(im->request->file) * CONSTANT_BYTES_PER_BYTE;
    return TH_OK;
}

static enum th_status import_model(struct onx_import *im)
{
    enum th_status status;

    im->errors = th_error_count(im->ctx);
    TH_TRY(set_up(im));
    onx_check_support(im);
    status = import_graph(im);
    for (size_t i = 0; i < im->external.cap; i++)
        th_blob_unref(onx_names_at(&im->external, i));
    TH_TRY(status);
    return th_error_count(im->ctx) == im->errors ? TH_OK : TH_ERR_INPUT;
}

static enum th_status read_model(const struct th_read_request *r, struct th_program **out)
{
    struct onx_import im = {.request = r, .ctx = r->ctx};
    struct onx_damage damage = {0, ""};
    enum th_status status = TH_ERR_INTERNAL;

    im.file = onx_file_open(th_blob_data(r->file), th_blob_size(r->file), &damage);
    if (im.file == NULL) {
        struct th_loc loc = TH_LOC_NONE;
        loc.file = r->base_name;
        loc.offset = (int64_t)damage.offset;
        th_error(r->ctx, &loc, ONX_MSG_DAMAGED, "%s", damage.text);
        return TH_ERR_INPUT;
    }
    im.model = onx_file_model(im.file);
    im.arena = th_read_arena(r);
    im.program = th_program_new(r->ctx);
    if (im.arena != NULL && im.program != NULL)
        status = import_model(&im);
    if (status == TH_OK)
        *out = im.program;
    else
        th_program_free(im.program);
    th_arena_free(im.arena);
    onx_file_unref(im.file);
    return status;
}

static const char *const extensions[] = {".onnx", NULL};

static const struct th_frontend frontend = {
    .struct_size = sizeof frontend,
    .name = "onnx",
    .summary = "ONNX models",
    .extensions = extensions,
    .probe = probe,
    .read = read_model,
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_frontend(reg, &frontend);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "onnx",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "ONNX frontend",
    .init = init,
};

TH_PLUGIN_ENTRY(onnx)
{
    return &plugin;
}
