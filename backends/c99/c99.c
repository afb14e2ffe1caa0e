/* SPDX-License-Identifier: Apache-2.0 */
/* Backend c99: the portable kernels every other backend falls back to. */
#include "backends/c99/families.h"

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "c99",
    .base = NULL,
    .summary = "portable C99, any processor",
    .kernel_size = sizeof(struct th_kernel),
};

static const struct th_row_family *const families[] = {
    &th_c99_accumulate,
    &th_c99_add,
    &th_c99_bottleneck,
    &th_c99_boxes,
    &th_c99_conv,
    &th_c99_dense,
    &th_c99_elementwise,
    &th_c99_hybrid,
    &th_c99_index,
    &th_c99_move,
    &th_c99_permute,
    &th_c99_lstm,
    &th_c99_matmul,
    &th_c99_pool,
    &th_c99_quantize,
    &th_c99_reduce,
    &th_c99_resize,
    &th_c99_scatter,
    &th_c99_softmax,
    &th_c99_svdf,
    &th_c99_table,
    &th_c99_tile,
    &th_c99_tile_f32,
    &th_c99_volume,
    &th_c99_sequence,
    &th_c99_vision,
    NULL,
};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_rows_register(reg, &backend, &th_c99_sources, families));
    TH_TRY(th_reg_kernel_sizes(reg, &th_c99_sizes));
    return th_reg_kernel_sizes(reg, &th_c99_around);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "c99",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "portable C99 backend",
    .init = init,
};
TH_PLUGIN_ENTRY(c99)
{
    return &plugin;
}
