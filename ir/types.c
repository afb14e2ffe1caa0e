/* SPDX-License-Identifier: Apache-2.0 */
/* Element types, quantization parameters, tensor types, tensors. */
#include <thimble/ir.h>
#include <thimble/numeric.h>

#include <math.h>
#include <string.h>

static const struct dtype_info {
    const char *name, *ctype;
    uint8_t bits;
    bool is_float, is_int, is_signed;
} dtypes[TH_DT_COUNT] = {
    [TH_DT_NONE] = {"none", "void", 0, false, false, false},
    [TH_DT_F32] = {"f32", "float", 32, true, false, true},
    [TH_DT_F64] = {"f64", "double", 64, true, false, true},
    [TH_DT_F16] = {"f16", "uint16_t", 16, true, false, true},
    [TH_DT_S8] = {"s8", "int8_t", 8, false, true, true},
    [TH_DT_S16] = {"s16", "int16_t", 16, false, true, true},
    [TH_DT_S32] = {"s32", "int32_t", 32, false, true, true},
    [TH_DT_S64] = {"s64", "int64_t", 64, false, true, true},
    [TH_DT_U8] = {"u8", "uint8_t", 8, false, true, false},
    [TH_DT_U16] = {"u16", "uint16_t", 16, false, true, false},
    [TH_DT_U32] = {"u32", "uint32_t", 32, false, true, false},
    [TH_DT_U64] = {"u64", "uint64_t", 64, false, true, false},
    [TH_DT_BOOL] = {"bool", "uint8_t", 8, false, false, false},
    [TH_DT_S4] = {"s4", "uint8_t", 4, false, true, true},
    [TH_DT_B1] = {"b1", "uint8_t", 1, false, false, false},
    [TH_DT_BF16] = {"bf16", "uint16_t", 16, true, false, true},
};

const char *th_dtype_name(enum th_dtype t)
{
    return (unsigned)t < TH_DT_COUNT ? dtypes[t].name : "none";
}

enum th_dtype th_dtype_by_name(const char *s)
{
    for (int i = 1; i < TH_DT_COUNT; i++)
        if (!strcmp(dtypes[i].name, s))
            return (enum th_dtype)i;
    return TH_DT_NONE;
}

unsigned th_dtype_bits(enum th_dtype t)
{
    return dtypes[t].bits;
}

bool th_dtype_is_float(enum th_dtype t)
{
    return dtypes[t].is_float;
}

bool th_dtype_is_int(enum th_dtype t)
{
    return dtypes[t].is_int;
}

bool th_dtype_is_signed(enum th_dtype t)
{
    return dtypes[t].is_signed;
}

const char *th_dtype_ctype(enum th_dtype t)
{
    return dtypes[t].ctype;
}

int64_t th_dtype_min(enum th_dtype t)
{
    if (!dtypes[t].is_signed)
        return 0;
    return dtypes[t].bits == 64 ? INT64_MIN : -((int64_t)1 << (dtypes[t].bits - 1));
}

int64_t th_dtype_max(enum th_dtype t)
{
    if (dtypes[t].bits == 64)
        return INT64_MAX; /* u64 beyond this is not representable here and saturates */
    const unsigned bits = t == TH_DT_BOOL ? 1u : dtypes[t].bits - (dtypes[t].is_signed ? 1u : 0u);
    return ((int64_t)1 << bits) - 1;
}

int64_t th_quant_zero(const struct th_quant *q, uint32_t i)
{
    if (!q || !q->zero_points)
        return 0;
    return q->zero_points[q->n == 1 ? 0 : i];
}

float th_quant_scale(const struct th_quant *q, uint32_t i)
{
    return q ? q->scales[q->n == 1 ? 0 : i] : 1.0f;
}

bool th_quant_equal(const struct th_quant *a, const struct th_quant *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->n != b->n || (a->n > 1 && a->axis != b->axis))
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (a->scales[i] != b->scales[i] || th_quant_zero(a, i) != th_quant_zero(b, i))
            return false;
    return true;
}

const struct th_quant *th_quant_new(struct th_arena *a, uint32_t n, const float *scales,
                                    const int64_t *zero_points, int32_t axis)
{
    struct th_quant *q = TH_NEW(a, struct th_quant);
    if (!q || n == 0)
        return NULL;
    q->n = axis < 0 ? 1 : n;
    q->axis = n == 1 ? -1 : axis;
    q->scales = th_arena_memdup(a, scales, q->n * sizeof *scales);
    if (!q->scales)
        return NULL;
    bool zero = true;
    for (uint32_t i = 0; zero_points && i < q->n; i++)
        zero = zero && zero_points[i] == 0;
    if (!zero) {
        q->zero_points = th_arena_memdup(a, zero_points, q->n * sizeof *zero_points);
        if (!q->zero_points)
            return NULL;
    }
    return q;
}

