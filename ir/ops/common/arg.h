/* SPDX-License-Identifier: Apache-2.0 */
/* Index of the largest or smallest element along an axis. */
#ifndef IR_OPS_COMMON_ARG_H
#define IR_OPS_COMMON_ARG_H

#include "ir/ops/common/movement.h"

extern const struct th_port th_arg_in[], th_arg_out[];
extern const struct th_attr_spec th_arg_attrs[];
enum th_status th_arg_infer(struct th_inst *c);
enum th_status th_arg_eval(const struct th_inst *c, struct th_eval *e, bool largest);

#endif
