/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/frames_cases.h"

#include <inttypes.h>
#include <string.h>

#include "ir/notes.h"

#define CODE_USAGE 9001
#define CODE_SHORT 3002
/* Steps after the warm-up, of a series that is drawn; and of a second one, after a reset. */
#define DRAWN_STEPS 12
#define DRAWN_AGAIN 3

struct framing {
    const struct th_compiled *c;
    struct th_arena *arena;
    const struct th_frames *f;
    struct th_graph *step;               /* of one step */
    struct th_program *whole;            /* NULL: nothing is compared with it */
    struct th_eval_session *session;
    struct th_verify_case *cases;
    uint32_t n, cap;
};

static enum th_status no_memory(const struct framing *x)
{
    th_error(x->c->ctx, NULL, 0, "memory exhausted while preparing cases");
    return TH_ERR_INTERNAL;
}

static const struct th_type *input_type(const struct framing *x)
{
    return th_value_type(x->step, th_graph_input(x->step, 0));
}

static size_t frame_bytes(const struct framing *x)
{
    return (size_t)(th_type_size(input_type(x)) / x->f->hop);
}

/* n frames; those in front of the series are as its first one. */
static struct th_tensor *cut(const struct framing *x, const struct th_tensor *series, int64_t from,
                             int64_t n)
{
    struct th_type t = *input_type(x);
    const size_t bytes = frame_bytes(x);
    t.dims[x->f->axis] = n;
    struct th_tensor *out = th_tensor_new(x->arena, &t);
    for (int64_t i = 0; out && i < n; i++)
        memcpy((char *)out->data + (size_t)i * bytes,
               (const char *)series->data + (size_t)(from + i < 0 ? 0 : from + i) * bytes, bytes);
    return out;
}

/* What the model gives for the window that ends with frame `end`. */
static enum th_status expect_window(struct framing *x, const struct th_tensor *series, int64_t end,
                                    struct th_verify_case *c)
{
    const uint32_t n = th_graph_output_count(x->step);
    struct th_tensor **out = TH_NEW_ARRAY(x->arena, struct th_tensor *, n);
    const struct th_tensor **want = TH_NEW_ARRAY(x->arena, const struct th_tensor *, n);
    const struct th_tensor *window = cut(x, series, end - x->f->window, x->f->window);
    if (!out || !want || !window)
        return no_memory(x);
    TH_TRY(th_eval_run(x->session, th_program_function(x->whole, 0), &window, x->arena, out));
    for (uint32_t i = 0; i < n; i++) {
        /* what is constant, and what types refer to, goes with the other program */
        struct th_tensor *t = th_tensor_new(x->arena, th_value_type(x->step,
                                                                    th_graph_output(x->step, i)));
        if (!t)
            return no_memory(x);
        memcpy(t->data, out[i]->data, (size_t)th_type_size(&t->type));
        want[i] = t;
    }
    c->want = want;
    c->computed = true;
    return TH_OK;
}

static struct th_verify_case *add_case(struct framing *x)
{
    if (x->n == x->cap) {
        const uint32_t cap = x->cap ? 2 * x->cap : 64;
        struct th_verify_case *grown = TH_NEW_ARRAY(x->arena, struct th_verify_case, cap);
        if (!grown)
            return NULL;
        if (x->n)
            memcpy(grown, x->cases, x->n * sizeof *grown);
        x->cases = grown;
        x->cap = cap;
    }
    return &x->cases[x->n++];
}

/* want: of the last step, or NULL. */
static enum th_status add_series(struct framing *x, const struct th_tensor *series,
                                 const struct th_tensor *const *want)
{
    const int64_t hop = x->f->hop, n = series->type.dims[x->f->axis];
    const int64_t steps = (n + hop - 1) / hop, filled = steps * hop - n;
    for (int64_t k = 0; k < steps; k++) {
        const int64_t end = (k + 1) * hop;
        struct th_verify_case *c = add_case(x);
        const struct th_tensor **in = TH_NEW_ARRAY(x->arena, const struct th_tensor *, 1);
        if (!c || !in || !(in[0] = cut(x, series, end - hop - filled, hop)))
            return no_memory(x);
        *c = (struct th_verify_case){.reset = k == 0, .in = in, .warming = end < x->f->warm_up};
        if (want && k == steps - 1)
            c->want = want;
        else if (x->whole && !c->warming)
            TH_TRY(expect_window(x, series, end - filled, c));
    }
    return TH_OK;
}

