/* SPDX-License-Identifier: Apache-2.0 */
/* Applying rewrite rows until none fires. */
#include <string.h>

#include <thimble/match.h>
#include <thimble/thimble.h>

#include "ir/graph.h"

struct engine {
    struct th_graph *g;
    const struct th_rewrite *rows;
    size_t n_rows;
    struct th_pattern **patterns;
    void *user;
    uint64_t steps, budget;
};

/* Tries all rows at n; *fired tells whether one changed the graph. What it left behind is gone. */
static enum th_status try_rows(struct engine *e, th_node n, bool *fired)
{
    struct th_match m;
    *fired = false;
    for (size_t r = 0; r < e->n_rows; r++) {
        if (!th_pattern_match(e->patterns[r], e->g, n, &m))
            continue;
        enum th_status st = e->rows[r].apply(e->g, &m, fired, e->user);
        if (st != TH_OK)
            return st;
        if (!*fired)
            continue;
        if (++e->steps > e->budget) {
            th_error(th_program_ctx(th_graph_program(e->g)), NULL, 3104,
                     "rewrite '%s' does not come to an end: %llu steps in graph '%s'",
                     e->rows[r].name, (unsigned long long)e->steps, th_graph_name(e->g));
            return TH_ERR_INTERNAL;
        }
        for (uint32_t i = 0; i < m.n_node; i++)
            th_graph_sweep_node(e->g, m.node[i]);
        return TH_OK;
    }
    return TH_OK;
}

/* One walk over the graph. After a change the walk goes on a few nodes earlier, where new
 * neighbours may fit together; of the nodes seen last, any may be gone. */
static enum th_status walk(struct engine *e, bool *any)
{
    enum { SEEN = 4 };
    th_node seen[SEEN] = {0}, n = th_graph_first(e->g);
    *any = false;
    while (n) {
        bool fired;
        TH_TRY(try_rows(e, n, &fired));
        if (!fired) {
            memmove(seen + 1, seen, sizeof seen - sizeof *seen);
            seen[0] = n;
            n = th_graph_next(e->g, n);
            continue;
        }
        *any = true;
        n = 0;
        for (uint32_t i = 0; i < SEEN; i++)
            if (seen[i] && e->g->nodes[seen[i]]->live)
                n = seen[i];
        n = n ? n : th_graph_first(e->g);
        memset(seen, 0, sizeof seen);
    }
    return TH_OK;
}

enum th_status th_rewrite_run(struct th_graph *g, const struct th_rewrite *rows, size_t n,
                              void *user, bool *changed)
{
    struct th_ctx *ctx = th_program_ctx(th_graph_program(g));
    struct th_arena *a = th_arena_new(0);
    if (!a)
        return TH_ERR_INTERNAL;
    struct engine e = {g, rows, n, TH_NEW_ARRAY(a, struct th_pattern *, n), user, 0,
                       64 * (uint64_t)th_graph_node_count(g) + 1024};
    enum th_status st = e.patterns ? TH_OK : TH_ERR_INTERNAL;
    for (size_t r = 0; r < n && st == TH_OK; r++) {
        e.patterns[r] = th_pattern_new(ctx, a, rows[r].pattern);
        if (!e.patterns[r])
            st = TH_ERR_INTERNAL;
    }
    bool any = st == TH_OK;
    while (any && st == TH_OK)
        st = walk(&e, &any);
    if (e.steps)
        th_graph_sweep(g);
    if (changed)
        *changed = e.steps > 0;
    th_arena_free(a);
    return st;
}
