/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that Deeploy's networks add to ONNX, under the names that its exporters give them. */
#include "plugins/deeploy/deeploy.h"

/* QuantLib exports in a domain of its own, which its passes drop; exporters after it use ORT's
 * domain for operators of users. */
#define ROWS(name, function) \
    {"onnx", name, function}, {"onnx", "PACTOps:" name, function}, \
    {"onnx", "ai.onnx.contrib:" name, function}

static const struct th_importer importers[] = {
    ROWS("RequantShift", deeploy_requant_shift),
    ROWS("TrueIntegerDiv", deeploy_true_integer_div),
    ROWS("iGELU", deeploy_gelu),
    ROWS("iHardswish", deeploy_hardswish),
    ROWS("iLayerNorm", deeploy_layer_norm),
    ROWS("iRMSNorm", deeploy_rms_norm),
    ROWS("iNoNorm", deeploy_no_norm),
    ROWS("iSoftmax", deeploy_softmax),
    ROWS("ITAMax", deeploy_ita_max),
    ROWS("IntegerMean", deeploy_integer_mean),
    {"onnx", "RMSNorm", deeploy_float_rms_norm},
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_importers(reg, importers, TH_ARRAY_LEN(importers));
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "deeploy",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "integer operators of Deeploy's networks",
    .init = init,
};

TH_PLUGIN_ENTRY(deeploy)
{
    return &plugin;
}
