/* SPDX-License-Identifier: Apache-2.0 */
/* In-place proposals that lifetimes allow. */
#include "passes/storage.h"

/* Distance at which class `out` of node n may lie under class `in`; every operand of the node in
 * that class must allow it. -1: not at all. */
static int64_t common_distance(const struct th_layout *l, const struct th_layout_graph *r,
                               th_node n, th_value out, uint32_t in)
{
    int64_t worst = -1;
    for (uint32_t i = 0; i < th_node_input_count(r->graph, n); i++) {
        th_value v = th_node_input(r->graph, n, i);
        int64_t d = -1;
        if (!v || l->values[r->base + v].first < 0 || th_layout_class(l, r->base + v) != in)
            continue;
        for (uint32_t k = 0; k < th_graph_share_count(r->graph); k++) {
            const struct th_share *s = th_graph_share(r->graph, k);
            if (s->out == out && s->in == v && !s->exact && !s->same && !s->state &&
                s->distance > d)
                d = s->distance;
        }
        if (d < 0)
            return -1;
        if (d > worst)
            worst = d;
    }
    return worst;
}

/* The same in the other direction, where one operand alone lies in that class. 0: not at all. */
static int64_t common_above(const struct th_layout *l, const struct th_layout_graph *r, th_node n,
                            const struct th_share *s, uint32_t in)
{
    uint32_t uses = 0;
    for (uint32_t i = 0; i < th_node_input_count(r->graph, n); i++) {
        const th_value v = th_node_input(r->graph, n, i);
        uses += v && l->values[r->base + v].first >= 0 && th_layout_class(l, r->base + v) == in;
    }
    return uses == 1 ? s->above : 0;
}

/* A loop that overlaps twice cannot be asked for a direction. */
static void one_direction(struct th_layout_overlap *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n && list[i].above; k++)
            if (k != i && list[k].graph == list[i].graph && list[k].made == list[i].made)
                list[i].above = 0;
}

static bool taken(const struct th_layout_overlap *list, uint32_t n, uint32_t in)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].in == in)
            return true;
    return false;
}

static void add_overlap(const struct th_layout *l, const struct th_layout_graph *r,
                        const struct th_share *s, struct th_layout_overlap *list, uint32_t *n)
{
    th_node made = th_value_def(r->graph, s->out);
    if (s->exact || s->same || s->state || !made || l->values[r->base + s->in].first < 0)
        return;
    uint32_t in = th_layout_class(l, r->base + s->in), out = th_layout_class(l, r->base + s->out);
    const struct th_layout_class *a = &l->classes[in], *b = &l->classes[out];
    const struct th_span span = r->spans[made];
    if (in == out || a->state || b->state || a->caller || b->caller || a->last != span.exit ||
        b->first != span.enter || taken(list, *n, in) ||
        (span.enter != span.exit && th_node_op(r->graph, made)->region != TH_REGION_TILE_LOOP))
        return;
    int64_t d = common_distance(l, r, made, s->out, in);
    const int64_t above = d >= 0 ? common_above(l, r, made, s, in) : 0;
    if (d >= 0 && (d < b->bytes || above))
        list[(*n)++] = (struct th_layout_overlap){out, in, d, above, r->graph, made};
}

enum th_status th_layout_overlaps(const struct th_layout *l, struct th_layout_overlap **list,
                                  uint32_t *n)
{
    uint32_t most = 0;
    *n = 0;
    for (uint32_t k = 0; k < l->n_graphs; k++)
        most += th_graph_share_count(l->graphs[k].graph);
    *list = TH_NEW_ARRAY(l->arena, struct th_layout_overlap, (size_t)most + 1);
    if (!*list)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; k < l->n_graphs; k++)
        for (uint32_t i = 0; i < th_graph_share_count(l->graphs[k].graph); i++)
            add_overlap(l, &l->graphs[k], th_graph_share(l->graphs[k].graph, i), *list, n);
    one_direction(*list, *n);
    return TH_OK;
}

bool th_layout_over_scratch(const struct th_layout *l, const struct th_layout_graph *r, th_node n,
                            uint32_t *klass)
{
    const struct th_kernel_note *note = th_node_note_const(r->graph, n);
    const th_value out = th_node_output_count(r->graph, n) ? th_node_output(r->graph, n, 0) : 0;
    if (!note->row || !note->row->over_scratch || !out || l->values[r->base + out].first < 0)
        return false;
    *klass = th_layout_class(l, r->base + out);
    const struct th_layout_class *c = &l->classes[*klass];
    return !c->state && !c->caller && c->first == r->spans[n].enter;
}
