/* SPDX-License-Identifier: Apache-2.0 */
/* Memory sizes given on the command line, in a copy of the target. */
#include "driver/target_sizes.h"

#include <string.h>

#define CODE_USAGE 9001

static struct th_mem_region *find(struct th_target *t, const char *name)
{
    for (uint32_t i = 0; i < t->n_regions; i++)
        if (!strcmp(t->regions[i].name, name))
            return (struct th_mem_region *)(uintptr_t)&t->regions[i];
    return NULL;
}

/* The largest region of a use: what people mean by "the SRAM" and "the flash". */
static struct th_mem_region *largest(struct th_target *t, uint32_t use)
{
    struct th_mem_region *best = NULL;
    for (uint32_t i = 0; i < t->n_regions; i++) {
        const struct th_mem_region *r = &t->regions[i];
        const bool fits = use == TH_REGION_USE_CODE ? r->use == use : (r->use & use) != 0;
        if (fits && (!best || r->bytes > best->bytes))
            best = (struct th_mem_region *)(uintptr_t)r;
    }
    return best;
}

static void add(struct th_target *t, const char *name, uint64_t bytes, uint32_t use)
{
    struct th_mem_region *list = (struct th_mem_region *)(uintptr_t)t->regions;
    list[t->n_regions++] = (struct th_mem_region){.name = name, .bytes = bytes, .use = use};
}

static void set_main(struct th_target *t, const char *name, uint64_t bytes, uint32_t use)
{
    struct th_mem_region *r = largest(t, use);
    if (r)
        r->bytes = bytes;
    else
        add(t, name, bytes, use);
}

static enum th_status unknown_region(const struct th_options *o, const struct th_target *t,
                                     const struct th_target *described, const char *name)
{
    struct th_str s;
    th_str_init(&s);
    for (uint32_t i = 0; i < t->n_regions; i++)
        th_str_addf(&s, "%s%s", i ? ", " : "", t->regions[i].name);
    th_error(o->ctx, NULL, CODE_USAGE, "--region: target '%s' has no region '%s'", t->name, name);
    if (described->n_regions)
        th_help(o->ctx, CODE_USAGE, "it has %s", s.s);
    else
        th_help(o->ctx, CODE_USAGE, "it is a core, which takes sram and flash; 'thimble targets' "
                "lists devices with their regions");
    th_str_release(&s);
    return TH_ERR_USAGE;
}

/* --sram is all the data memory there is: regions beside the main one hold no data then. */
static void set_sram(struct th_target *t, uint64_t bytes)
{
    const struct th_mem_region *main = largest(t, TH_REGION_USE_RAM);
    set_main(t, "sram", bytes, TH_REGION_USE_RAM);
    for (uint32_t i = 0; main && i < t->n_regions; i++)
        if (&t->regions[i] != main)
            ((struct th_mem_region *)(uintptr_t)&t->regions[i])->use &= ~(uint32_t)TH_REGION_USE_RAM;
}

/* A region named on the command line may hold what the device lets it hold. */
static enum th_status set_region(const struct th_options *o, struct th_target *t,
                                 const struct th_target *described, const char *text)
{
    const char *eq = strrchr(text, '=');
    uint64_t bytes = 0;
    char *name = th_arena_strndup(o->arena, text, (size_t)(eq - text));
    if (!name || !th_parse_size(eq + 1, &bytes))
        return TH_ERR_INTERNAL;
    struct th_mem_region *r = find(t, name);
    if (r) {
        r->bytes = bytes;
        const ptrdiff_t i = r - t->regions;
        r->use = (uint32_t)i < described->n_regions ? described->regions[i].use : r->use;
    } else if (described->n_regions || (strcmp(name, "sram") && strcmp(name, "flash"))) {
        return unknown_region(o, t, described, name);
    } else {                   /* a core alone has no memory: its size is given here then */
        add(t, name, bytes, strcmp(name, "sram") ? TH_REGION_USE_CODE : TH_REGION_USE_RAM);
    }
    return TH_OK;
}

enum th_status th_target_with_sizes(const struct th_options *o, const struct th_target *t,
                                    const struct th_target **out)
{
    *out = t;
    if (!o->sram && !o->flash && !o->regions.n)
        return TH_OK;
    struct th_target *copy = th_arena_memdup(o->arena, t, sizeof *t);
    struct th_mem_region *list = TH_NEW_ARRAY(o->arena, struct th_mem_region,
                                              (size_t)t->n_regions + o->regions.n + 2);
    if (!copy || !list) {
        th_error(o->ctx, NULL, 0, "memory exhausted");
        return TH_ERR_INTERNAL;
    }
    if (t->n_regions)
        memcpy(list, t->regions, t->n_regions * sizeof *list);
    copy->regions = list;
    if (o->sram)
        set_sram(copy, o->sram);
    if (o->flash)
        set_main(copy, "flash", o->flash, TH_REGION_USE_CODE);
    for (uint32_t i = 0; i < o->regions.n; i++)
        TH_TRY(set_region(o, copy, t, o->regions.list[i]));
    *out = copy;
    return TH_OK;
}
