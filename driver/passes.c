/* SPDX-License-Identifier: Apache-2.0 */
/* thimble passes: what may stand in --passes. */
#include <stdio.h>

#include <json-c/json.h>

#include "driver/verbs.h"

static const char *const prop_names[] = {
    "typed", "canon", "layout", "quantized", "fused", "backward",
    "tiled", "selected", "packed", "aliased", "scheduled", "planned"};

static struct json_object *props(uint32_t mask)
{
    struct json_object *a = json_object_new_array();
    for (size_t i = 0; i < TH_ARRAY_LEN(prop_names); i++)
        if (mask & 1u << i)
            json_object_array_add(a, json_object_new_string(prop_names[i]));
    return a;
}

static struct json_object *text(const char *s)
{
    return s ? json_object_new_string(s) : NULL;
}

static struct json_object *pass_json(const struct th_pass *p)
{
    static const char *const kinds[] = {
        [TH_OPTION_INT] = "int", [TH_OPTION_FLOAT] = "float", [TH_OPTION_BOOL] = "bool",
        [TH_OPTION_STRING] = "string"};
    struct json_object *o = json_object_new_object();
    struct json_object *options = json_object_new_array();
    for (const struct th_option_spec *s = p->options; s && s->name; s++) {
        struct json_object *one = json_object_new_object();
        json_object_object_add(one, "name", text(s->name));
        json_object_object_add(one, "kind", text(kinds[s->kind]));
        json_object_object_add(one, "default", text(s->def));
        json_object_object_add(one, "help", text(s->help));
        json_object_array_add(options, one);
    }
    json_object_object_add(o, "name", text(p->name));
    json_object_object_add(o, "summary", text(p->summary));
    json_object_object_add(o, "requires", props(p->requires_props));
    json_object_object_add(o, "provides", props(p->provides_props));
    json_object_object_add(o, "invalidates", props(p->invalidates_props));
    json_object_object_add(o, "options", options);
    return o;
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    const uint32_t n = th_pass_count(ctx);
    if (o->json) {
        struct json_object *list = json_object_new_array();
        for (uint32_t i = 0; i < n; i++)
            json_object_array_add(list, pass_json(th_pass_at(ctx, i)));
        return th_print_json(ctx, list);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct th_pass *p = th_pass_at(ctx, i);
        printf("%-16s %s\n", p->name, p->summary ? p->summary : "");
        for (const struct th_option_spec *s = p->options; s && s->name; s++)
            printf("%-16s   {%s=%s} %s\n", "", s->name, s->def ? s->def : "...",
                   s->help ? s->help : "");
    }
    return TH_OK;
}

const struct th_verb th_verb_passes = {
    .name = "passes",
    .summary = "list the passes and their options",
    .doc = "Lists every pass, with the options that may follow it in braces.\v"
           "A pass list is changed with --passes=+NAME@after:PASS, +NAME@before:PASS, "
           "+NAME@replace:PASS or -NAME, or given whole: --passes=canonicalize,fold,fuse,... "
           "With --json, the properties a pass requires, provides and invalidates are printed.",
    .run = run,
};
