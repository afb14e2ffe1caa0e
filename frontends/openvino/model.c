/* SPDX-License-Identifier: Apache-2.0 */
/* The frontend: a file and its weights become a program with one function. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <thimble/plugin.h>

#include "import.h"

/* What an import may add: nodes for each layer, constants in any case. */
enum { NODES_PER_LAYER = 64, CONSTANT_BYTES = 16 << 20 };
enum { LEAST_VERSION = 10 };

/* ---- recognising ----------------------------------------------------------------------------- */

/* Behind the declaration and comments; len: nothing else is there. */
static size_t root_at(const char *s, size_t len)
{
    size_t i = len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (i < len) {
        if (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
            i++;
            continue;
        }
        bool comment = len - i >= 4 && memcmp(s + i, "<!--", 4) == 0;
        bool instruction = len - i >= 2 && memcmp(s + i, "<?", 2) == 0;
        if (!comment && !instruction)
            return i;
        const char *end = comment ? "-->" : "?>";
        size_t n = strlen(end);
        for (i += 2; i + n <= len && memcmp(s + i, end, n) != 0;)
            i++;
        i += n;
    }
    return len;
}

static int probe(const unsigned char *bytes, size_t len)
{
    const char *s = (const char *)bytes;
    size_t window = len < 4096 ? len : 4096, at = root_at(s, window);

    /* one with a document type is ours to refuse */
    if (window - at >= 14 && memcmp(s + at, "<!DOCTYPE net", 13) == 0)
        return 95;
    if (window - at < 5 || memcmp(s + at, "<net", 4) != 0)
        return 0;
    return strchr(" \t\r\n>", s[at + 4]) != NULL && s[at + 4] != '\0' ? 95 : 0;
}

/* ---- open dimensions ------------------------------------------------------------------------- */

/* Whether text is one of the layer's names: its own, or a tensor's. */
static bool is_named(const struct ov_layer *l, const char *text, size_t len)
{
    if (strlen(l->name) == len && memcmp(l->name, text, len) == 0)
        return true;
    const char *s = l->n_outputs != 0 ? l->outputs[0].names : "";
    while (len != 0 && *s != '\0') {
        size_t n = strcspn(s, ",");
        if (n == len && memcmp(s, text, n) == 0)
            return true;
        s += n + (s[n] == ',');
    }
    return false;
}

/* --input-dim NAME.AXIS=N, NAME=N where only one is open, batch=N for axis 0 of every input. */
static bool dim_matches(const char *name, const struct ov_layer *l, int32_t axis, int n_open)
{
    char suffix[16];
    size_t len = strlen(name), n;

    if (axis == 0 && strcmp(name, "batch") == 0)
        return true;
    if (n_open == 1 && is_named(l, name, len))
        return true;
    n = (size_t)snprintf(suffix, sizeof suffix, ".%d", (int)axis);
    return len > n && strcmp(name + len - n, suffix) == 0 && is_named(l, name, len - n);
}

static enum th_status settle_dims(struct ov_node *n, struct th_type *type)
{
    const struct th_read_request *r = n->scope->im->request;
    enum th_status s = TH_OK;
    int n_open = 0;

    for (int32_t i = 0; i < type->rank; i++)
        n_open += type->dims[i] < 0;
    for (int32_t i = 0; i < type->rank; i++) {
        const struct th_input_dim *given = NULL;
        if (type->dims[i] >= 0)
            continue;
        for (uint32_t k = 0; k < r->n_dims; k++) {
            if (dim_matches(r->dims[k].name, n->layer, i, n_open)) {
                given = &r->dims[k];
                n->scope->im->dims_used[k] = true;
            }
        }
        if (given == NULL) {
            th_error(r->ctx, &n->loc, OV_MSG_OPEN, "dimension %d of input '%s' is open; give it "
                     "with --input-dim %s.%d=N", (int)i, n->layer->name, n->layer->name, (int)i);
            s = TH_ERR_INPUT;
        } else if (given->value < 1 || given->value > INT32_MAX) {
            th_error(r->ctx, &n->loc, OV_MSG_OPEN, "dimension %d of this input cannot be %" PRId64,
                     (int)i, given->value);
            s = TH_ERR_INPUT;
        } else {
            type->dims[i] = given->value;
        }
    }
    return s;
}

