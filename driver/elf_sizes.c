/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/elf_sizes.h"

#include <elf.h>
#include <string.h>

struct section {
    uint64_t name, type, flags, offset, size, address;
};

struct elf {
    const unsigned char *bytes;
    size_t n;
    bool wide;
    uint64_t table, entry_size, count, names_index;
};

static bool inside(const struct elf *e, uint64_t offset, uint64_t size)
{
    return offset <= e->n && size <= e->n - offset;
}

static bool read_header(struct elf *e)
{
    if (e->n < EI_NIDENT || memcmp(e->bytes, ELFMAG, SELFMAG) || e->bytes[EI_DATA] != ELFDATA2LSB)
        return false;
    e->wide = e->bytes[EI_CLASS] == ELFCLASS64;
    if (e->wide) {
        Elf64_Ehdr h;

        if (e->n < sizeof h)
            return false;
        memcpy(&h, e->bytes, sizeof h);
        e->table = h.e_shoff;
        e->entry_size = h.e_shentsize;
        e->count = h.e_shnum;
        e->names_index = h.e_shstrndx;
        return e->entry_size >= sizeof(Elf64_Shdr);
    } else {
        Elf32_Ehdr h;

        if (e->n < sizeof h)
            return false;
        memcpy(&h, e->bytes, sizeof h);
        e->table = h.e_shoff;
        e->entry_size = h.e_shentsize;
        e->count = h.e_shnum;
        e->names_index = h.e_shstrndx;
        return e->entry_size >= sizeof(Elf32_Shdr);
    }
}

static bool read_section(const struct elf *e, uint64_t index, struct section *s)
{
    uint64_t offset = e->table + index * e->entry_size;   /* both factors have 16 bits */

    if (index >= e->count || !inside(e, e->table, e->count * e->entry_size))
        return false;
    if (e->wide) {
        Elf64_Shdr h;

        memcpy(&h, e->bytes + offset, sizeof h);
        *s = (struct section){ h.sh_name, h.sh_type, h.sh_flags, h.sh_offset, h.sh_size,
                               h.sh_addr };
    } else {
        Elf32_Shdr h;

        memcpy(&h, e->bytes + offset, sizeof h);
        *s = (struct section){ h.sh_name, h.sh_type, h.sh_flags, h.sh_offset, h.sh_size,
                               h.sh_addr };
    }
    return true;
}

/* Whether the name at that place of the name table begins with prefix. */
static bool name_begins(const struct elf *e, const struct section *names, uint64_t at,
                        const char *prefix)
{
    size_t length = strlen(prefix);

    return at < names->size && length <= names->size - at &&
           inside(e, names->offset, names->size) &&
           memcmp(e->bytes + names->offset + at, prefix, length) == 0;
}

bool th_elf_sizes(const void *file, size_t bytes, const char *except, struct th_sizes *sum)
{
    struct elf e = { .bytes = file, .n = bytes };
    struct section names, s;
    uint64_t i;

    if (!read_header(&e) || !read_section(&e, e.names_index, &names))
        return false;
    for (i = 0; i < e.count; i++) {
        if (!read_section(&e, i, &s))
            return false;
        if (!(s.flags & SHF_ALLOC) || (except && name_begins(&e, &names, s.name, except)))
            continue;
        if (s.flags & SHF_EXECINSTR)
            sum->text += s.size;
        else if (s.type == SHT_NOBITS)
            sum->bss += s.size;
        else if (s.flags & SHF_WRITE)
            sum->data += s.size;
        else
            sum->rodata += s.size;
    }
    return true;
}

bool th_elf_section(const void *file, size_t bytes, const char *name, uint64_t *address,
                    uint64_t *size)
{
    struct elf e = { .bytes = file, .n = bytes };
    struct section names, s;
    uint64_t i;

    if (!read_header(&e) || !read_section(&e, e.names_index, &names))
        return false;
    for (i = 0; i < e.count; i++) {
        if (!read_section(&e, i, &s) || !name_begins(&e, &names, s.name, name) ||
            s.name + strlen(name) >= names.size ||
            e.bytes[names.offset + s.name + strlen(name)])
            continue;
        *address = s.address;
        *size = s.size;
        return true;
    }
    return false;
}
