/* SPDX-License-Identifier: Apache-2.0 */
/* All numbers of the report, from the program and its notes. */
#include <stdlib.h>
#include <string.h>

#include "ir/call.h"
#include "ir/tile.h"
#include "report/report.h"

struct collector {
    const struct th_report_request *request;
    struct th_report *r;
    struct th_arena *arena;
    struct th_report_layer *layers;
    struct th_report_block *blocks;
    uint32_t n_layers, n_blocks, cap_blocks, depth, function;
    bool *data_counted;
    const struct th_blob **const_counted;
    uint32_t n_const, cap_const;
    bool failed;
    /* inside the body of a tile loop, else NULL */
    const struct th_tile *tile;
    int64_t *computed;           /* pixels of each of its nodes, repeated ones too */
};

static int64_t bytes_of(const struct th_graph *g, th_value v)
{
    return th_type_size(th_value_type(g, v));
}

/* ---- one node -------------------------------------------------------------------------------- */

/* Constants of the packed call that no earlier layer had. */
static int64_t packed_bytes(struct collector *c, const struct th_call *call)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < call->n_args; i++) {
        const struct th_arg *a = &call->args[i];
        if (a->kind != TH_ARG_DATA || c->data_counted[a->index])
            continue;
        c->data_counted[a->index] = true;
        sum += (int64_t)th_program_data(c->request->program, a->index)->bytes;
    }
    return sum;
}

/* The same for a node without a kernel: its constants are data of their own. */
static int64_t copied_bytes(struct collector *c, const struct th_graph *g, th_node n)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < th_node_input_count(g, n); i++) {
        const th_value v = th_node_input(g, n, i);
        const struct th_tensor *k = v ? th_value_const(g, v) : NULL;
        const size_t bytes = k ? (size_t)th_type_size(&k->type) : 0;
        for (uint32_t j = 0; k && j < c->r->n_data; j++) {
            const struct th_data *d = th_program_data(c->request->program, j);
            if (d->dtype != k->type.dtype || d->bytes != bytes || memcmp(d->data, k->data, bytes))
                continue;
            if (!c->data_counted[j])
                sum += (int64_t)bytes;
            c->data_counted[j] = true;
        }
    }
    return sum;
}

/* Constant operands as the model has them; blobs shared by nodes count once. */
static int64_t model_bytes(struct collector *c, const struct th_graph *g, th_node n)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < th_node_input_count(g, n); i++) {
        const th_value v = th_node_input(g, n, i);
        if (!v || !th_value_is_const(g, v))
            continue;
        const struct th_blob *b = th_value_blob(g, v);
        bool seen = false;
        for (uint32_t k = 0; k < c->n_const && !seen; k++)
            seen = c->const_counted[k] == b;
        if (seen)
            continue;
        sum += bytes_of(g, v);
        if (c->n_const < c->cap_const)
            c->const_counted[c->n_const++] = b;
    }
    return sum;
}

static void fill_activations(struct collector *c, const struct th_graph *g, th_node n,
                             struct th_report_layer *l)
{
    for (uint32_t i = 0; i < th_node_input_count(g, n); i++) {
        const th_value v = th_node_input(g, n, i);
        bool again = false;
        for (uint32_t k = 0; k < i; k++)
            again |= th_node_input(g, n, k) == v;
        if (v && !again && !th_value_is_const(g, v))
            l->in_bytes += bytes_of(g, v);
    }
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        l->out_bytes += bytes_of(g, th_node_output(g, n, i));
    if (l->in_bytes + l->out_bytes > c->r->largest_pair)
        c->r->largest_pair = l->in_bytes + l->out_bytes;
}

static const struct th_tile_node *tile_node(const struct collector *c, const struct th_graph *g,
                                             th_node n, uint32_t *i)
{
    if (!c->tile || c->tile->body != g)
        return NULL;
    for (*i = 0; *i < c->tile->n_nodes; ++*i)
        if (c->tile->nodes[*i].node == n)
            return &c->tile->nodes[*i];
    return NULL;
}

static bool kept_in_part(const struct th_tile_node *t)
{
    return t && t->store != TH_TILE_WHOLE && t->store != TH_TILE_ACCUMULATOR;
}

