/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "tests/fuzz/heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

static size_t used, peak;

size_t heap_used(void)
{
    return used;
}

size_t heap_peak(void)
{
    return peak;
}

void heap_mark(void)
{
    peak = used;
}

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined SANITIZED

bool heap_is_counted(void)
{
    return false;
}

#else

/* Libraries are to find these wrappers first. */
#pragma GCC visibility push(default)

/* The C library's own names of what is wrapped here. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void __libc_free(void *p);

bool heap_is_counted(void)
{
    return true;
}

static void *taken(void *p)
{
    used += malloc_usable_size(p);
    peak = used > peak ? used : peak;
    return p;
}

void *malloc(size_t bytes)
{
    return taken(__libc_malloc(bytes));
}

void *calloc(size_t n, size_t bytes)
{
    return taken(__libc_calloc(n, bytes));
}

void *realloc(void *p, size_t bytes)
{
    const size_t before = malloc_usable_size(p);
    void *q = __libc_realloc(p, bytes);
    if (q || !bytes)
        used -= before;
    /* Moving takes both pieces for a while. */
    if (q && q != p && used + before + bytes > peak)
        peak = used + before + bytes;
    return q ? taken(q) : NULL;
}

void *memalign(size_t align, size_t bytes)
{
    return taken(__libc_memalign(align, bytes));
}

void *aligned_alloc(size_t align, size_t bytes)
{
    return memalign(align, bytes);
}

int posix_memalign(void **p, size_t align, size_t bytes)
{
    void *q = memalign(align, bytes);
    if (!q)
        return ENOMEM;
    *p = q;
    return 0;
}

void free(void *p)
{
    used -= malloc_usable_size(p);
    __libc_free(p);
}

#pragma GCC visibility pop
#endif
