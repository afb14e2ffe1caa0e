/* SPDX-License-Identifier: Apache-2.0 */
/* thimble targets: the descriptions that --target may name. */
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "driver/verbs.h"

static struct json_object *text(const char *s)
{
    return s ? json_object_new_string(s) : NULL;
}

static struct json_object *target_json(const struct th_target *t)
{
    struct json_object *o = json_object_new_object();
    struct json_object *features = json_object_new_array();
    struct json_object *regions = json_object_new_array();
    struct json_object *compilers = json_object_new_array();
    for (const char *const *f = t->features; f && *f; f++)
        json_object_array_add(features, text(*f));
    for (uint32_t i = 0; i < t->n_regions; i++) {
        const struct th_mem_region *m = &t->regions[i];
        struct json_object *r = json_object_new_object();
        json_object_object_add(r, "name", text(m->name));
        json_object_object_add(r, "bytes", json_object_new_int64((int64_t)m->bytes));
        json_object_object_add(r, "ram", json_object_new_boolean(m->use & TH_REGION_USE_RAM));
        json_object_object_add(r, "code",
                               json_object_new_boolean((m->use & TH_REGION_USE_CODE) != 0));
        json_object_object_add(r, "speed", json_object_new_int64(m->speed));
        json_object_array_add(regions, r);
    }
    for (uint32_t i = 0; i < t->n_compilers; i++)
        json_object_array_add(compilers, text(t->compilers[i].command));
    json_object_object_add(o, "name", text(t->name));
    json_object_object_add(o, "title", text(t->title));
    json_object_object_add(o, "core", text(t->core));
    json_object_object_add(o, "backend", text(t->backend));
    json_object_object_add(o, "features", features);
    json_object_object_add(o, "clock_hz", json_object_new_int64((int64_t)t->clock_hz));
    json_object_object_add(o, "regions", regions);
    json_object_object_add(o, "compilers", compilers);
    json_object_object_add(o, "board", t->board.command || t->board.name ? text(t->board.name)
                                                                        : NULL);
    return o;
}

static void add_bytes(struct th_str *s, uint64_t n)
{
    if (n && n % (1 << 20) == 0)
        th_str_addf(s, "%" PRIu64 "M", n >> 20);
    else if (n && n % 1024 == 0)
        th_str_addf(s, "%" PRIu64 "k", n >> 10);
    else if (n)
        th_str_addf(s, "%" PRIu64, n);
    else
        th_str_add(s, "unlimited");
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    const struct th_target *const *list = NULL;
    uint32_t n = 0;
    TH_TRY(th_target_list(ctx, &list, &n));
    if (o->json) {
        struct json_object *all = json_object_new_array();
        for (uint32_t i = 0; i < n; i++)
            json_object_array_add(all, target_json(list[i]));
        return th_print_json(ctx, all);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct th_target *t = list[i];
        struct th_str s;
        th_str_init(&s);
        for (uint32_t k = 0; k < t->n_regions; k++) {
            th_str_addf(&s, "%s%s ", k ? ", " : "", t->regions[k].name);
            add_bytes(&s, t->regions[k].bytes);
        }
        printf("%-20s %-8s %s%s%s%s\n", t->name, t->backend, t->title ? t->title : "",
               s.len ? " (" : "", s.s, s.len ? ")" : "");
        th_str_release(&s);
    }
    return TH_OK;
}

const struct th_verb th_verb_targets = {
    .name = "targets",
    .summary = "list the cores and devices to compile for",
    .doc = "Lists what --target may name, with its backend and memory regions.\v"
           "Features are added with '+': x86-64-v4+avx512vnni. Descriptions are XML files; "
           "--target may also be the path of one.",
    .run = run,
};