/* A node of a tile loop: what it computes, again too, and what is kept of it. */
static void fill_piece(const struct collector *c, const struct th_graph *g, th_node n,
                       struct th_report_layer *l)
{
    uint32_t i;
    const struct th_tile_node *t = tile_node(c, g, n, &i);
    if (!t)
        return;
    const double again = (double)c->computed[i] / ((double)t->h * (double)t->w);
    l->macs = (int64_t)((double)l->macs * again + 0.5);
    l->ops = (int64_t)((double)l->ops * again + 0.5);
    if (kept_in_part(t))
        l->out_bytes = t->bytes;
    for (uint32_t p = 0; p < t->n_in; p++) {
        const int32_t m = t->in[p].maker;
        if (m >= 0 && kept_in_part(&c->tile->nodes[m]))
            l->in_bytes += c->tile->nodes[m].bytes - bytes_of(g, t->in[p].value);
    }
}

static enum th_status fill_layer(struct collector *c, struct th_graph *g, th_node n)
{
    struct th_report_layer *l = &c->layers[c->n_layers];
    const struct th_loc *loc = th_node_loc(g, n);
    *l = (struct th_report_layer){.graph = g, .node = n, .step = c->n_layers, .depth = c->depth,
                                  .model_node = loc->node, .op = th_node_op_name(g, n),
                                  .name = loc->name ? loc->name : "", .place = {-1, 0}};
    c->n_layers++;
    struct th_arena *scratch = th_arena_new(0);
    const struct th_inst *inst = scratch ? th_node_inst(g, n, scratch) : NULL;
    if (inst) {
        struct th_cost cost;
        th_inst_cost(inst, &cost);
        /* a tile loop itself computes nothing */
        const bool tiles = inst->op->region == TH_REGION_TILE_LOOP;
        l->macs = tiles ? 0 : cost.macs;
        l->ops = tiles ? 0 : cost.ops;
    }
    th_arena_free(scratch);
    if (!inst)
        return TH_ERR_INTERNAL;
    fill_activations(c, g, n, l);
    fill_piece(c, g, n, l);
    if (th_node_output_count(g, n)) {
        const th_value v = th_node_output(g, n, 0);
        l->out = th_value_type(g, v);
        l->place = th_value_place(g, v);
        if (!l->name[0])
            l->name = th_value_name(g, v);
    }
    const struct th_kernel_note *note = th_node_note_const(g, n);
    if (note && note->row) {
        l->kernel = note->call && note->call->symbol ? note->call->symbol : note->row->symbol;
        l->cycles = note->cost.cycles;
        l->code_bytes = note->cost.code_bytes;
        l->stack_bytes = note->cost.stack_bytes;
        l->scratch_bytes = note->scratch_bytes;
    }
    if (!c->r->packed) {
        l->weight_bytes = model_bytes(c, g, n);
    } else if (note && note->call) {
        l->weight_bytes = packed_bytes(c, note->call);
        for (uint32_t i = 0; i < note->n_pieces; i++)
            l->weight_bytes += packed_bytes(c, note->pieces[i].call);
    } else {
        l->weight_bytes = copied_bytes(c, g, n);
    }
    c->r->macs += l->macs;
    c->r->elementary += l->ops;
    c->r->cycles += l->cycles;
    if (!c->r->packed)
        c->r->data_bytes += l->weight_bytes;
    return TH_OK;
}

/* ---- memory over time ------------------------------------------------------------------------ */

/* Of value v, or of the scratch of node n. */
static double heat_of(const struct collector *c, const struct th_graph *g, th_value v, th_node n)
{
    const struct th_plan_totals *t = th_program_plan(c->request->program);
    for (uint32_t i = 0; i < t->n_heat; i++)
        if (t->heat[i].graph == g && t->heat[i].value == v && t->heat[i].node == n)
            return t->heat[i].reads;
    return 0;
}

static void add_block(struct collector *c, const struct th_report_block *b)
{
    /* what the caller keeps is not in the picture of the arena */
    if (b->region < 0 || !b->bytes ||
        (uint32_t)b->region >= th_plan_arena_regions(th_program_plan(c->request->program)))
        return;
    if (c->n_blocks == c->cap_blocks) {
        const uint32_t cap = c->cap_blocks ? c->cap_blocks * 2 : 64;
        struct th_report_block *list = TH_NEW_ARRAY(c->arena, struct th_report_block, cap);
        if (!list) {
            c->failed = true;
            return;
        }
        if (c->n_blocks)
            memcpy(list, c->blocks, c->n_blocks * sizeof *list);
        c->blocks = list;
        c->cap_blocks = cap;
    }
    c->blocks[c->n_blocks++] = *b;
}

