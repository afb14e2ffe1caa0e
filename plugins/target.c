/* SPDX-License-Identifier: Apache-2.0 */
/* Finds target descriptions: by name in the search path, with features added, or by path. */
#define _POSIX_C_SOURCE 200809L
#include <thimble/target.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/target_read.h"

#ifndef TH_PKGDATADIR
#define TH_PKGDATADIR "/usr/local/share/thimble"
#endif
#define TARGETS_DIR TH_PKGDATADIR "/targets"

/* The folders to look in, one by one: THIMBLE_TARGET_PATH, then the installed one. */
static const char *folder_at(struct th_ctx *ctx, size_t index)
{
    const char *path = getenv("THIMBLE_TARGET_PATH");

    while (path && *path) {
        size_t length = strcspn(path, ":");

        if (length && index-- == 0)
            return th_arena_strndup(th_ctx_arena(ctx), path, length);
        path += length + (path[length] == ':');
    }
    return index == 0 ? TARGETS_DIR : NULL;
}

static bool readable(const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f)
        fclose(f);
    return f != NULL;
}

enum th_status th_target_path(struct th_ctx *ctx, const char *name, const char **path)
{
    const char *folder;
    size_t i;

    *path = NULL;
    for (i = 0; (folder = folder_at(ctx, i)) != NULL; i++) {
        const char *file = th_arena_printf(th_ctx_arena(ctx), "%s/%s.xml", folder, name);

        if (!file)
            return th_target_exhausted(ctx);
        if (readable(file)) {
            *path = file;
            return TH_OK;
        }
    }
    return TH_OK;
}

struct name_list {
    const char **names;
    size_t n, cap;
};

static enum th_status add_name(struct th_ctx *ctx, struct name_list *l, const char *name)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    size_t at, length = strlen(name);
    char *copy;

    if (length < 5 || strcmp(name + length - 4, ".xml") != 0)
        return TH_OK;
    copy = th_arena_strndup(arena, name, length - 4);
    if (!copy)
        return th_target_exhausted(ctx);
    if (!th_target_is_word(copy))
        return TH_OK;
    for (at = 0; at < l->n && strcmp(l->names[at], copy) < 0; at++)
        ;
    if (at < l->n && strcmp(l->names[at], copy) == 0)
        return TH_OK;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        const char **grown = TH_NEW_ARRAY(arena, const char *, cap);

        if (!grown)
            return th_target_exhausted(ctx);
        if (l->n)
            memcpy(grown, l->names, l->n * sizeof *grown);
        l->names = grown;
        l->cap = cap;
    }
    memmove(l->names + at + 1, l->names + at, (l->n - at) * sizeof *l->names);
    l->names[at] = copy;
    l->n++;
    return TH_OK;
}

/* Sorted names of all descriptions. A folder that is not there counts as empty. */
static enum th_status list_names(struct th_ctx *ctx, struct name_list *l)
{
    enum th_status status = TH_OK;
    const char *folder;
    size_t i;

    for (i = 0; status == TH_OK && (folder = folder_at(ctx, i)) != NULL; i++) {
        DIR *d = opendir(folder);
        struct dirent *e;

        while (d && status == TH_OK && (e = readdir(d)) != NULL)
            status = add_name(ctx, l, e->d_name);
        if (d)
            closedir(d);
    }
    return status;
}

static void report_unknown(struct th_ctx *ctx, const char *name)
{
    struct name_list l = { NULL, 0, 0 };
    const char *near;

    th_error(ctx, NULL, CODE_UNKNOWN, "unknown target '%s'", name);
    if (list_names(ctx, &l) != TH_OK)
        return;
    if (l.n == 0) {
        th_help(ctx, CODE_UNKNOWN, "no target descriptions in '%s'; set THIMBLE_TARGET_PATH",
                TARGETS_DIR);
        return;
    }
    near = th_nearest_name(name, l.names, l.n);
    if (near)
        th_help(ctx, CODE_UNKNOWN, "did you mean '%s'? 'thimble targets' lists all", near);
    else
        th_help(ctx, CODE_UNKNOWN, "'thimble targets' lists all; a path names a description file");
}

const struct th_target *th_target_find(struct th_ctx *ctx, const char *name)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    struct th_target *t = NULL;
    size_t length = strlen(name), base = strcspn(name, "+");
    const char *path = name, *wanted = NULL;
    const char *const *extras = NULL;
    char *plus, *p;

    if (!strchr(name, '/') && (length < 4 || strcmp(name + length - 4, ".xml") != 0)) {
        wanted = th_arena_strndup(arena, name, base);
        plus = th_arena_strdup(arena, name + base);
        for (p = plus; p && *p; p++)
            if (*p == '+')
                *p = ' ';
        extras = plus ? th_target_words(arena, NULL, plus) : NULL;
        if (!wanted || !extras) {
            th_target_exhausted(ctx);
            return NULL;
        }
        path = NULL;
        if (th_target_is_word(wanted) && th_target_path(ctx, wanted, &path) != TH_OK)
            return NULL;
        if (!path) {
            report_unknown(ctx, wanted);
            return NULL;
        }
    }
    if (th_target_load(ctx, path, wanted, false, extras, &t) != TH_OK)
        return NULL;
    if (extras && extras[0])
        t->name = th_arena_strdup(arena, name);
    return t->name ? t : NULL;
}

enum th_status th_target_list(struct th_ctx *ctx, const struct th_target *const **list, uint32_t *n)
{
    struct name_list names = { NULL, 0, 0 };
    const struct th_target **all;
    enum th_status status = TH_OK;
    size_t i;

    TH_TRY(list_names(ctx, &names));
    all = TH_NEW_ARRAY(th_ctx_arena(ctx), const struct th_target *, names.n);
    if (!all)
        return th_target_exhausted(ctx);
    *n = 0;
    for (i = 0; i < names.n; i++) {
        const struct th_target *t = th_target_find(ctx, names.names[i]);

        if (t)
            all[(*n)++] = t;
        else
            status = TH_ERR_INPUT;
    }
    *list = all;
    return status;
}

bool th_target_has(const struct th_target *t, const char *feature)
{
    size_t i;

    for (i = 0; t->features && t->features[i]; i++)
        if (strcmp(t->features[i], feature) == 0)
            return true;
    return false;
}
