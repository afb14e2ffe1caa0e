/* SPDX-License-Identifier: Apache-2.0 */
/* The frontend: a file becomes a program with one function for each signature. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/plugin.h>

#include "import.h"

/* Honest files use a subgraph from one or two places. */
enum { USES_OF_A_SUBGRAPH = 8 };
/* What an import may add in constants: widened weights are at most four times the file. */
enum { CONSTANT_BYTES = 16 << 20, CONSTANT_BYTES_PER_BYTE = 16 };

static void report(void *user, const struct tfl_place *place, const char *text)
{
    const struct tfl_import *im = user;
    struct th_loc loc = TH_LOC_NONE;

    loc.file = im->request->base_name;
    loc.node = place->op;
    if (place->op >= 0)
        loc.op = place->name;
    else if (place->name[0] != '\0')
        loc.name = place->name;
    if (place->offset != 0)
        loc.offset = (int64_t)place->offset;
    if (place->tensor >= 0 && place->name[0] == '\0')
        th_error(im->ctx, &loc, TFL_MSG_DAMAGED, "tensor %d: %s", (int)place->tensor, text);
    else
        th_error(im->ctx, &loc, TFL_MSG_DAMAGED, "%s", text);
}

static int probe(const unsigned char *bytes, size_t len)
{
    if (len >= 8 && memcmp(bytes + 4, "TFL3", 4) == 0)
        return 100;
    /* Files of other schema versions are ours to refuse, too. */
    return len >= 8 && memcmp(bytes + 4, "TFL", 3) == 0 ? 50 : 0;
}

/* ---- open dimensions */

/* --input-dim NAME.AXIS=N, NAME=N where only one is open, batch=N for axis 0 of every input. */
static bool dim_matches(const char *name, const struct tfl_tensor *t, size_t axis, size_t nopen)
{
    size_t len = strlen(t->name);
    char suffix[24];

    if (axis == 0 && strcmp(name, "batch") == 0)
        return true;
    if (len == 0 || strncmp(name, t->name, len) != 0)
        return false;
    if (name[len] == '\0')
        return nopen == 1;
    snprintf(suffix, sizeof suffix, ".%zu", axis);
    return strcmp(name + len, suffix) == 0;
}

static const struct th_input_dim *find_dim(struct tfl_import *im, const struct tfl_tensor *t,
                                           size_t axis, size_t nopen, bool *used)
{
    for (uint32_t i = 0; i < im->request->n_dims; i++) {
        if (dim_matches(im->request->dims[i].name, t, axis, nopen)) {
            used[i] = true;
            return &im->request->dims[i];
        }
    }
    return NULL;
}

/* Interpreters take the size that stands in the shape field, which is 1 for an open dimension. */
static void settle_dims(struct tfl_import *im, const struct tfl_tensor *t, struct th_type *type,
                        bool *used)
{
    struct th_loc loc = TH_LOC_NONE;
    size_t nopen = 0;

    loc.file = im->request->base_name;
    loc.name = t->name;
    type->rank = (int32_t)t->rank;
    for (size_t i = 0; t->signature != NULL && i < t->rank; i++)
        nopen += t->signature[i] < 0;
    for (size_t i = 0; nopen != 0 && i < t->rank; i++) {
        const struct th_input_dim *given;
        if (t->signature[i] >= 0)
            continue;
        given = find_dim(im, t, i, nopen, used);
        if (given != NULL && (given->value < 1 || given->value > INT32_MAX))
            th_error(im->ctx, &loc, TFL_MSG_OPEN,
                     "dimension %zu of this input cannot be %" PRId64, i, given->value);
        else if (given != NULL)
            type->dims[i] = given->value;
        else if (type->dims[i] != 1)
            th_error(im->ctx, &loc, TFL_MSG_OPEN,
                     "dimension %zu of input '%s' is open; give it with --input-dim %s.%zu=N", i,
                     t->name, t->name[0] != '\0' ? t->name : "NAME", i);
        else if (i != 0)
            th_warning(im->ctx, &loc, TFL_MSG_OPEN,
                       "dimension %zu of input '%s' is open and taken as 1; --input-dim %s.%zu=N "
                       "sets it", i, t->name, t->name[0] != '\0' ? t->name : "NAME", i);
        if (type->dims[i] != t->dims[i])
            im->reshaped = true;
    }
}

