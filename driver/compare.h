/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what came out with what was expected. */
#ifndef TH_DRIVER_COMPARE_H
#define TH_DRIVER_COMPARE_H

#include <thimble/thimble.h>

/* Equal when |got - want| <= absolute + relative * |want|. Integers are compared in steps. */
struct th_tolerance {
    double absolute, relative;
    bool given;                      /* not the default of the kind of type, which is below */
};
struct th_comparison {
    int64_t elements, different;     /* different: beyond the tolerance */
    int64_t unequal;                 /* not the same value at all */
    double largest;                  /* difference; infinity where only one is a number */
    int64_t first;                   /* index of the first element beyond it, -1 none */
    struct th_tolerance bound;       /* what was accepted */
};

/* "0", "2", "1e-5,1e-4" (absolute, relative). False when it is not that. */
bool th_tolerance_parse(const char *text, struct th_tolerance *t);
/* What is accepted where nothing was said: integers are equal; floats are so but for roundings in
 * another order, of sums and in functions of the C library. */
struct th_tolerance th_tolerance_of(const struct th_tolerance *said, bool real);
/* "1e-05 + 0.0001 times the expected value", or "0". */
void th_tolerance_print(struct th_str *s, const struct th_tolerance *t);
/* The shapes may differ as long as there are equally many elements (files drop axes of 1);
 * false when the numbers of elements or the kinds of type (integer, float) differ. */
bool th_compare(const struct th_tensor *got, const struct th_tensor *want,
                const struct th_tolerance *tolerance, struct th_comparison *out);

#endif
