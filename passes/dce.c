/* SPDX-License-Identifier: Apache-2.0 */
/* Dead code: nodes whose results nobody uses and that leave no trace. */
#include "passes/util.h"

static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    uint32_t removed = th_graph_sweep(g);
    if (removed) {
        th_pass_changed(pc);
        th_pass_remark(pc, "graph '%s': %u unused nodes removed", th_graph_name(g), removed);
    }
    return TH_OK;
}

const struct th_pass th_pass_dce = {
    .struct_size = sizeof(struct th_pass),
    .name = "dce",
    .summary = "remove nodes that have no use and no effect",
    .requires_props = TH_PROP_TYPED,
    .run_graph = run,
};
