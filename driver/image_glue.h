/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_DRIVER_IMAGE_GLUE_H
#define TH_DRIVER_IMAGE_GLUE_H

#include "driver/image.h"

/* The C file between an emitted model and the bench (runtime/bench/thb_bench.h). macros: prefix of
 * the model's macros. */
void th_image_glue(struct th_str *s, const struct th_image_request *r, const char *macros);

#endif
