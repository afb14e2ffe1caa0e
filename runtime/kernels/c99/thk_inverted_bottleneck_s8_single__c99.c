/* SPDX-License-Identifier: 0BSD */
#include "thk_bottleneck.h"

#define THK_NAME thk_inverted_bottleneck_s8_single__c99
#define THK_SCALE(acc, m, s) thk_mbqm_single(acc, m, s)
#include "c99/thk_inverted_bottleneck.inc.h"
