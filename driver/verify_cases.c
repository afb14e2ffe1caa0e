/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "driver/affine.h"
#include "driver/npy.h"
#include "driver/verify.h"

enum { CODE_USAGE = 9001, CODE_SHAPE = 3002 };

static enum th_status no_memory(struct th_ctx *ctx)
{
    th_error(ctx, NULL, 0, "memory exhausted while preparing cases");
    return TH_ERR_INTERNAL;
}

/* What a file holds: one tensor for each of `steps` calls, 0 while that is not known. A type that
 * the model has (NULL: any) is compared; axes of 1 may be missing. */
struct file_part {
    const struct th_tensor *whole;
    const struct th_type *model;
    int64_t elements;              /* of one step */
};

static enum th_status wrong_type(struct th_ctx *ctx, const char *path, const struct th_type *have,
                                 const struct th_type *type, bool steps)
{
    struct th_str want, got;

    th_str_init(&want);
    th_str_init(&got);
    th_type_print(&want, type);
    th_type_print(&got, have);
    th_error(ctx, NULL, CODE_SHAPE, "'%s' holds %s, the model has %s%s", path, got.s, want.s,
             steps ? " for each step of the leading axis" : "");
    th_str_release(&want);
    th_str_release(&got);
    return TH_ERR_INPUT;
}

/* Files hold types narrower than a byte one element a byte, and may hold reals for a quantized
 * input. */
static bool convertible(const struct th_type *file, const struct th_type *model)
{
    return file->dtype == model->dtype ||
           (th_dtype_bits(model->dtype) < 8 && !th_dtype_is_float(file->dtype)) ||
           (th_dtype_is_float(file->dtype) && th_affine_type(model));
}

static enum th_status no_time(struct th_ctx *ctx, const char *path, const struct th_type *have)
{
    struct th_str s;

    th_str_init(&s);
    th_type_print(&s, have);
    th_error(ctx, NULL, CODE_SHAPE, "'%s' holds %s, which is one call: --sequence wants a leading "
             "axis of time steps", path, s.s);
    th_help(ctx, CODE_SHAPE, "leave --sequence out, or give the file one more axis in front");
    th_str_release(&s);
    return TH_ERR_INPUT;
}

/* Number of calls in a file: 1, or the leading axis of a sequence. */
static enum th_status read_part(struct th_ctx *ctx, const char *path, const struct th_type *model,
                                bool typed, bool sequence, struct file_part *part, int64_t *steps)
{
    struct th_tensor *t = NULL;
    int64_t n;

    TH_TRY(th_npy_read(ctx, path, th_ctx_arena(ctx), &t));
    if (sequence && th_type_same_shape(&t->type, model))
        return no_time(ctx, path, &t->type);
    n = sequence && t->type.rank ? t->type.dims[0] : 1;
    part->whole = t;
    part->model = model;
    part->elements = n ? th_type_elems(&t->type) / n : 0;
    if (n < 1 || (typed && (part->elements != th_type_elems(model) ||
                            !convertible(&t->type, model))))
        return wrong_type(ctx, path, &t->type, model, sequence);
    if (*steps && *steps != n) {
        th_error(ctx, NULL, CODE_SHAPE, "'%s' has %" PRId64 " steps, the files before it %" PRId64,
                 path, n, *steps);
        return TH_ERR_INPUT;
    }
    *steps = n;
    return TH_OK;
}

/* Step k of a file. Inputs get the model's type, packed where that is narrower than a byte;
 * expected outputs keep the file's own type. */
static struct th_tensor *step_of(struct th_ctx *ctx, const struct file_part *p, int64_t k,
                                       bool typed)
{
    struct th_type type = typed ? *p->model : p->whole->type;
    struct th_tensor *t;
    int64_t i;

    if (!typed) {
        type.rank = 1;
        type.dims[0] = p->elements;
    }
    t = th_tensor_new(th_ctx_arena(ctx), &type);
    if (t && th_dtype_is_float(p->whole->type.dtype) && !th_dtype_is_float(type.dtype))
        th_affine_quantize(p->whole, k * p->elements, t);
    else if (t && th_dtype_bits(type.dtype) < 8)
        for (i = 0; i < p->elements; i++)
            th_tensor_set_int(t, i, th_tensor_int(p->whole, k * p->elements + i));
    else if (t && th_type_size(&type))
        memcpy(t->data, (const char *)p->whole->data + k * th_type_size(&type),
               (size_t)th_type_size(&type));
    return t;
}

