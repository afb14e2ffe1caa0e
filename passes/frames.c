/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --feed frames: the window of a time series moves on by a few frames at each step, and what was
 * computed for the frames before is kept. Layers that read time through windows compute their new
 * rows only; from where padding, a stride or a layer that mixes all of time forbids it, the rest
 * runs on whole windows of what is kept. Rows that no output depends on are not computed.
 */
#include "passes/frames/frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "passes/caller_io.h"

#define CODE_USAGE 9001
#define CODE_TARGET 4010

/* ---- what can be fed ---------------------------------------------------------------------- */
/* The first axis in front of the channels that has more than one row. */
static int32_t find_axis(const struct th_type *t)
{
    const int32_t last = t->rank > 2 ? t->rank - 1 : t->rank;
    for (int32_t a = 0; a < last; a++)
        if (t->dims[a] > 1)
            return a;
    return -1;
}

static enum th_status refuse(struct frames *f, const char *why)
{
    th_error(th_pass_ctx(f->pc), NULL, CODE_TARGET, "--feed frames: %s", why ? why : "no memory");
    return TH_ERR_TARGET;
}

static enum th_status check_input(struct frames *f)
{
    const struct th_type *t = th_value_type(f->g, f->input);
    const char *name = th_graph_input_name(f->g, 0);
    const int64_t wanted = th_pass_option_int(f->pc, "axis");
    struct th_str type;
    int64_t outer = 1;
    th_str_init(&type);
    th_type_print(&type, t);
    const char *text = th_arena_strdup(f->arena, type.s ? type.s : "");
    th_str_release(&type);
    f->axis = wanted >= 0 ? (int32_t)wanted : find_axis(t);
    if (th_dtype_bits(t->dtype) < 8)
        return refuse(f, th_arena_printf(f->arena, "input '%s' is %s: its elements are narrower "
                                         "than a byte", name, text));
    if (f->axis < 0 || f->axis >= t->rank || t->dims[f->axis] < 2)
        return refuse(f, th_arena_printf(f->arena, "input '%s' is %s, which has no axis of "
                                         "frames%s", name, text, wanted >= 0 ? " there" : ""));
    f->window = t->dims[f->axis];
    for (int32_t a = 0; a < f->axis; a++)
        outer *= t->dims[a];
    if (outer != 1) {
        (void)refuse(f, th_arena_printf(f->arena, "input '%s' is %s: its frames along axis %d are "
                                        "not one behind the other", name, text, f->axis));
        th_help(th_pass_ctx(f->pc), CODE_TARGET, "channels that lie in front of time are moved by "
                "--input-layout; the axis is chosen by "
                "--passes=+frames{axis=N}@replace:frames");
        return TH_ERR_TARGET;
    }
    if (f->hop > f->window)
        return refuse(f, th_arena_printf(f->arena, "a step of %" PRId64 " frames is longer than "
                                         "the window of %" PRId64, f->hop, f->window));
    return TH_OK;
}

static enum th_status check(struct frames *f)
{
    struct th_program *p = th_graph_program(f->g);
    const uint32_t n = th_graph_input_count(f->g);
    enum th_status s = TH_OK;
    if (th_caller_io(f->pc)) {
        th_error(th_pass_ctx(f->pc), NULL, CODE_USAGE, "--feed frames and --io-buffers caller "
                 "exclude each other: frames that are pushed lie in the arena");
        return TH_ERR_USAGE;
    }
    if (th_program_function_count(p) != 1)
        s = refuse(f, th_arena_printf(f->arena, "the model has %u entry points, not one",
                                      th_program_function_count(p)));
    if (th_program_state_count(p)) {
        s = refuse(f, th_arena_printf(f->arena, "the model keeps state of its own ('%s'): its "
                                      "outputs are not those of a window",
                                      th_state_name(p, 1)));
        th_help(th_pass_ctx(f->pc), CODE_TARGET, "such a model takes its frames one by one as it "
                "is: leave --feed out");
    }
    if (n != 1)
        return refuse(f, th_arena_printf(f->arena, "'%s' has %u inputs, not one series of frames",
                                         th_graph_name(f->g), n));
    const enum th_status input = check_input(f);
    return s == TH_OK ? input : s;
}

/* ---- what it costs, and why no more ------------------------------------------------------- */
static int64_t macs(const struct frames *f)
{
    int64_t sum = 0;
    for (th_node n = th_graph_first(f->g); n; n = th_graph_next(f->g, n)) {
        const struct th_inst *c = th_node_inst(f->g, n, f->arena);
        struct th_cost k = {0};
        if (c)
            th_inst_cost(c, &k);
        if (!th_add_i64(sum, k.macs, &sum))
            return INT64_MAX;
    }
    return sum;
}

