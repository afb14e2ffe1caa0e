/* SPDX-License-Identifier: Apache-2.0 */
/* Written by backends/measure.py: what each kernel takes, compiled alone. Code and stack, a pair
 * for each of `cores`. */
#include "backends/riscv/families.h"

#define F (const int32_t[])

static const char *const cores[] = {
    "rv32imc_zve32x rv32gcv rv64gcv",
    NULL,
};

static const struct th_kernel_size rows[] = {
    {"thk_add_s8__rvv", F{230, 0}},
    {"thk_add_s8_onnx__rvv", F{158, 0}},
    {"thk_avg_pool2d_s8__rvv", F{508, 64}},
    {"thk_avg_pool2d_s8_onnx__rvv", F{500, 48}},
    {"thk_conv2d_s8_m2__rvv", F{3838, 272}},
    {"thk_conv2d_s8_m4__rvv", F{4286, 272}},
    {"thk_conv2d_s8_m8__rvv", F{2910, 224}},
    {"thk_conv2d_s8_onnx_m2__rvv", F{3850, 272}},
    {"thk_conv2d_s8_onnx_m4__rvv", F{4138, 272}},
    {"thk_conv2d_s8_onnx_m8__rvv", F{2842, 208}},
    {"thk_depthwise_conv2d_s8_3x3__rvv", F{1038, 144}},
    {"thk_depthwise_conv2d_s8__rvv", F{586, 96}},
    {"thk_depthwise_conv2d_s8_onnx_3x3__rvv", F{1050, 144}},
    {"thk_depthwise_conv2d_s8_onnx__rvv", F{598, 96}},
    {"thk_fully_connected_s8__rvv", F{222, 0}},
    {"thk_fully_connected_s8_onnx__rvv", F{234, 0}},
};

const struct th_kernel_sizes th_riscv_sizes = {
    .backend = "riscv",
    .cores = cores,
    .rows = rows,
    .n = sizeof rows / sizeof rows[0],
    .row_size = sizeof rows[0],
};
