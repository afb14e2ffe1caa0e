/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>
#include <string.h>

const char *const th_ew_contracts[] = {"tflite", "tflite-single-rounding", "onnx", "float",
                                       NULL};

bool th_type_quantized(const struct th_type *t)
{
    return t->quant != NULL &&
           (t->dtype == TH_DT_S8 || t->dtype == TH_DT_U8 || t->dtype == TH_DT_S16);
}

/* ---- shapes ------------------------------------------------------------ */
static enum th_status broadcast_shape(const struct th_inst *c, struct th_type *y)
{
    int32_t rank = 0;
    for (uint32_t k = 0; k < c->n_in; k++)
        if (c->in[k]->rank > rank)
            rank = c->in[k]->rank;
    y->rank = rank;
    for (int32_t i = 0; i < rank; i++) {
        int64_t d = 1;
        for (uint32_t k = 0; k < c->n_in; k++) {
            const int32_t axis = i - (rank - c->in[k]->rank);
            const int64_t dk = axis < 0 ? 1 : c->in[k]->dims[axis];
            if (dk == 1 || dk == d)
                continue;
            if (d != 1)
                return th_inst_error(c, "operand %u has %lld at axis %d, which does not "
                                     "broadcast with %lld", k, (long long)dk, i, (long long)d);
            d = dk;
        }
        y->dims[i] = d;
    }
    return TH_OK;
}

enum th_status th_ew_infer(struct th_inst *c)
{
    struct th_type *y = &c->out[0];
    if (y->dtype == TH_DT_NONE) {
        y->dtype = c->in[0]->dtype;
        y->quant = c->in[0]->quant;
    }
    return broadcast_shape(c, y);
}

enum th_status th_ew_infer_bool(struct th_inst *c)
{
    c->out[0].dtype = TH_DT_BOOL;
    c->out[0].quant = NULL;
    return broadcast_shape(c, &c->out[0]);
}

static enum th_status verify_scales(const struct th_inst *c, const struct th_type *t,
                                    const char *what)
{
    if (t->quant == NULL)
        return TH_OK;
    if (t->quant->n != 1)
        return th_inst_error(c, "%s has %u scales, elementwise arithmetic needs one", what,
                             t->quant->n);
    const int64_t z = th_quant_zero(t->quant, 0);
    if (t->dtype == TH_DT_S16 && z != 0)
        return th_inst_error(c, "%s has zero point %lld, 16-bit arithmetic needs 0", what,
                             (long long)z);
    if (th_type_quantized(t) && (z < th_dtype_min(t->dtype) || z > th_dtype_max(t->dtype)))
        return th_inst_error(c, "%s has zero point %lld, outside of %s", what, (long long)z,
                             th_dtype_name(t->dtype));
    return TH_OK;
}

enum th_status th_ew_verify_same(const struct th_inst *c, bool same_out)
{
    bool scaled = false, plain = false;
    for (uint32_t k = 0; k < c->n_in; k++) {
        if (c->in[k]->dtype != c->in[0]->dtype)
            return th_inst_error(c, "operand %u is %s, operand 0 is %s", k,
                                 th_dtype_name(c->in[k]->dtype),
                                 th_dtype_name(c->in[0]->dtype));
        TH_TRY(verify_scales(c, c->in[k], "an operand"));
        if (th_type_quantized(c->in[k]))
            scaled = true;
        else
            plain = true;
    }
    if (same_out) {
        if (c->out[0].dtype != c->in[0]->dtype)
            return th_inst_error(c, "result is %s, operands are %s",
                                 th_dtype_name(c->out[0].dtype),
                                 th_dtype_name(c->in[0]->dtype));
        TH_TRY(verify_scales(c, &c->out[0], "the result"));
        if (th_type_quantized(&c->out[0]))
            scaled = true;
        else
            plain = true;
    }
    if (scaled && plain)
        return th_inst_error(c, "some of its %s values have a scale and some have none",
                             th_dtype_name(c->in[0]->dtype));
    return TH_OK;
}

enum th_status th_ew_verify(const struct th_inst *c)
{
    return th_ew_verify_same(c, true);
}

enum th_status th_ew_verify_operands(const struct th_inst *c)
{
    return th_ew_verify_same(c, false);
}

