/* SPDX-License-Identifier: Apache-2.0 */
/* What no schedule can do without. */
#include "plan/fuse_internal.h"

static void raise(struct th_fuse_bound *b, int64_t bytes, enum th_fuse_reason why, uint32_t node)
{
    if (bytes > b->bytes)
        *b = (struct th_fuse_bound){bytes, why, node};
}

static bool counts(const struct fuse *f, uint32_t t)
{
    return !fuse_free(f, t);
}

/* Operands that a node wants whole are there at once. */
static int64_t whole_operands(const struct fuse *f, uint32_t j)
{
    const struct th_fuse_node *n = &f->net->nodes[j];
    int64_t sum = 0;
    for (uint32_t k = 0; k < n->n_operands; k++)
        if ((n->kind == TH_FUSE_OPAQUE || n->operands[k].whole) && counts(f, n->operands[k].tensor))
            sum += fuse_size(f, n->operands[k].tensor);
    return sum;
}

/*
 * Made before the result of REDUCE node r is known and read by what needs that result: each such
 * tensor lies whole in memory when r is done, if nothing is made twice.
 */
static int64_t across(const struct fuse *f, uint32_t r, uint8_t *before, uint8_t *after)
{
    uint32_t n = f->net->n_nodes;
    int64_t sum = 0;
    for (uint32_t j = 0; j < n; j++)
        before[j] = after[j] = 0;
    before[r] = 1;
    for (uint32_t j = r + 1; j-- > 0;)
        for (uint32_t k = 0; before[j] && k < f->net->nodes[j].n_operands; k++) {
            uint32_t m = f->prod[f->net->nodes[j].operands[k].tensor];
            if (m != FUSE_NONE)
                before[m] = 1;
        }
    after[r] = 1;
    for (uint32_t j = r + 1; j < n; j++)
        for (uint32_t k = 0; k < f->net->nodes[j].n_operands; k++) {
            uint32_t m = f->prod[f->net->nodes[j].operands[k].tensor];
            after[j] |= m != FUSE_NONE && after[m];
        }
    for (uint32_t t = 0; t < f->net->n_tensors; t++) {
        uint32_t m = f->prod[t];
        bool wanted = f->net->tensors[t].is_output, early = false;
        if (m == FUSE_NONE ? !f->net->tensors[t].is_input : !before[m] || m == r)
            continue;
        for (uint32_t c = f->cons_start[t]; c < f->cons_start[t + 1]; c++) {
            wanted |= f->cons[c] != r && after[f->cons[c]];
            early |= before[f->cons[c]] != 0;
        }
        if (wanted && early && counts(f, t))
            sum += fuse_size(f, t);
    }
    return sum;
}

void th_fuse_bounds(const struct fuse *f, struct th_fuse_bound *once, struct th_fuse_bound *any,
                    struct th_arena *tmp)
{
    uint32_t n = f->net->n_nodes;
    int64_t in = 0, made = 0;
    uint8_t *before = th_arena_alloc(tmp, (size_t)n + 1);
    uint8_t *after = th_arena_alloc(tmp, (size_t)n + 1);
    *any = (struct th_fuse_bound){0, TH_FUSE_BY_NOTHING, 0};
    for (uint32_t t = 0; t < f->net->n_tensors; t++) {
        const struct th_fuse_tensor *x = &f->net->tensors[t];
        if (x->is_input && !f->o.feed && counts(f, t))
            in += fuse_size(f, t);
        if (x->is_output && counts(f, t))
            made += fuse_size(f, t);
    }
    raise(any, in, TH_FUSE_BY_INPUT, 0);
    raise(any, made, TH_FUSE_BY_OUTPUT, n - 1);
    for (uint32_t j = 0; j < n; j++)
        raise(any, whole_operands(f, j), TH_FUSE_BY_OPERANDS, j);
    *once = *any;
    for (uint32_t j = 0; j < n && before && after; j++)
        if (f->net->nodes[j].kind == TH_FUSE_REDUCE)
            raise(once, across(f, j, before, after), TH_FUSE_BY_GATE, j);
}
