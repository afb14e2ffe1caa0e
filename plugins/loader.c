/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading modules through libltdl. libltdl hides why a load fails and binds lazily, so a file is
 * first probed with dlopen(RTLD_NOW), whose message is true; it stays open while libltdl loads
 * the same object.
 */
#define _GNU_SOURCE
#include "ir/ctx.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <ltdl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ir/base/files.h"
/* Libtool defines PIC for the objects of a shared library. In a static program a loaded module
 * would bring its own second copy of the library, so it is refused there. */
static bool plugins_shared(void)
{
#ifdef PIC
    return true;
#else
    return false;
#endif
}

/* libltdl keeps process-wide state: one lock around all of it. */
static pthread_mutex_t ltdl_lock = PTHREAD_MUTEX_INITIALIZER;

/* The module's name as TH_PLUGIN_ENTRY spells it: no folder, no extension, '-' as '_'. */
static char *entry_symbol(const char *path)
{
    const char *base = th_base_name(path);
    const char *dot = strchr(base, '.');
    const int n = dot ? (int)(dot - base) : (int)strlen(base);
    char *s = NULL;
    if (asprintf(&s, "%.*s_LTX_th_plugin_entry", n, base) < 0)
        return NULL;
    for (char *p = s; p < s + n; p++)
        if (*p == '-')
            *p = '_';
    return s;
}

static enum th_status load_failed(struct th_ctx *ctx, const char *path, const char *why)
{
    /* the loader's message begins with the path, which is said already */
    const size_t n = strlen(path);
    if (!strncmp(why, path, n) && !strncmp(why + n, ": ", 2))
        why += n + 2;
    /* what is missing is then not the file itself */
    const bool needs = strstr(why, "undefined symbol") || strstr(why, "cannot open shared");
    const int code = needs ? 1102 : 1101;
    th_error(ctx, NULL, code, "cannot load plugin '%s': %s", path, why);
    if (code == 1102)
        th_help(ctx, code, "link it with -Wl,--no-undefined, or add the library that is missing");
    return TH_ERR_PLUGIN;
}

static enum th_status find_entry(struct th_ctx *ctx, const char *path, lt_dlhandle handle,
                                 const struct th_plugin **out)
{
    char *symbol = entry_symbol(path);
    if (!symbol)
        return TH_ERR_INTERNAL;
    th_plugin_entry_fn *entry;
    *(void **)&entry = lt_dlsym(handle, symbol);
    enum th_status s = TH_OK;
    if (!entry) {
        th_error(ctx, NULL, 1103, "'%s' is no thimble plugin: it does not export '%s'", path,
                 symbol);
        th_help(ctx, 1103, "the word in TH_PLUGIN_ENTRY() is the file's name without extension");
        s = TH_ERR_PLUGIN;
    } else {
        *out = entry();
    }
    free(symbol);
    return s;
}

static bool loaded_as(const struct th_ctx *ctx, const char *name)
{
    for (uint32_t i = 0; i < ctx->reg.plugins.n; i++) {
        const struct th_plugin_info *info = ctx->reg.plugins.at[i];
        if (!info->failure && !strcmp(info->name, name))
            return true;
    }
    return false;
}

/* searched: found in a folder, not asked for. The plugin of a name that was found first stands,
 * as with programs in PATH. */
static enum th_status load_locked(struct th_ctx *ctx, const char *path, bool searched)
{
    void *probe = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!probe) {
        const char *why = dlerror();
        return load_failed(ctx, path, why ? why : "unknown reason");
    }
    lt_dladvise advise;
    lt_dlhandle handle = NULL;
    if (lt_dlinit() == 0 && lt_dladvise_init(&advise) == 0) {
        lt_dladvise_local(&advise);
        handle = lt_dlopenadvise(path, advise);
        lt_dladvise_destroy(&advise);
    }
    dlclose(probe);
    if (!handle) {
        const char *why = lt_dlerror();
        return load_failed(ctx, path, why ? why : "unknown reason");
    }
    /* Records and strings live in the module, so it is never unloaded. */
    lt_dlmakeresident(handle);
    const struct th_plugin *p = NULL;
    TH_TRY(find_entry(ctx, path, handle, &p));
    if (searched && p && p->magic == TH_PLUGIN_MAGIC && p->name && loaded_as(ctx, p->name))
        return TH_OK;
    return th_plugin_register(ctx, p, path);
}

static enum th_status load(struct th_ctx *ctx, const char *path, bool searched)
{
    if (!plugins_shared()) {
        th_error(ctx, NULL, 1108, "cannot load plugin '%s': this thimble was built without shared "
                 "libraries and cannot load modules", path);
        th_help(ctx, 1108, "configure with --enable-shared, or build the plugin in");
        return TH_ERR_PLUGIN;
    }
    /* A bare name must not be searched for in the system's library folders. */
    char *full = realpath(path, NULL);
    if (!full) {
        th_error(ctx, NULL, 1101, "cannot load plugin '%s': %s", path, strerror(errno));
        return TH_ERR_PLUGIN;
    }
    pthread_mutex_lock(&ltdl_lock);
    const enum th_status s = load_locked(ctx, full, searched);
    pthread_mutex_unlock(&ltdl_lock);
    free(full);
    return s;
}