static enum th_status refuse(const struct th_inst *c)
{
    return th_inst_error(c, "has no rule for %s%s", th_dtype_name(c->in[0]->dtype),
                         th_type_quantized(c->in[0]) ? " with a scale" : "");
}

static bool rule_for_quant(const struct th_unary_rule *r, enum th_dtype dt)
{
    return r->quant != NULL ||
           (r->real != NULL && (th_dtype_bits(dt) == 8 || (r->real_types & TH_DT_BIT(dt))));
}

enum th_status th_ew_verify_unary(const struct th_inst *c, const struct th_unary_rule *r)
{
    const struct th_type *x = c->in[0];

    TH_TRY(th_ew_verify(c));
    if (th_type_quantized(x) ? !rule_for_quant(r, x->dtype)
                             : !th_dtype_is_float(x->dtype) && r->integer == NULL)
        return refuse(c);
    if (r->in16_most != 0 && x->dtype == TH_DT_S16 && th_type_quantized(x) &&
        th_quant_scale(x->quant, 0) > r->in16_most)
        return th_inst_error(c, "operand's scale %g is above %g, where its fixed point ends",
                             (double)th_quant_scale(x->quant, 0), (double)r->in16_most);
    return TH_OK;
}

static bool is_onnx(const struct th_inst *c)
{
    return c->contract && strcmp(c->contract, "onnx") == 0;
}

enum th_status th_ew_verify_binary(const struct th_inst *c, const struct th_binary_rule *r)
{
    const struct th_type *x = c->in[0];

    TH_TRY(th_ew_verify(c));
    if (!th_dtype_is_float(x->dtype) && !(th_type_quantized(x) && r->quant) &&
        !(x->dtype == TH_DT_U64 && r->natural) && r->integer == NULL)
        return refuse(c);
    if (r->onnx && is_onnx(c) && th_type_quantized(x) && th_dtype_bits(x->dtype) != 8)
        return th_inst_error(c, "contract \"onnx\" has no rule for %s with a scale",
                             th_dtype_name(x->dtype));
    return TH_OK;
}

bool th_ew_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                  struct th_window *w)
{
    const struct th_type *x = c->in[i];
    const int32_t shift = c->out[0].rank - x->rank;
    memset(w, 0, sizeof(*w));
    for (int32_t a = 0; a < x->rank; a++) {
        const bool repeated = x->dims[a] == 1;
        w->box.lo[a] = repeated ? 0 : out->lo[a + shift];
        w->box.hi[a] = repeated ? 1 : out->hi[a + shift];
    }
    return true;
}

uint32_t th_ew_alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    uint32_t n = 0;
    const struct th_type *y = &c->out[0];
    for (uint32_t k = 0; k < c->n_in && n < max; k++) {
        const struct th_type *x = c->in[k];
        if (x != NULL && th_dtype_bits(x->dtype) == th_dtype_bits(y->dtype) &&
            th_type_same_shape(x, y))
            list[n++] = (struct th_alias){.out = 0, .in = k, .exact = false};
    }
    return n;
}

/* ---- quantization rules ------------------------------------------------ */
static bool plain_rule(const struct th_inst *c, struct th_quant_rule *q)
{
    *q = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                .dtypes = c->op->inputs[0].dtypes & TH_DT_QUANTS};
    return (q->dtypes & TH_DT_BIT(TH_DT_S8)) != 0;
}

bool th_ew_quant_unary(const struct th_inst *c, const struct th_unary_rule *r,
                       struct th_quant_rule *q)
{
    if (!plain_rule(c, q) || (r->quant == NULL && r->real == NULL) || is_onnx(c))
        return false;
    if (r->quant == NULL)
        q->dtypes &= TH_DT_INT8S | r->real_types;
    q->out8 = r->out8;
    q->out16 = r->out16;
    return true;
}

bool th_ew_quant_binary(const struct th_inst *c, const struct th_binary_rule *r,
                        struct th_quant_rule *q)
{
    if (!plain_rule(c, q) || r->quant == NULL || (is_onnx(c) && !r->onnx))
        return false;
    if (is_onnx(c))
        q->dtypes &= TH_DT_INT8S;
    q->same_quant = r->same_quant;
    return true;
}