static enum th_status check_numbers(struct th_ctx *ctx, const struct th_graph *f, uint32_t n_in,
                                    uint32_t n_want)
{
    const uint32_t inputs = th_graph_input_count(f), outputs = th_graph_output_count(f);

    if (inputs == 0 ? n_in != 0 : n_in == 0 || n_in % inputs != 0) {
        th_error(ctx, NULL, CODE_USAGE, "%" PRIu32 " input files for a function of %" PRIu32
                 " inputs", n_in, inputs);
        return TH_ERR_USAGE;
    }
    if (n_want && (outputs == 0 || n_want % outputs != 0 ||
                   (inputs && n_want / outputs != n_in / inputs))) {
        th_error(ctx, NULL, CODE_USAGE, "%" PRIu32 " files of expected outputs for %" PRIu32
                 " cases of %" PRIu32 " outputs", n_want, inputs ? n_in / inputs : 1, outputs);
        return TH_ERR_USAGE;
    }
    return TH_OK;
}

struct case_list {
    struct th_verify_case *cases;
    uint32_t n, cap;
};

static struct th_verify_case *add_case(struct th_ctx *ctx, struct case_list *l)
{
    if (l->n == l->cap) {
        const uint32_t cap = l->cap ? 2 * l->cap : 64;
        struct th_verify_case *grown = TH_NEW_ARRAY(th_ctx_arena(ctx), struct th_verify_case, cap);

        if (!grown)
            return NULL;
        if (l->n)
            memcpy(grown, l->cases, l->n * sizeof *grown);
        l->cases = grown;
        l->cap = cap;
    }
    return &l->cases[l->n++];
}

/* The files of one case: one call, or as many as the sequence has steps. */
static enum th_status read_case(struct th_ctx *ctx, const struct th_graph *f, uint32_t function,
                                const char *const *in, const char *const *want,
                                enum th_case_order order, struct case_list *list)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    const uint32_t n_in = th_graph_input_count(f), n_out = th_graph_output_count(f);
    const bool sequence = order == TH_CASES_SEQUENCE;
    struct file_part *parts = TH_NEW_ARRAY(arena, struct file_part, n_in + n_out);
    int64_t steps = 0, k;
    uint32_t i;

    if (!parts)
        return no_memory(ctx);
    for (i = 0; i < n_in; i++)
        TH_TRY(read_part(ctx, in[i], th_value_type(f, th_graph_input(f, i)), true, sequence,
                         &parts[i], &steps));
    for (i = 0; want && i < n_out; i++)
        TH_TRY(read_part(ctx, want[i], th_value_type(f, th_graph_output(f, i)), false, sequence,
                         &parts[n_in + i], &steps));
    for (k = 0; k < (steps ? steps : 1); k++) {
        struct th_verify_case *c = add_case(ctx, list);
        const struct th_tensor **given = TH_NEW_ARRAY(arena, const struct th_tensor *, n_in);
        const struct th_tensor **expected = TH_NEW_ARRAY(arena, const struct th_tensor *, n_out);
        bool ok = c && given && expected;

        for (i = 0; ok && i < n_in; i++)
            ok = (given[i] = step_of(ctx, &parts[i], k, true)) != NULL;
        for (i = 0; ok && want && i < n_out; i++)
            ok = (expected[i] = step_of(ctx, &parts[n_in + i], k, false)) != NULL;
        if (!ok)
            return no_memory(ctx);
        c->function = function;
        c->reset = order == TH_CASES_FRESH || (sequence && k == 0);
        c->in = given;
        c->want = want ? expected : NULL;
    }
    return TH_OK;
}

enum th_status th_verify_cases_read(struct th_ctx *ctx, struct th_program *program,
                                    uint32_t function, const char *const *in, uint32_t n_in,
                                    const char *const *want, uint32_t n_want,
                                    enum th_case_order order, struct th_verify_case **cases,
                                    uint32_t *n_cases)
{
    const struct th_graph *f = th_program_function(program, function);
    const uint32_t inputs = th_graph_input_count(f), outputs = th_graph_output_count(f);
    struct case_list list = { NULL, 0, 0 };
    uint32_t n, i;

    TH_TRY(check_numbers(ctx, f, n_in, n_want));
    n = inputs ? n_in / inputs : outputs && n_want ? n_want / outputs : 1;
    for (i = 0; i < n; i++)
        TH_TRY(read_case(ctx, f, function, in + (size_t)i * inputs,
                         n_want ? want + (size_t)i * outputs : NULL, order, &list));
    *cases = list.cases;
    *n_cases = list.n;
    return TH_OK;
}

