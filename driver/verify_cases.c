/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "driver/npy.h"
#include "driver/verify.h"

enum { CODE_USAGE = 9001, CODE_SHAPE = 3002 };

static enum th_status no_memory(struct th_ctx *ctx)
{
    th_error(ctx, NULL, 0, "memory exhausted while preparing cases");
    return TH_ERR_INTERNAL;
}

/* A file's tensor as one of the model's type: same kind of element, same number; axes of 1 may be
 * missing. Types narrower than a byte are packed. */
static enum th_status fit(struct th_ctx *ctx, const char *path, const struct th_type *type,
                          const struct th_tensor **out)
{
    struct th_tensor *t = NULL, *copy;
    bool narrow = th_dtype_bits(type->dtype) < 8;
    struct th_str want, have;
    int64_t i;

    TH_TRY(th_npy_read(ctx, path, th_ctx_arena(ctx), &t));
    if (th_type_elems(&t->type) != th_type_elems(type) ||
        (t->type.dtype != type->dtype && !narrow)) {
        th_str_init(&want);
        th_str_init(&have);
        th_type_print(&want, type);
        th_type_print(&have, &t->type);
        th_error(ctx, NULL, CODE_SHAPE, "'%s' holds %s, the model has %s", path, have.s, want.s);
        th_str_release(&want);
        th_str_release(&have);
        return TH_ERR_INPUT;
    }
    copy = th_tensor_new(th_ctx_arena(ctx), type);
    if (!copy)
        return no_memory(ctx);
    if (narrow)
        for (i = 0; i < th_type_elems(type); i++)
            th_tensor_set_int(copy, i, th_tensor_int(t, i));
    else if (th_type_size(type))
        memcpy(copy->data, t->data, (size_t)th_type_size(type));
    *out = copy;
    return TH_OK;
}

/* Expected outputs keep the file's own type: a tolerance may compare across quantizations. */
static enum th_status read_want(struct th_ctx *ctx, const char *path, const struct th_tensor **out)
{
    struct th_tensor *t = NULL;

    TH_TRY(th_npy_read(ctx, path, th_ctx_arena(ctx), &t));
    *out = t;
    return TH_OK;
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

enum th_status th_verify_cases_read(struct th_ctx *ctx, struct th_program *program,
                                    uint32_t function, const char *const *in, uint32_t n_in,
                                    const char *const *want, uint32_t n_want,
                                    struct th_verify_case **cases, uint32_t *n_cases)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    const struct th_graph *f = th_program_function(program, function);
    const uint32_t inputs = th_graph_input_count(f), outputs = th_graph_output_count(f);
    struct th_verify_case *list;
    uint32_t n, i, k;

    TH_TRY(check_numbers(ctx, f, n_in, n_want));
    n = inputs ? n_in / inputs : outputs && n_want ? n_want / outputs : 1;
    list = TH_NEW_ARRAY(arena, struct th_verify_case, n);
    if (!list)
        return no_memory(ctx);
    for (i = 0; i < n; i++) {
        const struct th_tensor **given = TH_NEW_ARRAY(arena, const struct th_tensor *, inputs);
        const struct th_tensor **expected = TH_NEW_ARRAY(arena, const struct th_tensor *, outputs);

        if (!given || !expected)
            return no_memory(ctx);
        for (k = 0; k < inputs; k++)
            TH_TRY(fit(ctx, in[i * inputs + k], th_value_type(f, th_graph_input(f, k)),
                       &given[k]));
        for (k = 0; n_want && k < outputs; k++)
            TH_TRY(read_want(ctx, want[i * outputs + k], &expected[k]));
        list[i] = (struct th_verify_case){ function, given, n_want ? expected : NULL };
    }
    *cases = list;
    *n_cases = n;
    return TH_OK;
}

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
static void draw(struct th_tensor *t, uint64_t *state)
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
            draw(t, &state);
            in[k] = t;
        }
        if (!in)
            return no_memory(ctx);
        list[i] = (struct th_verify_case){ function, in, NULL };
    }
    *cases = list;
    return TH_OK;
}
