/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the evaluator on model folders (meta.json, model file, arrays) and compares with their
 * reference outputs as strictly as the folder allows. One line a model; exit 1 if any differs.
 *
 *   eval_models [--trace] [--steps N] FOLDER...
 *
 * --steps: how far integers may lie apart where the folder asks for a tolerance (default 4).
 */
#include "driver/compare.h"
#include "driver/npy.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct th_ctx *ctx;
    struct th_program *program;
    struct th_graph *main;
    struct th_eval_session *session;
    struct th_arena *arena;
    const char *dir;
    struct json_object *meta;
    bool trace, carried, sequence, exact, loose;
    int steps, cases, different;
    double largest;
    int64_t unequal, elements;
};

static const char *text_of(struct json_object *o, const char *key)
{
    struct json_object *v;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static struct th_tensor *load(struct run *r, const char *name)
{
    struct th_tensor *t = NULL;
    const char *path = th_arena_printf(r->arena, "%s/%s", r->dir, name);
    return th_npy_read(r->ctx, path, r->arena, &t) == TH_OK ? t : NULL;
}

static void trace(void *user, const struct th_graph *g, th_value v, const struct th_tensor *t)
{
    double sum = 0;
    const int64_t n = th_type_elems(&t->type);
    (void)user;
    struct th_str s;
    th_str_init(&s);
    th_type_print(&s, &t->type);
    for (int64_t i = 0; i < n; i++)
        sum += th_tensor_real(t, i);
    printf("  %-60s %-28s sum %.9g first", th_value_name(g, v), s.s, sum);
    for (int64_t i = 0; i < n && i < 4; i++)
        printf(" %.7g", th_tensor_real(t, i));
    printf("\n");
    th_str_release(&s);
}

/* Element range of step t of a sequence with leading time axis, in the value's own type. */
static struct th_tensor *as_value(struct run *r, const struct th_tensor *from,
                                  const struct th_type *type, int64_t step)
{
    struct th_tensor *t = th_tensor_new(r->arena, type);
    const int64_t n = th_type_elems(type);
    if (!t || th_type_elems(&from->type) < (step + 1) * n)
        return NULL;
    for (int64_t i = 0; i < n; i++) {
        if (th_dtype_is_float(type->dtype))
            th_tensor_set_real(t, i, th_tensor_real(from, step * n + i));
        else
            th_tensor_set_int(t, i, th_tensor_int(from, step * n + i));
    }
    return t;
}

static bool check(struct run *r, const struct th_tensor *got, const struct th_tensor *want)
{
    struct th_tolerance tolerance = {0, 0};
    struct th_comparison c;
    if (th_dtype_is_float(got->type.dtype)) {
        tolerance.absolute = r->loose ? 2e-2 : 1e-5;
        tolerance.relative = r->loose ? 2e-2 : 1e-4;
    } else if (r->loose) {
        tolerance.absolute = r->steps;
    } else if (!r->exact) {
        tolerance.absolute = 1;
    }
    if (!th_compare(got, want, &tolerance, &c)) {
        r->different++;
        return false;
    }
    r->elements += c.elements;
    r->unequal += c.unequal;
    if (c.largest > r->largest)
        r->largest = c.largest;
    if (c.different)
        r->different++;
    return c.different == 0;
}

static enum th_status one_step(struct run *r, struct th_tensor *const *in,
                               struct th_tensor *const *want, int64_t step)
{
    const uint32_t n_in = th_graph_input_count(r->main), n_out = th_graph_output_count(r->main);
    const struct th_tensor *given[32];
    struct th_tensor *out[32];
    for (uint32_t i = 0; i < n_in; i++) {
        given[i] = as_value(r, in[i], th_value_type(r->main, th_graph_input(r->main, i)), step);
        if (!given[i])
            return TH_ERR_INPUT;
    }
    TH_TRY(th_eval_run(r->session, r->main, given, r->arena, out));
    for (uint32_t i = 0; i < n_out; i++) {
        struct th_tensor *w = as_value(r, want[i], &out[i]->type, step);
        if (!w)
            return TH_ERR_INPUT;
        check(r, out[i], w);
    }
    return TH_OK;
}

static enum th_status one_case(struct run *r, struct json_object *entry)
{
    struct json_object *ins, *outs;
    struct th_tensor *in[32], *want[32];
    const uint32_t n_in = th_graph_input_count(r->main), n_out = th_graph_output_count(r->main);
    th_arena_clear(r->arena);
    if (!json_object_object_get_ex(entry, "inputs", &ins) ||
        !json_object_object_get_ex(entry, "ref_outputs", &outs) ||
        json_object_array_length(ins) != n_in || json_object_array_length(outs) != n_out ||
        n_in > 32 || n_out > 32)
        return TH_ERR_INPUT;
    for (uint32_t i = 0; i < n_in; i++)
        if (!(in[i] = load(r, json_object_get_string(json_object_array_get_idx(ins, i)))))
            return TH_ERR_IO;
    for (uint32_t i = 0; i < n_out; i++)
        if (!(want[i] = load(r, json_object_get_string(json_object_array_get_idx(outs, i)))))
            return TH_ERR_IO;
    if (!r->carried)
        th_eval_session_reset(r->session);
    const int64_t steps = r->sequence ? in[0]->type.dims[0] : 1;
    for (int64_t t = 0; t < steps; t++)
        TH_TRY(one_step(r, in, want, t));
    r->cases++;
    return TH_OK;
}

static enum th_status run_cases(struct run *r)
{
    struct json_object *cases;
    const char *compare = text_of(r->meta, "compare");
    r->exact = strncmp(compare, "bit-exact", 9) == 0 && !strstr(compare, "within 1");
    r->loose = strstr(compare, "tolerance only") != NULL;
    r->carried = strncmp(text_of(r->meta, "reference_mode"), "one interpreter", 15) == 0;
    r->sequence = strncmp(text_of(r->meta, "reference_mode"), "sequence", 8) == 0;
    if (!json_object_object_get_ex(r->meta, "cases", &cases))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < json_object_array_length(cases); i++)
        TH_TRY(one_case(r, json_object_array_get_idx(cases, i)));
    return TH_OK;
}

