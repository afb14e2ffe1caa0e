/* SPDX-License-Identifier: Apache-2.0 */
/* From the operators of a subgraph to the nodes of a graph. */
#include <string.h>

#include "import.h"

static const struct tfl_row *const families[] = {
    tfl_rows_nn, tfl_rows_math, tfl_rows_shape, tfl_rows_index, tfl_rows_fill, tfl_rows_quant,
    tfl_rows_recurrent, tfl_rows_control,
};

const struct tfl_row *tfl_row_find(const char *name)
{
    for (size_t f = 0; f < TH_ARRAY_LEN(families); f++) {
        for (const struct tfl_row *r = families[f]; r->name != NULL; r++) {
            if (strcmp(r->name, name) == 0)
                return r;
        }
    }
    return NULL;
}

const char *tfl_nearest_form(const char *name)
{
    static const struct {
        const char *name, *use;
    } table[] = {
        {"CONV_3D", "CONV_2D on each slice"},
        {"CONV_3D_TRANSPOSE", "TRANSPOSE_CONV on each slice"},
        {"RNN", "UNIDIRECTIONAL_SEQUENCE_LSTM"},
        {"UNIDIRECTIONAL_SEQUENCE_RNN", "UNIDIRECTIONAL_SEQUENCE_LSTM"},
        {"BIDIRECTIONAL_SEQUENCE_RNN", "two UNIDIRECTIONAL_SEQUENCE_LSTM and REVERSE_V2"},
        {"BIDIRECTIONAL_SEQUENCE_LSTM", "two UNIDIRECTIONAL_SEQUENCE_LSTM and REVERSE_V2"},
        {"LOCAL_RESPONSE_NORMALIZATION", "L2_NORMALIZATION, or MUL with a folded scale"},
        {"FAKE_QUANT", "QUANTIZE followed by DEQUANTIZE"},
        {"DENSIFY", "dense weights"},
        {"SPARSE_TO_DENSE", "SCATTER_ND"},
        {"EMBEDDING_LOOKUP_SPARSE", "EMBEDDING_LOOKUP"},
        {"SEGMENT_SUM", "SUM"},
        {"WHERE", "SELECT_V2"},
        {"UNIQUE", "shapes that do not depend on data"},
        {"NON_MAX_SUPPRESSION_V4", "end the model before it (--cut-output)"},
        {"NON_MAX_SUPPRESSION_V5", "end the model before it (--cut-output)"},
        {"RFFT2D", "a custom operator with an importer"},
        {"STABLEHLO_ADD", "ADD"},
        {"STABLEHLO_MULTIPLY", "MUL"},
    };

    for (size_t i = 0; i < TH_ARRAY_LEN(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].use;
    }
    return NULL;
}

static struct th_loc op_loc(struct tfl_import *im, size_t subgraph, size_t index)
{
    const struct tfl_subgraph *sg = &im->model->subgraphs[subgraph];
    const struct tfl_op *op = &sg->ops[index];
    struct th_loc loc = TH_LOC_NONE;

    loc.file = im->request->base_name;
    loc.node = (int64_t)index;
    loc.name = op->noutputs != 0 ? sg->tensors[op->outputs[0]].name : NULL;
    if (loc.name != NULL && loc.name[0] == '\0')
        loc.name = NULL;
    loc.op = op->name;
    loc.offset = (int64_t)op->offset;
    return loc;
}

void tfl_check_support(struct tfl_import *im)
{
    for (size_t s = 0; s < im->model->nsubgraphs; s++) {
        const struct tfl_subgraph *sg = &im->model->subgraphs[s];
        for (size_t i = 0; i < sg->nops; i++) {
            const struct tfl_op *op = &sg->ops[i];
            struct th_loc loc = op_loc(im, s, i);
            const char *nearest = tfl_nearest_form(op->name);
            if (op->code == TFL_CODE_CUSTOM) {
                if (th_importer_find(im->ctx, "tflite", op->name) == NULL)
                    th_error(im->ctx, &loc, TFL_MSG_UNKNOWN,
                             "no plugin imports this custom operator");
            } else if (tfl_row_find(op->name) == NULL) {
                th_error(im->ctx, &loc, TFL_MSG_UNKNOWN, "operator is not supported%s%s",
                         nearest != NULL ? "; nearest supported form: " : "",
                         nearest != NULL ? nearest : "");
            }
        }
    }
}

/* Operands that are bad were reported where they became so. */
static bool inputs_ready(struct tfl_node *n)
{
    for (size_t i = 0; i < n->op->ninputs; i++) {
        const struct tfl_slot *slot;
        if (n->op->inputs[i] < 0)
            continue;
        slot = &n->scope->slots[n->op->inputs[i]];
        if (slot->bad)
            return false;
        if (slot->resource == NULL && tfl_in_tensor(n, i)->type != TFL_RESOURCE &&
            !tfl_in_tensor(n, i)->variable && tfl_in(n, i) == 0)
            return false;
    }
    return true;
}

/* Rows of control.c and custom operators know themselves how many results they have. */
static bool may_have_none(const struct tfl_node *n)
{
    if (n->op->code == TFL_CODE_CUSTOM)
        return true;
    for (const struct tfl_row *r = tfl_rows_control; r->name != NULL; r++) {
        if (r == n->row)
            return true;
    }
    return false;
}

