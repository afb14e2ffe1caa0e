/* SPDX-License-Identifier: Apache-2.0 */
/* Options of passes: parsing what stands in braces, and what a pass reads. */
#include "passes/pass_ctx.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct th_option_spec *find_spec(const struct th_pass *p, const char *name)
{
    for (const struct th_option_spec *o = p->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static bool parse_bool(const char *s, bool *v)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < TH_ARRAY_LEN(yes); i++) {
        if (strcmp(s, yes[i]) == 0)
            return *v = true, true;
        if (strcmp(s, no[i]) == 0)
            return *v = false, true;
    }
    return false;
}

static bool parse_number(const char *s, bool whole, double *v)
{
    char *end;
    *v = whole ? (double)strtoll(s, &end, 0) : strtod(s, &end);
    return *s && !*end && !isnan(*v);
}

static void unknown_option(struct th_ctx *ctx, struct th_arena *a, const struct th_pass *p,
                           const char *name)
{
    th_error(ctx, NULL, 3101, "pass '%s' has no option '%s'", p->name, name);
    uint32_t n = 0;
    for (const struct th_option_spec *o = p->options; o && o->name; o++)
        n++;
    const char **names = TH_NEW_ARRAY(a, const char *, n + 1);
    for (uint32_t i = 0; names && i < n; i++)
        names[i] = p->options[i].name;
    const char *near = names ? th_nearest_name(name, names, n) : NULL;
    if (near)
        th_help(ctx, 0, "did you mean '%s'?", near);
    else if (!n)
        th_help(ctx, 0, "this pass takes no options");
}

static bool check_value(struct th_ctx *ctx, const struct th_pass *p,
                        const struct th_option_spec *o, const char *value)
{
    static const char *const kinds[] = {"a whole number", "a number", "true or false", "text"};
    bool flag, ok = true;
    double v = 0;
    switch (o->kind) {
    case TH_OPTION_INT:
    case TH_OPTION_FLOAT:
        ok = parse_number(value, o->kind == TH_OPTION_INT, &v);
        if (ok && o->min <= o->max && (v < o->min || v > o->max)) {
            th_error(ctx, NULL, 3101, "pass '%s': option '%s' is %s, allowed are %g to %g",
                     p->name, o->name, value, o->min, o->max);
            return false;
        }
        break;
    case TH_OPTION_BOOL:
        ok = parse_bool(value, &flag);
        break;
    case TH_OPTION_STRING:
        break;
    }
    if (!ok)
        th_error(ctx, NULL, 3101, "pass '%s': option '%s' must be %s, not '%s'", p->name, o->name,
                 kinds[o->kind], value);
    return ok;
}

/* "name=value" or "name" (a flag). */
static bool add_option(struct th_ctx *ctx, struct th_arena *a, struct th_step *s, const char *name,
                       size_t name_len, const char *value, size_t value_len)
{
    const char *key = th_arena_strndup(a, name, name_len);
    const char *val = value ? th_arena_strndup(a, value, value_len) : "true";
    if (!key || !val)
        return false;
    const struct th_option_spec *o = find_spec(s->pass, key);
    if (!o) {
        unknown_option(ctx, a, s->pass, key);
        return false;
    }
    if (!check_value(ctx, s->pass, o, val))
        return false;
    for (uint32_t i = 0; i < s->n_options; i++)
        if (strcmp(s->options[i].name, key) == 0) {
            th_error(ctx, NULL, 3101, "pass '%s': option '%s' is given twice", s->pass->name, key);
            return false;
        }
    s->options[s->n_options].name = o->name;
    s->options[s->n_options++].value = val;
    return true;
}

bool th_step_parse_options(struct th_ctx *ctx, struct th_arena *a, struct th_step *s,
                           const char **text)
{
    const char *p = *text;
    if (*p != '{')
        return true;
    const char *end = strchr(p, '}');
    if (!end) {
        th_error(ctx, NULL, 3101, "options of pass '%s' lack the closing '}'", s->pass->name);
        *text = p + strlen(p);
        return false;
    }
    *text = end + 1;
    uint32_t cap = 1;
    for (const char *c = p; c < end; c++)
        cap += *c == ',';
    s->options = TH_NEW_ARRAY(a, struct th_pass_option_value, cap);
    bool ok = s->options != NULL;
    p++;
    while (s->options && p < end) {
        size_t len = strcspn(p, ",}");
        const char *eq = memchr(p, '=', len);
        size_t name_len = eq ? (size_t)(eq - p) : len;
        if (len)
            ok &= add_option(ctx, a, s, p, name_len, eq ? eq + 1 : NULL,
                             eq ? len - name_len - 1 : 0);
        p += len + 1;
    }
    return ok;
}

/* ---- what a pass reads ----------------------------------------------------------------------- */

const char *th_pass_option(const struct th_pass_ctx *pc, const char *name)
{
    for (uint32_t i = 0; i < pc->step->n_options; i++)
        if (strcmp(pc->step->options[i].name, name) == 0)
            return pc->step->options[i].value;
    const struct th_option_spec *o = find_spec(pc->step->pass, name);
    return o ? o->def : NULL;
}

int64_t th_pass_option_int(const struct th_pass_ctx *pc, const char *name)
{
    const char *s = th_pass_option(pc, name);
    return s ? strtoll(s, NULL, 0) : 0;
}

double th_pass_option_float(const struct th_pass_ctx *pc, const char *name)
{
    const char *s = th_pass_option(pc, name);
    return s ? strtod(s, NULL) : 0;
}

bool th_pass_option_bool(const struct th_pass_ctx *pc, const char *name)
{
    const char *s = th_pass_option(pc, name);
    bool v = false;
    return s && parse_bool(s, &v) && v;
}

const char *th_pass_global(const struct th_pass_ctx *pc, const char *name)
{
    return pc->run->global ? pc->run->global(pc->run->user, name) : NULL;
}
