/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/base/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGN ((size_t)16)

struct block {
    struct block *next;
    size_t bytes, used;
};
#define HEAD ((sizeof(struct block) + ALIGN - 1) / ALIGN * ALIGN)

struct th_arena {
    struct block *first, *current;
    size_t used, limit;
    struct th_budget *budget;    /* or NULL */
};

struct th_arena *th_arena_new(size_t limit_bytes)
{
    struct th_arena *a = calloc(1, sizeof *a);
    if (a)
        a->limit = limit_bytes;
    return a;
}

struct th_arena *th_arena_within(struct th_budget *b)
{
    struct th_arena *a = th_arena_new(0);
    if (a)
        a->budget = b;
    return a;
}

void th_arena_leave_budget(struct th_arena *a)
{
    a->budget = NULL;
}

bool th_budget_take(struct th_budget *b, size_t bytes)
{
    if (b && bytes > b->left) {
        b->refused = true;
        return false;
    }
    if (b)
        b->left -= bytes;
    return true;
}

static void free_block(struct th_arena *a, struct block *b)
{
    if (a->budget)
        a->budget->left += b->bytes + HEAD;
    free(b);
}

void th_arena_free(struct th_arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->first; b;) {
        struct block *next = b->next;
        free_block(a, b);
        b = next;
    }
    free(a);
}

void th_arena_clear(struct th_arena *a)
{
    /* Keep one ordinary block: passes clear often; large ones go back to the system. */
    struct block *keep = NULL;
    for (struct block *b = a->first; b;) {
        struct block *next = b->next;
        if (!keep && b->bytes == BLOCK_BYTES)
            keep = b;
        else
            free_block(a, b);
        b = next;
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    a->first = a->current = keep;
    a->used = 0;
}

static struct block *add_block(struct th_arena *a, size_t need)
{
    const size_t bytes = need > BLOCK_BYTES / 2 ? need : BLOCK_BYTES;
    size_t total;
    if (!th_add_size(bytes, HEAD, &total) || !th_budget_take(a->budget, total))
        return NULL;
    struct block *b = malloc(total);
    if (!b) {
        if (a->budget)
            a->budget->left += total;
        return NULL;
    }
    b->bytes = bytes;
    b->used = 0;
    b->next = NULL;
    if (bytes != BLOCK_BYTES && a->current) {
        /* A large block goes behind the current one, which stays in use. */
        b->next = a->current->next;
        a->current->next = b;
    } else {
        if (a->current) {
            b->next = a->current->next;
            a->current->next = b;
        } else {
            b->next = a->first;
            a->first = b;
        }
        a->current = b;
    }
    return b;
}

void *th_arena_alloc(struct th_arena *a, size_t bytes)
{
    size_t need;
    if (!th_align_up(bytes ? bytes : 1, ALIGN, &need))
        return NULL;
    if (a->limit && (need > a->limit || a->used > a->limit - need))
        return NULL;
    struct block *b = a->current;
    if (!b || b->bytes - b->used < need) {
        b = add_block(a, need);
        if (!b)
            return NULL;
    }
    void *p = (char *)b + HEAD + b->used;
    b->used += need;
    a->used += need;
    return memset(p, 0, need);
}

void *th_arena_calloc(struct th_arena *a, size_t n, size_t size)
{
    size_t bytes;
    return th_mul_size(n, size, &bytes) ? th_arena_alloc(a, bytes) : NULL;
}

void *th_arena_memdup(struct th_arena *a, const void *p, size_t bytes)
{
    void *q = th_arena_alloc(a, bytes);
    if (q && bytes)
        memcpy(q, p, bytes);
    return q;
}

char *th_arena_strndup(struct th_arena *a, const char *s, size_t n)
{
    char *q = n < SIZE_MAX ? th_arena_alloc(a, n + 1) : NULL;
    if (q)
        memcpy(q, s, n);
    return q;
}

char *th_arena_strdup(struct th_arena *a, const char *s)
{
    return th_arena_strndup(a, s, strlen(s));
}

char *th_arena_printf(struct th_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = n < 0 ? NULL : th_arena_alloc(a, (size_t)n + 1);
    if (!s)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(s, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return s;
}

size_t th_arena_used(const struct th_arena *a)
{
    return a->used;
}

bool th_align_up(size_t v, size_t align, size_t *out)
{
    size_t t;
    if (!th_add_size(v, align - 1, &t))
        return false;
    *out = t & ~(align - 1);
    return true;
}
