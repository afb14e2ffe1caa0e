/* SPDX-License-Identifier: Apache-2.0 */
/* What the scattering records share: how an update meets what is there. */
#ifndef IR_OPS_COMMON_SCATTER_H
#define IR_OPS_COMMON_SCATTER_H

#include "ir/ops/common/movement.h"

enum th_scatter_mode { TH_SCATTER_NONE, TH_SCATTER_ADD, TH_SCATTER_MUL, TH_SCATTER_MIN,
                       TH_SCATTER_MAX };

extern const char *const th_scatter_modes[];
extern const struct th_port th_scatter_in[];

/* Element `to` of y meets element `from` of u. */
void th_scatter_put(struct th_tensor *y, int64_t to, const struct th_tensor *u, int64_t from,
                    int64_t mode);
/* Types of operand and updates; the modes that compute need numbers without scales. */
enum th_status th_scatter_verify(const struct th_inst *c);
/* The result may take the operand's storage. */
uint32_t th_scatter_alias(const struct th_inst *c, struct th_alias *list, uint32_t max);
/* A negative index counts from the end; -1 where it lies outside. */
int64_t th_scatter_index(int64_t index, int64_t extent);

#define TH_SCATTER_MODE_ROW                                                                    \
    {.name = "mode", .kind = TH_ATTR_ENUM, .names = th_scatter_modes,                          \
     .doc = "what becomes of an element that an update meets"}

#endif