/* A row that is computed anew at every step from all that is kept of an operand. */
static const char *reads_all(const struct frames *f, th_node n)
{
    const struct fr_node *r = &f->nodes[n];
    const struct fr_value *out = &f->values[th_node_output(f->g, n, 0)];
    if (out->fresh < out->hi - out->lo)
        return NULL;
    for (uint32_t i = 0; i < r->inst->n_in; i++) {
        const struct fr_value *x = &f->values[th_node_input(f->g, n, i)];
        int64_t lo, hi;
        if (!r->in[i].timed)
            continue;
        th_frames_rows(r, i, out->lo, out->hi, &lo, &hi);
        if (hi - lo == x->type.dims[x->axis] && hi - lo > x->fresh)
            return th_arena_printf(f->arena, "it reads all %" PRId64 " rows of its operand at "
                                   "every step", hi - lo);
    }
    return NULL;
}

/* Why node n takes whole windows of what is streamed, or NULL. */
static const char *end_at(const struct frames *f, th_node n)
{
    const struct fr_node *r = &f->nodes[n];
    bool reads = false;
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++)
        reads |= f->values[th_node_input(f->g, n, i)].streamed;
    if (!reads || !r->timed || r->fed)
        return NULL;
    if (r->streamed)
        return reads_all(f, n);
    return r->why ? r->why : "another operand of it is not streamed";
}

static enum th_status list_ends(struct frames *f, struct th_frames *out)
{
    struct th_arena *a = th_program_arena(th_graph_program(f->g));
    struct th_frames_end *list = TH_NEW_ARRAY(a, struct th_frames_end,
                                              (size_t)th_graph_node_count(f->g) + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    for (th_node n = th_graph_first(f->g); n; n = th_graph_next(f->g, n)) {
        const char *why = end_at(f, n);
        const char *name = th_value_name(f->g, th_node_output(f->g, n, 0));
        const struct th_loc *loc = th_node_loc(f->g, n);
        if (!why)
            continue;
        struct th_frames_end *e = &list[out->n_ends++];
        *e = (struct th_frames_end){
            .name = th_arena_strdup(a, loc->name && *loc->name ? loc->name : name),
            .op = th_node_op_name(f->g, n), .why = th_arena_strdup(a, why),
            .model_node = loc->node};
        if (!e->name || !e->why)
            return TH_ERR_INTERNAL;
    }
    out->ends = list;
    return TH_OK;
}

static void tell(struct frames *f, const struct th_frames *r)
{
    th_pass_remark(f->pc, "a step takes %" PRId64 " of %" PRId64 " frames; outputs are right from "
                   "frame %" PRId64 " on", r->hop, r->window, r->warm_up);
    th_pass_remark(f->pc, "%u of %u layers along time compute new rows only: %" PRId64
                   " multiply-accumulates a step, %" PRId64 " for a window", r->streamed, r->timed,
                   r->macs_step, r->macs_window);
    for (uint32_t i = 0; i < r->n_ends; i++) {
        struct th_str name;
        th_str_init(&name);
        th_str_add_escaped(&name, r->ends[i].name);
        th_pass_remark(f->pc, "whole windows from node #%" PRId64 " '%s' (%s) on: %s",
                       r->ends[i].model_node, name.s ? name.s : "", r->ends[i].op,
                       r->ends[i].why);
        th_str_release(&name);
    }
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *what = th_pass_global(pc, "feed"), *hop = th_pass_global(pc, "hop");
    if (!what || strcmp(what, "frames"))
        return TH_OK;
    struct frames f = {.pc = pc, .g = th_program_function(p, 0), .arena = th_pass_arena(pc),
                       .hop = hop ? strtoll(hop, NULL, 10) : 1};
    struct th_frames r = {.hop = f.hop};
    if (!f.g || th_program_frames(p)->hop)
        return TH_OK;
    f.input = th_graph_input_count(f.g) ? th_graph_input(f.g, 0) : 0;
    TH_TRY(check(&f));
    f.nodes = TH_NEW_ARRAY(f.arena, struct fr_node, (size_t)th_graph_node_limit(f.g) + 1);
    f.values = TH_NEW_ARRAY(f.arena, struct fr_value, (size_t)th_graph_value_limit(f.g) + 1);
    if (!f.nodes || !f.values)
        return TH_ERR_INTERNAL;
    r.macs_window = macs(&f);
    TH_TRY(th_frames_survey(&f));
    TH_TRY(list_ends(&f, &r));
    const struct fr_value *x = &f.values[f.input];
    r.axis = f.axis;
    r.window = f.window;
    r.warm_up = (x->hi - x->lo + f.hop - 1) / f.hop * f.hop;
    r.timed = f.n_timed;
    r.streamed = f.n_streamed;
    TH_TRY(th_frames_rewrite(&f));
    r.macs_step = macs(&f);
    th_program_set_frames(p, &r);
    th_pass_changed(pc);
    tell(&f, &r);
    return TH_OK;
}

static const struct th_option_spec options[] = {
    {"axis", TH_OPTION_INT, "-1", -1, TH_MAX_RANK - 1,
     "axis of the input that is time; -1: the first with more than one row, channels apart"},
    {NULL, TH_OPTION_INT, NULL, 1, 0, NULL},
};

const struct th_pass th_pass_frames = {
    .struct_size = sizeof(struct th_pass),
    .name = "frames",
    .summary = "--feed frames: compute what is new of a time series, keep the rest",
    .requires_props = TH_PROP_TYPED,
    .options = options,
    .run = run,
};