/* ---- loops ------------------------------------------------------------ */
void th_broadcast_plan(const struct th_inst *c, struct th_broadcast *b)
{
    const struct th_type *y = &c->out[0];
    const uint32_t n = c->n_in < TH_BROADCAST_MAX ? c->n_in : TH_BROADCAST_MAX;
    memset(b, 0, sizeof(*b));
    int64_t step[TH_BROADCAST_MAX];
    for (uint32_t k = 0; k < n; k++)
        step[k] = 1;
    /* From the innermost axis outwards, collected in reverse order first. */
    struct th_broadcast r;
    memset(&r, 0, sizeof(r));
    for (int32_t i = y->rank - 1; i >= 0; i--) {
        int64_t s[TH_BROADCAST_MAX] = {0};
        for (uint32_t k = 0; k < n; k++) {
            const int32_t axis = i - (y->rank - c->in[k]->rank);
            const int64_t d = axis < 0 ? 1 : c->in[k]->dims[axis];
            s[k] = d == 1 ? 0 : step[k];
            step[k] *= d;
        }
        if (y->dims[i] == 1)
            continue;
        bool merge = r.rank > 0;
        for (uint32_t k = 0; k < n && merge; k++)
            merge = s[k] == r.stride[k][r.rank - 1] * r.dims[r.rank - 1];
        if (merge) {
            r.dims[r.rank - 1] *= y->dims[i];
            continue;
        }
        r.dims[r.rank] = y->dims[i];
        for (uint32_t k = 0; k < n; k++)
            r.stride[k][r.rank] = s[k];
        r.rank++;
    }
    if (r.rank == 0) {
        r.rank = 1;
        r.dims[0] = 1;
    }
    b->rank = r.rank;
    for (int32_t i = 0; i < r.rank; i++) {
        b->dims[i] = r.dims[r.rank - 1 - i];
        for (uint32_t k = 0; k < n; k++)
            b->stride[k][i] = r.stride[k][r.rank - 1 - i];
    }
}

void th_ew_walk(const struct th_inst *c, th_ew_visit *fn, void *user)
{
    struct th_broadcast b;
    th_broadcast_plan(c, &b);
    const int64_t total = th_type_elems(&c->out[0]);
    int64_t index[TH_MAX_RANK] = {0};
    int64_t in[TH_BROADCAST_MAX] = {0};
    for (int64_t o = 0; o < total; o++) {
        fn(user, o, in);
        for (int32_t i = b.rank - 1; i >= 0; i--) {
            for (uint32_t k = 0; k < TH_BROADCAST_MAX; k++)
                in[k] += b.stride[k][i];
            if (++index[i] < b.dims[i])
                break;
            for (uint32_t k = 0; k < TH_BROADCAST_MAX; k++)
                in[k] -= b.stride[k][i] * b.dims[i];
            index[i] = 0;
        }
    }
}

/* ---- evaluation ------------------------------------------------------------ */
/* TensorFlow Lite's rule for 8-bit tables: reals in float, rounded half away from zero. */
static int64_t through_real(const struct th_inst *c, const struct th_unary_rule *r, int64_t x)
{
    const struct th_type *tx = c->in[0], *ty = &c->out[0];
    const float scale = th_quant_scale(tx->quant, 0);
    const float inverse = 1.0f / th_quant_scale(ty->quant, 0);
    const float in = scale * (float)(x - th_quant_zero(tx->quant, 0));
    const float y = r->real(c, in) * inverse;
    const int64_t zero = th_quant_zero(ty->quant, 0);
    const int64_t lo = th_dtype_min(ty->dtype), hi = th_dtype_max(ty->dtype);
    return zero + th_round_away(y, lo - zero, hi - zero);
}

static enum th_status eval_quant_unary(const struct th_inst *c, struct th_eval *e,
                                       const struct th_unary_rule *r)
{
    if (!rule_for_quant(r, c->in[0]->dtype))
        return refuse(c);
    const int64_t n = th_type_elems(&c->out[0]);
    for (int64_t i = 0; i < n; i++) {
        const int64_t x = th_tensor_int(e->in[0], i);
        th_tensor_set_int(e->out[0], i, r->quant != NULL ? r->quant(c, x)
                                                         : through_real(c, r, x));
    }
    return TH_OK;
}

