/* SPDX-License-Identifier: Apache-2.0 */
#include <thimble/ir.h>

#include <stdlib.h>
#include <string.h>

struct th_blob {
    uint32_t refs;
    const void *data;
    size_t bytes;
    void *own;                       /* heap memory to free */
    void (*release)(void *user);
    void *user;
    struct th_blob *parent;
};

static struct th_blob *new_blob(const void *data, size_t bytes)
{
    struct th_blob *b = calloc(1, sizeof *b);
    if (b) {
        b->refs = 1;
        b->data = data;
        b->bytes = bytes;
    }
    return b;
}

struct th_blob *th_blob_copy(const void *data, size_t bytes)
{
    void *own = malloc(bytes ? bytes : 1);
    if (!own)
        return NULL;
    if (bytes)
        memcpy(own, data, bytes);
    struct th_blob *b = new_blob(own, bytes);
    if (!b) {
        free(own);
        return NULL;
    }
    b->own = own;
    return b;
}

struct th_blob *th_blob_wrap(const void *data, size_t bytes, void (*release)(void *user),
                             void *user)
{
    struct th_blob *b = new_blob(data, bytes);
    if (b) {
        b->release = release;
        b->user = user;
    }
    return b;
}

struct th_blob *th_blob_slice(struct th_blob *parent, size_t offset, size_t bytes)
{
    if (offset > parent->bytes || bytes > parent->bytes - offset)
        return NULL;
    struct th_blob *b = new_blob((const char *)parent->data + offset, bytes);
    if (b)
        b->parent = th_blob_ref(parent);
    return b;
}

struct th_blob *th_blob_ref(struct th_blob *b)
{
    if (b)
        b->refs++;
    return b;
}

void th_blob_unref(struct th_blob *b)
{
    if (!b || --b->refs)
        return;
    if (b->release)
        b->release(b->user);
    th_blob_unref(b->parent);
    free(b->own);
    free(b);
}

const void *th_blob_data(const struct th_blob *b)
{
    return b->data;
}

size_t th_blob_size(const struct th_blob *b)
{
    return b->bytes;
}