static void check_dims_used(struct tfl_import *im, const bool *used)
{
    for (uint32_t i = 0; i < im->request->n_dims; i++) {
        if (!used[i])
            th_error(im->ctx, NULL, TFL_MSG_OPEN,
                     "--input-dim %s: no input has an open dimension of that name",
                     im->request->dims[i].name);
    }
}

/* ---- functions */

static const char *port_name(const struct tfl_port *ports, size_t n, int32_t tensor,
                             const char *otherwise)
{
    for (size_t i = 0; i < n; i++) {
        if (ports[i].tensor == (uint32_t)tensor && ports[i].name[0] != '\0')
            return ports[i].name;
    }
    return otherwise;
}

static enum th_status add_function(struct tfl_import *im, const char *name, size_t subgraph,
                                   const struct tfl_signature *sig, bool *used)
{
    const struct tfl_subgraph *sg = &im->model->subgraphs[subgraph];
    struct th_graph *g = th_program_add_function(im->program, name);
    struct tfl_slot *args = TH_NEW_ARRAY(im->arena, struct tfl_slot, sg->ninputs);
    struct tfl_slot *results = TH_NEW_ARRAY(im->arena, struct tfl_slot, sg->noutputs);

    if (g == NULL || args == NULL || results == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < sg->ninputs; i++) {
        const struct tfl_tensor *t = &sg->tensors[sg->inputs[i]];
        struct th_type type;
        args[i].bad = !tfl_tensor_type(im, t, &type);
        if (args[i].bad)
            continue;
        settle_dims(im, t, &type, used);
        args[i].value = th_graph_add_input(
            g, sig != NULL ? port_name(sig->inputs, sig->ninputs, sg->inputs[i], t->name) : t->name,
            &type);
        if (args[i].value == 0)
            return TH_ERR_INTERNAL;
        if (t->quant.nrange == 1)
            th_value_set_range(g, args[i].value, t->quant.min[0], t->quant.max[0]);
    }
    TH_TRY(tfl_import_subgraph(im, g, subgraph, args, results));
    for (size_t i = 0; i < sg->noutputs; i++) {
        const char *out = sg->tensors[sg->outputs[i]].name;
        if (sig != NULL)
            out = port_name(sig->outputs, sig->noutputs, sg->outputs[i], out);
        if (results[i].resource != NULL)
            th_error(im->ctx, NULL, TFL_MSG_UNKNOWN, "output %zu of '%s' is a variable", i, name);
        else if (!results[i].bad)
            TH_TRY(th_graph_add_output(g, out, results[i].value));
        else if (th_error_count(im->ctx) == im->errors)
            th_error(im->ctx, NULL, TFL_MSG_DAMAGED, "output %zu of '%s' cannot be had", i, name);
    }
    return TH_OK;
}

/* One function a signature. A single entry point is always called "run". */
static enum th_status add_functions(struct tfl_import *im)
{
    const struct tfl_model *m = im->model;
    bool *used = TH_NEW_ARRAY(im->arena, bool, im->request->n_dims);
    bool main_named = false;

    if (used == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < m->nsignatures; i++)
        main_named |= m->signatures[i].subgraph == 0;
    if (!main_named)
        TH_TRY(add_function(im, "run", 0, NULL, used));
    for (size_t i = 0; i < m->nsignatures; i++) {
        const struct tfl_signature *sig = &m->signatures[i];
        bool only = m->nsignatures == 1 && main_named;
        TH_TRY(add_function(im, only || sig->key[0] == '\0' ? "run" : sig->key, sig->subgraph,
                            sig, used));
    }
    check_dims_used(im, used);
    return TH_OK;
}

/* ---- variables */

static enum th_status find_resources(struct tfl_import *im)
{
    const struct tfl_model *m = im->model;
    size_t n = 0;

    for (size_t s = 0; s < m->nsubgraphs; s++) {
        for (size_t i = 0; i < m->subgraphs[s].nops; i++)
            n += strcmp(m->subgraphs[s].ops[i].name, "VAR_HANDLE") == 0;
    }
    im->resources = TH_NEW_ARRAY(im->arena, struct tfl_resource, n);
    if (im->resources == NULL)
        return TH_ERR_INTERNAL;
    for (size_t s = 0; s < m->nsubgraphs; s++) {
        for (size_t i = 0; i < m->subgraphs[s].nops; i++) {
            const struct tfl_op *op = &m->subgraphs[s].ops[i];
            if (strcmp(op->name, "VAR_HANDLE") == 0)
                im->resources[im->nresources++] = (struct tfl_resource){
                    .container = tfl_option_string(op, "container"),
                    .name = tfl_option_string(op, "shared_name"),
                };
        }
    }
    return TH_OK;
}

