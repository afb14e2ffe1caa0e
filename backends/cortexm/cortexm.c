/* SPDX-License-Identifier: Apache-2.0 */
/* Backend cortexm: kernels for Arm Cortex-M beside the portable ones. */
#include "backends/cortexm/families.h"

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "cortexm",
    .base = "c99",
    .summary = "Arm Cortex-M",
    .kernel_size = sizeof(struct th_kernel),
};

static const struct th_row_family *const families[] = {
    &th_cortexm_dsp,
    &th_cortexm_dsp_maps,
    &th_cortexm_mve,
    NULL,
};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_rows_register(reg, &backend, &th_cortexm_sources, families));
    return th_reg_kernel_sizes(reg, &th_cortexm_sizes);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "cortexm",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "Arm Cortex-M backend",
    .init = init,
};
TH_PLUGIN_ENTRY(cortexm)
{
    return &plugin;
}
