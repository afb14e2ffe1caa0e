/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps: each node a static function that makes one kernel call, or moves bytes, or runs bodies.
 * `r` is the array of region pointers.
 */
#include "backends/emit/tiles.h"

#include <string.h>

/* ---- graphs and their owners ----------------------------------------------------------------- */
struct find {
    const struct th_graph *wanted;
    uint32_t index;                  /* walking order of the graph */
    const struct th_graph *owner;    /* graph of the node that owns it */
    th_node node;
    uint32_t body;
    bool found;
};

static enum th_status find_step(struct th_graph *g, void *user)
{
    struct find *f = user;
    if (g == f->wanted)
        f->found = true;
    if (!f->found)
        f->index++;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        for (uint32_t b = 0; b < th_node_body_count(g, n); b++)
            if (th_node_body(g, n, b) == f->wanted) {
                f->owner = g;
                f->node = n;
                f->body = b;
            }
    return TH_OK;
}

static struct find find_graph(struct th_emit *e, const struct th_graph *g)
{
    struct find f = {.wanted = g};
    th_program_walk(e->program, find_step, &f);
    return f;
}

void th_emit_graph_name(struct th_emit *e, struct th_str *s, const struct th_graph *g)
{
    th_str_addf(s, "%s_graph%u", e->name, find_graph(e, g).index);
}

/* ---- addresses ------------------------------------------------------------------------------- */
/* A body's parameter without storage of its own is the operand it stands for. */
static bool operand_of_param(struct th_emit *e, const struct th_graph *g, th_value v,
                             const struct th_graph **outer, th_value *operand)
{
    if (!th_graph_is_body(g))
        return false;
    const struct find f = find_graph(e, g);
    if (!f.owner)
        return false;
    const enum th_region_kind kind = th_node_op(f.owner, f.node)->region;
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        if (th_graph_input(g, i) != v)
            continue;
        /* `if` has the condition before its operands */
        const uint32_t k = kind == TH_REGION_IF ? i + 1 : i;
        *outer = f.owner;
        *operand = th_node_input(f.owner, f.node, k);
        return *operand != 0;
    }
    return false;
}

void th_emit_address(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_value v)
{
    const struct th_tensor *k = th_value_const(g, v);
    if (k) {
        const int32_t d = th_program_add_data(e->program, "constant", k->type.dtype, k->data,
                                              (size_t)th_type_elems(&k->type), 0, false);
        e->failed = e->failed || d < 0;
        th_str_addf(s, "%s_data%d", e->name, d);
        return;
    }
    const struct th_place p = th_value_place(g, v);
    if (p.region >= 0) {
        th_str_addf(s, "(r[%d] + %lld)", p.region, (long long)p.offset);
        return;
    }
    const struct th_graph *outer;
    th_value operand;
    if (operand_of_param(e, g, v, &outer, &operand)) {
        th_emit_address(e, s, outer, operand);
    } else {
        th_error(e->ctx, NULL, 4008, "value %u of graph '%s' has no place in the memory plan", v,
                 th_graph_name(g));
        e->failed = true;
    }
}

static bool same_address(struct th_emit *e, const struct th_graph *ga, th_value a,
                         const struct th_graph *gb, th_value b)
{
    struct th_str x, y;
    th_str_init(&x);
    th_str_init(&y);
    th_emit_address(e, &x, ga, a);
    th_emit_address(e, &y, gb, b);
    const bool same = !strcmp(x.s, y.s);
    th_str_release(&x);
    th_str_release(&y);
    return same;
}

/* memcpy of a whole value, unless it is there already. */
static void move(struct th_emit *e, struct th_str *s, const char *indent,
                 const struct th_graph *to_g, th_value to, const struct th_graph *from_g,
                 th_value from)
{
    const int64_t bytes = th_type_size(th_value_type(to_g, to));
    if (!bytes || same_address(e, to_g, to, from_g, from))
        return;
    th_str_addf(s, "%smemmove(", indent);
    th_emit_address(e, s, to_g, to);
    th_str_add(s, ", ");
    th_emit_address(e, s, from_g, from);
    th_str_addf(s, ", %lld);\n", (long long)bytes);
}

static void call_graph(struct th_emit *e, struct th_str *s, const char *indent,
                       const struct th_graph *g)
{
    th_str_add(s, indent);
    th_emit_graph_name(e, s, g);
    th_str_add(s, "(r);\n");
}

