/* SPDX-License-Identifier: Apache-2.0 */
/* thimble run: the reference evaluator on .npy inputs. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <json-c/json.h>

#include "driver/affine.h"
#include "driver/compile.h"
#include "driver/entry.h"
#include "driver/frames_cases.h"
#include "driver/npy.h"
#include "driver/verbs.h"
#include "ir/base/files.h"
#include "ir/notes.h"
#include "ir/planned.h"

#define SHOWN 16

struct runner {
    struct th_ctx *ctx;
    const struct th_options *o;
    struct th_graph *f;
    struct th_eval_session *session;
    struct th_planned *planned;     /* --planned, else NULL */
    struct th_verify_case *cases;
    uint32_t n_cases, n_out;
    struct json_object *json;       /* array of cases, or NULL */
    uint32_t differing;
    /* --dump-all */
    FILE *index;
    uint32_t dumped;
    enum th_status dump_status;
};

static enum th_status make_folder(struct th_ctx *ctx, const char *path)
{
    if (!mkdir(path, 0777) || errno == EEXIST)
        return TH_OK;
    th_error(ctx, NULL, 5002, "folder '%s' cannot be made: %s", path, strerror(errno));
    return TH_ERR_IO;
}

/* ---- every value ----------------------------------------------------------------------------- */

static void dump_value(void *user, const struct th_graph *g, th_value v, const struct th_tensor *t)
{
    struct runner *r = user;
    struct th_str s;
    if (r->dump_status != TH_OK)
        return;
    th_str_init(&s);
    th_str_addf(&s, "%s/%05u.npy", r->o->dump_dir, r->dumped);
    r->dump_status = th_npy_write(r->ctx, s.s, t);
    th_str_clear(&s);
    const th_node n = th_value_def(g, v);
    th_str_addf(&s, "%05u.npy\t%lld\t%s\t", r->dumped++,
                n ? (long long)th_node_loc(g, n)->node : -1LL, n ? th_node_op_name(g, n) : "input");
    th_type_print(&s, &t->type);
    th_str_addc(&s, '\t');
    th_str_add_escaped(&s, th_value_name(g, v));
    fprintf(r->index, "%s\n", s.s);
    th_str_release(&s);
}

static enum th_status open_dump(struct runner *r)
{
    struct th_str s;
    TH_TRY(make_folder(r->ctx, r->o->dump_dir));
    th_str_init(&s);
    th_str_addf(&s, "%s/index.tsv", r->o->dump_dir);
    r->index = fopen(s.s, "w");
    if (!r->index)
        th_error(r->ctx, NULL, 5002, "'%s' cannot be written: %s", s.s, strerror(errno));
    else
        fputs("file\tnode\top\ttype\tname\n", r->index);
    th_str_release(&s);
    if (!r->index)
        return TH_ERR_IO;
    th_eval_observe(r->session, dump_value, r);
    return TH_OK;
}

static enum th_status close_dump(struct runner *r)
{
    if (!r->index)
        return TH_OK;
    th_eval_observe(r->session, NULL, NULL);
    const bool bad = ferror(r->index);
    const bool failed = fclose(r->index) || bad;
    r->index = NULL;
    if (failed) {
        th_error(r->ctx, NULL, 5002, "index.tsv of the dump could not be written");
        return TH_ERR_IO;
    }
    return r->dump_status;
}

/* ---- one case -------------------------------------------------------------------------------- */

static void add_values(struct th_str *s, const struct th_tensor *t)
{
    const int64_t n = th_type_elems(&t->type);
    for (int64_t i = 0; i < n && i < SHOWN; i++)
        if (th_dtype_is_float(t->type.dtype))
            th_str_addf(s, " %.7g", th_tensor_real(t, i));
        else
            th_str_addf(s, " %lld", (long long)th_tensor_int(t, i));
    if (n > SHOWN)
        th_str_add(s, " ...");
}

static void add_comparison(struct th_str *s, const struct th_comparison *d,
                           const struct th_tensor *got, const struct th_tensor *want)
{
    if (!d->unequal)
        th_str_add(s, "equal");
    else if (!d->different) {
        th_str_add(s, "within tolerance (");
        th_tolerance_print(s, &d->bound);
        th_str_addf(s, "), largest difference %.6g", d->largest);
    } else {
        th_str_addf(s, "%lld of %lld elements differ by more than ", (long long)d->different,
                    (long long)d->elements);
        th_tolerance_print(s, &d->bound);
        th_str_addf(s, ", largest difference %.6g, first [%lld] is %.9g instead of %.9g",
                    d->largest, (long long)d->first, th_tensor_real(got, d->first),
                    th_tensor_real(want, d->first));
    }
}

