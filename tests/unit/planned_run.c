/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/planned_run.h"

#include <stdlib.h>
#include <string.h>

static void run_graph(struct planned *p, struct th_graph *g);

static size_t bytes_of(const struct th_graph *g, th_value v)
{
    return (size_t)th_type_size(th_value_type(g, v));
}

static unsigned char *at(struct planned *p, struct th_place place)
{
    if (place.region < 0) {
        p->failed = true;
        return p->region[0];
    }
    return p->region[place.region] + place.offset;
}

static const void *read_at(struct planned *p, struct th_graph *g, th_value v)
{
    const struct th_tensor *k = th_value_const(g, v);
    return k ? k->data : at(p, th_value_place(g, v));
}

static void move(struct planned *p, struct th_graph *to, th_value w, struct th_graph *from,
                 th_value v)
{
    memmove(at(p, th_value_place(to, w)), read_at(p, from, v), bytes_of(to, w));
}

static void junk(struct planned *p, struct th_place place, size_t bytes)
{
    memset(at(p, place), 0xc5, bytes);
}

static void run_call(struct planned *p, struct th_graph *g, th_node n)
{
    struct th_arena *a = th_arena_new(0);
    struct th_inst *c = th_node_inst(g, n, a);
    struct th_tensor *in[16] = {NULL}, *out[TH_MAX_OUTPUTS] = {NULL};
    const struct th_kernel_note *note = th_node_note_const(g, n);
    for (uint32_t i = 0; i < c->n_in; i++) {
        th_value v = th_node_input(g, n, i);
        if (!v)
            continue;
        in[i] = th_tensor_new(a, th_value_type(g, v));
        memcpy(in[i]->data, read_at(p, g, v), bytes_of(g, v));
    }
    for (uint32_t i = 0; i < c->n_out; i++)
        out[i] = th_tensor_new(a, &c->out[i]);
    struct th_eval e = {.arena = a, .in = (const struct th_tensor *const *)in, .out = out};
    p->failed |= c->op->eval(c, &e) != TH_OK;
    for (uint32_t i = 0; i < c->n_out; i++)
        memcpy(at(p, th_value_place(g, th_node_output(g, n, i))), out[i]->data,
               bytes_of(g, th_node_output(g, n, i)));
    if (note->scratch_bytes > 0)
        junk(p, note->scratch, (size_t)note->scratch_bytes);
    th_arena_free(a);
}

static void run_loop(struct planned *p, struct th_graph *g, th_node n)
{
    int64_t count = th_attr_int(th_node_attrs(g, n), "count", -1);
    struct th_graph *cond = count < 0 ? th_node_body(g, n, 0) : NULL;
    struct th_graph *body = th_node_body(g, n, count < 0 ? 1 : 0);
    uint32_t carried = th_graph_input_count(body);
    for (uint32_t i = 0; i < carried; i++)
        move(p, body, th_graph_input(body, i), g, th_node_input(g, n, i));
    for (int64_t t = 0; count < 0 || t < count; t++) {
        if (cond) {
            run_graph(p, cond);
            if (!*(const unsigned char *)read_at(p, cond, th_graph_output(cond, 0)))
                break;
        }
        run_graph(p, body);
        for (uint32_t i = 0; i < carried; i++)
            move(p, body, th_graph_input(body, i), body, th_graph_output(body, i));
    }
    for (uint32_t i = 0; i < carried; i++)
        move(p, g, th_node_output(g, n, i), body, th_graph_input(body, i));
}

static void run_if(struct planned *p, struct th_graph *g, th_node n)
{
    const unsigned char *c = read_at(p, g, th_node_input(g, n, 0));
    struct th_graph *body = th_node_body(g, n, *c ? 0 : 1);
    for (uint32_t i = 0; i < th_graph_input_count(body); i++)
        move(p, body, th_graph_input(body, i), g, th_node_input(g, n, i + 1));
    run_graph(p, body);
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        move(p, g, th_node_output(g, n, i), body, th_graph_output(body, i));
}

