/* SPDX-License-Identifier: 0BSD */
/*
 * A pass: removes a softmax that makes a model's output, for firmware that only asks which class is
 * the largest. The order of the classes stays; the code and the time of the softmax go.
 *
 *   before: %3 = fully_connected(...)   %4 = softmax(%3)   outputs %4
 *   after:  %3 = fully_connected(...)                      outputs %3
 */
#include <thimble/thimble.h>

static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    for (uint32_t i = 0; i < th_graph_output_count(g); i++) {
        const th_node n = th_value_def(g, th_graph_output(g, i));
        if (!n || !th_node_is(g, n, "softmax"))
            continue;
        th_graph_set_output(g, i, th_node_input(g, n, 0));
        th_graph_sweep(g);
        th_pass_changed(pc);
        th_pass_remark(pc, "output %u: softmax removed", i);
    }
    return TH_OK;
}

static const struct th_pass pass = {
    .struct_size = sizeof pass,
    .name = "strip-softmax",
    .summary = "remove a softmax at the end: the largest class stays the largest",
    .requires_props = TH_PROP_TYPED,
    .run_graph = run,
    .skip_bodies = true,
};

static enum th_status init(struct th_reg *reg)
{
    /* It changes what the model computes, so it runs only where --passes asks for it. */
    return th_reg_pass(reg, &pass, NULL);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "strip-softmax",
    .version = "1.0",
    .license = "0BSD",
    .summary = "a pass that removes a final softmax",
    .init = init,
};
TH_PLUGIN_ENTRY(strip_softmax)
{
    return &plugin;
}
