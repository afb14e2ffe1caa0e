/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel selection: rows of a backend, of its base chain and of plugins, asked in that order. */
#include "ir/call.h"
#include "ir/ctx.h"
#include "plugins/kernels.h"

#include <string.h>

#include <thimble/thimble.h>

#define MAX_CHAIN 16       /* a chain of bases longer than this is a cycle */

/* ---- operand type patterns ----------------------------------------------------------------- */
struct entry {
    const char *at;
    size_t len;            /* without '?' and "..." */
    bool optional, repeats;
};

/* Cuts the next entry off *s; false at the end of the list. */
static bool next_entry(const char **s, struct entry *e)
{
    while (**s == ' ' || **s == ',')
        ++*s;
    if (!**s || **s == '>')
        return false;
    *e = (struct entry){*s, strcspn(*s, ",> "), false, false};
    *s += e->len;
    if (e->len >= 3 && !memcmp(e->at + e->len - 3, "...", 3)) {
        e->repeats = true;
        e->len -= 3;
    }
    if (e->len && e->at[e->len - 1] == '?') {
        e->optional = true;
        e->len--;
    }
    return true;
}

static bool entry_takes(const struct entry *e, const struct th_type *t)
{
    if (!t)
        return e->optional;
    const char *name = th_dtype_name(t->dtype), *p = e->at, *end = e->at + e->len;
    while (p < end) {
        const char *bar = memchr(p, '|', (size_t)(end - p));
        size_t n = (size_t)((bar ? bar : end) - p);
        if ((n == 1 && *p == '*') || (strlen(name) == n && !memcmp(name, p, n)))
            return true;
        p += n + 1;
    }
    return false;
}

/* One side of the pattern against operand types; *s is left behind the side. */
static bool side_takes(const char **s, const struct th_type *const *types, uint32_t n)
{
    struct entry e = {0}, last = {0};
    uint32_t i = 0;
    bool ok = true;
    while (next_entry(s, &e)) {
        if (e.len == 0 && e.repeats) {      /* "..." of its own repeats the entry before */
            last.repeats = true;
            continue;
        }
        ok &= i < n ? entry_takes(&e, types[i]) : e.optional || e.repeats;
        last = e;
        i++;
    }
    for (; i < n && ok; i++)
        ok = last.repeats ? entry_takes(&last, types[i]) : !types[i];
    return ok;
}

bool th_kernel_types_match(const char *pattern, const struct th_inst *c)
{
    const struct th_type *out[TH_MAX_OUTPUTS];
    if (!pattern)
        return true;
    if (c->n_out > TH_MAX_OUTPUTS)
        return false;
    for (uint32_t i = 0; i < c->n_out; i++)
        out[i] = &c->out[i];
    if (!side_takes(&pattern, c->in, c->n_in))
        return false;
    return *pattern != '>' || (pattern++, side_takes(&pattern, out, c->n_out));
}

/* ---- one row ------------------------------------------------------------------------------- */
static bool dense(const struct th_view *v, const struct th_type *t)
{
    if (!v || !t || t->rank < 1)
        return true;
    int64_t channels = t->dims[t->rank - 1], width = t->rank >= 3 ? t->dims[t->rank - 2] : 1;
    return v->pixel_pitch == channels && v->row_pitch == width * channels;
}

static const char *views_refused(const struct th_kernel *k, const struct th_query *q)
{
    if (q->accumulate != ((k->views & TH_VIEW_ACCUMULATE) != 0))
        return q->accumulate ? "it takes whole operands only" : "it takes operands in pieces";
    if (!q->whole && !q->accumulate && !(k->views & (TH_VIEW_ANY_BOX | TH_VIEW_WHOLE_ROWS)))
        return "it computes whole outputs only";
    for (uint32_t i = 0; q->in_views && i < q->inst->n_in; i++) {
        if (q->in_views[i].ring_rows && !(k->views & TH_VIEW_RING_IN))
            return "it reads no ring";
        if (q->in_views[i].tail && !(k->views & TH_VIEW_TAIL_IN))
            return "it reads no line buffer with a tail";
        if (!dense(&q->in_views[i], q->inst->in[i]) && !(k->views & TH_VIEW_PITCHED_IN))
            return "it reads dense inputs only";
    }
    for (uint32_t i = 0; q->out_views && i < q->inst->n_out; i++) {
        if (q->out_views[i].ring_rows && !(k->views & TH_VIEW_RING_OUT))
            return "it writes no ring";
        if (!dense(&q->out_views[i], &q->inst->out[i]) && !(k->views & TH_VIEW_PITCHED_OUT))
            return "it writes dense outputs only";
    }
    return NULL;
}

