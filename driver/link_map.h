/* SPDX-License-Identifier: Apache-2.0 */
/* What some object files brought into a linked image, from GNU ld's map. */
#ifndef TH_DRIVER_LINK_MAP_H
#define TH_DRIVER_LINK_MAP_H

#include "driver/elf_sizes.h"

/* Adds the sections that the linker kept from the objects named. False: the text is no map. */
bool th_link_map_sizes(const char *map, const char *const *objects, uint32_t n,
                       struct th_sizes *sum);

#endif
