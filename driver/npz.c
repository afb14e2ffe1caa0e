/* SPDX-License-Identifier: Apache-2.0 */
/* .npz: a zip file of .npy files. */
#include "config.h"

#include <string.h>

#include "driver/dataset.h"
#include "driver/npy.h"

enum { CODE_NPZ = 2006, CODE_BROKEN = 2002 };

#ifdef HAVE_LIBZIP
#include <zip.h>

#define MAX_ENTRIES 1024
#define MAX_ENTRY ((zip_uint64_t)1 << 31)

static enum th_status broken(struct th_ctx *ctx, const char *path, const char *why)
{
    struct th_loc loc = TH_LOC_NONE;
    loc.file = path;
    th_error(ctx, &loc, CODE_BROKEN, "not an .npz file that can be read: %s", why);
    return TH_ERR_INPUT;
}

/* Exactly the bytes that the directory promises, or a failure. */
static bool unpack(zip_t *z, zip_uint64_t i, char *to, zip_uint64_t size)
{
    zip_file_t *f = zip_fopen_index(z, i, 0);
    zip_uint64_t done = 0;
    while (f && done < size) {
        const zip_int64_t got = zip_fread(f, to + done, size - done);
        if (got <= 0)
            break;
        done += (zip_uint64_t)got;
    }
    if (f)
        zip_fclose(f);
    return f && done == size;
}

static enum th_status read_entry(struct th_ctx *ctx, const char *path, zip_t *z, zip_uint64_t i,
                                 struct th_arena *arena, struct th_named_array *to)
{
    zip_stat_t st;
    zip_stat_init(&st);
    if (zip_stat_index(z, i, 0, &st) || !(st.valid & ZIP_STAT_SIZE) || !st.name)
        return broken(ctx, path, "an entry has no size");
    if (st.size > MAX_ENTRY)
        return broken(ctx, path, "an entry is larger than 2 GiB");
    char *bytes = th_arena_alloc(arena, (size_t)st.size + 1);
    char *name = th_arena_strdup(arena, st.name);
    if (!bytes || !name)
        return broken(ctx, path, "memory exhausted");
    if (!unpack(z, i, bytes, st.size))
        return broken(ctx, path, "an entry cannot be unpacked");
    const size_t len = strlen(name);
    if (len > 4 && !strcmp(name + len - 4, ".npy"))
        name[len - 4] = 0;
    to->name = name;
    return th_npy_parse(ctx, name, bytes, (size_t)st.size, arena, &to->data);
}

static enum th_status read_all(struct th_ctx *ctx, const char *path, zip_t *z,
                               struct th_arena *arena, struct th_named_array **out, uint32_t *n)
{
    const zip_int64_t count = zip_get_num_entries(z, 0);
    if (count < 1 || count > MAX_ENTRIES)
        return broken(ctx, path, "it must have from 1 to 1024 arrays");
    struct th_named_array *list = TH_NEW_ARRAY(arena, struct th_named_array, (size_t)count);
    if (!list)
        return broken(ctx, path, "memory exhausted");
    for (zip_int64_t i = 0; i < count; i++)
        TH_TRY(read_entry(ctx, path, z, (zip_uint64_t)i, arena, &list[i]));
    *out = list;
    *n = (uint32_t)count;
    return TH_OK;
}

enum th_status th_npz_read(struct th_ctx *ctx, const char *path, struct th_arena *arena,
                           struct th_named_array **out, uint32_t *n)
{
    int code = 0;
    zip_t *z = zip_open(path, ZIP_RDONLY, &code);
    if (!z)
        return broken(ctx, path, "it is no zip file");
    const enum th_status s = read_all(ctx, path, z, arena, out, n);
    zip_discard(z);
    return s;
}
#else
enum th_status th_npz_read(struct th_ctx *ctx, const char *path, struct th_arena *arena,
                           struct th_named_array **out, uint32_t *n)
{
    (void)arena;
    (void)out;
    (void)n;
    th_error(ctx, NULL, CODE_NPZ, "'%s': this thimble was built without libzip, which .npz files "
             "need", path);
    th_help(ctx, CODE_NPZ, "give .npy files");
    return TH_ERR_USAGE;
}
#endif