static void show_output(struct runner *r, uint32_t k, uint32_t i, const struct th_tensor *t,
                        const struct th_comparison *d)
{
    struct th_str s;
    th_str_init(&s);
    th_str_addf(&s, "case %u, output %u '", k, i);
    th_str_add_escaped(&s, th_graph_output_name(r->f, i));
    th_str_add(&s, "' ");
    th_type_print(&s, &t->type);
    th_str_addc(&s, ':');
    if (d) {
        th_str_addc(&s, ' ');
        add_comparison(&s, d, t, r->cases[k].want[i]);
    } else {
        add_values(&s, t);
    }
    printf("%s\n", s.s);
    th_str_release(&s);
}

static struct json_object *json_tolerance(const struct th_tolerance *t)
{
    struct json_object *a = json_object_new_array();
    json_object_array_add(a, json_object_new_double(t->absolute));
    json_object_array_add(a, json_object_new_double(t->relative));
    return a;
}

static struct json_object *json_output(struct runner *r, uint32_t i, const struct th_tensor *t,
                                       const struct th_comparison *d)
{
    struct json_object *o = json_object_new_object();
    struct json_object *values = json_object_new_array();
    struct th_str s;
    th_str_init(&s);
    th_type_print(&s, &t->type);
    json_object_object_add(o, "name", json_object_new_string(th_graph_output_name(r->f, i)));
    json_object_object_add(o, "type", json_object_new_string(s.s));
    th_str_release(&s);
    for (int64_t k = 0; k < th_type_elems(&t->type); k++)
        json_object_array_add(values, th_dtype_is_float(t->type.dtype)
                                          ? json_object_new_double(th_tensor_real(t, k))
                                          : json_object_new_int64(th_tensor_int(t, k)));
    json_object_object_add(o, "values", values);
    if (d) {
        json_object_object_add(o, "differ", json_object_new_int64(d->different));
        json_object_object_add(o, "largest_difference", json_object_new_double(d->largest));
        json_object_object_add(o, "tolerance", json_tolerance(&d->bound));
    }
    return o;
}

static enum th_status write_output(const struct runner *r, uint32_t k, uint32_t i,
                                   const struct th_tensor *t)
{
    struct th_str path;
    th_str_init(&path);
    if (r->n_out == 1)
        th_str_addf(&path, "%s/out%u.npy", r->o->output_dir, k);
    else
        th_str_addf(&path, "%s/out%u_%u.npy", r->o->output_dir, k, i);
    const enum th_status s = th_npy_write(r->ctx, path.s, t);
    th_str_release(&path);
    return s;
}

/* Expected reals may meet quantized integers (--io quantized). */
static enum th_status compare(struct runner *r, const struct th_tensor *got,
                              const struct th_tensor *want, struct th_arena *arena,
                              struct th_comparison *d)
{
    if (th_dtype_is_float(want->type.dtype) && th_affine_type(&got->type) &&
        !(got = th_affine_reals(arena, got)))
        return TH_ERR_INTERNAL;
    const struct th_tolerance t = th_tolerance_of(&r->o->tolerance,
                                                  th_dtype_is_float(want->type.dtype));
    if (!th_compare(got, want, &t, d)) {
        struct th_str s;
        th_str_init(&s);
        th_type_print(&s, &got->type);
        th_str_add(&s, " cannot be compared with ");
        th_type_print(&s, &want->type);
        th_error(r->ctx, NULL, 3002, "%s", s.s);
        th_str_release(&s);
        return TH_ERR_INPUT;
    }
    r->differing += d->different != 0;
    return TH_OK;
}

/* The same inside the planned memory: every bit must be the same. */
static enum th_status run_planned(struct runner *r, uint32_t k, struct th_tensor **out,
                                  struct th_arena *arena)
{
    const struct th_verify_case *c = &r->cases[k];
    struct th_tensor **got = TH_NEW_ARRAY(arena, struct th_tensor *, r->n_out);
    if (!got)
        return TH_ERR_INTERNAL;
    if (c->reset)
        th_planned_reset(r->planned);
    TH_TRY(th_planned_run(r->planned, r->f, c->in, arena, got));
    for (uint32_t i = 0; i < r->n_out; i++)
        if (memcmp(got[i]->data, out[i]->data, (size_t)th_type_size(&out[i]->type))) {
            th_error(r->ctx, NULL, 5103, "case %u, output %u differs in the planned memory", k, i);
            return TH_ERR_DIFFER;
        }
    return TH_OK;
}

