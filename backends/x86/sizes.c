/* SPDX-License-Identifier: Apache-2.0 */
/* Written by backends/measure.py: what each kernel takes, compiled alone. Code and stack, a pair
 * for each of `cores`. */
#include "backends/x86/families.h"

#define F (const int32_t[])

static const char *const cores[] = {
    "x86-64-v3",
    "x86-64-v4",
    NULL,
};

static const struct th_kernel_size rows[] = {
    {"thk_add_s8__avx2", F{2023, 64, 1999, 64}},
    {"thk_add_s8_onnx__avx2", F{1031, 64, 1031, 64}},
    {"thk_avg_pool2d_s8__avx2", F{947, 64, 1007, 64}},
    {"thk_avg_pool2d_s8_onnx__avx2", F{947, 64, 974, 64}},
    {"thk_conv2d_f32__avx2", F{5573, 832, 5726, 832}},
    {"thk_conv2d_s8__avx2", F{8123, 360, 8060, 72}},
    {"thk_conv2d_s8__avx512vnni", F{0, 0, 9400, 264}},
    {"thk_conv2d_s8_onnx__avx2", F{6497, 232, 6530, 72}},
    {"thk_conv2d_s8_onnx__avx512vnni", F{0, 0, 7382, 264}},
    {"thk_depthwise_conv2d_f32__avx2", F{1757, 264, 1841, 168}},
    {"thk_depthwise_conv2d_s8__avx2", F{1501, 72, 1664, 64}},
    {"thk_depthwise_conv2d_s8_onnx__avx2", F{1388, 72, 1515, 64}},
    {"thk_fully_connected_s8__avx2", F{663, 64, 681, 64}},
    {"thk_fully_connected_s8_onnx__avx2", F{547, 64, 558, 64}},
};

const struct th_kernel_sizes th_x86_sizes = {
    .backend = "x86",
    .cores = cores,
    .rows = rows,
    .n = sizeof rows / sizeof rows[0],
    .row_size = sizeof rows[0],
};
