/* SPDX-License-Identifier: 0BSD */
/*
 * What tile loops need besides kernels: places, and line buffers that slide.
 *
 * A line buffer holds `slots` whole rows of `row` bytes, row y in slot y mod slots, and behind them
 * a tail of `cols` columns of the newest row: once x columns are made, those from
 * thk_line_first(x, cols) on. Columns that leave the tail move into the row's slot. All arguments
 * but coordinates are literals where these functions are called.
 */
#ifndef THK_STREAM_H
#define THK_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Called from one place each, but not to be merged with what calls them: the stack of a chain of
 * callers holds none of their locals. GCC 12 takes such a function for one without effects when a
 * kernel that writes was merged into it, and drops the call: it must not look inside.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define THK_APART __attribute__((noinline, noipa))
#elif defined(__clang__)
#define THK_APART __attribute__((noinline))
#else
#define THK_APART
#endif

/* The next pixel to make; x == width: row y is complete, its tail not yet emptied. */
struct thk_cursor {
    uint16_t y, x;
};
struct thk_cursor32 {
    int32_t y, x;
};

/* A value inside a strip: its rows, the next column, the first column that is kept. */
struct thk_span {
    int32_t lo, hi, x, t0;
};

/*
 * n bytes forwards; `to` may lie in front of what is copied. A few pixels at a time: the library's
 * functions on small processors copy byte by byte, and a call costs more than it does.
 */
#if defined(__GNUC__) && defined(__thumb2__)
static inline void thk_stream_copy(unsigned char *to, const unsigned char *from, size_t n)
{
    uint32_t a, b, c, d;
    for (; n >= 16; n -= 16)
        __asm__ volatile("ldr %2, [%1], #4\n ldr %3, [%1], #4\n ldr %4, [%1], #4\n"
                         " ldr %5, [%1], #4\n str %2, [%0], #4\n str %3, [%0], #4\n"
                         " str %4, [%0], #4\n str %5, [%0], #4\n"
                         : "+&r"(to), "+&r"(from), "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)
                         :
                         : "memory");
    if (n & 8)
        __asm__ volatile("ldr %2, [%1], #4\n ldr %3, [%1], #4\n"
                         " str %2, [%0], #4\n str %3, [%0], #4\n"
                         : "+&r"(to), "+&r"(from), "=&r"(a), "=&r"(b)
                         :
                         : "memory");
    if (n & 4)
        __asm__ volatile("ldr %2, [%1], #4\n str %2, [%0], #4\n"
                         : "+&r"(to), "+&r"(from), "=&r"(a)
                         :
                         : "memory");
    if (n & 2)
        __asm__ volatile("ldrh %2, [%1], #2\n strh %2, [%0], #2\n"
                         : "+&r"(to), "+&r"(from), "=&r"(a)
                         :
                         : "memory");
    if (n & 1)
        __asm__ volatile("ldrb %2, [%1], #1\n strb %2, [%0], #1\n"
                         : "+&r"(to), "+&r"(from), "=&r"(a)
                         :
                         : "memory");
}
/* Aligned words, a multiple of four bytes: parameter structs, a literal number. */
static inline void thk_stream_words(void *to, const void *from, size_t bytes)
{
    for (; bytes >= 96; bytes -= 96)
        __asm__ volatile("ldmia %1!, {r2-r6, r8}\n stmia %0!, {r2-r6, r8}\n"
                         "ldmia %1!, {r2-r6, r8}\n stmia %0!, {r2-r6, r8}\n"
                         "ldmia %1!, {r2-r6, r8}\n stmia %0!, {r2-r6, r8}\n"
                         "ldmia %1!, {r2-r6, r8}\n stmia %0!, {r2-r6, r8}\n"
                         : "+&r"(to), "+&r"(from)
                         :
                         : "r2", "r3", "r4", "r5", "r6", "r8", "memory");
    for (; bytes >= 16; bytes -= 16)
        __asm__ volatile("ldmia %1!, {r2, r3, r4, r5}\n stmia %0!, {r2, r3, r4, r5}\n"
                         : "+&r"(to), "+&r"(from)
                         :
                         : "r2", "r3", "r4", "r5", "memory");
    thk_stream_copy((unsigned char *)to, (const unsigned char *)from, bytes);
}
#elif defined(__GNUC__) && (defined(__riscv) || defined(__arm__))
typedef uint32_t __attribute__((may_alias)) thk_stream_word;
static inline void thk_stream_copy(unsigned char *to, const unsigned char *from, size_t n)
{
    if ((((uintptr_t)to | (uintptr_t)from | n) & 3) == 0)
        for (; n > 0; n -= 4, to += 4, from += 4) {
            *(thk_stream_word *)(void *)to = *(const thk_stream_word *)(const void *)from;
            __asm__ volatile("" : : : "memory");      /* no call of the library's */
        }
    for (; n > 0; n--) {
        *to++ = *from++;
        __asm__ volatile("" : : : "memory");
    }
}
static inline void thk_stream_words(void *to, const void *from, size_t bytes)
{
    thk_stream_copy((unsigned char *)to, (const unsigned char *)from, bytes);
}
#else
static inline void thk_stream_copy(unsigned char *to, const unsigned char *from, size_t n)
{
    memmove(to, from, n);
}
static inline void thk_stream_words(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}
#endif