static bool has_features(const struct th_target *t, const char *list)
{
    char word[64];
    while (list && *list) {
        size_t n = strcspn(list, ",");
        if (!t || n >= sizeof word)
            return false;
        memcpy(word, list, n);
        word[n] = '\0';
        if (!th_target_has(t, word))
            return false;
        list += n + (list[n] == ',');
    }
    return true;
}

/* How near a row came, for the message when none accepts. */
enum nearness { FAR, SAME_OP, SAME_TYPES, SAME_CONTRACT, HAS_FEATURE, ACCEPTS };

static enum nearness judge(const struct th_kernel *k, const struct th_query *q, const char **why)
{
    const struct th_inst *c = q->inst;
    *why = NULL;
    if (strcmp(k->op, c->op->name))
        return FAR;
    *why = "operand types differ";
    if (!th_kernel_types_match(k->types, c))
        return SAME_OP;
    *why = "it follows another numeric contract";
    if (k->contract && strcmp(k->contract, c->contract))
        return SAME_TYPES;
    *why = "the target lacks a feature it needs";
    if (!has_features(q->target, k->feature))
        return SAME_CONTRACT;
    *why = q->order && (int)k->order != q->order ? "it writes in another order"
                                                 : views_refused(k, q);
    if (!*why && k->refuse)
        *why = k->refuse(q);
    return *why ? HAS_FEATURE : ACCEPTS;
}

static void cost_of(const struct th_kernel *k, const struct th_backend *owner,
                    const struct th_query *q, struct th_kernel_cost *cost)
{
    *cost = (struct th_kernel_cost){0, 0, 0};
    if (k->cost) {
        k->cost(q, cost);
    } else {
        struct th_cost c;
        th_inst_cost(q->inst, &c);
        cost->cycles = 10.0 * ((double)c.macs + (double)c.ops);
    }
    if (k->source)
        (void)th_kernel_measured(q->inst->ctx, owner, k->symbol, q->target, &cost->code_bytes,
                                 &cost->stack_bytes);
}

/* Scratch of a trial binding: only asked for when memory is the objective. A little is free: it is
 * rarely wanted where the peak is, and kernels without any can be ten times slower. */
#define FREE_SCRATCH 1024.0
static double scratch_of(const struct th_kernel *k, const struct th_query *q)
{
    struct th_program *trial = th_program_new(q->inst->ctx);
    struct th_call *c = NULL;
    double bytes = 0;
    if (trial && th_call_bind(trial, k, q, &c) == TH_OK)
        bytes = (double)c->scratch_bytes;
    th_program_free(trial);
    return bytes <= FREE_SCRATCH ? 0 : bytes;
}

struct contest {
    struct th_selection best;
    double first, second;      /* what the objective compares, smaller is better */
    enum nearness nearest;
    const struct th_kernel *nearest_row;
    const char *nearest_why;
    struct th_str *types;      /* patterns seen of this op, or NULL */
};

static void consider(struct contest *t, const struct th_kernel *k, const struct th_backend *owner,
                     const struct th_query *q, const char *force)
{
    const char *why;
    if (force && strcmp(force, k->symbol))
        return;
    enum nearness near = judge(k, q, &why);
    if (near > t->nearest) {
        t->nearest = near;
        t->nearest_row = k;
        t->nearest_why = why;
    }
    if (near == SAME_OP && t->types && t->types->len < 400)
        th_str_addf(t->types, "%s%s", t->types->len ? "; " : "", k->types);
    if (near != ACCEPTS)
        return;
    struct th_kernel_cost cost;
    cost_of(k, owner, q, &cost);
    double first = cost.cycles, second = (double)cost.code_bytes;
    if (q->objective == TH_OPT_SIZE) {
        first = (double)cost.code_bytes;
        second = cost.cycles;
    } else if (q->objective == TH_OPT_RAM) {
        first = scratch_of(k, q);
        second = cost.cycles;
    }
    if (!t->best.row || first < t->first || (first == t->first && second < t->second)) {
        t->best = (struct th_selection){k, owner, cost};
        t->first = first;
        t->second = second;
    }
}

static void consider_rows(struct contest *t, const void *rows, size_t n, size_t size,
                          const struct th_backend *owner, const struct th_query *q,
                          const char *force)
{
    for (size_t i = 0; i < n; i++)
        consider(t, (const void *)((const char *)rows + i * size), owner, q, force);
}

static void explain(const struct contest *t, const struct th_query *q, const char *force,
                    struct th_str *why)
{
    if (t->nearest > SAME_OP)
        th_str_addf(why, "%s: %s", t->nearest_row->symbol, t->nearest_why);
    else if (force)
        th_str_addf(why, "no kernel '%s' for this operator and these types", force);
    else if (t->nearest == SAME_OP && t->types && t->types->len)
        th_str_addf(why, "kernels take %s", t->types->s);
    else
        th_str_addf(why, "no kernel for operator '%s'", q->inst->op->name);
}

