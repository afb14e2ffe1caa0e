/* SPDX-License-Identifier: Apache-2.0 */
/* The TFLite frontend. */
#include "tests/fuzz/harness.h"

const struct th_plugin *tflite_LTX_th_plugin_entry(void);

const struct harness harness = {.entry = tflite_LTX_th_plugin_entry, .ending = ".tflite"};
