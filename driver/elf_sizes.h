/* SPDX-License-Identifier: Apache-2.0 */
/* What a linked image or an object file takes in memory, from its section headers. */
#ifndef TH_DRIVER_ELF_SIZES_H
#define TH_DRIVER_ELF_SIZES_H

#include <thimble/thimble.h>

struct th_sizes {
    uint64_t text, rodata, data, bss;
};

/* Adds the allocated sections of a little-endian ELF file. Sections whose name begins with
 * `except` (may be NULL) are left out. False: not such a file. */
bool th_elf_sizes(const void *file, size_t bytes, const char *except, struct th_sizes *sum);
/* Where a section lies. False: there is none of this name. */
bool th_elf_section(const void *file, size_t bytes, const char *name, uint64_t *address,
                    uint64_t *size);

#endif
