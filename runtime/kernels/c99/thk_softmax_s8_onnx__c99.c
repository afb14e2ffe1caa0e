/* SPDX-License-Identifier: 0BSD */
#include "thk_quantize.h"

#define THK_NAME thk_softmax_s8_onnx__c99
#define THK_X int8_t
#include "c99/thk_softmax_onnx.inc.h"
