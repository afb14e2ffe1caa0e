/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ir/base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *th_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum th_status io_error(struct th_ctx *ctx, const char *path, const char *verb)
{
    th_error(ctx, NULL, 2006, "cannot %s '%s': %s", verb, path, strerror(errno));
    return TH_ERR_IO;
}

/* ---- reading --------------------------------------------------------------------------------- */
struct mapping {
    void *at;
    size_t bytes;
};

static void unmap(void *user)
{
    struct mapping *m = user;
    if (m->bytes)
        munmap(m->at, m->bytes);
    free(m);
}

enum th_status th_file_map(struct th_ctx *ctx, const char *path, size_t limit,
                           struct th_blob **out)
{
    /* O_NONBLOCK: a FIFO must not hang the open; it is refused below. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return io_error(ctx, path, "open");
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        th_error(ctx, NULL, 2006, "'%s' is not a regular file", path);
        return TH_ERR_IO;
    }
    if ((uint64_t)st.st_size > limit) {
        close(fd);
        th_error(ctx, NULL, 2005, "'%s' has %lld bytes, the limit is %zu", path,
                 (long long)st.st_size, limit);
        return TH_ERR_INPUT;
    }
    struct mapping *m = calloc(1, sizeof *m);
    if (m) {
        m->bytes = (size_t)st.st_size;
        m->at = m->bytes ? mmap(NULL, m->bytes, PROT_READ, MAP_PRIVATE, fd, 0) : "";
    }
    close(fd);
    if (!m || m->at == MAP_FAILED) {
        free(m);
        return io_error(ctx, path, "map");
    }
    *out = th_blob_wrap(m->at, m->bytes, unmap, m);
    if (!*out) {
        unmap(m);
        return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */
static enum th_status write_plain(struct th_ctx *ctx, const char *path, const void *data,
                                  size_t len)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return io_error(ctx, path, "create");
    const bool ok = fwrite(data, 1, len, f) == len;
    if (fclose(f) != 0 || !ok) {
        io_error(ctx, path, "write");
        unlink(path);
        return TH_ERR_IO;
    }
    return TH_OK;
}

/* What shall be replaced when `path` is: a symbolic link stays, what it leads to is replaced. To be
 * freed; NULL: reported. */
static char *behind_links(struct th_ctx *ctx, const char *path)
{
    struct stat st;
    char *real = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL)
                                                              : strdup(path);
    if (!real)
        io_error(ctx, path, "follow");
    return real;
}

enum th_status th_file_write(struct th_ctx *ctx, const char *path, const void *data, size_t len)
{
    char *tmp = NULL, *real = behind_links(ctx, path);
    if (!real)
        return TH_ERR_IO;
    if (asprintf(&tmp, "%s.tmp-%ld", real, (long)getpid()) < 0) {
        free(real);
        return TH_ERR_INTERNAL;
    }
    enum th_status s = write_plain(ctx, tmp, data, len);
    if (s == TH_OK && rename(tmp, real) != 0) {
        s = io_error(ctx, path, "write");
        unlink(tmp);
    }
    free(real);
    free(tmp);
    return s;
}

struct th_folder {
    struct th_ctx *ctx;
    const char *mark;
    char *path, *tmp;
};

static bool is_dot(const char *s)
{
    return !strcmp(s, ".") || !strcmp(s, "..");
}

/* Removes a folder of ours: files, and one level of folders below. */
static void remove_tree(const char *path, int depth)
{
    DIR *d = opendir(path);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        char *child = NULL;
        if (is_dot(e->d_name) || asprintf(&child, "%s/%s", path, e->d_name) < 0)
            continue;
        if (unlink(child) != 0 && depth < 2)
            remove_tree(child, depth + 1);
        free(child);
    }
    closedir(d);
    rmdir(path);
}

/* A name ("net.c", "kernels/thk_x.c") that the list in the mark holds, alone or as the folder of a
 * file; or what building the emitted files leaves beside them. */
static bool is_listed(const char *list, const char *name)
{
    const char *dot = strrchr(name, '.');
    const size_t n = strlen(name);
    if (dot && (!strcmp(dot, ".o") || !strcmp(dot, ".a") || !strcmp(dot, ".d")))
        return true;
    for (const char *at = list; (at = strstr(at, name)); at++)
        if ((at == list || at[-1] == '\n') && (at[n] == '\n' || at[n] == '/'))
            return true;
    return false;
}

/* The mark's text, "" when there is none; NULL without memory. */
static char *read_mark(const char *path, const char *mark)
{
    char *name = NULL, *text = NULL;
    size_t room = 0;
    FILE *in = asprintf(&name, "%s/%s", path, mark) < 0 ? NULL : fopen(name, "rb");
    if (!in || getdelim(&text, &room, '\0', in) < 0) {
        free(text);
        text = strdup("");
    }
    if (in)
        fclose(in);
    free(name);
    return text;
}

/* Nothing in a folder, and one level below it, but what the list holds; else *foreign is a name
 * that it does not. `below`: the folder's own name with a slash, "" for the first. */
