/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines as data: the named lists, the user's text, the order of properties. */
#include "passes/pass_ctx.h"

#include <ctype.h>
#include <string.h>

#include "ir/ctx.h"

struct row {
    const char *pipeline, *pass, *options, *why;
};
static const struct row rows[] = {
#define TH_PIPELINE(pipeline, pass, options, why) {pipeline, pass, options, why},
#include "passes/pipelines.def"
#undef TH_PIPELINE
};

/* ---- names ----------------------------------------------------------------------------------- */

static void help_nearest_pass(struct th_ctx *ctx, struct th_arena *a, const char *name)
{
    uint32_t n = th_pass_count(ctx);
    const char **names = TH_NEW_ARRAY(a, const char *, n + 1);
    for (uint32_t i = 0; names && i < n; i++)
        names[i] = th_pass_at(ctx, i)->name;
    const char *near = names ? th_nearest_name(name, names, n) : NULL;
    if (near)
        th_help(ctx, 0, "did you mean '%s'?", near);
    else
        th_help(ctx, 0, "'thimble passes' lists them");
}

static const struct th_pass *find_pass(struct th_ctx *ctx, struct th_arena *a, const char *name)
{
    const struct th_pass *p = th_pass_find(ctx, name);
    if (!p) {
        th_error(ctx, NULL, 3101, "no pass is named '%s'", name);
        help_nearest_pass(ctx, a, name);
    }
    return p;
}

static int64_t index_of(const struct th_steps *s, const char *name)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->list[i].pass->name, name) == 0)
            return i;
    return -1;
}

/* A pass may stand in a pipeline more than once: "after" means after the last time. */
static int64_t anchor_index(const struct th_steps *s, const char *name, enum th_anchor_place where)
{
    int64_t at = index_of(s, name);
    for (uint32_t i = 0; where == TH_ANCHOR_AFTER && i < s->n; i++)
        if (strcmp(s->list[i].pass->name, name) == 0)
            at = i;
    return at;
}

/* ---- editing a list of steps ----------------------------------------------------------------- */

static bool insert(struct th_arena *a, struct th_steps *s, uint32_t at, const struct th_step *step)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 32;
        struct th_step *list = TH_NEW_ARRAY(a, struct th_step, cap);
        if (!list)
            return false;
        if (s->n)
            memcpy(list, s->list, s->n * sizeof *list);
        s->list = list;
        s->cap = cap;
    }
    memmove(s->list + at + 1, s->list + at, (s->n - at) * sizeof *s->list);
    s->list[at] = *step;
    s->n++;
    return true;
}

static void drop(struct th_steps *s, uint32_t at)
{
    memmove(s->list + at, s->list + at + 1, (s->n - at - 1) * sizeof *s->list);
    s->n--;
}

static bool place(struct th_arena *a, struct th_steps *s, const struct th_step *step,
                  enum th_anchor_place where, uint32_t anchor)
{
    if (where == TH_ANCHOR_REPLACE) {
        s->list[anchor] = *step;
        return true;
    }
    return insert(a, s, where == TH_ANCHOR_AFTER ? anchor + 1 : anchor, step);
}

/* ---- the named pipeline ---------------------------------------------------------------------- */

static bool known_pipeline(const char *name)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].pipeline, name) == 0)
            return true;
    return false;
}

static enum th_status load_rows(struct th_ctx *ctx, struct th_arena *a, const char *name,
                                struct th_steps *s)
{
    if (!known_pipeline(name)) {
        th_error(ctx, NULL, 3101, "no pipeline is named '%s'", name);
        return TH_ERR_USAGE;
    }
    for (size_t i = 0; i < TH_ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].pipeline, name) != 0)
            continue;
        struct th_step step = {find_pass(ctx, a, rows[i].pass), NULL, 0};
        const char *options = rows[i].options;
        if (!step.pass || !th_step_parse_options(ctx, a, &step, &options) ||
            !insert(a, s, s->n, &step))
            return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

/* Plugins' passes that named their place. An anchor that this pipeline lacks is not an error: the
 * pass still runs when asked for. */
