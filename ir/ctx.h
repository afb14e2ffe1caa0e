/* SPDX-License-Identifier: Apache-2.0 */
/* The context's inside: registry, interned strings, sink. Owned by th_ctx_new's caller. */
#ifndef IR_CTX_H
#define IR_CTX_H

#include "ir/base/budget.h"

#include <thimble/backend.h>
#include <thimble/frontend.h>
#include <thimble/import.h>
#include <thimble/plugin.h>
#include <thimble/target.h>

#include <pthread.h>

/* A growing list of borrowed pointers. */
struct th_list {
    const void **at;
    uint32_t n, cap;
};
bool th_list_add(struct th_list *l, const void *p);
void th_list_release(struct th_list *l);

struct th_kernel_rows {          /* rows of one backend added by one plugin */
    const char *backend;
    const struct th_kernel *rows;
    size_t n, row_size;
    const struct th_source *sources;
    size_t n_sources;
};
struct th_rewrite_rows {
    const char *pass;
    const struct th_rewrite *rows;
    size_t n, row_size;
};
struct th_placed_pass {
    const struct th_pass *pass;
    bool has_anchor;
    struct th_anchor anchor;
};

/* Everything that can be registered. Lists of pointers to records or to the structs above. */
struct th_registry {
    struct th_list ops, passes /* th_placed_pass */, frontends, backends;
    struct th_list kernel_rows, kernel_sizes, importers, rewrite_rows, contracts;
    struct th_list plugins /* th_plugin_info */;
};
/* Frees the lists, not what they point to. */
void th_registry_release(struct th_registry *r);

struct th_ctx {
    struct th_arena *arena;
    struct th_registry reg;
    const char **interned;        /* open addressing */
    uint32_t intern_cap, intern_n;
    th_sink_fn *sink;
    void *sink_user;
    unsigned errors;
    pthread_mutex_t report_lock;  /* passes evaluate on several threads */
    int verbosity;
    const char *contract;         /* of nodes that name none */
    bool reading;                 /* a model file; what it may take is in `budget` */
    struct th_budget budget;
    void *targets;                /* cache owned by plugins/target.c, in the arena */
};

/* While a file is read: what is made from it has a budget, and an arena within it. */
struct th_budget *th_ctx_budget(struct th_ctx *ctx);
struct th_arena *th_ctx_read_arena(struct th_ctx *ctx);

/* The built-in ops, from the generated ops.def. */
void th_builtin_ops(const struct th_op *const **list, size_t *n);

#endif
