/* SPDX-License-Identifier: Apache-2.0 */
/* Backend x86: kernels for x86-64 beside the portable ones. */
#include "backends/x86/families.h"

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "x86",
    .base = "c99",
    .summary = "x86-64",
    .kernel_size = sizeof(struct th_kernel),
};

static const struct th_row_family *const families[] = {
    &th_x86_avx2,
    &th_x86_avx2_f32,
    &th_x86_avx512vnni,
    NULL,
};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_rows_register(reg, &backend, &th_x86_sources, families));
    return th_reg_kernel_sizes(reg, &th_x86_sizes);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "x86",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "x86-64 backend",
    .init = init,
};
TH_PLUGIN_ENTRY(x86)
{
    return &plugin;
}