static void run_tiles(struct planned *p, struct th_graph *g, th_node n)
{
    struct th_graph *body = th_node_body(g, n, 0);
    for (uint32_t i = 0; i < th_graph_input_count(body); i++)
        move(p, body, th_graph_input(body, i), g, th_node_input(g, n, i));
    run_graph(p, body);
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        move(p, g, th_node_output(g, n, i), body, th_graph_output(body, i));
}

static void run_state(struct planned *p, struct th_graph *g, th_node n, bool write)
{
    th_state s = (th_state)th_attr_int(th_node_attrs(g, n), "state", 0);
    unsigned char *var = p->region[0] + th_state_offset(p->program, s);
    size_t bytes = (size_t)th_type_size(th_state_type(p->program, s));
    if (write)
        memmove(var, read_at(p, g, th_node_input(g, n, 0)), bytes);
    else
        memmove(at(p, th_value_place(g, th_node_output(g, n, 0))), var, bytes);
}

static void run_graph(struct planned *p, struct th_graph *g)
{
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        const struct th_op *op = th_node_op(g, n);
        if (op->region == TH_REGION_LOOP)
            run_loop(p, g, n);
        else if (op->region == TH_REGION_IF)
            run_if(p, g, n);
        else if (op->region == TH_REGION_TILE_LOOP)
            run_tiles(p, g, n);
        else if (op->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE))
            run_state(p, g, n, op->traits & TH_TRAIT_STATE_WRITE);
        else if (op->traits & TH_TRAIT_VIEW)
            move(p, g, th_node_output(g, n, 0), g, th_node_input(g, n, 0));
        else
            run_call(p, g, n);
    }
}

bool planned_open(struct planned *p, struct th_program *program)
{
    const struct th_plan_totals *t = th_program_plan(program);
    *p = (struct planned){.program = program};
    for (uint32_t r = 0; r < t->n_regions && r < TH_ARRAY_LEN(p->region); r++)
        if (!(p->region[r] = malloc((size_t)t->regions[r].bytes + 1)))
            return false;
    for (th_state s = 1; s <= th_program_state_count(program); s++) {
        const struct th_blob *b = th_state_initial(program, s);
        size_t bytes = (size_t)th_type_size(th_state_type(program, s));
        if (b)
            memcpy(p->region[0] + th_state_offset(program, s), th_blob_data(b), bytes);
        else
            memset(p->region[0] + th_state_offset(program, s), 0, bytes);
    }
    return true;
}

void planned_close(struct planned *p)
{
    for (uint32_t r = 0; r < TH_ARRAY_LEN(p->region); r++)
        free(p->region[r]);
}

bool planned_invoke(struct planned *p, struct th_graph *f, const struct th_tensor *const *in,
                    struct th_arena *a, struct th_tensor **out)
{
    const struct th_plan_totals *t = th_program_plan(p->program);
    for (uint32_t r = 1; r < t->n_regions; r++)
        junk(p, (struct th_place){(int32_t)r, 0}, (size_t)t->regions[r].bytes);
    for (uint32_t i = 0; i < th_graph_input_count(f); i++)
        memcpy(at(p, th_value_place(f, th_graph_input(f, i))), in[i]->data,
               bytes_of(f, th_graph_input(f, i)));
    run_graph(p, f);
    for (uint32_t i = 0; i < th_graph_input_count(f); i++) {
        const struct th_place at_input = th_value_place(f, th_graph_input(f, i));
        if (t->regions[at_input.region].role == TH_ROLE_INPUT)
            p->failed |= memcmp(at(p, at_input), in[i]->data,
                                bytes_of(f, th_graph_input(f, i))) != 0;
    }
    for (uint32_t i = 0; i < th_graph_output_count(f); i++) {
        th_value v = th_graph_output(f, i);
        out[i] = th_tensor_new(a, th_value_type(f, v));
        memcpy(out[i]->data, read_at(p, f, v), bytes_of(f, v));
    }
    return !p->failed;
}
