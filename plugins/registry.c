/* SPDX-License-Identifier: Apache-2.0 */
/* Registration: a plugin's records are staged, checked together, then committed or dropped. */
#include "ir/ctx.h"

#include <string.h>

#include <thimble/thimble.h>

struct th_reg {
    struct th_ctx *ctx;
    const char *origin;          /* plugin name, for messages */
    struct th_registry staged;
    bool failed;
};

static enum th_status refuse(struct th_reg *r, int code, const char *fmt, ...) TH_PRINTF(3, 4);
static enum th_status refuse(struct th_reg *r, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    th_report(r->ctx, TH_SEV_ERROR, NULL, code, fmt, ap);
    va_end(ap);
    r->failed = true;
    return TH_ERR_PLUGIN;
}

static enum th_status stage(struct th_reg *r, struct th_list *l, const void *p)
{
    if (th_list_add(l, p))
        return TH_OK;
    return refuse(r, 0, "plugin '%s': out of memory", r->origin);
}

/* Names are words of letters, digits, '_', '-' and '.'. */
static bool good_name(const char *s)
{
    if (!s || !s[0])
        return false;
    for (; *s; s++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", *s))
            return false;
    return true;
}

static enum th_status check_record(struct th_reg *r, const char *kind, const char *name,
                                   uint32_t size, size_t wanted, bool complete)
{
    if (!good_name(name))
        return refuse(r, 1106, "plugin '%s': a %s has no valid name", r->origin, kind);
    if (size != wanted)
        return refuse(r, 1106, "plugin '%s': %s '%s' has struct_size %u, this thimble has %zu",
                      r->origin, kind, name, size, wanted);
    if (!complete)
        return refuse(r, 1106, "plugin '%s': %s '%s' lacks a required function", r->origin, kind,
                      name);
    return TH_OK;
}

enum th_status th_reg_op(struct th_reg *r, const struct th_op *op)
{
    TH_TRY(check_record(r, "operator", op->name, op->struct_size, sizeof *op,
                        op->infer && op->eval && op->inputs && op->outputs && op->contracts));
    if (th_op_find(r->ctx, op->name))
        return refuse(r, 1105, "plugin '%s': operator '%s' exists already", r->origin, op->name);
    return stage(r, &r->staged.ops, op);
}

enum th_status th_reg_pass(struct th_reg *r, const struct th_pass *pass,
                           const struct th_anchor *where)
{
    TH_TRY(check_record(r, "pass", pass->name, pass->struct_size, sizeof *pass,
                        (pass->run != NULL) != (pass->run_graph != NULL)));
    if (th_pass_find(r->ctx, pass->name))
        return refuse(r, 1105, "plugin '%s': pass '%s' exists already", r->origin, pass->name);
    struct th_placed_pass *p = TH_NEW(r->ctx->arena, struct th_placed_pass);
    if (!p)
        return refuse(r, 0, "plugin '%s': out of memory", r->origin);
    p->pass = pass;
    if (where && where->place != TH_ANCHOR_NONE) {
        p->has_anchor = true;
        p->anchor = *where;
    }
    return stage(r, &r->staged.passes, p);
}

enum th_status th_reg_frontend(struct th_reg *r, const struct th_frontend *f)
{
    TH_TRY(check_record(r, "frontend", f->name, f->struct_size, sizeof *f, f->probe && f->read));
    if (th_frontend_find(r->ctx, f->name))
        return refuse(r, 1105, "plugin '%s': frontend '%s' exists already", r->origin, f->name);
    return stage(r, &r->staged.frontends, f);
}

enum th_status th_reg_backend(struct th_reg *r, const struct th_backend *b)
{
    TH_TRY(check_record(r, "backend", b->name, b->struct_size, sizeof *b,
                        b->n_kernels == 0 || b->kernel_size >= sizeof(struct th_kernel)));
    if (th_backend_find(r->ctx, b->name))
        return refuse(r, 1105, "plugin '%s': backend '%s' exists already", r->origin, b->name);
    return stage(r, &r->staged.backends, b);
}

enum th_status th_reg_kernel_rows(struct th_reg *r, const char *backend,
                                  const struct th_kernel *rows, size_t n, size_t row_size,
                                  const struct th_source *sources, size_t n_sources)
{
    if (row_size < sizeof *rows)
        return refuse(r, 1106, "plugin '%s': kernel rows are %zu bytes, this thimble has %zu",
                      r->origin, row_size, sizeof *rows);
    struct th_kernel_rows *k = TH_NEW(r->ctx->arena, struct th_kernel_rows);
    if (!k)
        return refuse(r, 0, "plugin '%s': out of memory", r->origin);
    *k = (struct th_kernel_rows){backend, rows, n, row_size, sources, n_sources};
    return stage(r, &r->staged.kernel_rows, k);
}

enum th_status th_reg_kernel_sizes(struct th_reg *r, const struct th_kernel_sizes *sizes)
{
    if (sizes->row_size < sizeof *sizes->rows || !sizes->backend || !sizes->cores)
        return refuse(r, 1106, "plugin '%s': figures of kernels are incomplete", r->origin);
    return stage(r, &r->staged.kernel_sizes, sizes);
}

enum th_status th_reg_importer_rows(struct th_reg *r, const struct th_importer *rows, size_t n,
                                    size_t row_size)
{
    if (row_size < sizeof *rows)
        return refuse(r, 1106, "plugin '%s': importer rows are %zu bytes, this thimble has %zu",
                      r->origin, row_size, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct th_importer *im = (const void *)((const char *)rows + i * row_size);
        if (!im->frontend || !im->op_name || !im->import)
            return refuse(r, 1106, "plugin '%s': an importer row is incomplete", r->origin);
        if (th_importer_find(r->ctx, im->frontend, im->op_name))
            return refuse(r, 1105, "plugin '%s': importer '%s' of %s exists already", r->origin,
                          im->op_name, im->frontend);
        TH_TRY(stage(r, &r->staged.importers, im));
    }
    return TH_OK;
}

enum th_status th_reg_rewrite_rows(struct th_reg *r, const char *pass,
                                   const struct th_rewrite *rows, size_t n, size_t row_size)
{
    if (row_size < sizeof *rows)
        return refuse(r, 1106, "plugin '%s': rewrite rows are %zu bytes, this thimble has %zu",
                      r->origin, row_size, sizeof *rows);
    struct th_rewrite_rows *k = TH_NEW(r->ctx->arena, struct th_rewrite_rows);
    if (!k)
        return refuse(r, 0, "plugin '%s': out of memory", r->origin);
    *k = (struct th_rewrite_rows){pass, rows, n, row_size};
    return stage(r, &r->staged.rewrite_rows, k);
}

enum th_status th_reg_contract(struct th_reg *r, const struct th_contract *c)
{
    TH_TRY(check_record(r, "contract", c->name, c->struct_size, sizeof *c, true));
    return stage(r, &r->staged.contracts, c);
}

/* ---- look-ups -------------------------------------------------------------------------------- */
const struct th_frontend *th_frontend_find(const struct th_ctx *ctx, const char *name)
{
    for (uint32_t i = 0; i < ctx->reg.frontends.n; i++) {
        const struct th_frontend *f = ctx->reg.frontends.at[i];
        if (!strcmp(f->name, name))
            return f;
    }
    return NULL;
}

uint32_t th_frontend_count(const struct th_ctx *ctx)
{
    return ctx->reg.frontends.n;
}

const struct th_frontend *th_frontend_at(const struct th_ctx *ctx, uint32_t i)
{
    return i < ctx->reg.frontends.n ? ctx->reg.frontends.at[i] : NULL;
}

const struct th_frontend *th_frontend_probe(const struct th_ctx *ctx, const unsigned char *bytes,
                                            size_t len)
{
    const struct th_frontend *best = NULL;
    int best_score = 0;
    for (uint32_t i = 0; i < ctx->reg.frontends.n; i++) {
        const struct th_frontend *f = ctx->reg.frontends.at[i];
        const int score = f->probe(bytes, len);
        if (score > best_score ||
            (best && score == best_score && strcmp(f->name, best->name) < 0)) {
            best = f;
            best_score = score;
        }
    }
    return best;
}

const struct th_backend *th_backend_find(const struct th_ctx *ctx, const char *name)
{
    for (uint32_t i = 0; i < ctx->reg.backends.n; i++) {
        const struct th_backend *b = ctx->reg.backends.at[i];
        if (!strcmp(b->name, name))
            return b;
    }
    return NULL;
}

uint32_t th_backend_count(const struct th_ctx *ctx)
{
    return ctx->reg.backends.n;
}

const struct th_backend *th_backend_at(const struct th_ctx *ctx, uint32_t i)
{
    return i < ctx->reg.backends.n ? ctx->reg.backends.at[i] : NULL;
}

const struct th_importer *th_importer_find(const struct th_ctx *ctx, const char *frontend,
                                           const char *op_name)
{
    for (uint32_t i = 0; i < ctx->reg.importers.n; i++) {
        const struct th_importer *im = ctx->reg.importers.at[i];
        if (!strcmp(im->frontend, frontend) && !strcmp(im->op_name, op_name))
            return im;
    }
    return NULL;
}

enum th_status th_import_error(const struct th_import *im, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    th_report(im->ctx, TH_SEV_ERROR, &im->loc, 2001, fmt, ap);
    va_end(ap);
    return TH_ERR_INPUT;
}

/* ---- committing ------------------------------------------------------------------------------ */
/* Where the name of a record stands: at an offset, for passes behind one pointer more. */
static const char *name_at(const struct th_list *l, uint32_t i, size_t offset, bool placed)
{
    const void *record = l->at[i];
    if (placed)
        record = ((const struct th_placed_pass *)record)->pass;
    return *(const char *const *)((const char *)record + offset);
}

static enum th_status once_each(struct th_reg *r, const char *kind, const struct th_list *l,
                                size_t offset, bool placed)
{
    for (uint32_t i = 0; i < l->n; i++)
        for (uint32_t j = i + 1; j < l->n; j++)
            if (!strcmp(name_at(l, i, offset, placed), name_at(l, j, offset, placed)))
                return refuse(r, 1105, "plugin '%s' registers %s '%s' twice", r->origin, kind,
                              name_at(l, i, offset, placed));
    return TH_OK;
}

static enum th_status importers_once(struct th_reg *r)
{
    const struct th_list *l = &r->staged.importers;
    for (uint32_t i = 0; i < l->n; i++)
        for (uint32_t j = i + 1; j < l->n; j++) {
            const struct th_importer *a = l->at[i], *b = l->at[j];
            if (!strcmp(a->frontend, b->frontend) && !strcmp(a->op_name, b->op_name))
                return refuse(r, 1105, "plugin '%s' registers importer '%s' of %s twice",
                              r->origin, a->op_name, a->frontend);
        }
    return TH_OK;
}

static enum th_status check_staged(struct th_reg *r)
{
    const struct th_registry *s = &r->staged;
    TH_TRY(once_each(r, "operator", &s->ops, offsetof(struct th_op, name), false));
    TH_TRY(once_each(r, "pass", &s->passes, offsetof(struct th_pass, name), true));
    TH_TRY(once_each(r, "frontend", &s->frontends, offsetof(struct th_frontend, name), false));
    TH_TRY(once_each(r, "backend", &s->backends, offsetof(struct th_backend, name), false));
    TH_TRY(once_each(r, "contract", &s->contracts, offsetof(struct th_contract, name), false));
    TH_TRY(importers_once(r));
    for (uint32_t i = 0; i < s->passes.n; i++) {
        const struct th_placed_pass *p = s->passes.at[i];
        if (p->has_anchor && !th_pass_find(r->ctx, p->anchor.pass))
            return refuse(r, 1107, "plugin '%s' places pass '%s' at '%s', which does not exist",
                          r->origin, p->pass->name, p->anchor.pass);
    }
    return r->failed ? TH_ERR_PLUGIN : TH_OK;
}

static bool append(struct th_list *to, const struct th_list *from)
{
    for (uint32_t i = 0; i < from->n; i++)
        if (!th_list_add(to, from->at[i]))
            return false;
    return true;
}

/* Operators are listed in name order, wherever they come from. */
static void sort_ops(struct th_list *l)
{
    for (uint32_t i = 1; i < l->n; i++) {
        const struct th_op *op = l->at[i];
        uint32_t k = i;
        for (; k && strcmp(((const struct th_op *)l->at[k - 1])->name, op->name) > 0; k--)
            l->at[k] = l->at[k - 1];
        l->at[k] = op;
    }
}

static bool commit(struct th_registry *to, const struct th_registry *from)
{
    return append(&to->ops, &from->ops) && append(&to->passes, &from->passes) &&
           append(&to->frontends, &from->frontends) && append(&to->backends, &from->backends) &&
           append(&to->kernel_rows, &from->kernel_rows) &&
           append(&to->kernel_sizes, &from->kernel_sizes) &&
           append(&to->importers, &from->importers) &&
           append(&to->rewrite_rows, &from->rewrite_rows) &&
           append(&to->contracts, &from->contracts);
}

static enum th_status check_plugin(struct th_ctx *ctx, const struct th_plugin *p,
                                   const char *origin)
{
    if (!p || p->magic != TH_PLUGIN_MAGIC) {
        th_error(ctx, NULL, 1103, "'%s' is no thimble plugin: its descriptor has no magic", origin);
        return TH_ERR_PLUGIN;
    }
    if (p->abi_major != TH_ABI_MAJOR || p->abi_minor != TH_ABI_MINOR) {
        th_error(ctx, NULL, 1104, "plugin '%s' speaks plugin ABI %u.%u, this thimble speaks %u.%u",
                 p->name ? p->name : origin, p->abi_major, p->abi_minor, TH_ABI_MAJOR,
                 TH_ABI_MINOR);
        th_help(ctx, 1104, "rebuild it against the headers of this thimble "
                "(pkg-config --variable=abi_major thimble says %d)", TH_ABI_MAJOR);
        return TH_ERR_PLUGIN;
    }
    if (p->struct_size != sizeof *p) {
        th_error(ctx, NULL, 1106, "'%s': its plugin descriptor has %u bytes, this thimble's has "
                 "%zu", origin, p->struct_size, sizeof *p);
        return TH_ERR_PLUGIN;
    }
    if (!good_name(p->name) || !p->version || !p->license || !p->summary || !p->init) {
        th_error(ctx, NULL, 1106, "'%s': its plugin descriptor is incomplete", origin);
        return TH_ERR_PLUGIN;
    }
    for (uint32_t i = 0; i < ctx->reg.plugins.n; i++) {
        const struct th_plugin_info *info = ctx->reg.plugins.at[i];
        if (!info->failure && !strcmp(info->name, p->name)) {
            th_error(ctx, NULL, 1105, "plugin '%s' from '%s' is loaded already, from '%s'",
                     p->name, origin, info->origin);
            return TH_ERR_PLUGIN;
        }
    }
    return TH_OK;
}

enum th_status th_plugin_register(struct th_ctx *ctx, const struct th_plugin *p,
                                  const char *origin)
{
    TH_TRY(check_plugin(ctx, p, origin));
    struct th_reg r = {.ctx = ctx, .origin = p->name};
    enum th_status s = p->init(&r);
    if (s == TH_OK)
        s = check_staged(&r);
    else if (!r.failed)
        refuse(&r, 1106, "plugin '%s': its init failed", p->name);
    struct th_plugin_info *info = TH_NEW(ctx->arena, struct th_plugin_info);
    if (s == TH_OK && (!info || !commit(&ctx->reg, &r.staged)))
        s = TH_ERR_INTERNAL;
    th_registry_release(&r.staged);
    sort_ops(&ctx->reg.ops);
    if (s != TH_OK)
        return s;
    *info = (struct th_plugin_info){p->name, p->version, p->license, p->summary,
                                    th_arena_strdup(ctx->arena, origin), NULL};
    return th_list_add(&ctx->reg.plugins, info) ? TH_OK : TH_ERR_INTERNAL;
}

uint32_t th_plugin_count(const struct th_ctx *ctx)
{
    return ctx->reg.plugins.n;
}

const struct th_plugin_info *th_plugin_at(const struct th_ctx *ctx, uint32_t i)
{
    return i < ctx->reg.plugins.n ? ctx->reg.plugins.at[i] : NULL;
}
