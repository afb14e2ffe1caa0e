/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_DRIVER_VERBS_H
#define TH_DRIVER_VERBS_H

#include "driver/options.h"

#define TH_VERB(name) extern const struct th_verb th_verb_##name;
#include "driver/verbs.def"
#undef TH_VERB

struct json_object;
/* Prints the object and a newline to standard output, and gives it up. NULL: memory exhausted. */
enum th_status th_print_json(struct th_ctx *ctx, struct json_object *o);

#endif