static enum th_status walk_graph(struct collector *c, struct th_graph *g);

static enum th_status count_pixels(void *user, const struct th_tile_run *r)
{
    ((int64_t *)user)[r->node] += (r->y1 - r->y0) * (r->x1 - r->x0);
    return TH_OK;
}

static enum th_status walk_bodies(struct collector *c, struct th_graph *g, th_node n)
{
    const struct th_tile *outer = c->tile;
    int64_t *computed = c->computed;
    struct th_tile t;
    struct th_arena *a = NULL;
    enum th_status s = TH_OK;
    if (th_node_op(g, n)->region == TH_REGION_TILE_LOOP) {
        a = th_arena_new(0);
        s = a ? th_tile_read(g, n, a, &t) : TH_ERR_INTERNAL;
        c->tile = &t;
        c->computed = s == TH_OK ? TH_NEW_ARRAY(a, int64_t, (size_t)t.n_nodes + 1) : NULL;
        if (s == TH_OK)
            s = c->computed ? th_tile_replay(&t, a, count_pixels, c->computed) : TH_ERR_INTERNAL;
    }
    for (uint32_t b = 0; b < th_node_body_count(g, n) && s == TH_OK; b++)
        s = walk_graph(c, th_node_body(g, n, b));
    c->tile = outer;
    c->computed = computed;
    th_arena_free(a);
    return s;
}

/* Nodes of g from c->n_layers on; ends[] by node id: last step of the node, bodies included. */
static enum th_status walk_graph(struct collector *c, struct th_graph *g)
{
    const uint32_t begin = c->n_layers;
    uint32_t *start = calloc(2 * ((size_t)th_graph_node_limit(g) + 1), sizeof *start);
    if (!start)
        return TH_ERR_INTERNAL;
    uint32_t *end = start + th_graph_node_limit(g) + 1;
    enum th_status s = TH_OK;
    for (th_node n = th_graph_first(g); n && s == TH_OK; n = th_graph_next(g, n)) {
        start[n] = c->n_layers;
        s = fill_layer(c, g, n);
        c->depth++;
        if (s == TH_OK)
            s = walk_bodies(c, g, n);
        c->depth--;
        end[n] = c->n_layers - 1;
        const struct th_kernel_note *note = th_node_note_const(g, n);
        if (note && note->scratch_bytes)
            add_block(c, &(struct th_report_block){
                .name = th_node_op_name(g, n), .function = c->function,
                .region = note->scratch.region, .offset = note->scratch.offset,
                .bytes = note->scratch_bytes, .first = start[n], .last = end[n],
                .scratch = true, .heat = heat_of(c, g, 0, n)});
    }
    const uint32_t last = c->n_layers > begin ? c->n_layers - 1 : begin;
    for (th_value v = 1; v < th_graph_value_limit(g) && s == TH_OK; v++) {
        const th_node def = th_value_def(g, v);
        if (th_value_is_const(g, v) || (!def && !th_value_is_input(g, v)) ||
            !th_value_type(g, v))
            continue;
        const struct th_place p = th_value_place(g, v);
        struct th_report_block b = {.name = th_value_name(g, v), .function = c->function,
                                    .region = p.region, .offset = p.offset,
                                    .bytes = bytes_of(g, v), .first = def ? start[def] : begin,
                                    .heat = heat_of(c, g, v, 0)};
        b.last = b.first;
        for (uint32_t i = 0; i < th_value_user_count(g, v); i++) {
            const uint32_t e = end[th_value_user(g, v, i)];
            b.last = e > b.last ? e : b.last;
        }
        if (th_value_is_output(g, v))
            b.last = last;
        uint32_t i;
        const struct th_tile_node *t = def ? tile_node(c, g, def, &i) : NULL;
        if (kept_in_part(t)) {
            b.bytes = t->bytes;
            if (t->slots) {          /* as long as the loop runs */
                b.first = begin;
                b.last = last;
            }
        } else if (c->tile && c->tile->body == g) {
            continue;                /* operands and results are the loop's */
        }
        add_block(c, &b);
    }
    free(start);
    return s;
}