static void check_dims_used(struct ov_import *im)
{
    for (uint32_t i = 0; i < im->request->n_dims; i++) {
        if (!im->dims_used[i])
            th_error(im->ctx, NULL, OV_MSG_OPEN,
                     "--input-dim %s: no input has an open dimension of that name",
                     im->request->dims[i].name);
    }
}

/* ---- layers ---------------------------------------------------------------------------------- */

static const struct ov_row *const families[] = {
    ov_rows_conv, ov_rows_pool, ov_rows_math, ov_rows_activation, ov_rows_shape, ov_rows_slice,
    ov_rows_index, ov_rows_norm, ov_rows_quant, ov_rows_resize, ov_rows_recurrent, ov_rows_state,
    ov_rows_prior, ov_rows_detection, ov_rows_sampling,
};

const struct ov_row *ov_row_find(const char *type)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(families); i++) {
        for (const struct ov_row *row = families[i]; row->type != NULL; row++) {
            if (strcmp(row->type, type) == 0)
                return row;
        }
    }
    return NULL;
}

static struct th_loc layer_loc(const struct ov_import *im, const struct ov_layer *l)
{
    struct th_loc loc = TH_LOC_NONE;

    loc.file = im->request->base_name;
    loc.node = l->id;
    loc.name = l->name;
    loc.op = l->type;
    return loc;
}

/* Parameters, constants and results are the importer's own. */
static bool is_edge(const struct ov_layer *l)
{
    return strcmp(l->type, "Parameter") == 0 || strcmp(l->type, "Const") == 0 ||
           strcmp(l->type, "Constant") == 0 || strcmp(l->type, "Result") == 0;
}

/* Every type that is not known, once, with the number of layers. */
static void check_support(struct ov_import *im, const struct ov_net *net)
{
    for (uint32_t i = 0; i < net->n; i++) {
        const struct ov_layer *l = &net->layers[i];
        uint32_t same = 0;
        bool first = true;
        if (is_edge(l) || ov_row_find(l->type) != NULL)
            continue;
        for (uint32_t k = 0; k < net->n; k++) {
            bool equal = strcmp(net->layers[k].type, l->type) == 0;
            same += equal;
            first &= !equal || k >= i;
        }
        if (!first || ++im->reader.told > OV_MAX_TOLD)
            continue;
        struct th_loc loc = layer_loc(im, l);
        struct th_str type;
        th_str_init(&type);
        th_str_add_escaped(&type, l->type);
        th_error(im->ctx, &loc, OV_MSG_UNKNOWN,
                 "layers of type '%s' are not supported (%u of them)",
                 type.s, same);
        th_str_release(&type);
    }
}

static enum th_status import_layer(struct ov_node *n)
{
    const struct ov_layer *l = n->layer;
    struct ov_slot *slots = n->scope->slots[l->index];
    enum th_status s = TH_ERR_INPUT;
    bool bad = false;

    for (uint32_t i = 0; i < l->n_inputs; i++)
        bad |= n->scope->slots[l->inputs[i].layer->index][l->inputs[i].output].bad;
    if (!bad && strncmp(l->type, "Const", 5) == 0 && is_edge(l)) {
        th_value v = ov_import_const(n);
        s = v != 0 ? ov_bind(n, 0, v) : TH_ERR_INPUT;
    } else if (!bad && n->row != NULL && ov_check_required(n)) {
        s = n->row->import(n);
    }
    for (uint32_t i = 0; i < l->n_outputs; i++)
        slots[i].bad = slots[i].value == 0;
    return s == TH_ERR_INTERNAL ? s : TH_OK;
}

