/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/compare.h"

#include <math.h>
#include <stdlib.h>

bool th_tolerance_parse(const char *text, struct th_tolerance *t)
{
    char *end;

    t->relative = 0;
    t->absolute = strtod(text, &end);
    if (end == text)
        return false;
    if (*end == ',') {
        text = end + 1;
        t->relative = strtod(text, &end);
        if (end == text)
            return false;
    }
    t->given = true;
    return *end == 0 && t->absolute >= 0 && t->relative >= 0 && isfinite(t->absolute) &&
           isfinite(t->relative);
}

struct th_tolerance th_tolerance_of(const struct th_tolerance *said, bool real)
{
    const struct th_tolerance usual = {.absolute = real ? 1e-5 : 0, .relative = real ? 1e-4 : 0};

    return said->given ? *said : usual;
}

void th_tolerance_print(struct th_str *s, const struct th_tolerance *t)
{
    th_str_addf(s, "%g", t->absolute);
    if (t->relative > 0)
        th_str_addf(s, " + %g times the expected value", t->relative);
}

static double real_difference(double got, double want)
{
    if (isnan(got) && isnan(want))
        return 0;
    if (got == want)
        return 0;
    if (!isfinite(got) || !isfinite(want))
        return INFINITY;
    return fabs(got - want);
}

/* Of integers: exact in 64 bits where a double would round. */
static double int_difference(int64_t got, int64_t want)
{
    const uint64_t d = got > want ? (uint64_t)got - (uint64_t)want : (uint64_t)want - (uint64_t)got;

    return (double)d;
}

bool th_compare(const struct th_tensor *got, const struct th_tensor *want,
                const struct th_tolerance *tolerance, struct th_comparison *out)
{
    const bool real = th_dtype_is_float(got->type.dtype);
    int64_t i;

    *out = (struct th_comparison){ .elements = th_type_elems(&got->type), .first = -1,
                                    .bound = *tolerance };
    if (real != th_dtype_is_float(want->type.dtype) || out->elements != th_type_elems(&want->type))
        return false;
    for (i = 0; i < out->elements; i++) {
        double difference, size;

        if (real) {
            difference = real_difference(th_tensor_real(got, i), th_tensor_real(want, i));
            size = fabs(th_tensor_real(want, i));
        } else {
            difference = int_difference(th_tensor_int(got, i), th_tensor_int(want, i));
            size = fabs((double)th_tensor_int(want, i));
        }
        if (difference == 0)
            continue;
        out->unequal++;
        if (difference > out->largest)
            out->largest = difference;
        if (isinf(difference) ||
            difference > tolerance->absolute + tolerance->relative * size) {
            out->different++;
            if (out->first < 0)
                out->first = i;
        }
    }
    return true;
}