static enum th_status import_row(struct tfl_node *n)
{
    TH_TRY(n->op->noutputs == 0 && !may_have_none(n) ? tfl_reject(n, NULL, "it has no result")
                                                     : TH_OK);
    TH_TRY(n->op->code == TFL_CODE_CUSTOM ? tfl_import_custom(n) : n->row->import(n));
    for (size_t i = 0; i < n->op->noutputs; i++) {
        const struct tfl_slot *slot = &n->scope->slots[n->op->outputs[i]];
        if (slot->value == 0 && slot->resource == NULL)
            return tfl_reject(n, NULL, "it has %zu results, number %zu is not known to it",
                              n->op->noutputs, i);
    }
    return TH_OK;
}

static enum th_status import_op(struct tfl_scope *s, size_t index)
{
    const struct tfl_op *op = &s->sg->ops[index];
    struct tfl_node n = {.scope = s, .op = op, .loc = op_loc(s->im, s->index, index)};
    enum th_status status = TH_ERR_INPUT;

    if (s->im->ops_left == 0) {
        th_error(s->im->ctx, &n.loc, TFL_MSG_DAMAGED,
                 "subgraphs are used so often that the model multiplies in size");
        return TH_ERR_INTERNAL;
    }
    s->im->ops_left--;
    if (op->code != TFL_CODE_CUSTOM)
        n.row = tfl_row_find(op->name);
    if (inputs_ready(&n) && (n.row != NULL || op->code == TFL_CODE_CUSTOM))
        status = import_row(&n);
    for (size_t i = 0; i < op->noutputs && status != TH_OK; i++)
        s->slots[op->outputs[i]].bad = true;
    return status == TH_ERR_INPUT ? TH_OK : status;
}

/* A result may also be a constant, or a variable, that no operator has touched. */
static void collect(struct tfl_scope *s, struct tfl_slot *results)
{
    for (size_t i = 0; i < s->sg->noutputs; i++) {
        int32_t t = s->sg->outputs[i];
        struct tfl_op pick = {.inputs = &t, .ninputs = 1, .name = "output"};
        struct tfl_node n = {.scope = s, .op = &pick, .loc = TH_LOC_NONE};
        n.loc.file = s->im->request->base_name;
        n.loc.name = s->sg->tensors[t].name;
        results[i] = s->slots[t];
        if (results[i].value == 0 && results[i].resource == NULL && !results[i].bad)
            results[i].value = tfl_in(&n, 0);
        if (results[i].value == 0 && results[i].resource == NULL)
            results[i].bad = true;
    }
}

enum th_status tfl_import_subgraph(struct tfl_import *im, struct th_graph *g, size_t index,
                                   const struct tfl_slot *args, struct tfl_slot *results)
{
    struct tfl_scope s = {.im = im, .graph = g, .sg = &im->model->subgraphs[index],
                          .index = index};

    s.slots = TH_NEW_ARRAY(im->arena, struct tfl_slot, s.sg->ntensors);
    if (s.slots == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < s.sg->ninputs; i++)
        s.slots[s.sg->inputs[i]] = args[i];
    for (size_t i = 0; i < s.sg->nops; i++)
        TH_TRY(import_op(&s, i));
    collect(&s, results);
    return TH_OK;
}

/* ---- custom operators */

static bool option_int(const struct th_import *im, const char *name, int64_t *v)
{
    return tfl_custom_int(im->options, im->options_len, name, v);
}

static bool option_float(const struct th_import *im, const char *name, double *v)
{
    return tfl_custom_float(im->options, im->options_len, name, v);
}

enum th_status tfl_import_custom(struct tfl_node *n)
{
    const struct th_importer *row = th_importer_find(n->scope->im->ctx, "tflite", n->op->name);
    struct th_arena *arena = n->scope->im->arena;
    th_value *in = TH_NEW_ARRAY(arena, th_value, n->op->ninputs);
    th_value *out = TH_NEW_ARRAY(arena, th_value, n->op->noutputs);
    struct th_type *types = TH_NEW_ARRAY(arena, struct th_type, n->op->noutputs);
    const char **names = TH_NEW_ARRAY(arena, const char *, n->op->noutputs);
    struct th_import im = {
        .struct_size = sizeof im, .ctx = n->scope->im->ctx, .graph = n->scope->graph,
        .format = "tflite", .op_name = n->op->name, .loc = n->loc, .in = in,
        .n_in = (uint32_t)n->op->ninputs, .n_out = (uint32_t)n->op->noutputs,
        .out_types = types, .out_names = names, .out = out, .options = n->op->custom_options,
        .options_len = n->op->custom_size, .option_int = option_int,
        .option_float = option_float, .user = n,
    };

    if (row == NULL)
        return TH_ERR_INPUT;            /* tfl_check_support() told it */
    if (in == NULL || out == NULL || types == NULL || names == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < n->op->ninputs; i++)
        in[i] = tfl_in(n, i);
    for (size_t i = 0; i < n->op->noutputs; i++) {
        const struct tfl_tensor *t = &n->scope->sg->tensors[n->op->outputs[i]];
        if (!tfl_tensor_type(n->scope->im, t, &types[i]))
            return TH_ERR_INPUT;
        names[i] = t->name;
    }
    TH_TRY(row->import(&im));
    for (size_t i = 0; i < n->op->noutputs; i++) {
        if (out[i] == 0)
            return tfl_reject(n, NULL, "its importer left output %zu out", i);
        TH_TRY(tfl_bind(n, i, out[i]));
    }
    return TH_OK;
}
