/* SPDX-License-Identifier: Apache-2.0 */
/* RAM regions of the target, and the message when a model does not fit. */
#include "passes/regions.h"

#include "passes/caller_io.h"
#include "passes/util.h"

/* Regions in RAM, fastest first; equally fast ones in the target's order. */
static void from_target(const struct th_target *t, struct th_ram_region *list, uint32_t *n)
{
    for (uint32_t speed = 0; speed < 256 && t; speed++)
        for (uint32_t i = 0; i < t->n_regions && *n < TH_RAM_MAX; i++) {
            const struct th_mem_region *r = &t->regions[i];
            const uint32_t rank = r->speed < 255 ? r->speed : 255;
            if (r->use & TH_REGION_USE_RAM && rank == speed)
                list[(*n)++] = (struct th_ram_region){r->name, (int64_t)r->bytes};
        }
    if (*n == 0)
        list[(*n)++] = (struct th_ram_region){"sram", 0};
}

enum th_status th_ram_find(struct th_pass_ctx *pc, struct th_ram *out)
{
    struct th_ram_region *list = TH_NEW_ARRAY(th_program_arena(th_pass_program(pc)),
                                              struct th_ram_region, TH_RAM_MAX);
    uint32_t n = 0;
    if (!list)
        return TH_ERR_INTERNAL;
    from_target(th_pass_target(pc), list, &n);
    *out = (struct th_ram){list, n};
    return TH_OK;
}

const struct th_ram_region *th_ram_holding(const struct th_ram *ram, int64_t bytes)
{
    for (uint32_t i = 0; i < ram->n; i++)
        if (ram->list[i].bytes == 0 || ram->list[i].bytes >= bytes)
            return &ram->list[i];
    return NULL;
}

bool th_ram_caps(const struct th_ram *ram, int64_t state, int64_t *caps, uint32_t *holds_state)
{
    bool placed = state == 0;
    *holds_state = 0;
    for (uint32_t i = 0; i < ram->n; i++) {
        caps[i] = ram->list[i].bytes;
        if (!placed && caps[i] > state) {
            caps[i] -= state;
            *holds_state = i;
            placed = true;
        }
    }
    return placed;
}

static bool at_edge(const struct th_graph *g, th_value v)
{
    return !th_graph_is_body(g) && (th_value_is_input(g, v) || th_value_is_output(g, v));
}

/* "peak at node #12 'block1/expand' (conv2d): in 36864 + out 110592, overlap saves 3584" */
static void describe_peak(const struct th_plan_totals *t, bool caller_io, struct th_str *s)
{
    const struct th_graph *g = t->peak_graph;
    const struct th_loc *loc = th_node_loc(g, t->peak_node);
    int64_t in = 0, out = 0, scratch = th_node_note_const(g, t->peak_node)->scratch_bytes;
    for (uint32_t i = 0; i < th_node_input_count(g, t->peak_node); i++) {
        th_value v = th_node_input(g, t->peak_node, i);
        if (v && !th_value_is_const(g, v) && !(caller_io && at_edge(g, v)))
            in += th_type_size(th_value_type(g, v));
    }
    for (uint32_t i = 0; i < th_node_output_count(g, t->peak_node); i++) {
        th_value v = th_node_output(g, t->peak_node, i);
        if (!(caller_io && at_edge(g, v)))
            out += th_type_size(th_value_type(g, v));
    }
    th_str_add(s, "peak at node");
    if (loc->node >= 0)
        th_str_addf(s, " #%lld", (long long)loc->node);
    if (loc->name && loc->name[0]) {
        th_str_add(s, " '");
        th_str_add_escaped(s, loc->name);
        th_str_addc(s, '\'');
    }
    th_str_addf(s, " (%s): in %lld + out %lld", th_node_op_name(g, t->peak_node), (long long)in,
                (long long)out);
    if (scratch)
        th_str_addf(s, " + scratch %lld", (long long)scratch);
    if (t->peak_live > in + out + scratch)
        th_str_addf(s, " + waiting %lld", (long long)(t->peak_live - in - out - scratch));
    else if (t->peak_live < in + out + scratch)
        th_str_addf(s, ", overlap saves %lld", (long long)(in + out + scratch - t->peak_live));
}

enum th_status th_ram_refuse(struct th_pass_ctx *pc, const struct th_ram *ram, int64_t need,
                             const struct th_plan_totals *t)
{
    struct th_ctx *ctx = th_pass_ctx(pc);
    uint32_t largest = 0;
    int64_t all = 0;
    for (uint32_t i = 0; i < ram->n; i++) {
        if (ram->list[i].bytes > ram->list[largest].bytes)
            largest = i;
        all += ram->list[i].bytes;
    }
    if (ram->n > 1)
        th_error(ctx, NULL, 0, "model needs %lld bytes of arena, the largest region '%s' has "
                 "%lld, all %u together %lld", (long long)need, ram->list[largest].name,
                 (long long)ram->list[largest].bytes, ram->n, (long long)all);
    else
        th_error(ctx, NULL, 0, "model needs %lld bytes of arena, region '%s' has %lld",
                 (long long)need, ram->list[largest].name, (long long)ram->list[largest].bytes);
    if (t->peak_node) {
        struct th_str s;
        th_str_init(&s);
        describe_peak(t, th_caller_io(pc), &s);
        th_note(ctx, NULL, "%s", s.s);
        th_str_release(&s);
    }
    th_help(ctx, 4007, "try a larger target, or --sram %lldk if the device has it",
            (long long)(need + 1023) / 1024);
    return TH_ERR_TARGET;
}
