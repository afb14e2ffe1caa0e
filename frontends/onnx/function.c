/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the model, expanded where they are used, and operators of plugins. */
#include <string.h>

#include "import.h"

enum { FUNCTION_DEPTH = 32 };

static int64_t function_opset(const struct onx_node *n, const Onnx__FunctionProto *f)
{
    for (size_t i = 0; i < f->n_opset_import; i++) {
        const char *domain = onx_str(f->opset_import[i]->domain);
        if (*domain == '\0' || strcmp(domain, "ai.onnx") == 0)
            return f->opset_import[i]->version;
    }
    return n->opset;
}

enum th_status onx_import_function(struct onx_node *n, const Onnx__FunctionProto *f)
{
    struct onx_scope s;

    if (n->scope->depth >= FUNCTION_DEPTH)
        return onx_reject(n, NULL, "functions use each other more than %d deep", FUNCTION_DEPTH);
    if (onx_n_in(n) > f->n_input || onx_n_out(n) > f->n_output)
        return onx_reject(n, NULL, "%zu operands and %zu results, the function has %zu and %zu",
                          onx_n_in(n), onx_n_out(n), f->n_input, f->n_output);
    TH_TRY(onx_scope_init(&s, n->scope->im, n->scope->graph, NULL, NULL));
    s.depth = n->scope->depth + 1;
    s.call = n->proto;
    s.caller = n->scope;
    s.nodes = f->node;
    s.n_nodes = f->n_node;
    s.opset = function_opset(n, f);
    for (size_t i = 0; i < onx_n_in(n); i++)
        if (onx_has_in(n, i))
            TH_TRY(onx_define(&s, &n->loc, f->input[i], onx_in(n, i)));
    TH_TRY(onx_import_nodes(&s));
    for (size_t i = 0; i < onx_n_out(n); i++) {
        th_value v = onx_has_out(n, i) ? onx_resolve(&s, &n->loc, f->output[i]) : 0;
        if (onx_has_out(n, i))
            TH_TRY(v != 0 ? onx_bind(n, i, v) : TH_ERR_INPUT);
    }
    return TH_OK;
}

/* ---- operators of plugins -------------------------------------------------------------------- */

static bool option_int(const struct th_import *im, const char *name, int64_t *v)
{
    const Onnx__AttributeProto *a = onx_attr(im->user, name);

    if (a == NULL || !a->has_i)
        return false;
    *v = a->i;
    return true;
}

static bool option_float(const struct th_import *im, const char *name, double *v)
{
    const Onnx__AttributeProto *a = onx_attr(im->user, name);

    if (a == NULL || !a->has_f)
        return false;
    *v = (double)a->f;
    return true;
}

static const int64_t *option_ints(const struct th_import *im, const char *name, size_t *count)
{
    return onx_attr_ints(im->user, name, count);
}

static th_value option_tensor(const struct th_import *im, const char *name)
{
    const struct onx_node *n = im->user;
    const Onnx__AttributeProto *a = onx_attr(n, name);

    return a != NULL && a->t != NULL ? onx_constant(n->scope->im, n->scope->graph, &n->loc, name,
                                                    a->t) : 0;
}

enum th_status onx_import_custom(struct onx_node *n, const struct th_importer *row)
{
    struct th_arena *arena = n->scope->im->arena;
    th_value *in = TH_NEW_ARRAY(arena, th_value, onx_n_in(n));
    th_value *out = TH_NEW_ARRAY(arena, th_value, onx_n_out(n));
    struct th_type *types = TH_NEW_ARRAY(arena, struct th_type, onx_n_out(n));
    const char **names = TH_NEW_ARRAY(arena, const char *, onx_n_out(n));
    struct th_import im = {
        .struct_size = sizeof im, .ctx = n->scope->im->ctx, .graph = n->scope->graph,
        .format = "onnx", .op_name = n->loc.op, .loc = n->loc, .in = in,
        .n_in = (uint32_t)onx_n_in(n), .n_out = (uint32_t)onx_n_out(n), .out_types = types,
        .out_names = names, .out = out, .option_int = option_int, .option_float = option_float,
        .option_ints = option_ints, .option_tensor = option_tensor, .user = n,
    };

    if (in == NULL || out == NULL || types == NULL || names == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < onx_n_in(n); i++)
        in[i] = onx_in(n, i);
    for (size_t i = 0; i < onx_n_out(n); i++) {
        const Onnx__ValueInfoProto *v =
            onx_names_get(&n->scope->declared, onx_str(n->proto->output[i]));
        onx_declared_type(n->scope->im, v, &types[i]);
        names[i] = onx_str(n->proto->output[i]);
    }
    TH_TRY(row->import(&im));
    for (size_t i = 0; i < onx_n_out(n); i++) {
        if (out[i] == 0)
            return onx_reject(n, NULL, "its importer left output %zu out", i);
        TH_TRY(onx_narrow_keep(n, n->loc.op, in, onx_n_in(n), out[i]));
        TH_TRY(onx_bind(n, i, out[i]));
    }
    return TH_OK;
}