/* ---- structural nodes ------------------------------------------------------------------------ */
static void results_to(struct th_emit *e, struct th_str *s, const char *indent,
                       const struct th_graph *body, const struct th_graph *to_g,
                       const th_value *to, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        move(e, s, indent, to_g, to[i], body, th_graph_output(body, i));
}

static void condition(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_value v)
{
    th_str_add(s, "*(const uint8_t *)");
    th_emit_address(e, s, g, v);
}

static void loop_node(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_node n)
{
    const int64_t count = th_attr_int(th_node_attrs(g, n), "count", -1);
    const struct th_graph *cond = count < 0 ? th_node_body(g, n, 0) : NULL;
    const struct th_graph *body = th_node_body(g, n, count < 0 ? 1 : 0);
    const uint32_t carried = th_graph_input_count(body);
    if (count >= 0)
        th_str_add(s, "    int32_t t;\n\n");
    for (uint32_t i = 0; i < carried; i++)
        move(e, s, "    ", body, th_graph_input(body, i), g, th_node_input(g, n, i));
    if (cond) {
        th_str_add(s, "    for (;;) {\n");
        for (uint32_t i = 0; i < carried; i++)
            move(e, s, "        ", cond, th_graph_input(cond, i), body, th_graph_input(body, i));
        call_graph(e, s, "        ", cond);
        th_str_add(s, "        if (!");
        condition(e, s, cond, th_graph_output(cond, 0));
        th_str_add(s, ")\n            break;\n");
    } else {
        th_str_addf(s, "    for (t = 0; t < %lld; t++) {\n", (long long)count);
    }
    call_graph(e, s, "        ", body);
    for (uint32_t i = 0; i < carried; i++)
        move(e, s, "        ", body, th_graph_input(body, i), body, th_graph_output(body, i));
    th_str_add(s, "    }\n");
    for (uint32_t i = 0; i < carried; i++)
        if (th_value_place(g, th_node_output(g, n, i)).region >= 0)
            move(e, s, "    ", g, th_node_output(g, n, i), body, th_graph_input(body, i));
}

static void if_node(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_node n)
{
    th_value out[TH_MAX_OUTPUTS];
    const uint32_t n_out = th_node_output_count(g, n);
    for (uint32_t i = 0; i < n_out; i++)
        out[i] = th_node_output(g, n, i);
    for (uint32_t b = 0; b < 2; b++) {
        const struct th_graph *body = th_node_body(g, n, b);
        if (b == 0) {
            th_str_add(s, "    if (");
            condition(e, s, g, th_node_input(g, n, 0));
            th_str_add(s, ") {\n");
        } else {
            th_str_add(s, "    } else {\n");
        }
        for (uint32_t i = 0; i < th_graph_input_count(body); i++)
            move(e, s, "        ", body, th_graph_input(body, i), g, th_node_input(g, n, i + 1));
        call_graph(e, s, "        ", body);
        results_to(e, s, "        ", body, g, out, n_out);
    }
    th_str_add(s, "    }\n");
}

static void state_node(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_node n,
                       bool write)
{
    const th_state v = (th_state)th_attr_int(th_node_attrs(g, n), "state", 0);
    const th_value other = write ? th_node_input(g, n, 0) : th_node_output(g, n, 0);
    const int64_t bytes = th_type_size(th_state_type(e->program, v));
    const struct th_place p = th_value_place(g, other);
    if (!bytes || (p.region == TH_REGION_STATE && p.offset == th_state_offset(e->program, v) &&
                   !th_value_is_const(g, other)))
        return;
    th_str_add(s, "    memmove(");
    if (write)
        th_str_addf(s, "r[0] + %lld, ", (long long)th_state_offset(e->program, v));
    th_emit_address(e, s, g, other);
    if (!write)
        th_str_addf(s, ", r[0] + %lld", (long long)th_state_offset(e->program, v));
    th_str_addf(s, ", %lld);\n", (long long)bytes);
}

