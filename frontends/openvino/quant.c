/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FakeQuantize: values between two bounds are rounded to one of `levels` steps. Where the bounds
 * are those of an 8-bit type with a whole zero point it is a quantize and a dequantize, which the
 * passes understand; anything else is the arithmetic that defines it.
 */
#include <inttypes.h>
#include <math.h>

#include "import.h"

struct bounds {
    double in_low, in_high, out_low, out_high;
};

/* The four bounds, if each is one number. */
static bool one_each(const struct ov_node *n, const th_value *in, struct bounds *b)
{
    double *to[4] = {&b->in_low, &b->in_high, &b->out_low, &b->out_high};

    for (int i = 0; i < 4; i++) {
        const struct th_tensor *c = th_value_const(n->scope->graph, in[1 + i]);
        if (c == NULL || th_type_elems(&c->type) != 1 || !th_dtype_is_float(c->type.dtype))
            return false;
        *to[i] = th_tensor_real(c, 0);
        if (!isfinite(*to[i]))
            return false;
    }
    return true;
}

/* Scale and zero point of stored values that begin at -128; false: the zero lies between steps. */
static bool as_integers(const struct bounds *b, int64_t levels, float *scale, int64_t *zero)
{
    double step = (b->in_high - b->in_low) / (double)(levels - 1), at, off;

    if (levels > 256 || b->in_low != b->out_low || b->in_high != b->out_high || !(step > 1e-30))
        return false;
    at = -b->in_low / step;
    /* bounds are single precision: what is whole in the reals is nearly so here */
    off = fabs(at - nearbyint(at));
    if (!(at > -0.5 && at < (double)levels - 0.5) || off > 1e-4)
        return false;
    *scale = (float)step;
    *zero = (int64_t)nearbyint(at) - 128;
    return true;
}

static enum th_status as_pair(const struct ov_node *n, th_value x, const struct bounds *b,
                              int64_t levels, float scale, int64_t zero, th_value *y)
{
    struct th_type t = *ov_type(n, x);

    /* fewer steps than the type has */
    if (levels != 256) {
        if (levels % 2 != 0 && zero + 128 == (levels - 1) / 2)
            zero = 0;
        TH_TRY(ov_clamp(n, x, b->in_low, b->in_high, &x));
    }
    t.dtype = TH_DT_S8;
    t.quant = th_quant_new(th_program_arena(n->scope->im->program), 1, &scale, &zero, -1);
    if (t.quant == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(ov_add_typed(n, "quantize", &x, 1, NULL, &t, y));
    return ov_dequantize(n, *y, y);
}

/* round((clamp(x) - in_low) * steps / (in_high - in_low)) * (out_high - out_low) / steps + out_low,
 * the bounds with one entry for all or for each channel */
static enum th_status as_arithmetic(const struct ov_node *n, const th_value *in, int64_t levels,
                                    th_value *y)
{
    th_value range, to;

    TH_TRY(ov_binary(n, "sub", in[2], in[1], &range));
    TH_TRY(ov_with_number(n, "mul", range, 1 / (double)(levels - 1), &range));
    TH_TRY(ov_binary(n, "sub", in[4], in[3], &to));
    TH_TRY(ov_with_number(n, "mul", to, 1 / (double)(levels - 1), &to));
    TH_TRY(ov_binary(n, "maximum", in[0], in[1], y));
    TH_TRY(ov_binary(n, "minimum", *y, in[2], y));
    TH_TRY(ov_binary(n, "sub", *y, in[1], y));
    TH_TRY(ov_binary(n, "div", *y, range, y));
    TH_TRY(ov_unary(n, "round", *y, y));
    TH_TRY(ov_binary(n, "mul", *y, to, y));
    return ov_binary(n, "add", *y, in[3], y);
}

static enum th_status import_fake_quantize(struct ov_node *n)
{
    struct bounds b;
    th_value in[5], y;
    int64_t levels, zero;
    float scale;

    TH_TRY(ov_operands(n, in, 5));
    if (!ov_attr_int(n, "levels", 0, &levels))
        return TH_ERR_INPUT;
    if (levels < 2 || levels > 65536)
        return ov_reject(n, "%" PRId64 " levels", levels);
    if (ov_type(n, in[0])->dtype == TH_DT_F32 && one_each(n, in, &b) &&
        as_integers(&b, levels, &scale, &zero))
        TH_TRY(as_pair(n, in[0], &b, levels, scale, zero, &y));
    else
        TH_TRY(as_arithmetic(n, in, levels, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_quant[] = {
    {"FakeQuantize", import_fake_quantize, NULL},
    {NULL, NULL, NULL},
};
