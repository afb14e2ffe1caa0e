/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base types: status codes, arenas, checked sizes, strings, interning.
 *
 * Ownership: whatever an arena returns lives until the arena is cleared or freed; nothing
 * allocated from an arena is freed on its own. Threads: one context belongs to one thread.
 */
#ifndef THIMBLE_BASE_H
#define THIMBLE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TH_API __attribute__((visibility("default")))
#define TH_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Outcome of everything that can fail. The values are also the command's exit codes. */
enum th_status {
    TH_OK = 0,
    TH_ERR_INPUT = 1,    /* the model (or another input file) was rejected */
    TH_ERR_USAGE = 2,    /* wrong options */
    TH_ERR_TARGET = 3,   /* a valid model that the target cannot hold or run */
    TH_ERR_PLUGIN = 4,   /* a plugin asked for by name failed */
    TH_ERR_IO = 5,       /* reading or writing a file failed */
    TH_ERR_DIFFER = 6,   /* outputs differ from what was expected */
    TH_ERR_TOOL = 7,     /* a tool that verification needs is missing */
    TH_ERR_INTERNAL = 70 /* a broken promise of our own, or memory exhausted */
};

/* Forwards a failure to the caller. */
#define TH_TRY(expr)                             \
    do {                                         \
        enum th_status th_try_status_ = (expr);  \
        if (th_try_status_ != TH_OK)             \
            return th_try_status_;               \
    } while (0)

#define TH_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- arena --------------------------------------------------------------------------------- */
struct th_arena;

/* A new, empty arena, or NULL when memory is exhausted. limit_bytes bounds the sum of all
 * allocations (0: unbounded). */
TH_API struct th_arena *th_arena_new(size_t limit_bytes);
/* Frees all that was allocated from it; NULL is allowed. */
TH_API void th_arena_free(struct th_arena *a);
/* Drops all that was allocated; one block is kept for reuse. */
TH_API void th_arena_clear(struct th_arena *a);
/* Zeroed memory aligned for any type; NULL when memory or the limit is exhausted. Zero bytes give
 * a valid unique pointer. */
TH_API void *th_arena_alloc(struct th_arena *a, size_t bytes);
/* The same for n elements of `size` bytes; NULL also when the product overflows. */
TH_API void *th_arena_calloc(struct th_arena *a, size_t n, size_t size);
/* Copies in the arena: of a string, of at most n of its bytes (terminated), of bytes, of formatted
 * text; NULL when exhausted. */
TH_API char *th_arena_strdup(struct th_arena *a, const char *s);
TH_API char *th_arena_strndup(struct th_arena *a, const char *s, size_t n);
TH_API void *th_arena_memdup(struct th_arena *a, const void *p, size_t bytes);
TH_API char *th_arena_printf(struct th_arena *a, const char *fmt, ...) TH_PRINTF(2, 3);
/* Bytes handed out since the arena was made or cleared, rounding up included. */
TH_API size_t th_arena_used(const struct th_arena *a);

#define TH_NEW(arena, type) ((type *)th_arena_calloc((arena), 1, sizeof(type)))
#define TH_NEW_ARRAY(arena, type, n) ((type *)th_arena_calloc((arena), (n), sizeof(type)))

/* ---- checked arithmetic: true on success, *out untouched on overflow ------------------------- */
static inline bool th_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool th_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool th_add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool th_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
/* Rounds v up to a multiple of align (a power of two); false on overflow. */
TH_API bool th_align_up(size_t v, size_t align, size_t *out);

/* ---- growing string -------------------------------------------------------------------------- */
/* Heap-backed; th_str_release frees. After an allocation failure `failed` stays set and all
 * further appends do nothing. s is always NUL-terminated (never NULL once initialised). */
struct th_str {
    char *s;
    size_t len, cap;    /* bytes before the NUL; bytes allocated */
    bool failed;
};
/* init: an empty string, before anything else. release: frees it. clear: empties it, keeping its
 * memory. The others append a string, n bytes, a character, formatted text. */
TH_API void th_str_init(struct th_str *b);
TH_API void th_str_release(struct th_str *b);
TH_API void th_str_clear(struct th_str *b);
TH_API void th_str_add(struct th_str *b, const char *s);
TH_API void th_str_addn(struct th_str *b, const char *s, size_t n);
TH_API void th_str_addc(struct th_str *b, char c);
TH_API void th_str_addf(struct th_str *b, const char *fmt, ...) TH_PRINTF(2, 3);
TH_API void th_str_vaddf(struct th_str *b, const char *fmt, va_list ap) TH_PRINTF(2, 0);
/* Appends s with control characters, quotes and backslashes escaped (for messages). At most
 * 120 source bytes are shown. */
TH_API void th_str_add_escaped(struct th_str *b, const char *s);

/* Edit distance based suggestion: the entry of names[0..n) nearest to word, or NULL when none is
 * near enough to be worth a "did you mean". */
TH_API const char *th_nearest_name(const char *word, const char *const *names, size_t n);

#ifdef __cplusplus
}
#endif
#endif