static const struct th_backend *base_of(const struct th_ctx *ctx, const struct th_backend *b)
{
    return b->base ? th_backend_find(ctx, b->base) : NULL;
}

bool th_kernel_select(const struct th_ctx *ctx, const struct th_backend *b,
                      const struct th_query *q, const char *force, struct th_selection *out,
                      struct th_str *why)
{
    struct th_str types;
    th_str_init(&types);
    struct contest t = {.types = why ? &types : NULL};
    for (uint32_t depth = 0; b && depth < MAX_CHAIN; depth++, b = base_of(ctx, b)) {
        for (uint32_t i = 0; i < ctx->reg.kernel_rows.n; i++) {
            const struct th_kernel_rows *r = ctx->reg.kernel_rows.at[i];
            if (!strcmp(r->backend, b->name))
                consider_rows(&t, r->rows, r->n, r->row_size, b, q, force);
        }
        consider_rows(&t, b->kernels, b->n_kernels, b->kernel_size, b, q, force);
    }
    if (t.best.row)
        *out = t.best;
    else if (why)
        explain(&t, q, force, why);
    th_str_release(&types);
    return t.best.row != NULL;
}

/* ---- rows by name -------------------------------------------------------------------------- */
struct listing {
    const char *wanted;
    const struct th_kernel *found;
    const char **names;        /* NULL: only counted */
    size_t n;
};

static void list_rows(struct listing *l, const void *rows, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        const struct th_kernel *k = (const void *)((const char *)rows + i * size);
        if (l->wanted && !l->found && !strcmp(k->symbol, l->wanted))
            l->found = k;
        if (l->names)
            l->names[l->n] = k->symbol;
        l->n++;
    }
}

static void list_chain(struct listing *l, const struct th_ctx *ctx, const struct th_backend *b)
{
    for (uint32_t depth = 0; b && depth < MAX_CHAIN; depth++, b = base_of(ctx, b)) {
        for (uint32_t i = 0; i < ctx->reg.kernel_rows.n; i++) {
            const struct th_kernel_rows *r = ctx->reg.kernel_rows.at[i];
            if (!strcmp(r->backend, b->name))
                list_rows(l, r->rows, r->n, r->row_size);
        }
        list_rows(l, b->kernels, b->n_kernels, b->kernel_size);
    }
}

const struct th_kernel *th_kernel_find(const struct th_ctx *ctx, const struct th_backend *b,
                                       const char *symbol)
{
    struct listing l = {.wanted = symbol};
    list_chain(&l, ctx, b);
    return l.found;
}

const char **th_kernel_symbols(const struct th_ctx *ctx, const struct th_backend *b,
                               struct th_arena *a, size_t *n)
{
    struct listing l = {0};
    list_chain(&l, ctx, b);
    *n = l.n;
    l.names = TH_NEW_ARRAY(a, const char *, l.n + 1);
    l.n = 0;
    if (l.names)
        list_chain(&l, ctx, b);
    return l.names;
}

static void each_row(const struct th_backend *b, const void *rows, size_t n, size_t size,
                     const char *op, th_kernel_fn *fn, void *user)
{
    for (size_t i = 0; i < n; i++) {
        const struct th_kernel *k = (const void *)((const char *)rows + i * size);
        if (!strcmp(k->op, op))
            fn(user, b, k);
    }
}

void th_kernels_of_op(const struct th_ctx *ctx, const char *op, th_kernel_fn *fn, void *user)
{
    for (uint32_t k = 0; k < th_backend_count(ctx); k++) {
        const struct th_backend *b = th_backend_at(ctx, k);
        each_row(b, b->kernels, b->n_kernels, b->kernel_size, op, fn, user);
        for (uint32_t i = 0; i < ctx->reg.kernel_rows.n; i++) {
            const struct th_kernel_rows *r = ctx->reg.kernel_rows.at[i];
            if (!strcmp(r->backend, b->name))
                each_row(b, r->rows, r->n, r->row_size, op, fn, user);
        }
    }
}

/* ---- sources ------------------------------------------------------------------------------- */
static const struct th_source *find_source(const struct th_source *s, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(s[i].name, name))
            return &s[i];
    return NULL;
}

const struct th_source *th_source_find(const struct th_ctx *ctx, const struct th_backend *b,
                                       const char *name)
{
    for (uint32_t depth = 0; b && depth < MAX_CHAIN; depth++, b = base_of(ctx, b)) {
        const struct th_source *s = NULL;
        for (uint32_t i = 0; i < ctx->reg.kernel_rows.n && !s; i++) {
            const struct th_kernel_rows *r = ctx->reg.kernel_rows.at[i];
            if (!strcmp(r->backend, b->name))
                s = find_source(r->sources, r->n_sources, name);
        }
        if (!s)
            s = find_source(b->sources, b->n_sources, name);
        if (s)
            return s;
    }
    return NULL;
}