static bool holds_only(const char *path, const char *below, const char *mark, const char *list,
                       char **foreign)
{
    char *where = NULL;
    DIR *d = asprintf(&where, "%s/%s", path, below) < 0 ? NULL : opendir(where);
    bool ours = d != NULL;
    for (struct dirent *e; ours && (e = readdir(d));) {
        char *name = NULL, *full = NULL;
        struct stat st;
        if (is_dot(e->d_name) || (!*below && !strcmp(e->d_name, mark)))
            continue;
        if (asprintf(&name, "%s%s", below, e->d_name) < 0)
            name = NULL;
        else if (asprintf(&full, "%s/%s", path, name) < 0)
            full = NULL;
        ours = name && full && is_listed(list, name);
        if (ours && lstat(full, &st) == 0 && S_ISDIR(st.st_mode)) {
            free(full);
            full = NULL;
            ours = !*below && asprintf(&full, "%s/", name) >= 0 &&
                   holds_only(path, full, mark, list, foreign);
        }
        if (!ours && !*foreign && name)
            *foreign = strdup(name);
        free(name);
        free(full);
    }
    if (d)
        closedir(d);
    free(where);
    return ours;
}

/* True if the folder is missing or holds nothing but what we wrote; else *foreign, to be freed, is
 * a name that is not ours, if one is known. */
static bool may_replace(const char *path, const char *mark, char **foreign)
{
    struct stat st;
    *foreign = NULL;
    if (stat(path, &st) != 0)
        return true;
    char *list = read_mark(path, mark);
    const bool ours = list && holds_only(path, "", mark, list, foreign);
    free(list);
    return ours;
}

static void free_folder(struct th_folder *f)
{
    free(f->path);
    free(f->tmp);
    free(f);
}

enum th_status th_folder_begin(struct th_ctx *ctx, const char *path, const char *mark,
                               struct th_folder **out)
{
    char *foreign;
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        th_error(ctx, NULL, 5001, "output folder '%s' is a %s, not a folder", path,
                 S_ISREG(st.st_mode) ? "file" : "device or pipe");
        th_help(ctx, 5001, "name a folder with -o; it is made if it is not there");
        return TH_ERR_IO;
    }
    if (!may_replace(path, mark, &foreign)) {
        th_error(ctx, NULL, 5001, "output folder '%s' is not empty and not ours", path);
        if (foreign)
            th_note(ctx, NULL, "'%s' is there, and thimble did not write it", foreign);
        free(foreign);
        th_help(ctx, 5001, "name another folder with -o, or empty this one");
        return TH_ERR_IO;
    }
    struct th_folder *f = calloc(1, sizeof *f);
    if (!f)
        return TH_ERR_INTERNAL;
    f->ctx = ctx;
    f->mark = mark;
    f->path = strdup(path);
    /* "link/" names what is behind the link, too */
    for (size_t n = f->path ? strlen(f->path) : 0; n > 1 && f->path[n - 1] == '/'; n--)
        f->path[n - 1] = '\0';
    char *real = f->path ? behind_links(ctx, f->path) : NULL;
    if (f->path && !real) {
        free(f->path);
        free(f);
        return TH_ERR_IO;
    }
    free(f->path);
    f->path = real;
    if (!f->path || asprintf(&f->tmp, "%s.tmp-%ld", f->path, (long)getpid()) < 0) {
        free(f->path);
        free(f);
        return TH_ERR_INTERNAL;
    }
    if (mkdir(f->tmp, 0777) != 0) {
        const bool orphan = errno == ENOENT;
        const enum th_status s = io_error(ctx, f->path, "create folder");
        if (orphan)
            th_help(ctx, 2006, "make the folder that it is to lie in first");
        free_folder(f);
        return s;
    }
    *out = f;
    return TH_OK;
}

/* The mark lists the files, so that others' beside them are never removed. */
static enum th_status list_file(struct th_folder *f, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", f->tmp, f->mark) < 0)
        return TH_ERR_INTERNAL;
    FILE *out = fopen(path, "ab");
    const bool ok = out && fprintf(out, "%s\n", name) > 0;
    enum th_status s = TH_OK;
    if ((out && fclose(out) != 0) || !ok)
        s = io_error(f->ctx, path, "write");
    free(path);
    return s;
}

enum th_status th_folder_add(struct th_folder *f, const char *name, const void *data, size_t len)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", f->tmp, name) < 0)
        return TH_ERR_INTERNAL;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    enum th_status s = TH_OK;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        s = io_error(f->ctx, path, "create");
    *slash = '/';
    if (s == TH_OK)
        s = write_plain(f->ctx, path, data, len);
    if (s == TH_OK)
        s = list_file(f, name);
    free(path);
    return s;
}

enum th_status th_folder_commit(struct th_folder *f)
{
    enum th_status s = TH_OK;
    char *old = NULL;
    /* The old folder steps aside first, so that a failed rename can put it back. */
    struct stat st;
    const bool had = stat(f->path, &st) == 0;
    if (asprintf(&old, "%s.old-%ld", f->path, (long)getpid()) < 0)
        s = TH_ERR_INTERNAL;
    if (s == TH_OK && had && rename(f->path, old) != 0)
        s = io_error(f->ctx, f->path, "replace");
    if (s == TH_OK && rename(f->tmp, f->path) != 0) {
        s = io_error(f->ctx, f->path, "create");
        if (had && rename(old, f->path) != 0)
            io_error(f->ctx, old, "restore");
    }
    if (s == TH_OK && had)
        remove_tree(old, 0);
    free(old);
    if (s != TH_OK) {
        th_folder_abandon(f);
        return s;
    }
    free_folder(f);
    return TH_OK;
}

void th_folder_abandon(struct th_folder *f)
{
    if (!f)
        return;
    remove_tree(f->tmp, 0);
    free_folder(f);
}
