/* SPDX-License-Identifier: Apache-2.0 */
/* Spatial axes cut into phases that become batches, and back. */
#ifndef IR_OPS_COMMON_SPACE_BATCH_H
#define IR_OPS_COMMON_SPACE_BATCH_H

#include "ir/ops/common/movement.h"

/* Checks block, before and after against the rank; total is the product of the block. */
enum th_status th_sb_check(const struct th_inst *c, int64_t *total);
/* The copies between batched phases and space. batched and space are the two types; to_space
 * says which of them is the result. */
enum th_status th_sb_moves(const struct th_inst *c, struct th_moves *m,
                           const struct th_type *batched, const struct th_type *space,
                           bool to_space);

#endif
