/* SPDX-License-Identifier: Apache-2.0 */
/* thimble plugins: what was loaded, and what was not and why. */
#include <stdio.h>

#include <json-c/json.h>

#include "driver/verbs.h"

static struct json_object *text(const char *s)
{
    return s ? json_object_new_string(s) : NULL;
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    const uint32_t n = th_plugin_count(ctx);
    struct json_object *list = o->json ? json_object_new_array() : NULL;
    for (uint32_t i = 0; i < n; i++) {
        const struct th_plugin_info *p = th_plugin_at(ctx, i);
        if (!o->json) {
            printf("%-12s %-8s %s\n", p->name, p->version, p->failure ? "FAILED" : p->summary);
            printf("%-12s %-8s %s\n", "", p->license, p->origin);
            if (p->failure)
                printf("%-12s %-8s %s\n", "", "", p->failure);
            continue;
        }
        struct json_object *one = json_object_new_object();
        json_object_object_add(one, "name", text(p->name));
        json_object_object_add(one, "version", text(p->version));
        json_object_object_add(one, "license", text(p->license));
        json_object_object_add(one, "summary", text(p->summary));
        json_object_object_add(one, "origin", text(p->origin));
        json_object_object_add(one, "failure", text(p->failure));
        json_object_array_add(list, one);
    }
    if (o->json)
        return th_print_json(ctx, list);
    if (!n)
        puts("no plugins");
    return TH_OK;
}

const struct th_verb th_verb_plugins = {
    .name = "plugins",
    .summary = "list the plugins that were loaded, and those that failed",
    .doc = "Lists plugins with their origin; one that failed to load is listed with the reason.\v"
           "Plugins are looked for in the folders of THIMBLE_PLUGIN_PATH (separated by ':'), then "
           "in the installed folder. --plugin FILE loads one more, and fails if that does not "
           "load (exit code 4).",
    .run = run,
};
