/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around attention: the positions of tokens as rotations. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

struct rotary {
    struct onx_node *n;
    th_value x, cosine, sine;    /* angles broadcast to a half of what is turned */
    int64_t dims[4];             /* of x: its heads before or behind the tokens */
    int64_t turned, depth;       /* numbers of a head that are turned, and all of them */
    bool flat, interleaved;
};

static enum th_status read_tokens(struct rotary *r)
{
    struct onx_node *n = r->n;
    const struct th_type t = *onx_type(n, r->x);
    const int64_t heads = onx_attr_i(n, "num_heads", 0);

    r->flat = t.rank == 3;
    if (t.rank != 3 && t.rank != 4)
        return onx_reject(n, "[batch, heads, tokens, numbers] or [batch, tokens, numbers]",
                          "an operand of %d axes", (int)t.rank);
    if (r->flat && (heads < 1 || t.dims[2] % heads != 0))
        return onx_reject(n, NULL, "rows of %" PRId64 " numbers in %" PRId64 " heads", t.dims[2],
                          heads);
    memcpy(r->dims, t.dims, sizeof r->dims);
    if (r->flat) {
        r->dims[2] = heads;
        r->dims[3] = t.dims[2] / heads;
        TH_TRY(onx_reshape(n, r->x, 4, r->dims, &r->x));
    }
    r->depth = r->dims[3];
    r->turned = onx_attr_i(n, "rotary_embedding_dim", 0);
    r->turned = r->turned == 0 ? r->depth : r->turned;
    r->interleaved = onx_attr_i(n, "interleaved", 0) != 0;
    if (r->turned < 2 || r->turned % 2 != 0 || r->turned > r->depth)
        return onx_reject(n, "an even number up to all of them",
                          "%" PRId64 " numbers of %" PRId64 " are turned", r->turned, r->depth);
    return TH_OK;
}

/* One cache, of all positions or of the given tokens, as it broadcasts to the heads. */
static enum th_status angles(struct rotary *r, size_t operand, th_value *out)
{
    struct onx_node *n = r->n;
    const int64_t batch = r->dims[0], tokens = r->dims[r->flat ? 1 : 2], half = r->turned / 2;
    th_value in[2] = {onx_in(n, operand), onx_in(n, 3)};

    if (onx_has_in(n, 3)) {
        const struct th_type t = *onx_type(n, in[0]), *ids = onx_type(n, in[1]);
        if (ids->rank != 2 || ids->dims[0] != batch || ids->dims[1] != tokens || t.rank != 2)
            return onx_reject(n, NULL, "positions of %d axes and angles of %d for %" PRId64
                              " by %" PRId64 " tokens", (int)ids->rank, (int)t.rank, batch, tokens);
        TH_TRY(onx_check_indices(n, in[1], &t, 0, 1));
        TH_TRY(onx_from_front(n, in[1], t.dims[0], &in[1]));
        TH_TRY(onx_gather(n, in[0], in[1], 0, &in[0]));
    }
    const struct th_type t = *onx_type(n, in[0]);
    if (t.rank != 3 || t.dims[0] != batch || t.dims[1] != tokens || t.dims[2] != half)
        return onx_reject(n, NULL, "angles of %d axes, %" PRId64 " for a token, needed are "
                          "%" PRId64 " for each of %" PRId64 " by %" PRId64 " tokens",
                          (int)t.rank, t.dims[t.rank > 0 ? t.rank - 1 : 0], half, batch, tokens);
    const int64_t dims[4] = {batch, r->flat ? tokens : 1, r->flat ? 1 : tokens, half};
    return onx_reshape(n, in[0], 4, dims, out);
}

/* Half k of the numbers that are turned: every second one, or the first and the last ones. */
static enum th_status half_of(struct rotary *r, int64_t k, th_value *out)
{
    const int64_t half = r->turned / 2;
    int64_t dims[5];

    if (!r->interleaved)
        return onx_slice(r->n, r->x, 3, k * half, half, out);
    TH_TRY(onx_slice(r->n, r->x, 3, 0, r->turned, out));
    memcpy(dims, r->dims, sizeof r->dims);
    dims[3] = half;
    dims[4] = 2;
    TH_TRY(onx_reshape(r->n, *out, 5, dims, out));
    TH_TRY(onx_slice(r->n, *out, 4, k, 1, out));
    return onx_reshape(r->n, *out, 4, dims, out);
}

/* first * a + second * b, or the difference */
static enum th_status mixed(struct rotary *r, const char *op, th_value first, th_value a,
                            th_value second, th_value b, th_value *out)
{
    TH_TRY(onx_binary(r->n, "mul", first, a, &a));
    TH_TRY(onx_binary(r->n, "mul", second, b, &b));
    return onx_binary(r->n, op, a, b, out);
}

static enum th_status import_rotary(struct onx_node *n)
{
    struct rotary r = {.n = n};
    th_value in[3], x[2], y[3];
    int64_t dims[5];

    TH_TRY(onx_need(n, in, 3));
    const struct th_type t = *onx_type(n, in[0]);
    r.x = in[0];
    TH_TRY(read_tokens(&r));
    TH_TRY(angles(&r, 1, &r.cosine));
    TH_TRY(angles(&r, 2, &r.sine));
    TH_TRY(half_of(&r, 0, &x[0]));
    TH_TRY(half_of(&r, 1, &x[1]));
    TH_TRY(mixed(&r, "sub", r.cosine, x[0], r.sine, x[1], &y[0]));
    TH_TRY(mixed(&r, "add", r.sine, x[0], r.cosine, x[1], &y[1]));
    memcpy(dims, r.dims, sizeof r.dims);
    dims[3] = r.turned / 2;
    dims[4] = 1;
    for (int k = 0; k < 2 && r.interleaved; k++)
        TH_TRY(onx_reshape(n, y[k], 5, dims, &y[k]));
    TH_TRY(onx_concat(n, y, 2, r.interleaved ? 4 : 3, &y[0]));
    dims[3] = r.turned;
    TH_TRY(onx_reshape(n, y[0], 4, dims, &y[0]));
    if (r.turned < r.depth) {
        TH_TRY(onx_slice(n, r.x, 3, r.turned, r.depth - r.turned, &y[1]));
        TH_TRY(onx_concat(n, y, 2, 3, &y[0]));
    }
    TH_TRY(onx_reshape(n, y[0], t.rank, t.dims, &y[0]));
    return onx_bind(n, 0, y[0]);
}

const struct onx_row onx_rows_position[] = {
    {"RotaryEmbedding", import_rotary, NULL},
    {NULL, NULL, NULL},
};