static enum th_status add_anchored(struct th_ctx *ctx, struct th_arena *a, const char *name,
                                   struct th_steps *s)
{
    for (uint32_t i = 0; i < ctx->reg.passes.n; i++) {
        const struct th_placed_pass *placed = ctx->reg.passes.at[i];
        const struct th_pass *p = placed->pass;
        const struct th_anchor *w = &placed->anchor;
        if (!placed->has_anchor || w->place == TH_ANCHOR_NONE || !w->pass ||
            (w->pipeline && strcmp(w->pipeline, name) != 0))
            continue;
        int64_t at = anchor_index(s, w->pass, w->place);
        if (at < 0) {
            th_warning(ctx, NULL, 1107, "pass '%s' wants a place beside '%s', which pipeline "
                       "'%s' lacks; it will not run", p->name, w->pass, name);
            continue;
        }
        struct th_step step = {p, NULL, 0};
        if (!place(a, s, &step, w->place, (uint32_t)at))
            return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

/* ---- the user's text ------------------------------------------------------------------------- */

enum item_kind { ITEM_PLAIN, ITEM_ADD, ITEM_REMOVE, ITEM_REST };
struct item {
    enum item_kind kind;
    struct th_step step;
    enum th_anchor_place where;
    const char *anchor;
};

struct text {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const char *at;
    bool ok;
};

static const char *take_name(struct text *t)
{
    const char *start = t->at;
    while (isalnum((unsigned char)*t->at) || *t->at == '_' || *t->at == '-')
        t->at++;
    return th_arena_strndup(t->arena, start, (size_t)(t->at - start));
}

static void skip_item(struct text *t)
{
    t->ok = false;
    t->at += strcspn(t->at, ",");
}

/* "@after:fuse" */
static void parse_anchor(struct text *t, struct item *it)
{
    static const struct {
        const char *word;
        enum th_anchor_place place;
    } words[] = {{"@before:", TH_ANCHOR_BEFORE}, {"@after:", TH_ANCHOR_AFTER},
                 {"@replace:", TH_ANCHOR_REPLACE}};
    for (size_t i = 0; i < TH_ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i].word);
        if (strncmp(t->at, words[i].word, len) != 0)
            continue;
        t->at += len;
        it->where = words[i].place;
        it->anchor = take_name(t);
        return;
    }
    th_error(t->ctx, NULL, 3101, "'+%s' needs a place: '@before:PASS', '@after:PASS' or "
             "'@replace:PASS'", it->step.pass->name);
    t->ok = false;
}

static bool parse_item(struct text *t, struct item *it)
{
    memset(it, 0, sizeof *it);
    while (*t->at == ' ')
        t->at++;
    if (strncmp(t->at, "...", 3) == 0) {
        it->kind = ITEM_REST;
        t->at += 3;
        return true;
    }
    if (*t->at == '+' || *t->at == '-')
        it->kind = *t->at++ == '+' ? ITEM_ADD : ITEM_REMOVE;
    const char *name = take_name(t);
    if (!name || !*name) {
        th_error(t->ctx, NULL, 3101, "a pass name was expected at '%.20s'", t->at);
        skip_item(t);
        return false;
    }
    it->step.pass = find_pass(t->ctx, t->arena, name);
    if (!it->step.pass) {
        /* its options cannot be checked, so step over them */
        size_t len = strcspn(t->at, ",{");
        t->at += len;
        if (*t->at == '{')
            t->at += strcspn(t->at, "}");
        skip_item(t);
        return false;
    }
    if (!th_step_parse_options(t->ctx, t->arena, &it->step, &t->at))
        t->ok = false;
    if (it->kind == ITEM_ADD)
        parse_anchor(t, it);
    return true;
}

/* Steps of the pipeline behind the last listed one that it has. */
static bool append_rest(struct text *t, const struct th_steps *base, struct th_steps *out)
{
    uint32_t from = 0;
    for (uint32_t i = out->n; i > 0 && !from; i--)
        from = (uint32_t)(index_of(base, out->list[i - 1].pass->name) + 1);
    for (uint32_t i = from; i < base->n; i++)
        if (!insert(t->arena, out, out->n, &base->list[i]))
            return false;
    return true;
}

/* pipeline is NULL when the user gave the whole list. */
static void edit(struct text *t, const struct item *it, struct th_steps *s, const char *pipeline)
{
    const char *anchor = it->kind == ITEM_REMOVE ? it->step.pass->name : it->anchor;
    if (!anchor)
        return;
    int64_t at = anchor_index(s, anchor, it->where);
    if (at < 0) {
        if (pipeline)
            th_error(t->ctx, NULL, 3101, "pass '%s' is not in pipeline '%s'", anchor, pipeline);
        else
            th_error(t->ctx, NULL, 3101, "pass '%s' is not in the pass list given", anchor);
        if (!th_pass_find(t->ctx, anchor))
            help_nearest_pass(t->ctx, t->arena, anchor);
        t->ok = false;
    } else if (it->kind == ITEM_REMOVE) {
        for (; at >= 0; at = index_of(s, anchor))
            drop(s, (uint32_t)at);
    } else {
        t->ok &= place(t->arena, s, &it->step, it->where, (uint32_t)at);
    }
}