static enum th_status run_case(struct runner *r, uint32_t k, struct th_arena *arena)
{
    const struct th_verify_case *c = &r->cases[k];
    struct th_tensor **out = TH_NEW_ARRAY(arena, struct th_tensor *, r->n_out);
    if (!out)
        return TH_ERR_INTERNAL;
    if (c->reset)
        th_eval_session_reset(r->session);
    TH_TRY(th_eval_run(r->session, r->f, c->in, arena, out));
    if (r->planned)
        TH_TRY(run_planned(r, k, out, arena));
    if (c->warming)
        return TH_OK;
    struct json_object *list = r->json ? json_object_new_array() : NULL;
    if (list)
        json_object_array_add(r->json, list);
    for (uint32_t i = 0; i < r->n_out; i++) {
        struct th_comparison d;
        if (c->want)
            TH_TRY(compare(r, out[i], c->want[i], arena, &d));
        if (list)
            json_object_array_add(list, json_output(r, i, out[i], c->want ? &d : NULL));
        else if (th_ctx_verbosity(r->ctx) > 0)
            show_output(r, k, i, out[i], c->want ? &d : NULL);
        if (r->o->output_dir)
            TH_TRY(write_output(r, k, i, out[i]));
    }
    return TH_OK;
}

static enum th_status run_cases(struct runner *r)
{
    enum th_status s = TH_OK;
    struct th_arena *arena = th_arena_new(0);
    if (!arena)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; s == TH_OK && k < r->n_cases; k++) {
        s = run_case(r, k, arena);
        if (k == 0) {
            const enum th_status d = close_dump(r);
            s = s == TH_OK ? d : s;
        }
        th_arena_clear(arena);
    }
    th_arena_free(arena);
    return s;
}

/* c: what was compiled, or NULL. */
static enum th_status run_program(struct runner *r, struct th_program *p,
                                  const struct th_compiled *c)
{
    uint32_t entry = 0;
    TH_TRY(th_entry_find(r->o, p, &entry));
    if (c && th_program_frames(p)->hop)
        TH_TRY(th_frames_cases(c, r->o->planned, &r->cases, &r->n_cases));
    else
        TH_TRY(th_entry_cases(r->o, p, entry, &r->cases, &r->n_cases));
    r->f = th_program_function(p, entry);
    r->n_out = th_graph_output_count(r->f);
    if (r->o->output_dir)
        TH_TRY(make_folder(r->ctx, r->o->output_dir));
    r->session = th_eval_session_new(p);
    r->planned = r->o->planned && r->session ? th_planned_new(p) : NULL;
    if (!r->session || (r->o->planned && !r->planned)) {
        th_eval_session_free(r->session);
        th_error(r->ctx, NULL, 0, "memory exhausted by the model's state");
        return TH_ERR_INTERNAL;
    }
    r->json = r->o->json ? json_object_new_array() : NULL;
    enum th_status s = r->o->dump_dir ? open_dump(r) : TH_OK;
    if (s == TH_OK)
        s = run_cases(r);
    th_eval_session_free(r->session);
    th_planned_free(r->planned);
    if (r->json && s == TH_OK)
        s = th_print_json(r->ctx, r->json);
    else
        json_object_put(r->json);
    if (s == TH_OK && r->differing) {
        th_error(r->ctx, NULL, 5103, "%u of %u outputs differ from what was expected",
                 r->differing, r->n_cases * r->n_out);
        s = TH_ERR_DIFFER;
    }
    return s;
}

static enum th_status compile_first(struct runner *r)
{
    struct th_compiled c;
    th_compiled_init(r->ctx, r->o, &c);
    enum th_status s = th_compile_target(&c);
    if (s == TH_OK)
        s = th_compile_read(&c);
    if (s == TH_OK)
        s = th_compile_passes(&c);
    if (s == TH_OK)
        s = run_program(r, c.program, &c);
    th_compiled_release(&c);
    return s;
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    struct th_program *p = NULL;
    struct runner r = {.ctx = ctx, .o = o};
    if (o->planned || !strcmp(o->feed, "frames"))
        return compile_first(&r);
    TH_TRY(th_read_cut(ctx, o, &p));
    const enum th_status s = run_program(&r, p, NULL);
    th_program_free(p);
    return s;
}

const struct th_verb th_verb_run = {
    .name = "run",
    .summary = "compute a model's outputs with the reference evaluator",
    .args = "MODEL --input FILE...",
    .doc = "Runs a model on this machine, slowly and exactly: the oracle that compiled code is "
           "compared with.\v"
           "Inputs are .npy files in the model's own order; more files than the model has inputs "
           "are further cases, run in order. State is kept from case to case unless --reset is "
           "given; with --sequence each file is one run from a fresh state, step by step along its "
           "leading axis. With --expect the outputs are compared, and the exit code is 6 when one "
           "differs. With --planned the model is compiled first, and every case is run once more "
           "inside arrays of the planned size, every byte at its planned place and every piece of "
           "a tile loop in its turn; outputs must be equal bit for bit and no guard byte touched. "
           "With --feed frames the files of --input are time series, and each case is a step of "
           "one: outputs are shown where they are ready, with --planned compared with the model's "
           "own.",
    .groups = TH_OPTS_MODEL | TH_OPTS_CASES | TH_OPTS_DUMP | TH_OPTS_TARGET | TH_OPTS_PASSES,
    .run = run,
};