static enum th_status run_model(struct run *r)
{
    struct th_arena *scratch = th_ctx_arena(r->ctx);
    r->meta = json_object_from_file(th_arena_printf(scratch, "%s/meta.json", r->dir));
    if (!r->meta)
        return TH_ERR_IO;
    const char *path = th_arena_printf(scratch, "%s/%s", r->dir, text_of(r->meta, "model"));
    TH_TRY(th_read_model(r->ctx, path, NULL, 0, &r->program));
    r->main = th_program_function(r->program, 0);
    r->session = th_eval_session_new(r->program);
    r->arena = th_arena_new(0);
    if (!r->main || !r->session || !r->arena)
        return TH_ERR_INTERNAL;
    if (r->trace)
        th_eval_observe(r->session, trace, NULL);
    return run_cases(r);
}

static int one_folder(const char *dir, bool want_trace, int steps)
{
    struct run r = {.dir = dir, .trace = want_trace, .steps = steps};
    r.ctx = th_ctx_new();
    enum th_status status = TH_ERR_INTERNAL;
    if (r.ctx && (status = th_plugin_load_all(r.ctx)) == TH_OK)
        status = run_model(&r);
    const char *slash = strrchr(dir, '/');
    const char *verdict = status != TH_OK ? "FAILED" : r.different ? "DIFFERS" : "ok";
    printf("%-7s %-48s %2d cases, %lld of %lld unequal, largest %g%s\n", verdict,
           slash ? slash + 1 : dir, r.cases, (long long)r.unequal, (long long)r.elements, r.largest,
           r.exact ? " (exact)" : r.loose ? " (loose)" : "");
    fflush(stdout);
    th_eval_session_free(r.session);
    th_program_free(r.program);
    th_arena_free(r.arena);
    if (r.meta)
        json_object_put(r.meta);
    th_ctx_free(r.ctx);
    return status != TH_OK || r.different;
}

int main(int argc, char **argv)
{
    int failed = 0, steps = 4;
    bool want_trace = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            want_trace = true;
        else if (strcmp(argv[i], "--steps") == 0 && i + 1 < argc)
            steps = atoi(argv[++i]);
        else
            failed |= one_folder(argv[i], want_trace, steps);
    }
    return failed;
}
