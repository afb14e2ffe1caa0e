/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/process.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6u
#define MAX_NPY_BYTES ((size_t)1 << 31)

enum { CODE_NPY = 2006, CODE_NPY_BROKEN = 2002 };

static const struct { const char *descr; enum th_dtype dtype; } dtypes[] = {
    { "<f4", TH_DT_F32 }, { "<f8", TH_DT_F64 }, { "<f2", TH_DT_F16 }, { "|i1", TH_DT_S8 },
    { "<i2", TH_DT_S16 }, { "<i4", TH_DT_S32 }, { "<i8", TH_DT_S64 }, { "|u1", TH_DT_U8 },
    { "<u2", TH_DT_U16 }, { "<u4", TH_DT_U32 }, { "<u8", TH_DT_U64 }, { "|b1", TH_DT_BOOL },
};

static enum th_status broken(struct th_ctx *ctx, const char *name, const char *why)
{
    struct th_loc loc = TH_LOC_NONE;

    loc.file = name;
    th_error(ctx, &loc, CODE_NPY_BROKEN, "not a .npy file that can be read: %s", why);
    return TH_ERR_INPUT;
}

/* The text after "'key':" in the header's dictionary, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    char quoted[32];
    const char *at;

    snprintf(quoted, sizeof quoted, "'%s':", key);
    at = strstr(header, quoted);
    return at ? at + strlen(quoted) + strspn(at + strlen(quoted), " ") : NULL;
}

static enum th_dtype dtype_of(const char *text)
{
    size_t i;

    for (i = 0; text && i < TH_ARRAY_LEN(dtypes); i++)
        if (text[0] == '\'' && strncmp(text + 1, dtypes[i].descr, 3) == 0 && text[4] == '\'')
            return dtypes[i].dtype;
    return TH_DT_NONE;
}

/* "(1, 49, 10)", "(5,)" or "()". */
static bool read_shape(const char *text, struct th_type *type)
{
    type->rank = 0;
    if (!text || *text++ != '(')
        return false;
    for (;;) {
        char *end;
        long long d;

        text += strspn(text, " ");
        if (*text == ')')
            return true;
        if (*text < '0' || *text > '9' || type->rank == TH_MAX_RANK)
            return false;
        errno = 0;
        d = strtoll(text, &end, 10);
        if (errno)
            return false;
        type->dims[type->rank++] = d;
        text = end + strspn(end, " ");
        if (*text == ',')
            text++;
        else if (*text != ')')
            return false;
    }
}

enum th_status th_npy_parse(struct th_ctx *ctx, const char *name, const void *bytes, size_t n,
                            struct th_arena *arena, struct th_tensor **out)
{
    const unsigned char *b = bytes;
    struct th_type type = { .dtype = TH_DT_NONE };
    size_t start, length;
    int64_t size;
    const char *order;
    char *header;

    if (n < MAGIC_BYTES + 6 || memcmp(b, MAGIC, MAGIC_BYTES) != 0 || b[6] < 1 || b[6] > 3)
        return broken(ctx, name, "wrong first bytes");
    start = b[6] == 1 ? 10 : 12;
    length = b[8] | (size_t)b[9] << 8;
    if (b[6] > 1)
        length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (length > n - start)
        return broken(ctx, name, "the header ends early");
    header = th_arena_strndup(arena, (const char *)b + start, length);
    if (!header)
        return broken(ctx, name, "memory exhausted");

    type.dtype = dtype_of(value_of(header, "descr"));
    if (type.dtype == TH_DT_NONE)
        return broken(ctx, name, "elements must be little-endian numbers");
    order = value_of(header, "fortran_order");
    if (!order || strncmp(order, "False", 5) != 0)
        return broken(ctx, name, "elements must be in C order");
    if (!read_shape(value_of(header, "shape"), &type))
        return broken(ctx, name, "the shape has no more than 8 whole numbers");
    if (!th_type_bytes(&type, &size) || (uint64_t)size != n - start - length)
        return broken(ctx, name, "its length does not fit its shape");
    *out = th_tensor_new(arena, &type);
    if (!*out)
        return broken(ctx, name, "memory exhausted");
    if (size)
        memcpy((*out)->data, b + start + length, (size_t)size);
    return TH_OK;
}

enum th_status th_npy_read(struct th_ctx *ctx, const char *path, struct th_arena *arena,
                           struct th_tensor **out)
{
    const char *base = strrchr(path, '/');
    char *bytes = NULL;
    size_t n;

    TH_TRY(th_read_small_file(ctx, path, MAX_NPY_BYTES, &bytes, &n));
    return th_npy_parse(ctx, base ? base + 1 : path, bytes, n, arena, out);
}

static const char *descr_of(enum th_dtype dtype)
{
    size_t i;

    for (i = 0; i < TH_ARRAY_LEN(dtypes); i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].descr;
    return dtype == TH_DT_S4 ? "|i1" : dtype == TH_DT_B1 ? "|u1" : NULL;
}

static bool write_elements(FILE *f, const struct th_tensor *t)
{
    const int64_t count = th_type_elems(&t->type);
    int64_t i;

    if (th_dtype_bits(t->type.dtype) >= 8) {
        const size_t bytes = (size_t)th_type_size(&t->type);

        return fwrite(t->data, 1, bytes, f) == bytes;
    }
    for (i = 0; i < count; i++)
        if (putc((int)th_tensor_int(t, i) & 0xFF, f) == EOF)
            return false;
    return true;
}

enum th_status th_npy_write(struct th_ctx *ctx, const char *path, const struct th_tensor *t)
{
    const char *descr = descr_of(t->type.dtype);
    unsigned char prefix[10] = MAGIC "\x01";
    struct th_str s;
    FILE *f;
    bool ok;
    int32_t i;

    th_str_init(&s);
    th_str_addf(&s, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr ? descr : "|V1");
    for (i = 0; i < t->type.rank; i++)
        th_str_addf(&s, "%" PRId64 ", ", t->type.dims[i]);
    th_str_add(&s, "), }");
    while (!s.failed && (s.len + sizeof prefix + 1) % 64)
        th_str_addc(&s, ' ');
    th_str_addc(&s, '\n');
    prefix[8] = (unsigned char)(s.len & 0xFF);
    prefix[9] = (unsigned char)(s.len >> 8);
    f = descr && !s.failed ? fopen(path, "wb") : NULL;
    ok = f && fwrite(prefix, 1, sizeof prefix, f) == sizeof prefix &&
         fwrite(s.s, 1, s.len, f) == s.len && write_elements(f, t);
    if (f)
        ok = fclose(f) == 0 && ok;
    th_str_release(&s);
    if (!ok)
        th_error(ctx, NULL, CODE_NPY, "cannot write '%s': %s", path, strerror(errno));
    return ok ? TH_OK : TH_ERR_IO;
}
