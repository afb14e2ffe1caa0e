/* SPDX-License-Identifier: Apache-2.0 */
/* Where memory blocks of a model lie on a board. */
#ifndef TH_DRIVER_IMAGE_MEMORY_H
#define TH_DRIVER_IMAGE_MEMORY_H

#include "driver/image.h"

/* Gives each block that bears the name of a region of the target that region's address, when the
 * board has memory there, and its guard zones. */
void th_image_place(const struct th_target *t, struct th_image_memory *list, uint32_t n);
/* Some block has an address: the linker script that puts it there, beside the board's. */
bool th_image_memory_script(struct th_str *s, const struct th_image_memory *list, uint32_t n);
/* "thg_tcm", or "thg_region_2": the block in the glue. */
void th_image_memory_symbol(struct th_str *s, const struct th_image_memory *list, uint32_t i);
/* The linked file has them where they were put; else *wrong. */
bool th_image_memory_linked(const void *file, size_t bytes, const struct th_image_memory *list,
                            uint32_t n, const struct th_image_memory **wrong);

#endif
