/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/plan_support.h"

#include <stdlib.h>
#include <string.h>

static enum th_status bind_any(const struct th_query *q, struct th_call *c)
{
    for (uint32_t i = 0; i < q->inst->n_in; i++)
        th_call_input(c, i, "const void");
    for (uint32_t i = 0; i < q->inst->n_out; i++)
        th_call_output(c, i, "void");
    return TH_OK;
}

static enum th_status bind_scratch(const struct th_query *q, struct th_call *c)
{
    TH_TRY(bind_any(q, c));
    th_call_scratch(c, 132, 8, "int32_t");
    return TH_OK;
}

static enum th_status bind_data(const struct th_query *q, struct th_call *c)
{
    static const int32_t table[3] = {1, 2, 3};
    TH_TRY(bind_any(q, c));
    th_call_data(c, "table", TH_DT_S32, table, 3, 4);
    return TH_OK;
}

static void dear(const struct th_query *q, struct th_kernel_cost *k)
{
    (void)q;
    k->cycles = 1e9;
}

#define ANY_VIEW \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT | \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, order_, group_, bind_) \
    {.op = op_, .symbol = "thk_" op_ "__lab", .source = "lab.c", .order = order_, \
     .group = group_, .views = ANY_VIEW, .bind = bind_}
static const struct th_kernel rows[] = {
    ROW("conv2d", TH_ORDER_ROWS, -1, bind_any),
    ROW("max_pool2d", TH_ORDER_ROWS, 2, bind_any),
    {.op = "max_pool2d", .symbol = "thk_max_pool2d_planes__lab", .source = "lab.c",
     .order = TH_ORDER_PLANES, .group = 1, .bind = bind_any},
    ROW("clamp", TH_ORDER_ELEMENT, 0, bind_any),
    ROW("neg", TH_ORDER_ELEMENT, 0, bind_any),
    {.op = "neg", .symbol = "thk_neg_slow__lab", .source = "lab.c", .bind = bind_any},
    {.op = "neg", .symbol = "thk_neg_beyond__lab", .source = "lab.c", .bind = bind_any,
     .over_read = 8},
    ROW("abs", TH_ORDER_ANY, 0, bind_any),
    ROW("add", TH_ORDER_ELEMENT, 0, bind_any),
    ROW("cast", TH_ORDER_ELEMENT, 0, bind_any),
    ROW("copy", TH_ORDER_ELEMENT, 0, bind_any),
    ROW("concat", TH_ORDER_ANY, 0, bind_any),
    ROW("slice", TH_ORDER_ANY, 0, bind_any),
    ROW("less", TH_ORDER_ANY, 0, bind_any),
    ROW("square", TH_ORDER_ELEMENT, 0, bind_data),
    ROW("softmax", TH_ORDER_ANY, 0, bind_scratch),
    {.op = "softmax", .symbol = "thk_softmax_sums__lab", .source = "lab.c", .bind = bind_scratch,
     .over_scratch = true, .cost = dear},
};
static const struct th_backend backend = {
    .struct_size = sizeof backend, .name = "lab", .summary = "empty kernels", .kernels = rows,
    .n_kernels = TH_ARRAY_LEN(rows), .kernel_size = sizeof rows[0]};

static enum th_status init(struct th_reg *r)
{
    return th_reg_backend(r, &backend);
}

static const struct th_plugin plugin = {TH_PLUGIN_HEADER, .name = "lab", .version = "1",
                                        .license = "Apache-2.0", .summary = "tests",
                                        .init = init};

static void collect(void *user, const struct th_message *m)
{
    th_message_format(m, user);
}

void lab_open(struct lab *l)
{
    memset(l, 0, sizeof *l);
    l->ctx = th_ctx_new();
    th_str_init(&l->messages);
    th_str_init(&l->remarks);
    th_ctx_set_sink(l->ctx, collect, &l->messages);
    if (th_plugin_register(l->ctx, &plugin, "test") != TH_OK)
        abort();
    l->program = th_program_new(l->ctx);
    l->g = th_program_add_function(l->program, "run");
    l->ram[0] = (struct th_mem_region){.name = "sram", .use = TH_REGION_USE_RAM};
    l->target = (struct th_target){.name = "lab", .core = "lab", .backend = "lab", .align = 4,
                                   .pointer_bits = 32, .regions = l->ram, .n_regions = 1};
    l->rng = 88172645463325252u;
}

void lab_close(struct lab *l)
{
    th_program_free(l->program);
    th_ctx_free(l->ctx);
    th_str_release(&l->messages);
    th_str_release(&l->remarks);
}

static const char *global(void *user, const char *name)
{
    const struct lab *l = user;
    if (!strcmp(name, "io-buffers"))
        return l->caller_io ? "caller" : "arena";
    if (!strcmp(name, "feed"))
        return l->feed ? "rows" : "none";
    return !strcmp(name, "force") ? l->force : NULL;
}

static struct th_pipeline_run make_run(struct lab *l, const char *passes)
{
    return (struct th_pipeline_run){
        .pipeline = "inference", .passes = passes, .verify = true, .target = &l->target,
        .backend = &backend, .objective = l->objective, .global = global, .user = l,
        .remarks = &l->remarks};
}

enum th_status lab_run(struct lab *l, const char *passes)
{
    struct th_pipeline_run r = make_run(l, passes);
    return th_pipeline_run(l->program, &r);
}

