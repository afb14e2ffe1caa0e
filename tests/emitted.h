/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that use emitted code as an application does: checks that count, memory that is
 * aligned and no larger than asked for, and bytes that the model does not own between two calls. */
#ifndef TESTS_EMITTED_H
#define TESTS_EMITTED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ALIGN 64    /* no target wants more */

static int failures;

#define CHECK(what) ((what) ? (void)0 : check_failed(#what, __LINE__))

static inline void check_failed(const char *what, int line)
{
    printf("line %d: not so: %s\n", line, what);
    failures++;
}

/* The first aligned byte of a block that has ALIGN bytes more than are wanted: the end is then as
 * near as a sanitizer needs it. */
static inline unsigned char *aligned(unsigned char *p)
{
    return p + (ALIGN - (uintptr_t)p % ALIGN) % ALIGN;
}

/* Writes all over what a header calls free between two pushes (NAME_FREE): region, first byte,
 * byte behind the last. */
static inline void scribble_parts(unsigned char *const *region, const size_t (*part)[3], size_t n,
                                  int value)
{
    size_t i;

    for (i = 0; i < n; i++)
        memset(region[part[i][0]] + part[i][1], value, part[i][2] - part[i][1]);
}

/* The same for the model m, which may have no such part. */
#ifdef M_FREE_COUNT
static inline void scribble(struct m *ctx, int value)
{
#if M_FREE_COUNT > 0
    static const size_t parts[M_FREE_COUNT][3] = M_FREE;

    scribble_parts(ctx->region, parts, M_FREE_COUNT, value);
#else
    (void)ctx;
    (void)value;
#endif
}
#endif

#endif