struct th_type th_type_make(enum th_dtype dt, int32_t rank, const int64_t *dims)
{
    struct th_type t = {.dtype = dt, .rank = rank};
    for (int32_t i = 0; i < rank && i < TH_MAX_RANK; i++)
        t.dims[i] = dims[i];
    return t;
}

bool th_type_count(const struct th_type *t, int64_t *out)
{
    int64_t n = 1;
    bool empty = false;
    for (int32_t i = 0; i < t->rank; i++) {
        if (t->dims[i] < 0)
            return false;
        empty = empty || t->dims[i] == 0;
    }
    /* Loops over the other axes of nothing must end, too. */
    for (int32_t i = 0; i < t->rank; i++)
        if (t->dims[i] != 0 &&
            (!th_mul_i64(n, t->dims[i], &n) || n > (int64_t)1 << (empty ? 31 : 40)))
            return false;
    *out = empty ? 0 : n;
    return true;
}

bool th_type_bytes(const struct th_type *t, int64_t *out)
{
    int64_t n;
    if (!th_type_count(t, &n))
        return false;
    const int64_t bits = n * dtypes[t->dtype].bits;   /* n <= 2^40, bits <= 64 */
    *out = (bits + 7) / 8;
    return *out <= (int64_t)1 << 40;
}

int64_t th_type_elems(const struct th_type *t)
{
    int64_t n = 0;
    return th_type_count(t, &n) ? n : 0;
}

int64_t th_type_size(const struct th_type *t)
{
    int64_t n = 0;
    return th_type_bytes(t, &n) ? n : 0;
}