/* ---- the program ----------------------------------------------------------------------------- */

static enum th_status count_nodes(struct th_graph *g, void *user)
{
    struct collector *c = user;
    c->n_layers += th_graph_node_count(g);
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        c->cap_const += th_node_input_count(g, n);
    return TH_OK;
}

static const struct th_report_tensor *tensors(struct collector *c, const struct th_graph *f,
                                              bool in, uint32_t n)
{
    struct th_report_tensor *list = TH_NEW_ARRAY(c->arena, struct th_report_tensor, n);
    for (uint32_t i = 0; list && i < n; i++) {
        const th_value v = in ? th_graph_input(f, i) : th_graph_output(f, i);
        list[i].name = in ? th_graph_input_name(f, i) : th_graph_output_name(f, i);
        list[i].type = th_value_type(f, v);
        list[i].bytes = bytes_of(f, v);
        if (in && v == th_tile_fed_input(f, NULL))
            c->r->pushed_bytes += list[i].bytes;
        else
            *(in ? &c->r->input_bytes : &c->r->output_bytes) += list[i].bytes;
    }
    c->failed |= !list;
    return list;
}

static enum th_status walk_functions(struct collector *c)
{
    const struct th_program *p = c->request->program;
    struct th_report *r = c->r;
    r->n_functions = th_program_function_count(p);
    struct th_report_function *list = TH_NEW_ARRAY(c->arena, struct th_report_function,
                                                   r->n_functions);
    if (!list)
        return TH_ERR_INTERNAL;
    r->functions = list;
    for (uint32_t i = 0; i < r->n_functions; i++) {
        struct th_graph *f = th_program_function(p, i);
        c->function = i;
        list[i] = (struct th_report_function){
            .name = th_graph_name(f), .n_in = th_graph_input_count(f),
            .n_out = th_graph_output_count(f), .first_step = c->n_layers};
        list[i].in = tensors(c, f, true, list[i].n_in);
        list[i].out = tensors(c, f, false, list[i].n_out);
        TH_TRY(walk_graph(c, f));
        list[i].n_steps = c->n_layers - list[i].first_step;
    }
    return c->failed ? TH_ERR_INTERNAL : TH_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct th_report_op *)a)->op, ((const struct th_report_op *)b)->op);
}

static enum th_status sum_ops(struct collector *c)
{
    struct th_report *r = c->r;
    struct th_report_op *ops = TH_NEW_ARRAY(c->arena, struct th_report_op, c->n_layers);
    if (!ops)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_layers; i++) {
        const struct th_report_layer *l = &c->layers[i];
        uint32_t k = 0;
        while (k < r->n_ops && strcmp(ops[k].op, l->op))
            k++;
        r->n_ops += k == r->n_ops;
        ops[k].op = l->op;
        ops[k].count++;
        ops[k].macs += l->macs;
        ops[k].weight_bytes += l->weight_bytes;
    }
    if (r->n_ops)
        qsort(ops, r->n_ops, sizeof *ops, by_name);
    r->ops = ops;
    return TH_OK;
}

static enum th_status take_states(struct collector *c)
{
    const struct th_program *p = c->request->program;
    struct th_report *r = c->r;
    r->n_states = th_program_state_count(p);
    const struct th_type **types = TH_NEW_ARRAY(c->arena, const struct th_type *, r->n_states);
    const char **names = TH_NEW_ARRAY(c->arena, const char *, r->n_states);
    if (!types || !names)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < r->n_states; i++) {
        types[i] = th_state_type(p, i + 1);
        names[i] = th_state_name(p, i + 1);
        r->state_values += th_type_size(types[i]);
        if (th_program_plan(p)->n_regions)
            add_block(c, &(struct th_report_block){
                .name = names[i], .region = TH_REGION_STATE, .offset = th_state_offset(p, i + 1),
                .bytes = th_type_size(types[i]), .last = c->n_layers ? c->n_layers - 1 : 0});
    }
    r->states = types;
    r->state_names = names;
    return TH_OK;
}

