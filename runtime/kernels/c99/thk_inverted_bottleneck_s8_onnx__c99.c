/* SPDX-License-Identifier: 0BSD */
#include "thk_bottleneck.h"
#include "thk_quantize.h"

#define THK_NAME thk_inverted_bottleneck_s8_onnx__c99
#define THK_SCALE(acc, m, s) thk_scale_even(acc, m)
#include "c99/thk_inverted_bottleneck.inc.h"
