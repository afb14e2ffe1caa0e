/* SPDX-License-Identifier: Apache-2.0 */
/* Backend riscv: kernels for RISC-V beside the portable ones. */
#include "backends/riscv/families.h"

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "riscv",
    .base = "c99",
    .summary = "RISC-V",
    .kernel_size = sizeof(struct th_kernel),
};

static const struct th_row_family *const families[] = {
    &th_riscv_rvv,
    &th_riscv_rvv_maps,
    NULL,
};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_rows_register(reg, &backend, &th_riscv_sources, families));
    return th_reg_kernel_sizes(reg, &th_riscv_sizes);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "riscv",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "RISC-V backend",
    .init = init,
};
TH_PLUGIN_ENTRY(riscv)
{
    return &plugin;
}
