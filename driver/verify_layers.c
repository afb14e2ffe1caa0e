/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/verify_layers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 10

/* What shapes the graph, without fusion; then what placing it needs, without reuse. */
static const char graph_passes[] = "canonicalize,fold,layout,qdq,canonicalize,dce";
static const char place_passes[] = "select-kernels,pack,memory-plan,check-plan";

/* Which node computes an output that was added. */
struct kept {
    th_node node;
    uint32_t function;
};
struct layers {
    struct th_compiled c;
    struct kept *kept;        /* by output, over all functions */
    uint32_t n;
};

static enum th_status run_passes(struct th_compiled *c, const char *list)
{
    const struct th_pipeline_run run = {
        .pipeline = "inference", .passes = list, .verify = true, .target = c->target,
        .backend = c->backend, .objective = TH_OPT_TIME, .global = th_options_global,
        .user = (void *)(uintptr_t)c->options
    };

    return th_pipeline_run(c->program, &run);
}

/* The value of a state variable changes under its reader; bodies have no outputs of their own. */
static bool comparable(const struct th_graph *g, th_node n, th_value v)
{
    return !th_value_is_const(g, v) && th_type_size(th_value_type(g, v)) > 0 &&
           !(th_node_op(g, n)->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE));
}

/* Outputs that were there keep their places; `kept` tells the node of each. */
static enum th_status keep_function(struct layers *l, uint32_t index)
{
    struct th_graph *g = th_program_function(l->c.program, index);
    uint32_t i;
    th_node n;

    for (i = 0; i < th_graph_output_count(g); i++)
        l->kept[l->n++] = (struct kept){ th_value_def(g, th_graph_output(g, i)), index };
    for (n = th_graph_first(g); n; n = th_graph_next(g, n))
        for (i = 0; i < th_node_output_count(g, n); i++) {
            const th_value v = th_node_output(g, n, i);

            if (!v || th_value_is_output(g, v) || !comparable(g, n, v))
                continue;
            TH_TRY(th_graph_add_output(g, th_value_name(g, v), v));
            l->kept[l->n++] = (struct kept){ n, index };
        }
    return TH_OK;
}

static enum th_status keep_all(struct layers *l)
{
    size_t room = 1;
    uint32_t i;

    for (i = 0; i < th_program_function_count(l->c.program); i++) {
        const struct th_graph *g = th_program_function(l->c.program, i);

        room += (size_t)th_graph_output_count(g) + th_graph_value_limit(g);
    }
    l->kept = TH_NEW_ARRAY(l->c.options->arena, struct kept, room);
    if (!l->kept)
        return TH_ERR_INTERNAL;
    for (i = 0; i < th_program_function_count(l->c.program); i++)
        TH_TRY(keep_function(l, i));
    return TH_OK;
}

static void print_node(const struct layers *l, uint32_t k, const struct th_verify_output *o,
                       struct th_str *out)
{
    const struct th_graph *g = th_program_function(l->c.program, l->kept[k].function);
    const th_node n = l->kept[k].node;

    th_str_addf(out, "  node #%" PRId64 " '", n ? th_node_loc(g, n)->node : -1);
    th_str_add_escaped(out, o->name && *o->name ? o->name : "(unnamed)");
    th_str_addf(out, "' (%s): %" PRId64 " of %" PRId64 " elements differ in the worst of %" PRIu32
                " cases, first at %" PRId64 ", largest difference %g\n",
                n ? th_node_op_name(g, n) : "input", o->worst.different, o->worst.elements,
                o->n_compared, o->worst.first, o->worst.largest);
}

static enum th_status print_layers(const struct layers *l, const struct th_verify_result *result)
{
    uint32_t k, shown = 0, compared = 0;
    struct th_str out;

    th_str_init(&out);
    for (k = 0; k < result->n_outputs; k++) {
        compared += result->outputs[k].n_compared > 0;
        if (result->outputs[k].n_different && shown++ < SHOWN)
            print_node(l, k, &result->outputs[k], &out);
    }
    printf("layers: %" PRIu32 " of %" PRIu32 " values equal to the evaluator's\n%s",
           compared - result->n_different, compared, out.s);
    th_str_release(&out);
    return result->n_different ? TH_ERR_DIFFER : TH_OK;
}

/* The evaluator says what every value is, so what was expected of the outputs is left out. */
static enum th_status compare(struct layers *l, const struct th_verify_request *first,
                              const char *folder)
{
    struct th_verify_request r = *first;
    struct th_verify_result result;
    enum th_status status;
    uint32_t i;

    r.program = l->c.program;
    r.folder = folder;
    r.name = l->c.name;
    r.cases = th_arena_memdup(l->c.options->arena, first->cases,
                              first->n_cases * sizeof *first->cases);
    if (!r.cases)
        return TH_ERR_INTERNAL;
    for (i = 0; i < r.n_cases; i++)
        r.cases[i].want = NULL;
    status = th_verify(l->c.ctx, &r, &result);
    if (status != TH_OK && status != TH_ERR_DIFFER)
        return status;
    return print_layers(l, &result);
}

static enum th_status compile_and_compare(struct layers *l, const struct th_verify_request *r,
                                          const char *folder)
{
    TH_TRY(th_compile_target(&l->c));
    TH_TRY(th_compile_read(&l->c));
    TH_TRY(run_passes(&l->c, graph_passes));
    TH_TRY(keep_all(l));
    TH_TRY(run_passes(&l->c, place_passes));
    TH_TRY(th_compile_emit(&l->c, folder));
    return compare(l, r, folder);
}

enum th_status th_verify_layers(const struct th_compiled *c, const struct th_verify_request *r,
                                const char *work)
{
    const char *folder = th_arena_printf(c->options->arena, "%s/layers", work);
    struct layers l = { .kept = NULL };
    enum th_status status;

    if (!folder)
        return TH_ERR_INTERNAL;
    th_compiled_init(c->ctx, c->options, &l.c);
    status = compile_and_compare(&l, r, folder);
    th_compiled_release(&l.c);
    return status;
}