bool th_type_same_shape(const struct th_type *a, const struct th_type *b)
{
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

bool th_type_equal(const struct th_type *a, const struct th_type *b)
{
    return a->dtype == b->dtype && th_type_same_shape(a, b) && th_quant_equal(a->quant, b->quant);
}

void th_type_print(struct th_str *b, const struct th_type *t)
{
    th_str_addf(b, "%s[", th_dtype_name(t->dtype));
    for (int32_t i = 0; i < t->rank; i++)
        th_str_addf(b, "%s%lld", i ? "," : "", (long long)t->dims[i]);
    th_str_addc(b, ']');
}

static double half_to_double(uint16_t h)
{
    const uint32_t bits = th_half_widen(h);
    float f;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

/* Nearest half-precision value, ties to even. */
static uint16_t double_to_half(double v)
{
    const uint16_t sign = signbit(v) ? 0x8000 : 0;
    v = fabs(v);
    if (isnan(v))
        return (uint16_t)(sign | 0x7e00);
    if (v >= 65520.0)
        return (uint16_t)(sign | 0x7c00);
    int e;
    frexp(v, &e);
    if (v == 0 || e < -13)                     /* subnormal: multiples of 2^-24 */
        return (uint16_t)(sign | (uint16_t)nearbyint(ldexp(v, 24)));
    /* a carry out of the fraction moves into the exponent, which is what rounding wants */
    const long m = lrint(ldexp(v, 11 - e));    /* [1024, 2048] */
    return (uint16_t)(sign | (uint16_t)(((e + 14) << 10) + (m - 1024)));
}

/* Truncated towards zero and held in range; not a number: 0. */
static int64_t double_to_int(double v)
{
    if (isnan(v))
        return 0;
    if (v >= 9223372036854775807.0)
        return INT64_MAX;
    return v <= -9223372036854775808.0 ? INT64_MIN : (int64_t)v;
}

static double brain_to_double(uint16_t h)
{
    const uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

/* Nearest number with eight bits of fraction, ties to even. The step over a float keeps in its last
 * bit that something was lost, so that nothing is rounded twice. */
static uint16_t double_to_brain(double v)
{
    const float f = (float)v;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if (isnan(v))
        return (uint16_t)((bits >> 16 & 0x8000) | 0x7fc0);
    if ((double)f != v) {
        bits -= fabs((double)f) > fabs(v);
        bits |= 1;
    }
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

int64_t th_tensor_int(const struct th_tensor *t, int64_t i)
{
    const void *d = t->data;
    switch (t->type.dtype) {
    case TH_DT_F32: return double_to_int((double)((const float *)d)[i]);
    case TH_DT_F64: return double_to_int(((const double *)d)[i]);
    case TH_DT_F16: return double_to_int(half_to_double(((const uint16_t *)d)[i]));
    case TH_DT_BF16: return double_to_int(brain_to_double(((const uint16_t *)d)[i]));
    case TH_DT_S8: return ((const int8_t *)d)[i];
    case TH_DT_S16: return ((const int16_t *)d)[i];
    case TH_DT_S32: return ((const int32_t *)d)[i];
    case TH_DT_S64: return ((const int64_t *)d)[i];
    case TH_DT_U8:
    case TH_DT_BOOL: return ((const uint8_t *)d)[i];
    case TH_DT_U16: return ((const uint16_t *)d)[i];
    case TH_DT_U32: return ((const uint32_t *)d)[i];
    case TH_DT_U64: return (int64_t)((const uint64_t *)d)[i];
    case TH_DT_S4: {
        const int q = (((const uint8_t *)d)[i / 2] >> (i % 2 * 4)) & 15;
        return q > 7 ? q - 16 : q;
    }
    case TH_DT_B1: return (((const uint8_t *)d)[i / 8] >> (i % 8)) & 1;
    default: return 0;
    }
}

double th_tensor_real(const struct th_tensor *t, int64_t i)
{
    switch (t->type.dtype) {
    case TH_DT_F32: return (double)((const float *)t->data)[i];
    case TH_DT_F64: return ((const double *)t->data)[i];
    case TH_DT_F16: return half_to_double(((const uint16_t *)t->data)[i]);
    case TH_DT_BF16: return brain_to_double(((const uint16_t *)t->data)[i]);
    default: return (double)th_tensor_int(t, i);
    }
}

void th_tensor_set_int(struct th_tensor *t, int64_t i, int64_t v)
{
    void *d = t->data;
    const enum th_dtype dt = t->type.dtype;
    if (dtypes[dt].is_int || dt == TH_DT_BOOL) {
        if (v < th_dtype_min(dt))
            v = th_dtype_min(dt);
        if (v > th_dtype_max(dt))
            v = th_dtype_max(dt);
    }
    switch (dt) {
    case TH_DT_F32: ((float *)d)[i] = (float)v; break;
    case TH_DT_F64: ((double *)d)[i] = (double)v; break;
    case TH_DT_F16: ((uint16_t *)d)[i] = double_to_half((double)v); break;
    case TH_DT_BF16: ((uint16_t *)d)[i] = double_to_brain((double)v); break;
    case TH_DT_S8: ((int8_t *)d)[i] = (int8_t)v; break;
    case TH_DT_S16: ((int16_t *)d)[i] = (int16_t)v; break;
    case TH_DT_S32: ((int32_t *)d)[i] = (int32_t)v; break;
    case TH_DT_S64: ((int64_t *)d)[i] = v; break;
    case TH_DT_U8:
    case TH_DT_BOOL: ((uint8_t *)d)[i] = (uint8_t)v; break;
    case TH_DT_U16: ((uint16_t *)d)[i] = (uint16_t)v; break;
    case TH_DT_U32: ((uint32_t *)d)[i] = (uint32_t)v; break;
    case TH_DT_U64: ((uint64_t *)d)[i] = (uint64_t)v; break;
    case TH_DT_S4: {
        uint8_t *b = (uint8_t *)d + i / 2;
        const int shift = (int)(i % 2) * 4;
        *b = (uint8_t)((*b & ~(15 << shift)) | (((int)v & 15) << shift));
        break;
    }
    case TH_DT_B1: {
        uint8_t *b = (uint8_t *)d + i / 8;
        const int bit = 1 << (i % 8);
        *b = (uint8_t)(v ? *b | bit : *b & ~bit);
        break;
    }
    default: break;
    }
}

void th_tensor_set_real(struct th_tensor *t, int64_t i, double v)
{
    switch (t->type.dtype) {
    case TH_DT_F32: ((float *)t->data)[i] = (float)v; break;
    case TH_DT_F64: ((double *)t->data)[i] = v; break;
    case TH_DT_F16: ((uint16_t *)t->data)[i] = double_to_half(v); break;
    case TH_DT_BF16: ((uint16_t *)t->data)[i] = double_to_brain(v); break;
    default: th_tensor_set_int(t, i, double_to_int(v));
    }
}

struct th_tensor *th_tensor_new(struct th_arena *a, const struct th_type *type)
{
    int64_t bytes;
    if (!th_type_bytes(type, &bytes))
        return NULL;
    struct th_tensor *t = TH_NEW(a, struct th_tensor);
    if (!t)
        return NULL;
    t->type = *type;
    t->data = th_arena_alloc(a, (size_t)bytes);
    return t->data ? t : NULL;
}
