/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test program has on the heap. Linking heap.c puts counting wrappers before the C library's
 * allocator, also for the libraries and modules the program uses.
 */
#ifndef TESTS_FUZZ_HEAP_H
#define TESTS_FUZZ_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* False where a sanitizer has an allocator of its own: nothing is counted then. */
bool heap_is_counted(void);

/* Bytes now in use, and the most that were since heap_mark(). */
size_t heap_used(void);
size_t heap_peak(void);
void heap_mark(void);

#endif
