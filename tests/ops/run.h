/* SPDX-License-Identifier: Apache-2.0 */
/* What the generated conformance program stands on. GUARD bytes behind results must survive. */
#ifndef TESTS_OPS_RUN_H
#define TESTS_OPS_RUN_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef GUARD
#define GUARD 32
#endif

static int failures, checks;

static inline unsigned char *room(size_t n)
{
    unsigned char *p = malloc(n + GUARD + 1);
    if (!p)
        exit(3);
    memset(p, 0xA5, n + GUARD + 1);
    return p;
}

/* Exactly n bytes, so that a sanitizer sees every step beyond. */
static inline unsigned char *take(size_t n)
{
    unsigned char *p = malloc(n ? n : 1);
    if (!p || fread(p, 1, n, stdin) != n) {
        fprintf(stderr, "data ended early\n");
        exit(3);
    }
    return p;
}

static inline unsigned char *fresh(size_t n)
{
    unsigned char *p = malloc(n + GUARD + (n + GUARD == 0));
    if (!p)
        exit(3);
    memset(p, 0xA5, n + GUARD);
    return p;
}

static inline unsigned char *copy(const unsigned char *from, size_t n)
{
    unsigned char *p = fresh(n);
    memcpy(p, from, n);
    return p;
}

static int close_enough(double a, double b, double bound)
{
    if (a == b || (a != a && b != b))
        return 1;
    return fabs(a - b) <= bound + bound * fabs(b);
}

static inline double real(const unsigned char *p, size_t bytes)
{
    double d;
    float f;
    if (bytes == 8) {
        memcpy(&d, p, 8);
        return d;
    }
    memcpy(&f, p, 4);
    return (double)f;
}

static inline void check(const char *what, int output, size_t real_bytes, const unsigned char *got,
                         const unsigned char *want, size_t n)
{
    checks++;
    for (int i = 0; i < GUARD; i++)
        if (got[n + (size_t)i] != 0xA5) {
            printf("%s: output %d: written behind its end\n", what, output);
            failures++;
            return;
        }
    for (size_t i = 0; i < n; i++) {
        if (real_bytes && i % real_bytes == 0) {
            const double a = real(got + i, real_bytes), b = real(want + i, real_bytes);
            if (close_enough(a, b, real_bytes == 8 ? 1e-12 : 1e-5)) {
                i += real_bytes - 1;
                continue;
            }
            printf("%s: output %d, element %lu: %g, expected %g\n", what, output,
                   (unsigned long)(i / real_bytes), a, b);
        } else if (got[i] != want[i]) {
            printf("%s: output %d, byte %lu: %d, expected %d\n", what, output, (unsigned long)i,
                   got[i], want[i]);
        } else {
            continue;
        }
        failures++;
        return;
    }
}

static inline int finish(int calls)
{
    printf("%d calls, %d outputs compared, %d differ\n", calls, checks, failures);
    return failures != 0;
}

#endif