static inline int32_t thk_least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t thk_most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int32_t thk_line_first(int32_t x, int32_t cols)
{
    return x > cols ? x - cols : 0;
}

/* Makes room for n columns behind the x that there are of row y. */
static inline void thk_line_slide(unsigned char *line, size_t row, int32_t slots, size_t pixel,
                                  int32_t cols, int32_t y, int32_t x, int32_t n)
{
    unsigned char *const tail = line + (size_t)slots * row;
    const int32_t from = thk_line_first(x, cols);
    unsigned char *const place = line + (size_t)(y % (slots > 0 ? slots : 1)) * row +
                                 (size_t)from * pixel;
    const size_t leave = (size_t)(thk_line_first(x + n, cols) - from) * pixel;
    if (x >= cols && n < cols) {                       /* the usual case: literal sizes */
        if (slots > 0)
            thk_stream_copy(place, tail, (size_t)n * pixel);
        thk_stream_copy(tail, tail + (size_t)n * pixel, (size_t)(cols - n) * pixel);
        return;
    }
    if (leave == 0)
        return;
    if (slots > 0)
        thk_stream_copy(place, tail, leave);
    if (leave < (size_t)(x - from) * pixel)
        thk_stream_copy(tail, tail + leave, (size_t)(x - from) * pixel - leave);
}

/* Row y of w columns is complete: the rest of it goes into its slot. */
static inline void thk_line_empty(unsigned char *line, size_t row, int32_t slots, size_t pixel,
                                  int32_t cols, int32_t w, int32_t y)
{
    if (slots > 0)
        thk_stream_copy(line + (size_t)(y % (slots > 0 ? slots : 1)) * row +
                            (size_t)(w - cols) * pixel,
                        line + (size_t)slots * row, (size_t)cols * pixel);
}

/* Where pixel (y, x) lies when x1 columns of row y1 are made. */
static inline unsigned char *thk_line_at(unsigned char *line, size_t row, int32_t slots,
                                         size_t pixel, int32_t cols, int32_t y1, int32_t x1,
                                         int32_t y, int32_t x)
{
    if (slots == 0 || (y == y1 && x1 > 0))
        return line + (size_t)slots * row + (size_t)(x - thk_line_first(x1, cols)) * pixel;
    return line + (size_t)(y % (slots > 0 ? slots : 1)) * row + (size_t)x * pixel;
}

/* The columns of a strip move n to the left. */
static inline void thk_strip_slide(unsigned char *strip, size_t row, size_t pixel, int32_t rows,
                                   int32_t kept, int32_t n)
{
    int32_t i;
    for (i = 0; i < rows; i++, strip += row)
        thk_stream_copy(strip, strip + (size_t)n * pixel, (size_t)kept * pixel);
}

#endif