/* ---- time series ----------------------------------------------------------------------------- */

enum th_status th_verify_series_read(struct th_ctx *ctx, const char *path,
                                     const struct th_type *type, int32_t axis,
                                     struct th_tensor **series)
{
    struct file_part part = { NULL, NULL, 0 };
    struct th_type t = *type;
    struct th_tensor *whole = NULL;
    int64_t frame, frames;

    TH_TRY(th_npy_read(ctx, path, th_ctx_arena(ctx), &whole));
    t.dims[axis] = 1;
    frame = th_type_elems(&t);
    frames = frame ? th_type_elems(&whole->type) / frame : 0;
    t.dims[axis] = frames;
    if (frames < 1 || frames * frame != th_type_elems(&whole->type) ||
        !convertible(&whole->type, type)) {
        enum th_status status = wrong_type(ctx, path, &whole->type, type, false);

        th_note(ctx, NULL, "axis %d may have any number of frames, of %" PRId64 " elements each",
                axis, frame);
        return status;
    }
    part.whole = whole;
    part.model = &t;
    part.elements = th_type_elems(&whole->type);
    *series = step_of(ctx, &part, 0, true);
    return *series ? TH_OK : no_memory(ctx);
}

enum th_status th_verify_want_read(struct th_ctx *ctx, const char *path,
                                   const struct th_type *model, const struct th_tensor **want)
{
    struct file_part part = { NULL, NULL, 0 };
    int64_t steps = 0;

    TH_TRY(read_part(ctx, path, model, false, false, &part, &steps));
    *want = step_of(ctx, &part, 0, false);
    return *want ? TH_OK : no_memory(ctx);
}

/* ---- drawn numbers --------------------------------------------------------------------------- */

/* SplitMix64: the same numbers on every machine. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Integers over the whole range of up to 16 bits, wider ones small (they are often indices); reals
 * in [-1, 1). */
void th_verify_draw(struct th_tensor *t, uint64_t *state)
{
    const enum th_dtype dtype = t->type.dtype;
    const int64_t n = th_type_elems(&t->type);
    int64_t i;

    for (i = 0; i < n; i++) {
        const uint64_t bits = next(state) >> 11;

        if (th_dtype_is_float(dtype))
            th_tensor_set_real(t, i, (double)bits / (double)((uint64_t)1 << 52) - 1.0);
        else if (dtype == TH_DT_BOOL || th_dtype_bits(dtype) > 16)
            th_tensor_set_int(t, i, (int64_t)(bits & 1));
        else
            th_tensor_set_int(t, i, th_dtype_min(dtype) +
                              (int64_t)(bits % ((uint64_t)1 << th_dtype_bits(dtype))));
    }
}

enum th_status th_verify_cases_draw(struct th_ctx *ctx, struct th_program *program,
                                    uint32_t function, uint64_t seed, uint32_t n_cases,
                                    struct th_verify_case **cases)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    const struct th_graph *f = th_program_function(program, function);
    const uint32_t inputs = th_graph_input_count(f);
    struct th_verify_case *list = TH_NEW_ARRAY(arena, struct th_verify_case, n_cases);
    uint64_t state = seed;
    uint32_t i, k;

    if (!list)
        return no_memory(ctx);
    for (i = 0; i < n_cases; i++) {
        const struct th_tensor **in = TH_NEW_ARRAY(arena, const struct th_tensor *, inputs);

        for (k = 0; in && k < inputs; k++) {
            struct th_tensor *t = th_tensor_new(arena, th_value_type(f, th_graph_input(f, k)));

            if (!t)
                return no_memory(ctx);
            th_verify_draw(t, &state);
            in[k] = t;
        }
        if (!in)
            return no_memory(ctx);
        list[i] = (struct th_verify_case){ .function = function, .reset = true, .in = in };
    }
    *cases = list;
    return TH_OK;
}
