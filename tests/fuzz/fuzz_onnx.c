/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX frontend. */
#include "tests/fuzz/harness.h"

const struct th_plugin *onnx_LTX_th_plugin_entry(void);

const struct harness harness = {.entry = onnx_LTX_th_plugin_entry, .ending = ".onnx"};