/* Plain names together are the whole pipeline; '+' and '-' then edit it, or the named one. */
static enum th_status apply_text(struct th_ctx *ctx, struct th_arena *a, const char *text,
                                 const char *pipeline, struct th_steps *s)
{
    uint32_t cap = 1, n = 0;
    for (const char *c = text; *c; c++)
        cap += *c == ',';
    struct item *items = TH_NEW_ARRAY(a, struct item, cap);
    struct text t = {ctx, a, text, true};
    if (!items)
        return TH_ERR_INTERNAL;
    while (*t.at) {
        if (parse_item(&t, &items[n]))
            n++;
        if (*t.at && *t.at != ',') {
            th_error(ctx, NULL, 3101, "',' was expected at '%.20s'", t.at);
            skip_item(&t);
        }
        t.at += *t.at == ',';
    }
    struct th_steps whole = {NULL, 0, 0};
    bool is_whole = false;
    for (uint32_t i = 0; i < n; i++) {
        is_whole |= items[i].kind == ITEM_PLAIN || items[i].kind == ITEM_REST;
        if (items[i].kind == ITEM_PLAIN && !insert(a, &whole, whole.n, &items[i].step))
            return TH_ERR_INTERNAL;
        if (items[i].kind == ITEM_REST && !append_rest(&t, s, &whole))
            return TH_ERR_INTERNAL;
    }
    if (is_whole)
        *s = whole;
    for (uint32_t i = 0; i < n; i++)
        if (items[i].kind == ITEM_ADD || items[i].kind == ITEM_REMOVE)
            edit(&t, &items[i], s, is_whole ? NULL : pipeline);
    return t.ok ? TH_OK : TH_ERR_USAGE;
}

enum th_status th_pipeline_parse(struct th_ctx *ctx, struct th_arena *a,
                                 const struct th_pipeline_run *r, struct th_steps *out)
{
    const char *pipeline = r->pipeline ? r->pipeline : "inference";
    memset(out, 0, sizeof *out);
    TH_TRY(load_rows(ctx, a, pipeline, out));
    TH_TRY(add_anchored(ctx, a, pipeline, out));
    if (r->passes && *r->passes)
        TH_TRY(apply_text(ctx, a, r->passes, pipeline, out));
    return TH_OK;
}

/* ---- properties ------------------------------------------------------------------------------ */

static const char *const prop_names[] = {"TYPED", "CANON", "LAYOUT", "QUANTIZED", "FUSED",
                                         "BACKWARD", "TILED", "SELECTED", "PACKED", "ALIASED",
                                         "SCHEDULED", "PLANNED"};

static void report_missing(struct th_ctx *ctx, const struct th_pass *p, unsigned prop)
{
    th_error(ctx, NULL, 3102, "pass '%s' needs property %s, which does not hold there", p->name,
             prop_names[prop]);
    struct th_str who;
    th_str_init(&who);
    for (uint32_t i = 0; i < th_pass_count(ctx); i++) {
        const struct th_pass *q = th_pass_at(ctx, i);
        if (q->provides_props & (1u << prop))
            th_str_addf(&who, "%s'%s'", who.len ? ", " : "", q->name);
    }
    if (who.len)
        th_help(ctx, 0, "it is provided by %s", who.s);
    th_str_release(&who);
}

enum th_status th_pipeline_check(struct th_ctx *ctx, const struct th_steps *s, uint32_t have)
{
    bool ok = true;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct th_pass *p = s->list[i].pass;
        uint32_t missing = p->requires_props & ~have;
        for (unsigned b = 0; b < TH_ARRAY_LEN(prop_names); b++)
            if (missing & (1u << b)) {
                report_missing(ctx, p, b);
                ok = false;
            }
        /* a missing property is reported once, at the first pass that needs it */
        have = ((have | missing) & ~p->invalidates_props) | p->provides_props;
    }
    return ok ? TH_OK : TH_ERR_USAGE;
}

void th_pipeline_text(const struct th_steps *s, struct th_str *out)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct th_step *st = &s->list[i];
        th_str_addf(out, "%s%s", i ? "," : "", st->pass->name);
        for (uint32_t o = 0; o < st->n_options; o++)
            th_str_addf(out, "%s%s=%s", o ? "," : "{", st->options[o].name, st->options[o].value);
        if (st->n_options)
            th_str_addc(out, '}');
    }
}
