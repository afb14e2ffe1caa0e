/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/verify.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/emit.h>

#include "driver/affine.h"
#include "ir/tile.h"
#include "ir/notes.h"

enum { CODE_DIFFER = 5103, CODE_STACK = 5106 };

struct verifying {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const struct th_verify_request *r;
    struct th_verify_result *result;
    struct th_image_request image;
    struct th_image_case *cases;
    struct th_tensor ***got;         /* [case][output] */
    uint32_t *first_output;          /* of each function, in result->outputs */
};

static enum th_status no_memory(struct verifying *v)
{
    th_error(v->ctx, NULL, 0, "memory exhausted while verifying");
    return TH_ERR_INTERNAL;
}

/* ---- the program's entry points as the emitted code names them ------------------------------- */

static const char *upper(struct th_arena *arena, const char *name)
{
    char *copy = th_arena_strdup(arena, name), *p;

    for (p = copy; p && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return copy;
}

/* The first function has the plain names, others their own name in between. */
static bool name_entry(struct verifying *v, uint32_t index, struct th_image_entry *e)
{
    const struct th_graph *f = th_program_function(v->r->program, index);
    const struct th_frames *frames = th_program_frames(v->r->program);
    const th_value fed = th_tile_fed_input(f, NULL);
    const char *prefix;
    struct th_str s;

    e->name = th_graph_name(f);
    th_str_init(&s);
    th_str_add(&s, v->r->name);
    th_emit_entry_name(&s, v->r->program, index);
    prefix = s.failed ? NULL : th_arena_strdup(v->arena, s.s);
    th_str_release(&s);
    if (!prefix)
        return false;
    e->invoke = th_arena_printf(v->arena, "%s_invoke", prefix);
    e->caller_io = th_program_plan(v->r->program)->n_caller > 0;
    e->input = th_arena_printf(v->arena, "%s%s_input", prefix, e->caller_io ? "_set" : "");
    e->output = th_arena_printf(v->arena, "%s%s_output", prefix, e->caller_io ? "_set" : "");
    e->macros = upper(v->arena, prefix);
    for (uint32_t i = 0; fed && i < th_graph_input_count(f); i++)
        if (th_graph_input(f, i) == fed) {
            e->fed = i + 1;
            e->frame_rows = (uint64_t)th_value_type(f, fed)->dims[1];
            e->invoke = th_arena_printf(v->arena, "%s_push_rows", prefix);
        }
    if (frames->hop && index == 0) {
        e->fed = 1;
        e->frame_rows = (uint64_t)frames->hop;
        e->warm_up = (uint64_t)frames->warm_up;
        e->invoke = th_arena_printf(v->arena, "%s_push_frames", prefix);
    }
    return e->invoke && e->input && e->output && e->macros;
}

static const uint64_t *sizes(struct verifying *v, const struct th_graph *f, bool inputs, uint32_t n)
{
    uint64_t *list = TH_NEW_ARRAY(v->arena, uint64_t, n);
    uint32_t i;

    for (i = 0; list && i < n; i++)
        list[i] = (uint64_t)th_type_size(th_value_type(f, inputs ? th_graph_input(f, i)
                                                                 : th_graph_output(f, i)));
    return list;
}

static enum th_status describe(struct verifying *v)
{
    const struct th_verify_request *r = v->r;
    const uint32_t n = th_program_function_count(r->program);
    struct th_image_entry *entries = TH_NEW_ARRAY(v->arena, struct th_image_entry, n);
    uint32_t i;

    for (i = 0; entries && i < n; i++) {
        const struct th_graph *f = th_program_function(r->program, i);

        entries[i].n_inputs = th_graph_input_count(f);
        entries[i].n_outputs = th_graph_output_count(f);
        entries[i].input_bytes = sizes(v, f, true, entries[i].n_inputs);
        entries[i].output_bytes = sizes(v, f, false, entries[i].n_outputs);
        if (!name_entry(v, i, &entries[i]) || !entries[i].input_bytes || !entries[i].output_bytes)
            entries = NULL;
    }
    if (!entries)
        return no_memory(v);
    v->image = (struct th_image_request){
        .target = r->target, .folder = r->folder, .name = r->name, .compiler = r->compiler,
        .command = r->command, .optimise = r->optimise, .entries = entries, .n_entries = n
    };
    return TH_OK;
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* As NAME_SECTION_... in the header, for plans over several memories. */
static const char *section_macro(struct verifying *v, const char *memory)
{
    char *s = th_arena_printf(v->arena, "%s_SECTION_%s", v->r->name, memory);

    for (char *p = s; p && *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return s;
}

/* Region 0 is state, the others lie in memories of the target. With one of those, state comes first
 * in its block; with several, in that of the memory the plan says. */
static enum th_status describe_memory(struct verifying *v)
{
    const struct th_plan_totals *t = th_program_plan(v->r->program);
    const uint32_t n = th_plan_arena_regions(t);
    struct th_image_memory *list = TH_NEW_ARRAY(v->arena, struct th_image_memory, (size_t)n + 1);
    struct th_image_region *regions = TH_NEW_ARRAY(v->arena, struct th_image_region, (size_t)n + 1);
    struct th_plan_arena a;
    bool alone = n > 0 && t->regions[0].bytes > 0;
    uint32_t i;

    if (n < 2)                   /* a folder without a plan */
        return TH_OK;
    if (!list || !regions)
        return no_memory(v);
    th_plan_arena(t, &a);
    v->image.memories = list;
    v->image.n_memories = n - 1;
    list[0] = (struct th_image_memory){ .name = t->regions[1].name,
                                        .bytes = (uint64_t)(a.state + a.transient),
                                        .state_bytes = (uint64_t)a.state };
    if (!th_plan_spread(t))
        return TH_OK;
    v->image.regions = regions;
    v->image.n_regions = n;
    regions[0].bytes = (uint64_t)t->regions[0].bytes;
    for (i = 1; i < n; i++) {
        const struct th_plan_region *r = &t->regions[i];
        const bool holds = t->regions[0].memory && !strcmp(t->regions[0].memory, r->name);
        const uint64_t state = holds ? regions[0].bytes : 0;

        list[i - 1] = (struct th_image_memory){ .name = r->name, .state_bytes = state,
                                                .bytes = state + (uint64_t)r->bytes };
        list[i - 1].section = section_macro(v, r->name);
        if (!list[i - 1].section)
            return no_memory(v);
        regions[i] = (struct th_image_region){ i - 1, state, (uint64_t)r->bytes };
        if (holds)
            regions[0].memory = i - 1;
        alone = alone && !holds;
    }
    if (alone) {                 /* state has a memory to itself */
        regions[0].memory = v->image.n_memories;
        list[v->image.n_memories++] = (struct th_image_memory){
            .name = t->regions[0].memory, .bytes = regions[0].bytes,
            .state_bytes = regions[0].bytes
        };
    }
    return TH_OK;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static enum th_status prepare_case(struct verifying *v, uint32_t i)
{
    const struct th_verify_case *c = &v->r->cases[i];
    const struct th_graph *f = th_program_function(v->r->program, c->function);
    const uint32_t n_in = th_graph_input_count(f), n_out = th_graph_output_count(f);
    const void **in = TH_NEW_ARRAY(v->arena, const void *, n_in);
    void **out = TH_NEW_ARRAY(v->arena, void *, n_out);
    uint32_t k;

    v->got[i] = TH_NEW_ARRAY(v->arena, struct th_tensor *, n_out);
    if (!in || !out || !v->got[i])
        return no_memory(v);
    for (k = 0; k < n_in; k++)
        in[k] = c->in[k]->data;
    for (k = 0; k < n_out; k++) {
        v->got[i][k] = th_tensor_new(v->arena, th_value_type(f, th_graph_output(f, k)));
        if (!v->got[i][k])
            return no_memory(v);
        out[k] = v->got[i][k]->data;
    }
    v->cases[i] = (struct th_image_case){
        .entry = c->function, .reset = c->reset, .inputs = in, .outputs = out
    };
    return TH_OK;
}

static enum th_status prepare_cases(struct verifying *v)
{
    uint32_t i;

    v->cases = TH_NEW_ARRAY(v->arena, struct th_image_case, v->r->n_cases);
    v->got = TH_NEW_ARRAY(v->arena, struct th_tensor **, v->r->n_cases);
    if (!v->cases || !v->got)
        return no_memory(v);
    for (i = 0; i < v->r->n_cases; i++)
        TH_TRY(prepare_case(v, i));
    return TH_OK;
}

/* ---- comparison ------------------------------------------------------------------------------ */

static enum th_status prepare_outputs(struct verifying *v)
{
    struct th_verify_result *result = v->result;
    const uint32_t n = v->image.n_entries;
    uint32_t i, k, at = 0;

    v->first_output = TH_NEW_ARRAY(v->arena, uint32_t, n);
    for (i = 0; i < n; i++)
        result->n_outputs += v->image.entries[i].n_outputs;
    result->outputs = TH_NEW_ARRAY(v->arena, struct th_verify_output, result->n_outputs);
    if (!v->first_output || !result->outputs)
        return no_memory(v);
    for (i = 0; i < n; i++) {
        const struct th_graph *f = th_program_function(v->r->program, i);

        v->first_output[i] = at;
        for (k = 0; k < v->image.entries[i].n_outputs; k++, at++) {
            result->outputs[at].function = v->image.entries[i].name;
            result->outputs[at].name = th_graph_output_name(f, k);
            result->outputs[at].worst.first = -1;
        }
    }
    return TH_OK;
}

static enum th_status compare_one(struct verifying *v, uint32_t number, uint32_t k,
                                  const struct th_tensor *want,
                                  const struct th_tolerance *tolerance)
{
    const struct th_verify_case *c = &v->r->cases[number];
    struct th_verify_output *o = &v->result->outputs[v->first_output[c->function] + k];
    const struct th_tensor *have = v->got[number][k];
    struct th_comparison got;

    if (th_dtype_is_float(want->type.dtype) && th_affine_type(&have->type)) {
        have = th_affine_reals(v->arena, have);
        if (!have)
            return no_memory(v);
    }
    if (!th_compare(have, want, tolerance, &got)) {
        th_error(v->ctx, NULL, CODE_DIFFER, "case %" PRIu32 ": output '%s' has %" PRId64
                 " elements of %s, expected are %" PRId64 " of %s", number, o->name,
                 th_type_elems(&v->got[number][k]->type),
                 th_dtype_name(v->got[number][k]->type.dtype), th_type_elems(&want->type),
                 th_dtype_name(want->type.dtype));
        return TH_ERR_INPUT;
    }
    o->n_compared++;
    o->n_different += got.different > 0;
    if (o->n_compared == 1 || got.different > o->worst.different ||
        (got.different == o->worst.different && got.largest > o->worst.largest))
        o->worst = got;
    return TH_OK;
}

/* What the evaluator gives is exact for integers; sums of floats may be ordered differently. */
static struct th_tolerance evaluator_tolerance(const struct th_verify_request *r)
{
    static const struct th_tolerance nothing = { .given = false };
    struct th_tolerance t = th_tolerance_of(&nothing, true);

    if (r->tolerance.absolute > t.absolute)
        t.absolute = r->tolerance.absolute;
    if (r->tolerance.relative > t.relative)
        t.relative = r->tolerance.relative;
    return t;
}

static enum th_status compare_case(struct verifying *v, uint32_t i, struct th_eval_session *session)
{
    static const struct th_tolerance exact = { .absolute = 0 };
    const struct th_verify_case *c = &v->r->cases[i];
    struct th_graph *f = th_program_function(v->r->program, c->function);
    const uint32_t n_out = th_graph_output_count(f);
    const struct th_tolerance near = evaluator_tolerance(v->r);
    struct th_tensor **want = NULL;
    uint32_t k;

    if (c->warming)
        return TH_OK;
    if (session) {
        want = TH_NEW_ARRAY(v->arena, struct th_tensor *, n_out);
        if (!want)
            return no_memory(v);
        if (c->reset)
            th_eval_session_reset(session);
        TH_TRY(th_eval_run(session, f, c->in, v->arena, want));
    }
    for (k = 0; k < n_out; k++) {
        const struct th_tensor *w = c->want ? c->want[k] : want[k];
        const bool real = th_dtype_is_float(v->got[i][k]->type.dtype);
        const struct th_tolerance said =
            th_tolerance_of(&v->r->tolerance, th_dtype_is_float(w->type.dtype));

        TH_TRY(compare_one(v, i, k, w, c->want && !c->computed ? &said
                                       : real ? &near : &exact));
    }
    return TH_OK;
}

static enum th_status compare_all(struct verifying *v)
{
    struct th_eval_session *session = NULL;
    enum th_status status = TH_OK;
    uint32_t i;

    TH_TRY(prepare_outputs(v));
    /* The evaluator then runs every case, so that its state follows the firmware's. */
    for (i = 0; i < v->r->n_cases && !session; i++) {
        if (v->r->cases[i].want || v->r->cases[i].warming)
            continue;
        session = th_eval_session_new(v->r->program);
        if (!session)
            return no_memory(v);
    }
    for (i = 0; i < v->r->n_cases && status == TH_OK; i++)
        status = compare_case(v, i, session);
    th_eval_session_free(session);
    TH_TRY(status);
    for (i = 0; i < v->result->n_outputs; i++)
        v->result->n_different += v->result->outputs[i].n_different > 0;
    return v->result->n_different ? TH_ERR_DIFFER : TH_OK;
}

/* A bound that does not hold is a fault of ours. */
static void check_stack(struct verifying *v)
{
    const struct th_image *i = &v->result->image;

    if (i->stack_bound < 0 || i->stack_unknown ||
        v->result->run.most_stack <= (uint64_t)i->stack_bound)
        return;
    th_warning(v->ctx, NULL, CODE_STACK, "invoke took %" PRIu64 " bytes of stack, the call graph "
               "says %" PRId64 " at most", v->result->run.most_stack, i->stack_bound);
    v->result->image.stack_bound = -1;
}

static int compare_counts(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

uint64_t th_verify_median(uint64_t *counts, uint32_t n)
{
    if (n == 0)
        return 0;
    qsort(counts, n, sizeof *counts, compare_counts);
    return counts[(n - 1) / 2];
}

static enum th_status run_and_compare(struct verifying *v)
{
    struct th_verify_result *result = v->result;
    uint64_t *counts = TH_NEW_ARRAY(v->arena, uint64_t, (size_t)v->r->n_cases + 1);
    uint32_t i;

    if (!counts)
        return no_memory(v);
    TH_TRY(th_image_run(v->ctx, &result->image, &v->image, v->cases, v->r->n_cases,
                        &result->run));
    for (i = 0; i < v->r->n_cases; i++) {
        const uint64_t count = counts[i] = v->cases[i].count;

        if (i == 0 || count < result->least_count)
            result->least_count = count;
        if (count > result->most_count)
            result->most_count = count;
    }
    result->median_count = th_verify_median(counts, v->r->n_cases);
    check_stack(v);
    return compare_all(v);
}

enum th_status th_verify(struct th_ctx *ctx, const struct th_verify_request *r,
                         struct th_verify_result *result)
{
    struct verifying v = { .ctx = ctx, .arena = th_ctx_arena(ctx), .r = r, .result = result };
    enum th_status status;

    *result = (struct th_verify_result){ .n_cases = r->n_cases };
    TH_TRY(describe(&v));
    TH_TRY(describe_memory(&v));
    TH_TRY(prepare_cases(&v));
    status = th_image_build(ctx, &v.image, &result->image);
    if (status == TH_OK)
        status = run_and_compare(&v);
    th_image_remove(&result->image);
    return status;
}