static enum th_status node_body(struct th_emit *e, struct th_str *s, const struct th_graph *g,
                                th_node n)
{
    const struct th_op *op = th_node_op(g, n);
    const struct th_kernel_note *k = th_node_note_const(g, n);
    if (k->row && k->call)
        th_emit_kernel_call(e, s, g, n);
    else if (op->region == TH_REGION_LOOP)
        loop_node(e, s, g, n);
    else if (op->region == TH_REGION_TILE_LOOP)
        call_graph(e, s, "    ", th_node_body(g, n, 0));
    else if (op->region == TH_REGION_IF)
        if_node(e, s, g, n);
    else if (op->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE))
        state_node(e, s, g, n, (op->traits & TH_TRAIT_STATE_WRITE) != 0);
    else if (op->traits & TH_TRAIT_VIEW)
        move(e, s, "    ", g, th_node_output(g, n, 0), g, th_node_input(g, n, 0));
    else {
        th_error(e->ctx, th_node_loc(g, n), 4003, "'%s' has no kernel bound", op->name);
        return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

/* ---- graphs ---------------------------------------------------------------------------------- */
void th_emit_node_comment(struct th_str *s, const struct th_graph *g, th_node n)
{
    const struct th_loc *l = th_node_loc(g, n);
    th_str_add(s, "/* ");
    if (l->node >= 0)
        th_str_addf(s, "#%lld ", (long long)l->node);
    th_emit_comment(s, th_node_op_name(g, n));
    const char *name = l->name && l->name[0] ? l->name
                       : th_node_output_count(g, n) ? th_value_name(g, th_node_output(g, n, 0))
                                                    : "";
    if (name[0]) {
        th_str_add(s, " '");
        th_emit_comment(s, name);
        th_str_addc(s, '\'');
    }
    th_str_add(s, " */\n");
}

static void graph_function(struct th_emit *e, struct th_str *s, uint32_t index, const char *part,
                           const struct th_str *calls)
{
    th_str_addf(s, "static void %s_graph%u%s(unsigned char *const *r)\n{\n    (void)r;\n%s}\n\n",
                e->name, index, part, calls->len ? calls->s : "");
}

/* Nodes that move nothing have no step: views in place, state in its own storage. Where rows are
 * pushed the graph has two functions: what comes before the first row, and after the last. */
static enum th_status graph_steps(struct th_emit *e, struct th_str *s, const struct th_graph *g)
{
    const uint32_t index = find_graph(e, g).index;
    struct th_str calls, body;
    th_node fed = 0;
    th_str_init(&calls);
    th_str_init(&body);
    uint32_t step = 0;
    enum th_status status = TH_OK;
    th_tile_fed_input(g, &fed);
    for (th_node n = th_graph_first(g); n && status == TH_OK; n = th_graph_next(g, n)) {
        if (n == fed) {
            graph_function(e, s, index, "_begin", &calls);
            th_str_clear(&calls);
            continue;
        }
        th_str_clear(&body);
        status = node_body(e, &body, g, n);
        if (!body.len)
            continue;
        th_emit_node_comment(s, g, n);
        th_str_addf(s, "static void %s_graph%u_step%u(unsigned char *const *r)\n{\n"
                       "    THK_WRITES;\n%s}\n\n", e->name, index, step, body.s);
        th_str_addf(&calls, "    %s_graph%u_step%u(r);\n    %s_STEP_HOOK(%u);\n", e->name, index,
                    step, e->upper, step);
        step++;
    }
    graph_function(e, s, index, "", &calls);
    e->failed = e->failed || calls.failed || body.failed;
    th_str_release(&calls);
    th_str_release(&body);
    return status;
}

/* Bodies first, so that no function is used before its definition. */
static enum th_status emit_graph(struct th_emit *e, struct th_str *s, const struct th_graph *g)
{
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        if (th_node_op(g, n)->region == TH_REGION_TILE_LOOP)
            TH_TRY(th_emit_tile_loop(e, s, g, n));
        else
            for (uint32_t b = 0; b < th_node_body_count(g, n); b++)
                TH_TRY(emit_graph(e, s, th_node_body(g, n, b)));
    }
    return graph_steps(e, s, g);
}

enum th_status th_emit_steps(struct th_emit *e, struct th_str *s)
{
    for (uint32_t i = 0; i < th_program_function_count(e->program); i++)
        TH_TRY(emit_graph(e, s, th_program_function(e->program, i)));
    return e->failed ? TH_ERR_INTERNAL : TH_OK;
}
