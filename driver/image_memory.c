/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/image_memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "driver/elf_sizes.h"

#define GUARD_BYTES 64           /* THB_GUARD_BYTES, and the alignment of blocks */

/* ---- places ---------------------------------------------------------------------------------- */

static const struct th_mem_region *region_named(const struct th_target *t, const char *name)
{
    for (uint32_t i = 0; name && i < t->n_regions; i++)
        if (!strcmp(t->regions[i].name, name) && t->regions[i].use & TH_REGION_USE_RAM)
            return &t->regions[i];
    return NULL;
}

/* The board's memory that holds these bytes. */
static const struct th_mem_region *memory_with(const struct th_board *b, uint64_t base,
                                               uint64_t bytes)
{
    for (uint32_t i = 0; i < b->n_memories; i++) {
        const struct th_mem_region *m = &b->memories[i];

        if (base >= m->base && bytes <= m->bytes && base - m->base <= m->bytes - bytes)
            return m;
    }
    return NULL;
}

/* Guard zones that reach into one another are left out: what they would catch is in use. */
static void part(struct th_image_memory *low, struct th_image_memory *high)
{
    if (low->base + low->bytes + low->after <= high->base - high->before)
        return;
    high->before = 0;
    if (low->base + low->bytes + low->after > high->base)
        low->after = 0;
}

void th_image_place(const struct th_target *t, struct th_image_memory *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct th_image_memory *m = &list[i];
        const struct th_mem_region *r = region_named(t, m->name), *on;

        m->placed = false;
        m->before = m->after = GUARD_BYTES;
        if (!r)
            continue;
        m->base = r->base;
        m->capacity = r->bytes;
        on = memory_with(&t->board, r->base, m->bytes);
        if (!on || r->base % GUARD_BYTES || !t->board.linker_script || !m->bytes)
            continue;
        m->placed = true;
        if (r->base - on->base < GUARD_BYTES)
            m->before = 0;
        if (on->base + on->bytes - (r->base + m->bytes) < GUARD_BYTES)
            m->after = 0;
        for (uint32_t k = 0; k < i; k++) {
            struct th_image_memory *other = &list[k];

            if (other->placed && other->base < m->base)
                part(other, m);
            else if (other->placed)
                part(m, other);
        }
    }
}

/* ---- linking --------------------------------------------------------------------------------- */

void th_image_memory_symbol(struct th_str *s, const struct th_image_memory *list, uint32_t i)
{
    const char *name = list[i].name;

    if (!name || !list[i].placed) {
        th_str_addf(s, "thg_region_%" PRIu32, i);
        return;
    }
    th_str_add(s, "thg_");
    for (; *name; name++)
        th_str_addc(s, isalnum((unsigned char)*name) ? *name : '_');
}

/* Sizes are exact: what does not fit into the target's region does not link. */
bool th_image_memory_script(struct th_str *s, const struct th_image_memory *list, uint32_t n)
{
    bool any = false;
    uint32_t i;

    th_str_add(s, "MEMORY\n{\n");
    for (i = 0; i < n; i++) {
        const struct th_image_memory *m = &list[i];

        if (!m->placed)
            continue;
        any = true;
        th_str_addf(s, "    MODEL_%" PRIu32 " (rw) : ORIGIN = 0x%" PRIx64 ", LENGTH = %" PRIu64 "\n", i,
                    m->base - m->before, m->before + m->capacity + m->after);
    }
    th_str_add(s, "}\nSECTIONS\n{\n");
    for (i = 0; i < n; i++)
        if (list[i].placed)
            th_str_addf(s, "    .thb_arena.%s (NOLOAD) : { *(.bss.%s) } > MODEL_%" PRIu32 "\n",
                        list[i].name, list[i].name, i);
    th_str_add(s, "}\nINSERT BEFORE .thb_arena;\n");
    return any;
}

bool th_image_memory_linked(const void *file, size_t bytes, const struct th_image_memory *list,
                            uint32_t n, const struct th_image_memory **wrong)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct th_image_memory *m = &list[i];
        uint64_t address, size;
        char section[300];

        if (!m->placed)
            continue;
        *wrong = m;
        if (snprintf(section, sizeof section, ".thb_arena.%s", m->name) >= (int)sizeof section ||
            !th_elf_section(file, bytes, section, &address, &size) ||
            address != m->base - m->before || size != m->before + m->bytes + m->after)
            return false;
    }
    return true;
}
