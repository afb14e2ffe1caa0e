/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel rows under test. */
#include "backends/rows/rows.h"

extern const struct th_row_family th_c99_conv, th_c99_dense, th_c99_elementwise, th_c99_hybrid,
    th_c99_lstm, th_c99_matmul, th_c99_pool, th_c99_quantize, th_c99_reduce, th_c99_resize,
    th_c99_softmax, th_c99_table, th_c99_tile, th_c99_tile_f32, th_cortexm_dsp, th_cortexm_dsp_maps,
    th_cortexm_mve, th_riscv_rvv, th_riscv_rvv_maps, th_x86_avx2, th_x86_avx2_f32,
    th_x86_avx512vnni;

extern const struct th_row_family *const kgen_families[];
const struct th_row_family *const kgen_families[] = {
    &th_c99_conv,    &th_c99_dense,   &th_c99_elementwise, &th_c99_hybrid,      &th_c99_lstm,
    &th_c99_matmul,  &th_c99_pool,    &th_c99_quantize,    &th_c99_reduce,      &th_c99_resize,
    &th_c99_softmax, &th_c99_table,   &th_c99_tile,        &th_c99_tile_f32,
    &th_cortexm_dsp,
    &th_cortexm_dsp_maps, &th_cortexm_mve, &th_riscv_rvv, &th_riscv_rvv_maps,
    &th_x86_avx2,    &th_x86_avx2_f32, &th_x86_avx512vnni, NULL,
};