static enum th_status take_plan(struct collector *c)
{
    const struct th_plan_totals *t = th_program_plan(c->request->program);
    const struct th_target *target = c->request->target;
    struct th_report *r = c->r;
    if (!t->n_regions)
        return TH_OK;
    struct th_plan_arena a;
    th_plan_arena(t, &a);
    r->state_bytes = a.state;
    r->transient_bytes = a.transient;
    r->arena_bytes = a.state + a.transient;
    r->align = a.align;
    const struct th_mem_region **of = TH_NEW_ARRAY(c->arena, const struct th_mem_region *,
                                                   t->n_regions);
    struct th_plan_region *copy = th_arena_memdup(c->arena, t->regions,
                                                  t->n_regions * sizeof *copy);
    if (!of || !copy)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < th_plan_arena_regions(t); i++) {
        r->lower_bound += t->regions[i].lower_bound;
        for (uint32_t k = 0; target && k < target->n_regions; k++)
            if (!strcmp(target->regions[k].name, i == TH_REGION_STATE && t->regions[i].memory
                                                     ? t->regions[i].memory : t->regions[i].name))
                of[i] = &target->regions[k];
    }
    r->regions = copy;
    r->region_of = of;
    r->n_regions = th_plan_arena_regions(t);
    r->n_places = t->n_regions;
    r->caller_io = t->n_caller > 0;
    r->spread = t->n_heat > 0;
    r->by_heat = t->by_heat;
    r->peak_live = t->peak_live;
    for (uint32_t i = 0; i < c->n_layers; i++)
        if (c->layers[i].graph == t->peak_graph && c->layers[i].node == t->peak_node)
            r->peak = &c->layers[i];
    return TH_OK;
}

static enum th_status collect(struct collector *c)
{
    const struct th_program *p = c->request->program;
    TH_TRY(th_program_walk(p, count_nodes, c));
    const uint32_t nodes = c->n_layers;
    const uint32_t n_data = th_program_data_count(p);
    c->n_layers = 0;
    c->layers = TH_NEW_ARRAY(c->arena, struct th_report_layer, nodes);
    c->data_counted = TH_NEW_ARRAY(c->arena, bool, n_data);
    c->const_counted = TH_NEW_ARRAY(c->arena, const struct th_blob *, c->cap_const);
    if (!c->layers || !c->data_counted || !c->const_counted)
        return TH_ERR_INTERNAL;
    c->r->packed = n_data > 0 || th_program_plan(p)->n_regions > 0;
    c->r->n_data = n_data;
    for (uint32_t i = 0; i < n_data; i++)
        c->r->data_bytes += (int64_t)th_program_data(p, i)->bytes;
    TH_TRY(walk_functions(c));
    for (uint32_t i = 0; i < n_data; i++)
        if (!c->data_counted[i])
            c->r->copied_bytes += (int64_t)th_program_data(p, i)->bytes;
    TH_TRY(sum_ops(c));
    TH_TRY(take_states(c));
    TH_TRY(take_plan(c));
    c->r->layers = c->layers;
    c->r->n_layers = c->n_layers;
    c->r->blocks = c->blocks;
    c->r->n_blocks = c->n_blocks;
    return c->failed ? TH_ERR_INTERNAL : TH_OK;
}

const struct th_report *th_report_collect(const struct th_report_request *q,
                                          struct th_arena *arena)
{
    struct th_report *r = TH_NEW(arena, struct th_report);
    if (!r)
        return NULL;
    *r = (struct th_report){
        .source = th_program_source(q->program), .format = th_program_format(q->program),
        .sha256 = th_program_sha256(q->program), .name = q->name ? q->name : "",
        .target = q->target ? q->target->name : NULL, .options = q->options ? q->options : "",
        .passes = q->passes ? q->passes : "", .remarks = q->remarks ? q->remarks : ""};
    r->quantized = th_program_quantized(q->program);
    r->frames = th_program_frames(q->program)->hop ? th_program_frames(q->program) : NULL;
    r->front = th_program_front(q->program, &r->n_front);
    struct collector c = {.request = q, .r = r, .arena = arena};
    if (th_advice_collect(q->program, arena, &r->advice) != TH_OK)
        return NULL;
    if (th_footprint_collect(q->program, q->target, arena, &r->foot) != TH_OK)
        return NULL;
    return collect(&c) == TH_OK ? r : NULL;
}