enum th_status th_plugin_load(struct th_ctx *ctx, const char *path)
{
    return load(ctx, path, false);
}

/* ---- scanning -------------------------------------------------------------------------------- */
/* Messages of a failed scan become one warning, remembered for `thimble plugins`. */
struct capture {
    struct th_str first;
};

static void capture_sink(void *user, const struct th_message *msg)
{
    struct capture *c = user;
    if (msg->severity == TH_SEV_ERROR && !c->first.len)
        th_str_add(&c->first, msg->text);
}

static void remember_failure(struct th_ctx *ctx, const char *path, const char *why)
{
    struct th_plugin_info *info = TH_NEW(ctx->arena, struct th_plugin_info);
    if (!info)
        return;
    *info = (struct th_plugin_info){.name = th_arena_strdup(ctx->arena, th_base_name(path)),
                                    .version = "", .license = "", .summary = "",
                                    .origin = th_arena_strdup(ctx->arena, path),
                                    .failure = th_arena_strdup(ctx->arena, why)};
    if (info->name && info->origin && info->failure)
        th_list_add(&ctx->reg.plugins, info);
}

static void load_quietly(struct th_ctx *ctx, const char *path)
{
    struct capture c;
    th_str_init(&c.first);
    th_sink_fn *sink = ctx->sink;
    void *user = ctx->sink_user;
    const unsigned errors = ctx->errors;
    th_ctx_set_sink(ctx, capture_sink, &c);
    const enum th_status s = load(ctx, path, true);
    th_ctx_set_sink(ctx, sink, user);
    ctx->errors = errors;
    if (s != TH_OK) {
        th_warning(ctx, NULL, 1101, "%s", c.first.len ? c.first.s : "a plugin failed to load");
        remember_failure(ctx, path, c.first.s);
    }
    th_str_release(&c.first);
}

static int is_module(const struct dirent *e)
{
    const size_t n = strlen(e->d_name);
    return n > 3 && !strcmp(e->d_name + n - 3, ".so");
}

/* As with PATH, a module found earlier hides those of its name in later folders. */
static bool hidden(const struct th_ctx *ctx, const char *path)
{
    const char *base = th_base_name(path);
    for (uint32_t i = 0; i < ctx->reg.plugins.n; i++) {
        const struct th_plugin_info *info = ctx->reg.plugins.at[i];
        if (!strcmp(th_base_name(info->origin), base))
            return true;
    }
    return false;
}

static void scan(struct th_ctx *ctx, const char *folder)
{
    struct dirent **list = NULL;
    const int n = scandir(folder, &list, is_module, alphasort);
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", folder, list[i]->d_name) >= 0) {
            if (!hidden(ctx, path))
                load_quietly(ctx, path);
            free(path);
        }
        free(list[i]);
    }
    free(list);
}

/* lt_dlpreload_open gives its callback no user pointer; the lock above makes this safe. */
static struct th_ctx *preload_ctx;

static int preload_one(lt_dlhandle handle)
{
    const lt_dlinfo *info = lt_dlgetinfo(handle);
    th_plugin_entry_fn *entry;
    *(void **)&entry = lt_dlsym(handle, "th_plugin_entry");
    if (!entry || th_plugin_register(preload_ctx, entry(), "preloaded") != TH_OK)
        remember_failure(preload_ctx, info && info->name ? info->name : "preloaded module",
                         "its descriptor was refused");
    return 0;
}

/* Modules linked into the program with libtool's -dlpreload, if it has said that there are any
 * (LTDL_SET_PRELOADED_SYMBOLS). */
static void load_preloaded(struct th_ctx *ctx)
{
    pthread_mutex_lock(&ltdl_lock);
    preload_ctx = ctx;
    if (lt_dlinit() == 0)
        lt_dlpreload_open("@PROGRAM@", preload_one);
    preload_ctx = NULL;
    pthread_mutex_unlock(&ltdl_lock);
}

enum th_status th_plugin_load_all(struct th_ctx *ctx)
{
    load_preloaded(ctx);
    if (!plugins_shared())
        return TH_OK;
    const char *path = getenv("THIMBLE_PLUGIN_PATH");
    char *copy = path ? strdup(path) : NULL;
    char *save = NULL;
    for (char *p = copy ? strtok_r(copy, ":", &save) : NULL; p; p = strtok_r(NULL, ":", &save))
        scan(ctx, p);
    free(copy);
    scan(ctx, TH_PLUGINDIR);
    return TH_OK;
}