enum th_status th_ew_eval_unary(const struct th_inst *c, struct th_eval *e,
                                const struct th_unary_rule *r)
{
    const struct th_type *x = c->in[0];
    const int64_t n = th_type_elems(&c->out[0]);
    if (x->dtype == TH_DT_F32 && r->real != NULL) {
        const float *in = e->in[0]->data;
        float *out = e->out[0]->data;
        for (int64_t i = 0; i < n; i++)
            out[i] = r->real(c, in[i]);
        return TH_OK;
    }
    if (x->dtype == TH_DT_F64 && r->real64 != NULL) {
        for (int64_t i = 0; i < n; i++)
            th_tensor_set_real(e->out[0], i, r->real64(c, th_tensor_real(e->in[0], i)));
        return TH_OK;
    }
    if (th_type_quantized(x))
        return eval_quant_unary(c, e, r);
    if (th_dtype_is_float(x->dtype) || r->integer == NULL)
        return refuse(c);
    for (int64_t i = 0; i < n; i++)
        th_tensor_set_int(e->out[0], i,
                          th_ew_wrap(x->dtype, r->integer(c, th_tensor_int(e->in[0], i))));
    return TH_OK;
}

int64_t th_ew_wrap(enum th_dtype dt, int64_t v)
{
    switch (th_dtype_bits(dt)) {
    case 8:
        return dt == TH_DT_S8 ? (int8_t)(uint8_t)v : (uint8_t)v;
    case 16:
        return dt == TH_DT_S16 ? (int16_t)(uint16_t)v : (uint16_t)v;
    case 32:
        return dt == TH_DT_S32 ? (int32_t)(uint32_t)v : (int64_t)(uint32_t)v;
    default:
        return v;
    }
}

struct binary_run {
    const struct th_inst *c;
    struct th_eval *e;
    const struct th_binary_rule *r;
    struct th_binary_quant q;
    float flo, fhi;
    double lo, hi;
    int64_t ilo, ihi;
    bool clamp;
};

static void visit_real(void *user, int64_t o, const int64_t *in)
{
    struct binary_run *b = user;
    float v = b->r->real(b->c, ((const float *)b->e->in[0]->data)[in[0]],
                         ((const float *)b->e->in[1]->data)[in[1]]);
    if (b->clamp) {
        v = v < b->flo ? b->flo : v;
        v = v > b->fhi ? b->fhi : v;
    }
    if (b->e->out[0]->type.dtype == TH_DT_F32)
        ((float *)b->e->out[0]->data)[o] = v;
    else
        th_tensor_set_int(b->e->out[0], o, v != 0.0f);
}

static void visit_real64(void *user, int64_t o, const int64_t *in)
{
    struct binary_run *b = user;
    double v = b->r->real64(b->c, ((const double *)b->e->in[0]->data)[in[0]],
                            ((const double *)b->e->in[1]->data)[in[1]]);
    if (b->clamp) {
        v = v < b->lo ? b->lo : v;
        v = v > b->hi ? b->hi : v;
    }
    if (b->e->out[0]->type.dtype == TH_DT_F64)
        ((double *)b->e->out[0]->data)[o] = v;
    else
        th_tensor_set_int(b->e->out[0], o, v != 0.0);
}

static void visit_natural(void *user, int64_t o, const int64_t *in)
{
    struct binary_run *b = user;
    const uint64_t x = ((const uint64_t *)b->e->in[0]->data)[in[0]];
    const uint64_t y = ((const uint64_t *)b->e->in[1]->data)[in[1]];
    const uint64_t v = b->r->natural(b->c, x, y);
    if (b->e->out[0]->type.dtype == TH_DT_U64)
        ((uint64_t *)b->e->out[0]->data)[o] = v;
    else
        th_tensor_set_int(b->e->out[0], o, v != 0);
}

