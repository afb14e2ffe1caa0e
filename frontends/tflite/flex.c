/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of a flexbuffer map: the options of custom operators. The library's own reader needs the
 * C++ runtime, which a module that is linked statically would force on the program.
 *
 * A flexbuffer is read from its end: width of the root, type of the root, the root. A type byte is
 * the type times four plus the logarithm of the width of what it describes. Offsets lead backwards.
 * A map is a vector of values, before it its length, the width of its keys, the offset of its keys
 * (a vector of offsets to strings), behind it the types of the values.
 */
#include <string.h>

#include "reader.h"

enum { FLEX_INT = 1, FLEX_UINT = 2, FLEX_FLOAT = 3, FLEX_INDIRECT = 5, FLEX_MAP = 9,
       FLEX_BOOL = 26 };

struct flex {
    const uint8_t *bytes;
    size_t size;
};

/* The unsigned number of 1, 2, 4 or 8 bytes at `at`; false if it is not inside. */
static bool get(const struct flex *f, size_t at, size_t width, uint64_t *value)
{
    if (width > 8 || width > f->size || at > f->size - width)
        return false;
    *value = 0;
    for (size_t i = width; i-- > 0;)
        *value = *value << 8 | f->bytes[at + i];
    return true;
}

/* The place that the offset at `at` leads back to. */
static bool follow(const struct flex *f, size_t at, size_t width, size_t *to)
{
    uint64_t offset;

    if (!get(f, at, width, &offset) || offset > at)
        return false;
    *to = at - (size_t)offset;
    return true;
}

struct flex_map {
    size_t values, width, count;
    size_t keys, key_width;
};

static bool open_map(const struct flex *f, struct flex_map *m)
{
    uint64_t type, width, count, key_width, key_count;

    if (f->size < 3 || !get(f, f->size - 1, 1, &width) || !get(f, f->size - 2, 1, &type))
        return false;
    if (type >> 2 != FLEX_MAP || width > f->size - 2)
        return false;
    m->width = (size_t)1 << (type & 3);
    if (!follow(f, f->size - 2 - (size_t)width, (size_t)width, &m->values) ||
        m->values < 3 * m->width || !get(f, m->values - m->width, m->width, &count) ||
        !get(f, m->values - 2 * m->width, m->width, &key_width) ||
        !follow(f, m->values - 3 * m->width, m->width, &m->keys))
        return false;
    if (key_width < 1 || key_width > 8 || m->keys < key_width ||
        !get(f, m->keys - (size_t)key_width, (size_t)key_width, &key_count) ||
        key_count != count || count > f->size)
        return false;
    m->key_width = (size_t)key_width;
    m->count = (size_t)count;
    return true;
}

static bool key_is(const struct flex *f, const struct flex_map *m, size_t i, const char *key)
{
    size_t at, len = strlen(key) + 1;

    return follow(f, m->keys + i * m->key_width, m->key_width, &at) && len <= f->size - at &&
           memcmp(f->bytes + at, key, len) == 0;
}

struct flex_number {
    int type;               /* FLEX_INT, FLEX_UINT or FLEX_FLOAT */
    size_t width;
    uint64_t bits;
};

/* The value of a key, if it is a number. */
static bool find(const struct flex *f, const char *key, struct flex_number *out)
{
    struct flex_map m;
    uint64_t packed;
    size_t at;

    if (!open_map(f, &m))
        return false;
    for (size_t i = 0; i < m.count; i++) {
        if (!key_is(f, &m, i, key))
            continue;
        at = m.values + i * m.width;
        if (!get(f, m.values + m.count * m.width + i, 1, &packed))
            return false;
        out->type = (int)(packed >> 2);
        out->width = m.width;
        if (out->type > FLEX_INDIRECT && out->type <= FLEX_INDIRECT + FLEX_FLOAT) {
            out->type -= FLEX_INDIRECT;
            out->width = (size_t)1 << (packed & 3);
            if (!follow(f, at, m.width, &at))
                return false;
        }
        if (out->type == FLEX_BOOL)
            out->type = FLEX_UINT;
        return out->type >= FLEX_INT && out->type <= FLEX_FLOAT &&
               get(f, at, out->width, &out->bits);
    }
    return false;
}

static int64_t sign_extended(const struct flex_number *n)
{
    uint64_t sign = UINT64_C(1) << (8 * n->width - 1);

    if (n->type == FLEX_UINT || (n->bits & sign) == 0)
        return (int64_t)n->bits;
    /* -1 - ~x, where ~ is taken over the number's own width */
    return -1 - (int64_t)(~n->bits & (sign - 1));
}

static bool real(const struct flex_number *n, double *value)
{
    uint32_t low = (uint32_t)n->bits;
    float f;

    if (n->width == 8) {
        memcpy(value, &n->bits, sizeof *value);
        return true;
    }
    if (n->width != 4)
        return false;
    memcpy(&f, &low, sizeof f);
    *value = (double)f;
    return true;
}

bool tfl_custom_int(const uint8_t *options, size_t size, const char *key, int64_t *value)
{
    const struct flex f = {options, size};
    struct flex_number n;
    double d;

    if (!find(&f, key, &n))
        return false;
    if (n.type != FLEX_FLOAT) {
        *value = sign_extended(&n);
        return true;
    }
    if (!real(&n, &d) || !(d > -9e18 && d < 9e18))
        return false;
    *value = (int64_t)d;
    return true;
}

bool tfl_custom_float(const uint8_t *options, size_t size, const char *key, double *value)
{
    const struct flex f = {options, size};
    struct flex_number n;

    if (!find(&f, key, &n))
        return false;
    if (n.type == FLEX_FLOAT)
        return real(&n, value);
    *value = n.type == FLEX_UINT ? (double)n.bits : (double)sign_extended(&n);
    return true;
}
