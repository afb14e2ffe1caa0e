/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

/* Index of the operand that position p of a padded axis shows. */
static int64_t mirrored(int64_t p, int64_t before, int64_t dim, int64_t skip)
{
    const int64_t i = p - before;
    if (i < 0)
        return -i - 1 + skip;
    return i < dim ? i : 2 * dim - 1 - skip - i;
}

static int64_t skip_of(const struct th_inst *c)
{
    return th_inst_int(c, "mode") == 0 ? 1 : 0;
}

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const uint32_t rank = (uint32_t)x->rank;
    int64_t dims[TH_MAX_RANK];
    if (th_inst_ints_len(c, "before") != rank || th_inst_ints_len(c, "after") != rank)
        return th_inst_error(c, "'before' and 'after' need %u entries each", rank);
    for (uint32_t i = 0; i < rank; i++) {
        const int64_t b = th_inst_ints(c, "before", i), a = th_inst_ints(c, "after", i);
        const int64_t most = x->dims[i] - skip_of(c);
        if (b > most || a > most)
            return th_inst_error(c, "axis %u of %lld elements cannot mirror %lld before and %lld "
                                 "after", i, (long long)x->dims[i], (long long)b, (long long)a);
        dims[i] = x->dims[i] + b + a;
    }
    th_mv_like(c, x->rank, dims);
    return TH_OK;
}

/* Each padded axis falls into up to three pieces; a move for each combination. */
static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    const struct th_type *x = c->in[0];
    int64_t in[TH_MAX_RANK], out[TH_MAX_RANK];
    uint32_t total = 1, n = 0;
    for (int32_t i = 0; i < x->rank; i++)
        if (c->out[0].dims[i] != x->dims[i])
            total *= 3;
    struct th_move *list = th_mv_new(c, m, total);
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(x, in);
    th_mv_strides(&c->out[0], out);
    for (uint32_t k = 0; k < total; k++) {
        struct th_move *v = &list[n];
        uint32_t rest = k;
        bool empty = false;
        *v = (struct th_move){.rank = x->rank};
        for (int32_t i = 0; i < x->rank; i++) {
            const int64_t b = th_inst_ints(c, "before", (uint32_t)i), d = x->dims[i];
            uint32_t piece = 1;
            if (c->out[0].dims[i] != d) {
                piece = rest % 3;
                rest /= 3;
            }
            const int64_t first = piece == 0 ? 0 : piece == 1 ? b : b + d;
            const int64_t end = piece == 0 ? b : piece == 1 ? b + d : c->out[0].dims[i];
            v->dims[i] = end - first;
            empty = empty || end == first;
            v->out_base += first * out[i];
            v->out_stride[i] = out[i];
            v->in_base += mirrored(first, b, d, skip_of(c)) * in[i];
            v->in_stride[i] = piece == 1 ? in[i] : -in[i];
        }
        if (!empty)
            n++;
    }
    m->n = n;
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    const struct th_type *x = c->in[0];
    (void)k;
    *w = (struct th_window){.box = {{0}, {0}}};
    for (int32_t i = 0; i < x->rank; i++) {
        const int64_t b = th_inst_ints(c, "before", (uint32_t)i);
        int64_t lo = x->dims[i], hi = 0;
        for (int64_t p = out->lo[i]; p < out->hi[i]; p++) {
            const int64_t v = mirrored(p, b, x->dims[i], skip_of(c));
            lo = v < lo ? v : lo;
            hi = v + 1 > hi ? v + 1 : hi;
        }
        w->box.lo[i] = lo < hi ? lo : 0;
        w->box.hi[i] = hi;
    }
    return true;
}

static const char *const modes[] = {"reflect", "symmetric", NULL};
static const struct th_attr_spec attrs[] = {
    {.name = "before", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements put before each axis"},
    {.name = "after", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements put after each axis"},
    {.name = "mode", .kind = TH_ATTR_ENUM, .names = modes,
     .doc = "reflect leaves the edge out of the mirror image, symmetric repeats it"},
    TH_MV_END};

TH_MV_OP(mirror_pad, "the operand with a mirrored border", "The border mirrors the operand.", 0);
