/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the signal operators share. */
#include "plugins/signal/signal.h"

#define MAX_OPTIONS 12

const char *const signal_contracts[] = {"tflite", "tflite-single-rounding", "float", NULL};

enum th_status signal_need_vector(const struct th_inst *c, uint32_t i, int64_t n)
{
    const struct th_type *t = c->in[i];
    if (t->rank != 1 || t->dims[0] < 1)
        return th_inst_error(c, "operand '%s' is not a vector", c->op->inputs[i].name);
    if (n >= 0 && t->dims[0] != n)
        return th_inst_error(c, "operand '%s' has %lld elements, expected %lld",
                             c->op->inputs[i].name, (long long)t->dims[0], (long long)n);
    return TH_OK;
}

enum th_status signal_need_scalar(const struct th_inst *c, uint32_t i)
{
    if (th_type_elems(c->in[i]) != 1)
        return th_inst_error(c, "operand '%s' has %lld elements, expected one",
                             c->op->inputs[i].name, (long long)th_type_elems(c->in[i]));
    return TH_OK;
}

int64_t signal_inner(const struct th_type *t)
{
    return t->rank ? t->dims[t->rank - 1] : 1;
}

int64_t signal_outer(const struct th_type *t)
{
    int64_t n = 1;
    for (int32_t i = 0; i + 1 < t->rank; i++)
        n *= t->dims[i];
    return n;
}

void signal_set(struct th_inst *c, uint32_t o, enum th_dtype dt, int32_t rank,
                const int64_t *dims)
{
    c->out[o] = th_type_make(dt, rank, dims);
}

void signal_set_inner(struct th_inst *c, uint32_t o, enum th_dtype dt, int64_t inner)
{
    int64_t dims[TH_MAX_RANK];
    const int32_t rank = c->in[0]->rank;
    for (int32_t i = 0; i < rank; i++)
        dims[i] = c->in[0]->dims[i];
    if (rank)
        dims[rank - 1] = inner;
    signal_set(c, o, dt, rank, dims);
}

enum th_status signal_no_memory(const struct th_inst *c)
{
    th_error(c->ctx, c->loc, 0, "out of memory");
    return TH_ERR_INTERNAL;
}

int signal_bits(uint64_t x)
{
    int n = 0;
    for (; x; x >>= 1)
        n++;
    return n;
}

/* ---- importers ----------------------------------------------------------------------------- */
enum th_status signal_need_ports(const struct th_import *im, uint32_t n_in, uint32_t n_out)
{
    if (im->n_in != n_in || im->n_out != n_out)
        return th_import_error(im, "%u operands and %u results, expected %u and %u", im->n_in,
                               im->n_out, n_in, n_out);
    for (uint32_t i = 0; i < n_in; i++)
        if (!im->in[i])
            return th_import_error(im, "operand %u is absent", i);
    return TH_OK;
}

enum th_status signal_option(const struct th_import *im, const char *name, int64_t *v)
{
    if (!im->option_int || !im->option_int(im, name, v))
        return th_import_error(im, "option '%s' is missing", name);
    return TH_OK;
}

enum th_status signal_node(struct th_import *im, const char *op, const th_value *in, uint32_t n_in,
                           const struct th_attr *attrs, uint32_t n_attrs, th_value *out,
                           uint32_t n_out)
{
    const struct th_node_desc d = {.op = op, .in = in, .n_in = n_in, .attrs = attrs,
                                   .n_attrs = n_attrs, .n_out = n_out, .loc = im->loc};
    return th_graph_add_node(im->graph, &d, NULL, out);
}

enum th_status signal_import(struct th_import *im, const char *op, const char *const *options)
{
    struct th_attr attrs[MAX_OPTIONS];
    uint32_t n = 0;
    for (; options[n] && n < MAX_OPTIONS; n++) {
        attrs[n] = (struct th_attr){.name = options[n], .kind = TH_ATTR_INT};
        TH_TRY(signal_option(im, options[n], &attrs[n].v.i));
    }
    return signal_node(im, op, im->in, im->n_in, attrs, n, im->out, im->n_out);
}

enum th_status signal_read_state(struct th_import *im, const char *suffix,
                                 const struct th_type *type, th_state *state, th_value *v)
{
    struct th_program *p = th_graph_program(im->graph);
    const char *name = th_arena_printf(th_program_arena(p), "%s/%s",
                                       im->out_names[0] ? im->out_names[0] : im->op_name, suffix);
    *state = name ? th_program_add_state(p, name, type, TH_STATE_MODEL, NULL) : 0;
    if (!*state)
        return TH_ERR_INTERNAL;
    const struct th_attr a = {.name = "state", .kind = TH_ATTR_STATE, .v.i = *state};
    const struct th_node_desc d = {.op = "state_read", .attrs = &a, .n_attrs = 1, .out = type,
                                   .n_out = 1, .loc = im->loc};
    return th_graph_add_node(im->graph, &d, NULL, v);
}

enum th_status signal_write_state(struct th_import *im, th_state state, th_value v)
{
    const struct th_attr a = {.name = "state", .kind = TH_ATTR_STATE, .v.i = state};
    const struct th_node_desc d = {.op = "state_write", .in = &v, .n_in = 1, .attrs = &a,
                                   .n_attrs = 1, .loc = im->loc};
    return th_graph_add_node(im->graph, &d, NULL, NULL);
}

/* ---- kernel rows --------------------------------------------------------------------------- */
const char *signal_whole(const struct th_query *q)
{
    if (!q->whole || q->in_views || q->out_views)
        return "only whole, dense operands";
    for (uint32_t i = 0; i < q->inst->n_in; i++)
        if (q->inst->in[i] && th_type_elems(q->inst->in[i]) > INT32_MAX)
            return "a size does not fit 32 bits";
    return th_type_elems(&q->inst->out[0]) > INT32_MAX ? "a size does not fit 32 bits" : NULL;
}

void signal_cost(const struct th_query *q, double cycles, struct th_kernel_cost *k)
{
    k->cycles = cycles * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 200;
    k->stack_bytes = 64;
}
