/* SPDX-License-Identifier: Apache-2.0 */
/* verify --layers: a second image in which every value is kept and compared. */
#ifndef TH_DRIVER_VERIFY_LAYERS_H
#define TH_DRIVER_VERIFY_LAYERS_H

#include "driver/compile.h"
#include "driver/verify.h"

/* Compiles c's model again without fusion, reuse and tiling, every node's result an output, and
 * compares each with the evaluator. r gives inputs and compilers. Prints; TH_ERR_DIFFER when a node
 * differs. Reports. */
enum th_status th_verify_layers(const struct th_compiled *c, const struct th_verify_request *r,
                                const char *work);

#endif
