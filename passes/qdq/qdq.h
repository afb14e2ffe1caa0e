/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the pass qdq. */
#ifndef TH_PASSES_QDQ_H
#define TH_PASSES_QDQ_H

#include "passes/util.h"

/* quantize(op(dequantize(x), ...)) of contract "onnx" becomes op over integers, where the op's
 * record has an integer form. */
enum th_status th_qdq_integer_form(struct th_graph *g, const struct th_match *m, bool *done,
                                   void *user);
/* quantize(dequantize(x)) of contract "onnx" is requantize(x): the same two float steps. */
enum th_status th_qdq_requantize(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user);

#endif
