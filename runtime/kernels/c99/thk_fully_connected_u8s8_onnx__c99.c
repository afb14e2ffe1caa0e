/* SPDX-License-Identifier: 0BSD */
#include "thk_nn.h"
#include "thk_quantize.h"
#include "thk_requant.h"

#define THK_NAME thk_fully_connected_u8s8_onnx__c99
#define THK_X uint8_t
#define THK_W int8_t
#define THK_BIAS int32_t
#define THK_ACC int32_t
#define THK_Y uint8_t
#define THK_SCALE(acc, m, s) thk_scale_even(acc, m)
#include "c99/thk_fully_connected.inc.h"
