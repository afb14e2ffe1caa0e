/* SPDX-License-Identifier: Apache-2.0 */
/* Written by backends/measure.py: what each kernel takes, compiled alone. Code and stack, a pair
 * for each of `cores`. */
#include "backends/cortexm/families.h"

#define F (const int32_t[])

static const char *const cores[] = {
    "cortex-m4 cortex-m7 cortex-m33",
    "cortex-m55 cortex-m85",
    NULL,
};

static const struct th_kernel_size rows[] = {
    {"thk_add_s8__armv7em", F{344, 88, 336, 80}},
    {"thk_add_s8__mve", F{0, 0, 260, 44}},
    {"thk_add_s8_onnx__mve", F{0, 0, 176, 52}},
    {"thk_avg_pool2d_s8__armv7em", F{720, 112, 736, 104}},
    {"thk_avg_pool2d_s8__mve", F{0, 0, 680, 112}},
    {"thk_avg_pool2d_s8_onnx__armv7em", F{844, 104, 852, 104}},
    {"thk_avg_pool2d_s8_onnx__mve", F{0, 0, 664, 112}},
    {"thk_conv2d_s8__armv7em", F{5988, 340, 5968, 356}},
    {"thk_conv2d_s8__mve", F{0, 0, 2380, 372}},
    {"thk_conv2d_s8_onnx__armv7em", F{6052, 340, 6032, 356}},
    {"thk_conv2d_s8_onnx__mve", F{0, 0, 2364, 372}},
    {"thk_conv2d_s8_onnx_pixel__armv7em", F{96, 340, 76, 340}},
    {"thk_conv2d_s8_onnx_w16__armv7em", F{5856, 340, 5832, 356}},
    {"thk_conv2d_s8_onnx_w16_pixel__armv7em", F{96, 340, 76, 340}},
    {"thk_conv2d_s8_pixel__armv7em", F{96, 340, 76, 340}},
    {"thk_conv2d_s8_single__armv7em", F{5940, 340, 5920, 356}},
    {"thk_conv2d_s8_single_pixel__armv7em", F{96, 340, 76, 340}},
    {"thk_conv2d_s8_single_w16__armv7em", F{5720, 340, 5696, 356}},
    {"thk_conv2d_s8_single_w16_pixel__armv7em", F{96, 340, 76, 340}},
    {"thk_conv2d_s8_w16__armv7em", F{5768, 340, 5744, 356}},
    {"thk_conv2d_s8_w16_pixel__armv7em", F{96, 340, 76, 340}},
    {"thk_conv2d_s8s4__armv7em", F{6364, 344, 6344, 360}},
    {"thk_conv2d_s8s4_pixel__armv7em", F{92, 344, 76, 344}},
    {"thk_conv2d_s8s4_single__armv7em", F{6316, 344, 6296, 360}},
    {"thk_conv2d_s8s4_single_pixel__armv7em", F{92, 344, 76, 344}},
    {"thk_depthwise_conv2d_s8_3x3__mve", F{0, 0, 1480, 244}},
    {"thk_depthwise_conv2d_s8__armv7em", F{1768, 224, 1776, 224}},
    {"thk_depthwise_conv2d_s8__mve", F{0, 0, 1156, 288}},
    {"thk_depthwise_conv2d_s8_onnx_3x3__mve", F{0, 0, 1448, 244}},
    {"thk_depthwise_conv2d_s8_onnx__armv7em", F{1792, 224, 1800, 224}},
    {"thk_depthwise_conv2d_s8_onnx__mve", F{0, 0, 1092, 272}},
    {"thk_depthwise_conv2d_s8_onnx_pixel__armv7em", F{740, 288, 768, 288}},
    {"thk_depthwise_conv2d_s8_pixel__armv7em", F{740, 288, 768, 288}},
    {"thk_depthwise_conv2d_s8_single__armv7em", F{1752, 224, 1760, 224}},
    {"thk_depthwise_conv2d_s8_single_pixel__armv7em", F{740, 288, 768, 288}},
    {"thk_depthwise_conv2d_s8s4__armv7em", F{1868, 224, 1876, 224}},
    {"thk_depthwise_conv2d_s8s4_pixel__armv7em", F{736, 288, 768, 288}},
    {"thk_depthwise_conv2d_s8s4_single__armv7em", F{1852, 224, 1860, 224}},
    {"thk_depthwise_conv2d_s8s4_single_pixel__armv7em", F{736, 288, 768, 288}},
    {"thk_fully_connected_s8__armv7em", F{1156, 136, 1172, 136}},
    {"thk_fully_connected_s8__mve", F{0, 0, 320, 96}},
    {"thk_fully_connected_s8_onnx__armv7em", F{1164, 136, 1188, 136}},
    {"thk_fully_connected_s8_onnx__mve", F{0, 0, 304, 64}},
    {"thk_fully_connected_s8_single__armv7em", F{1140, 136, 1156, 136}},
    {"thk_fully_connected_s8s4__armv7em", F{1360, 140, 1376, 140}},
    {"thk_fully_connected_s8s4_single__armv7em", F{1344, 140, 1360, 140}},
};

const struct th_kernel_sizes th_cortexm_sizes = {
    .backend = "cortexm",
    .cores = cores,
    .rows = rows,
    .n = sizeof rows / sizeof rows[0],
    .row_size = sizeof rows[0],
};