enum th_status lab_check(struct lab *l)
{
    const struct th_pass *pass = th_pass_find(l->ctx, "check-plan");
    struct th_arena *a = th_arena_new(0);
    struct th_pipeline_run r = make_run(l, NULL);
    struct th_step step = {.pass = pass};
    struct th_pass_ctx pc = {l->program, a, &r, &step, false};
    enum th_status s = pass->run(&pc, l->program);
    th_arena_free(a);
    return s;
}

/* ---- building ------------------------------------------------------------------------------ */
static struct th_type f32(int32_t rank, const int64_t *dims)
{
    return th_type_make(TH_DT_F32, rank, dims);
}

th_value lab_input(struct lab *l, struct th_graph *g, const char *name, int64_t h, int64_t w,
                   int64_t c)
{
    int64_t dims[4] = {1, h, w, c};
    struct th_type t = f32(4, dims);
    (void)l;
    return th_graph_add_input(g, name, &t);
}

th_value lab_const(struct th_graph *g, int32_t rank, const int64_t *dims)
{
    struct th_type t = f32(rank, dims);
    float *data = malloc((size_t)th_type_size(&t) + 1);
    for (int64_t i = 0; i < th_type_elems(&t); i++)
        data[i] = (float)i;
    th_value v = th_graph_const_copy(g, "", &t, data);
    free(data);
    return v;
}

th_value lab_node(struct th_graph *g, const char *op, uint32_t n_in, const th_value *in,
                  uint32_t n_attrs, const struct th_attr *attrs)
{
    th_value out = 0;
    struct th_node_desc d = {.op = op, .in = in, .n_in = n_in,
                             .attrs = attrs, .n_attrs = n_attrs, .loc = TH_LOC_NONE};
    struct th_type t = th_type_make(TH_DT_F32, -1, NULL);
    d.out = &t;
    d.n_out = 1;
    if (th_graph_add_node_nofold(g, &d, NULL, &out) != TH_OK)
        abort();
    return out;
}

th_value lab_unary(struct th_graph *g, const char *op, th_value x)
{
    return lab_node(g, op, 1, &x, 0, NULL);
}

th_value lab_add(struct th_graph *g, th_value a, th_value b)
{
    return lab_node(g, "add", 2, (th_value[]){a, b}, 0, NULL);
}

static struct th_attr ints(const char *name, uint32_t n, const int64_t *v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INTS, .n = n, .v.ints = v};
}

th_value lab_conv(struct th_graph *g, th_value x, int64_t channels, int64_t kernel,
                  int64_t stride)
{
    const struct th_type *t = th_value_type(g, x);
    int64_t p = kernel / 2, pad[4] = {p, p, p, p}, strides[2] = {stride, stride};
    struct th_attr a[2] = {ints("pad", 4, pad), ints("stride", 2, strides)};
    th_value w = lab_const(g, 4, (int64_t[]){channels, kernel, kernel, t->dims[3]});
    return lab_node(g, "conv2d", 2, (th_value[]){x, w}, 2, a);
}

th_value lab_concat(struct th_graph *g, th_value a, th_value b, int64_t axis)
{
    struct th_attr at = {.name = "axis", .kind = TH_ATTR_INT, .v.i = axis};
    return lab_node(g, "concat", 2, (th_value[]){a, b}, 1, &at);
}

th_value lab_slice(struct th_graph *g, th_value x, const int64_t *begin, const int64_t *size)
{
    uint32_t rank = (uint32_t)th_value_type(g, x)->rank;
    struct th_attr a[2] = {ints("begin", rank, begin), ints("size", rank, size)};
    return lab_node(g, "slice", 1, &x, 2, a);
}

th_value lab_reshape(struct th_graph *g, th_value x, int32_t rank, const int64_t *dims)
{
    struct th_attr a = ints("shape", (uint32_t)rank, dims);
    return lab_node(g, "reshape", 1, &x, 1, &a);
}

th_state lab_state(struct lab *l, const char *name, int64_t h, int64_t w, int64_t c)
{
    int64_t dims[4] = {1, h, w, c};
    struct th_type t = f32(4, dims);
    return th_program_add_state(l->program, name, &t, TH_STATE_MODEL, NULL);
}

th_value lab_read(struct th_graph *g, th_state s)
{
    struct th_attr a = {.name = "state", .kind = TH_ATTR_STATE, .v.i = s};
    struct th_type t = *th_state_type(th_graph_program(g), s);
    struct th_node_desc d = {.op = "state_read", .attrs = &a, .n_attrs = 1,
                             .out = &t, .n_out = 1, .loc = TH_LOC_NONE};
    th_value v = 0;
    if (th_graph_add_node_nofold(g, &d, NULL, &v) != TH_OK)
        abort();
    return v;
}

void lab_write(struct th_graph *g, th_state s, th_value v)
{
    struct th_attr a = {.name = "state", .kind = TH_ATTR_STATE, .v.i = s};
    struct th_node_desc d = {.op = "state_write", .in = &v, .n_in = 1,
                             .attrs = &a, .n_attrs = 1, .loc = TH_LOC_NONE};
    if (th_graph_add_node_nofold(g, &d, NULL, NULL) != TH_OK)
        abort();
}

uint32_t lab_random(struct lab *l, uint32_t n)
{
    l->rng = l->rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(l->rng >> 33) % n;
}

int64_t lab_transient(const struct lab *l)
{
    const struct th_plan_totals *t = th_program_plan(l->program);
    int64_t sum = 0;
    for (uint32_t r = 1; r < th_plan_arena_regions(t); r++)
        sum += t->regions[r].bytes;
    return sum;
}