static void visit_int(void *user, int64_t o, const int64_t *in)
{
    struct binary_run *b = user;
    const int64_t x = th_tensor_int(b->e->in[0], in[0]), y = th_tensor_int(b->e->in[1], in[1]);
    const enum th_dtype dt = b->e->out[0]->type.dtype;
    int64_t v = b->r->integer(b->c, x, y);
    if (dt == TH_DT_U64) {   /* the bits of the result; saturation would look at its sign */
        ((uint64_t *)b->e->out[0]->data)[o] = (uint64_t)v;
        return;
    }
    v = th_ew_wrap(dt, v);
    if (b->clamp)
        v = th_clamp_i64(v, b->ilo, b->ihi);
    th_tensor_set_int(b->e->out[0], o, v);
}

static void visit_quant(void *user, int64_t o, const int64_t *in)
{
    struct binary_run *b = user;
    const int64_t x = th_tensor_int(b->e->in[0], in[0]), y = th_tensor_int(b->e->in[1], in[1]);
    th_tensor_set_int(b->e->out[0], o, b->r->quant(&b->q, x, y));
}

enum th_status th_ew_eval_binary(const struct th_inst *c, struct th_eval *e,
                                 const struct th_binary_rule *r)
{
    struct binary_run b = {.c = c, .e = e, .r = r, .clamp = r->clamp};
    const enum th_dtype dt = c->in[0]->dtype;
    if (r->clamp) {
        const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
        b.lo = lo;
        b.hi = hi;
        b.flo = (float)lo;
        b.fhi = (float)hi;
        if (dt == TH_DT_U64 && (isfinite(lo) || isfinite(hi)))
            return th_inst_error(c, "bounds have no rule for u64");
        if (!th_dtype_is_float(dt)) {
            b.ilo = th_round_away(lo, th_dtype_min(dt), th_dtype_max(dt));
            b.ihi = th_round_away(hi, th_dtype_min(dt), th_dtype_max(dt));
        }
    }
    if (dt == TH_DT_F32 && r->real != NULL) {
        th_ew_walk(c, visit_real, &b);
        return TH_OK;
    }
    if (th_type_quantized(c->in[0]) && r->quant != NULL) {
        r->prepare(c, &b.q);
        th_ew_walk(c, visit_quant, &b);
        return TH_OK;
    }
    if (dt == TH_DT_F64 && r->real64 != NULL) {
        th_ew_walk(c, visit_real64, &b);
        return TH_OK;
    }
    if (dt == TH_DT_U64 && r->natural != NULL) {
        th_ew_walk(c, visit_natural, &b);
        return TH_OK;
    }
    if (th_dtype_is_float(dt) || r->integer == NULL)
        return refuse(c);
    th_ew_walk(c, visit_int, &b);
    return TH_OK;
}

enum th_status th_unary_table(const struct th_inst *c, unsigned char table[256])
{
    const struct th_type *tx = c->in[0], *ty = &c->out[0];
    if (th_dtype_bits(tx->dtype) != 8 || th_dtype_bits(ty->dtype) != 8)
        return th_inst_error(c, "cannot become a table of 256 entries: %s to %s",
                             th_dtype_name(tx->dtype), th_dtype_name(ty->dtype));
    struct th_type x = *tx, y = *ty;
    const int64_t dims[1] = {256};
    x.rank = y.rank = 1;
    x.dims[0] = y.dims[0] = dims[0];
    const struct th_type **in = TH_NEW_ARRAY(c->arena, const struct th_type *, c->n_in + 1);
    const struct th_tensor **data = TH_NEW_ARRAY(c->arena, const struct th_tensor *,
                                                 c->n_in + 1);
    struct th_tensor *tin = th_tensor_new(c->arena, &x), *tout = th_tensor_new(c->arena, &y);
    if (in == NULL || data == NULL || tin == NULL || tout == NULL)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; k < c->n_in; k++) {
        in[k] = c->in[k];
        data[k] = c->in_const != NULL ? c->in_const[k] : NULL;
    }
    in[0] = &x;
    data[0] = tin;
    for (int i = 0; i < 256; i++)
        ((unsigned char *)tin->data)[i] = (unsigned char)i;
    struct th_inst ci = *c;
    ci.in = in;
    ci.in_const = data;
    ci.out = &y;
    struct th_eval e = {.arena = c->arena, .in = data, .out = &tout};
    TH_TRY(c->op->eval(&ci, &e));
    memcpy(table, tout->data, 256);
    return TH_OK;
}