enum th_status ov_import_net(struct ov_scope *s)
{
    check_support(s->im, s->net);
    for (uint32_t i = 0; i < s->net->n; i++) {
        struct ov_node n = {.scope = s, .layer = s->net->order[i]};
        if (strcmp(n.layer->type, "Parameter") == 0 || strcmp(n.layer->type, "Result") == 0)
            continue;
        n.loc = layer_loc(s->im, n.layer);
        n.row = ov_row_find(n.layer->type);
        TH_TRY(import_layer(&n));
    }
    return TH_OK;
}

/* ---- the program ----------------------------------------------------------------------------- */

static enum th_status add_input(struct ov_node *n)
{
    struct ov_import *im = n->scope->im;
    const char *element = ov_attr_text(n, "element_type"), *shape = ov_attr_text(n, "shape");
    struct th_type type = {.dtype = element != NULL ? ov_dtype(element) : TH_DT_NONE};
    int64_t bytes;

    if (type.dtype == TH_DT_NONE)
        return ov_reject(n, "element type '%.20s' is not supported",
                         element != NULL ? element : "");
    if (type.dtype == TH_DT_F32 && strcmp(element, "f32") != 0 && !im->told_half) {
        im->told_half = true;
        th_warning(im->ctx, &n->loc, OV_MSG_UNKNOWN,
                   "inputs, outputs and arithmetic of %.4s become f32", element);
    }
    if (shape == NULL || !ov_scan_shape(shape, type.dims, &type.rank))
        return ov_reject(n, "shape '%.60s' has no fixed rank of at most %d",
                         shape != NULL ? shape : "", TH_MAX_RANK);
    TH_TRY(settle_dims(n, &type));
    if (!th_type_bytes(&type, &bytes))
        return ov_reject(n, "the input is too large");
    th_value v = th_graph_add_input(n->scope->graph, n->layer->name, &type);
    return v != 0 ? ov_bind(n, 0, v) : TH_ERR_INTERNAL;
}

static enum th_status add_inputs(struct ov_scope *s)
{
    for (uint32_t i = 0; i < s->net->n; i++) {
        struct ov_node n = {.scope = s, .layer = &s->net->layers[i]};
        if (strcmp(n.layer->type, "Parameter") != 0)
            continue;
        n.loc = layer_loc(s->im, n.layer);
        if (add_input(&n) == TH_ERR_INTERNAL)
            return TH_ERR_INTERNAL;
        for (uint32_t k = 0; k < n.layer->n_outputs; k++)
            s->slots[i][k].bad = s->slots[i][k].value == 0;
    }
    return TH_OK;
}

/* The first name of the tensor, or that of the layer which makes it. */
static const char *output_name(struct ov_import *im, const struct ov_port *from)
{
    const char *names = from->layer->outputs[from->output].names;
    size_t n = strcspn(names, ",");

    return n != 0 ? th_arena_strndup(im->arena, names, n) : from->layer->name;
}

static enum th_status add_outputs(struct ov_scope *s)
{
    struct ov_import *im = s->im;

    for (uint32_t i = 0; i < s->net->n; i++) {
        const struct ov_layer *l = &s->net->layers[i];
        if (strcmp(l->type, "Result") != 0)
            continue;
        if (l->n_inputs != 1) {
            ov_damaged(&im->reader, l->element, "a result has %u operands", l->n_inputs);
            continue;
        }
        const struct ov_port *from = &l->inputs[0];
        const struct ov_slot *slot = &s->slots[from->layer->index][from->output];
        const char *name = output_name(im, from);
        if (name == NULL)
            return TH_ERR_INTERNAL;
        if (!slot->bad)
            TH_TRY(th_graph_add_output(s->graph, name, slot->value));
        else if (th_error_count(im->ctx) == im->errors)
            ov_damaged(&im->reader, l->element, "this result cannot be had");
    }
    if (th_graph_output_count(s->graph) == 0 && th_error_count(im->ctx) == im->errors)
        ov_damaged(&im->reader, NULL, "the model has no result");
    return TH_OK;
}

