/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transposes sink through reshapes. Axes of the transposed value fall into groups, each of which
 * the reshape splits or joins by itself. Where the axes of every group are neighbours before the
 * transpose, too, the reshape can be done there. Axes of one group that stand in another order (a
 * channel shuffle) need a transpose of their own, which moves within that group only; that pays
 * where the other one has a transpose to meet.
 */
#include "passes/layout/layout.h"

#define FAR 4      /* nodes between this reshape and the transpose that may be met */

/* Axes of extent 1 are nowhere: they belong to a group of the result only. */
struct group {
    int32_t from[TH_MAX_RANK];     /* axes before the transpose, in the order behind it */
    int32_t n, z0, z1;             /* how many; axes of the result */
    int32_t first, last;           /* among the axes before the transpose that are not 1 */
    bool ordered;
};
struct groups {
    struct group at[TH_MAX_RANK];
    int32_t n;
};

/* One group after the other: as few axes of both sides as have equally many elements. */
static bool find_groups(const struct th_type *y, const struct th_type *z, const int64_t *to,
                        struct groups *r)
{
    int32_t i = 0, j = 0;
    r->n = 0;
    while (j < z->rank && z->dims[j] == 1)
        j++;
    for (;;) {
        while (i < y->rank && y->dims[i] == 1)
            i++;
        if (i == y->rank)
            break;
        struct group *k = &r->at[r->n++];
        *k = (struct group){.z0 = j};
        int64_t behind = y->dims[i], result = 1;
        k->from[k->n++] = (int32_t)to[i++];
        while (behind != result) {
            if (result < behind && j < z->rank) {
                result *= z->dims[j++];
            } else if (result > behind && i < y->rank) {
                if (y->dims[i] != 1)
                    k->from[k->n++] = (int32_t)to[i];
                behind *= y->dims[i++];
            } else {
                return false;
            }
        }
        k->z1 = j;
    }
    if (r->n > 0)
        r->at[r->n - 1].z1 = z->rank;
    return r->n > 0;
}

/* Whether each group's axes are neighbours in x, whatever their order. */
static bool place_groups(const struct th_type *x, struct groups *r)
{
    int32_t place[TH_MAX_RANK], next = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        place[i] = next;
        next += x->dims[i] != 1;
    }
    for (int32_t g = 0; g < r->n; g++) {
        struct group *k = &r->at[g];
        k->first = k->last = place[k->from[0]];
        k->ordered = true;
        for (int32_t i = 1; i < k->n; i++) {
            const int32_t p = place[k->from[i]];
            k->ordered = k->ordered && p > k->last;
            k->first = p < k->first ? p : k->first;
            k->last = p > k->last ? p : k->last;
        }
        if (k->last - k->first + 1 != k->n)
            return false;
    }
    return true;
}

/* The axes of x with those of each group in their order behind the transpose; false: no change. */
static bool inner_perm(const struct th_type *x, const struct groups *r, int64_t *inner)
{
    bool changed = false;
    for (int32_t i = 0; i < x->rank; i++)
        inner[i] = i;
    for (int32_t g = 0; g < r->n; g++) {
        const struct group *k = &r->at[g];
        bool mine[TH_MAX_RANK] = {false};
        int32_t next = 0;
        if (k->ordered)
            continue;
        changed = true;
        for (int32_t i = 0; i < k->n; i++)
            mine[k->from[i]] = true;
        for (int32_t i = 0; i < x->rank; i++)
            if (mine[i])
                inner[i] = k->from[next++];
    }
    return changed;
}

/* The result's extents with groups in the order of x, and its axes among those. Leading axes of
 * extent 1, as a batch is, stay in front. */
static bool outer_perm(const struct th_type *z, const struct groups *r, int64_t *dims,
                       int64_t *outer)
{
    int32_t next = 0;
    bool changed = false;
    for (; next < r->at[0].z0; next++) {
        dims[next] = 1;
        outer[next] = next;
    }
    for (int32_t p = 0; p < TH_MAX_RANK; p++)
        for (int32_t g = 0; g < r->n; g++)
            for (int32_t j = r->at[g].z0; r->at[g].first == p && j < r->at[g].z1; j++) {
                dims[next] = z->dims[j];
                outer[j] = next++;
            }
    for (int32_t j = 0; j < z->rank; j++)
        changed |= outer[j] != j;
    return changed;
}

/* Some way down from v, through what moves or computes element by element, ends at a transpose. */
static bool meets_transpose(const struct th_graph *g, th_value v, int depth)
{
    for (uint32_t i = 0; i < th_value_user_count(g, v) && depth > 0; i++) {
        const th_node n = th_value_user(g, v, i);
        const struct th_op *op = th_node_op(g, n);
        if (th_node_is(g, n, "transpose"))
            return true;
        for (uint32_t o = 0; o < th_node_output_count(g, n); o++)
            if ((op->moves || op->traits & TH_TRAIT_ELEMENTWISE) &&
                meets_transpose(g, th_node_output(g, n, o), depth - 1))
                return true;
    }
    return false;
}

enum th_status th_layout_sink_reshape(struct th_graph *g, const struct th_match *m, bool *done,
                                      void *user)
{
    const th_node n = m->node[0], turn = m->node[1];
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *y = th_value_type(g, th_node_output(g, turn, 0));
    const struct th_type z = *th_value_type(g, th_node_output(g, n, 0));
    int64_t to[TH_MAX_RANK], inner[TH_MAX_RANK], outer[TH_MAX_RANK], dims[TH_MAX_RANK];
    struct groups r;
    th_value v = m->value[0];
    (void)user;
    for (int32_t i = 0; i < x->rank; i++)
        to[i] = th_attr_ints(th_node_attrs(g, turn), "perm", (uint32_t)i, i);
    if ((z.quant && z.quant->n > 1) || !find_groups(y, &z, to, &r) || !place_groups(x, &r) ||
        !outer_perm(&z, &r, dims, outer))
        return TH_OK;
    struct th_attr a = th_attr_of_ints("perm", inner, (uint32_t)x->rank);
    const bool twice = inner_perm(x, &r, inner);
    if (twice && !meets_transpose(g, th_node_output(g, n, 0), FAR))
        return TH_OK;
    if (twice)
        TH_TRY(th_insert_node(g, n, "transpose", &v, 1, &a, 1, NULL, &v));
    a = th_attr_of_ints("shape", dims, (uint32_t)z.rank);
    TH_TRY(th_insert_node(g, n, "reshape", &v, 1, &a, 1, NULL, &v));
    a = th_attr_of_ints("perm", outer, (uint32_t)z.rank);
    TH_TRY(th_insert_node(g, n, "transpose", &v, 1, &a, 1, NULL, &v));
    th_supersede(g, n, v);
    *done = true;
    return TH_OK;
}
