/* SPDX-License-Identifier: 0BSD */
#include "thk_nn.h"

#define THK_NAME thk_fully_connected_f32__c99
#define THK_W float
#define THK_AT(w, i) (w)[i]
#include "c99/thk_fully_connected_f32.inc.h"