static enum th_status make_slots(struct ov_scope *s)
{
    s->slots = TH_NEW_ARRAY(s->im->arena, struct ov_slot *, s->net->n);
    for (uint32_t i = 0; s->slots != NULL && i < s->net->n; i++) {
        s->slots[i] = TH_NEW_ARRAY(s->im->arena, struct ov_slot, s->net->layers[i].n_outputs);
        if (s->slots[i] == NULL)
            return TH_ERR_INTERNAL;
    }
    return s->slots != NULL ? TH_OK : TH_ERR_INTERNAL;
}

static bool version_fits(struct ov_import *im, const xmlNode *root)
{
    const char *text = ov_text(root, "version");
    int64_t version;

    if (text == NULL || !ov_scan_int(text, &version)) {
        ov_damaged(&im->reader, root, "the net has no version");
        return false;
    }
    if (version >= LEAST_VERSION)
        return true;
    ov_damaged(&im->reader, root,
               "version %" PRId64 " of the format is not supported, %d and later are", version,
               LEAST_VERSION);
    return false;
}

static enum th_status import_document(struct ov_import *im, xmlDoc *doc)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    struct ov_net net = {.n = 0};
    struct ov_scope s = {.im = im, .net = &net};

    if (strcmp((const char *)root->name, "net") != 0)
        ov_damaged(&im->reader, root, "the root is no 'net'");
    else if (version_fits(im, root) && !ov_read_net(&im->reader, root, &net) &&
             im->reader.told == 0)
        return TH_ERR_INTERNAL;
    if (im->reader.told != 0)
        return TH_ERR_INPUT;
    im->nodes_left = (size_t)net.n * NODES_PER_LAYER + 1024;
    im->bytes_left = CONSTANT_BYTES + th_blob_size(im->request->file) * CONSTANT_BYTES_PER_BYTE;
    s.graph = th_program_add_function(im->program, "run");
    if (s.graph == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(make_slots(&s));
    TH_TRY(add_inputs(&s));
    TH_TRY(ov_import_net(&s));
    TH_TRY(add_outputs(&s));
    check_dims_used(im);
    return th_error_count(im->ctx) == im->errors ? TH_OK : TH_ERR_INPUT;
}

static enum th_status read_model(const struct th_read_request *r, struct th_program **out)
{
    struct ov_import im = {.request = r, .ctx = r->ctx, .errors = th_error_count(r->ctx)};
    enum th_status status = TH_ERR_INTERNAL;
    xmlDoc *doc = NULL;

    im.arena = th_read_arena(r);
    im.program = th_program_new(r->ctx);
    im.reader = (struct ov_reader){.ctx = r->ctx, .file = r->base_name, .arena = im.arena};
    if (im.arena != NULL && im.program != NULL) {
        im.dims_used = TH_NEW_ARRAY(im.arena, bool, r->n_dims);
        doc = ov_load(&im.reader, r->file);
        status = doc != NULL || im.reader.told != 0 ? TH_ERR_INPUT : TH_ERR_INTERNAL;
    }
    if (doc != NULL && im.dims_used != NULL)
        status = import_document(&im, doc);
    if (status == TH_OK)
        *out = im.program;
    else
        th_program_free(im.program);
    th_blob_unref(im.weights);
    xmlFreeDoc(doc);
    th_arena_free(im.arena);
    return status;
}

static const char *const extensions[] = {".xml", NULL};

static const struct th_frontend frontend = {
    .struct_size = sizeof frontend,
    .name = "openvino",
    .summary = "OpenVINO IR: a network in XML with its weights beside it",
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
    .name = "openvino",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "OpenVINO frontend",
    .init = init,
};

TH_PLUGIN_ENTRY(openvino)
{
    return &plugin;
}