static enum th_status too_short(const struct framing *x, const char *path, int64_t frames)
{
    th_error(x->c->ctx, NULL, CODE_SHORT, "'%s' holds %" PRId64 " frames: outputs are ready after %"
             PRId64, path, frames, x->f->warm_up);
    return TH_ERR_INPUT;
}

static enum th_status read_series(struct framing *x, uint32_t i)
{
    const struct th_options *o = x->c->options;
    const uint32_t n_out = th_graph_output_count(x->step);
    const struct th_tensor **want = NULL;
    struct th_tensor *series;
    TH_TRY(th_verify_series_read(x->c->ctx, o->inputs.list[i], input_type(x), x->f->axis, &series));
    const int64_t n = series->type.dims[x->f->axis], hop = x->f->hop;
    if ((n + hop - 1) / hop * hop < x->f->warm_up)
        return too_short(x, o->inputs.list[i], n);
    if (o->expects.n && !(want = TH_NEW_ARRAY(x->arena, const struct th_tensor *, n_out)))
        return no_memory(x);
    for (uint32_t k = 0; want && k < n_out; k++)
        TH_TRY(th_verify_want_read(x->c->ctx, o->expects.list[i * n_out + k],
                                   th_value_type(x->step, th_graph_output(x->step, k)), &want[k]));
    return add_series(x, series, want);
}

static enum th_status draw_series(struct framing *x, int64_t steps, uint64_t *state)
{
    struct th_type t = *input_type(x);
    t.dims[x->f->axis] = x->f->warm_up + steps * x->f->hop;
    struct th_tensor *series = th_tensor_new(x->arena, &t);
    if (!series)
        return no_memory(x);
    th_verify_draw(series, state);
    return add_series(x, series, NULL);
}

static enum th_status all_series(struct framing *x)
{
    const struct th_options *o = x->c->options;
    const uint32_t n_out = th_graph_output_count(x->step);
    uint64_t state = o->seed;
    if (o->sequence) {
        th_error(x->c->ctx, NULL, CODE_USAGE, "--sequence and --feed frames exclude each other: a "
                 "file is a series of frames as it is");
        return TH_ERR_USAGE;
    }
    if (o->expects.n && o->expects.n != (uint64_t)o->inputs.n * n_out) {
        th_error(x->c->ctx, NULL, CODE_USAGE, "%" PRIu32 " files of expected outputs for %" PRIu32
                 " series and %" PRIu32 " outputs", o->expects.n, o->inputs.n, n_out);
        th_help(x->c->ctx, CODE_USAGE, "each series wants a file for each output, of what is right "
                "after its last frame");
        return TH_ERR_USAGE;
    }
    for (uint32_t i = 0; i < o->inputs.n; i++)
        TH_TRY(read_series(x, i));
    if (o->inputs.n)
        return TH_OK;
    TH_TRY(draw_series(x, DRAWN_STEPS, &state));
    return draw_series(x, DRAWN_AGAIN, &state);
}

enum th_status th_frames_cases(const struct th_compiled *c, bool want,
                               struct th_verify_case **cases, uint32_t *n)
{
    struct framing x = {.c = c, .arena = th_ctx_arena(c->ctx), .f = th_program_frames(c->program),
                        .step = th_program_function(c->program, 0)};
    enum th_status s = want ? th_compile_windows(c, &x.whole) : TH_OK;
    if (x.whole && !(x.session = th_eval_session_new(x.whole)))
        s = no_memory(&x);
    if (s == TH_OK)
        s = all_series(&x);
    th_eval_session_free(x.session);
    th_program_free(x.whole);
    *cases = x.cases;
    *n = x.n;
    return s;
}