/* What CALL_ONCE runs is run now, by folding, in a program of its own. */
static enum th_status initialise(struct tfl_import *im, size_t subgraph)
{
    struct th_program *program = im->program;
    struct tfl_slot none;
    enum th_status status = TH_ERR_INTERNAL;
    const struct tfl_subgraph *sg = &im->model->subgraphs[subgraph];
    struct th_graph *g;

    if (sg->ninputs != 0 || sg->noutputs != 0) {
        th_error(im->ctx, NULL, TFL_MSG_UNKNOWN, "the initialiser '%s' has inputs or outputs",
                 sg->name);
        return TH_OK;
    }
    im->program = th_program_new(im->ctx);
    g = im->program != NULL ? th_program_add_function(im->program, "initialise") : NULL;
    im->initialising = true;
    if (g != NULL)
        status = tfl_import_subgraph(im, g, subgraph, &none, &none);
    im->initialising = false;
    th_program_free(im->program);
    im->program = program;
    return status;
}

static enum th_status initialise_all(struct tfl_import *im)
{
    bool *done = TH_NEW_ARRAY(im->arena, bool, im->model->nsubgraphs);

    if (done == NULL)
        return TH_ERR_INTERNAL;
    for (size_t s = 0; s < im->model->nsubgraphs; s++) {
        const struct tfl_subgraph *sg = &im->model->subgraphs[s];
        for (size_t i = 0; i < sg->nops; i++) {
            size_t target = (size_t)tfl_option_int(&sg->ops[i], "init_subgraph_index", 0);
            if (strcmp(sg->ops[i].name, "CALL_ONCE") != 0 || done[target])
                continue;
            done[target] = true;
            TH_TRY(initialise(im, target));
        }
    }
    return TH_OK;
}

/* ---- the read */

static enum th_status set_up(struct tfl_import *im)
{
    const struct tfl_model *m = im->model;

    im->variables = TH_NEW_ARRAY(im->arena, th_state *, m->nsubgraphs);
    if (im->variables == NULL)
        return TH_ERR_INTERNAL;
    for (size_t s = 0; s < m->nsubgraphs; s++) {
        im->variables[s] = TH_NEW_ARRAY(im->arena, th_state, m->subgraphs[s].ntensors);
        if (im->variables[s] == NULL)
            return TH_ERR_INTERNAL;
        im->ops_left += m->subgraphs[s].nops * USES_OF_A_SUBGRAPH;
    }
    im->bytes_left = CONSTANT_BYTES + m->file_size * CONSTANT_BYTES_PER_BYTE;
    return find_resources(im);
}

static enum th_status import_model(struct tfl_import *im)
{
    im->errors = th_error_count(im->ctx);
    TH_TRY(set_up(im));
    tfl_check_support(im);
    TH_TRY(initialise_all(im));
    TH_TRY(add_functions(im));
    return th_error_count(im->ctx) == im->errors ? TH_OK : TH_ERR_INPUT;
}

static enum th_status read_model(const struct th_read_request *r, struct th_program **out)
{
    struct tfl_import im = {.request = r, .ctx = r->ctx};
    struct tfl_model *model = tfl_open(th_blob_data(r->file), th_blob_size(r->file), report,
                                       &im);
    enum th_status status = TH_ERR_INTERNAL;

    if (model == NULL)
        return TH_ERR_INPUT;
    im.model = model;
    im.arena = th_read_arena(r);
    im.program = th_program_new(r->ctx);
    if (im.arena != NULL && im.program != NULL)
        status = import_model(&im);
    for (size_t i = 0; i < im.nresources; i++) {
        if (im.resources[i].has_initial)
            th_blob_unref(im.resources[i].initial);
    }
    if (status == TH_OK)
        *out = im.program;
    else
        th_program_free(im.program);
    th_arena_free(im.arena);
    tfl_close(model);
    return status;
}

static const char *const extensions[] = {".tflite", NULL};

static const struct th_frontend frontend = {
    .struct_size = sizeof frontend,
    .name = "tflite",
    .summary = "TensorFlow Lite flatbuffer models",
    .extensions = extensions,
    .probe = probe,
    .read = read_model,
};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_reg_importers(reg, &tfl_detection, 1));
    return th_reg_frontend(reg, &frontend);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "tflite",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "TensorFlow Lite frontend",
    .init = init,
};

TH_PLUGIN_ENTRY(tflite)
{
    return &plugin;
}
