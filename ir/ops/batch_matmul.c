/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

/* Numbers without scales: integers wrap. */
#define PLAIN (TH_DT_INDEX | TH_DT_BIT(TH_DT_F64))

static const struct th_port inputs[] = {
    {"a", TH_DT_ACTS | PLAIN, 0, "left operand [..., rows, depth]"},
    {"b", TH_DT_ACTS | PLAIN, 0, "right operand [..., depth, columns]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_ACTS | PLAIN, TH_PORT_DECLARED, "product [..., rows, columns]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {"adj_a", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "the last two dimensions of a are swapped"},
    {"adj_b", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "the last two dimensions of b are swapped"},
    TH_ATTR_ROW_ACT,
    TH_ATTR_ROW_ASYMMETRIC,
    TH_ATTR_END,
};

/* One operand as a stack of matrices. */
struct side {
    int64_t rows, cols;        /* after the swap */
    int64_t row, col;          /* element steps */
    int64_t batch[TH_MAX_RANK];   /* element step of each output batch axis, 0: broadcast */
};
struct shape {
    struct side a, b;
    int32_t batch_rank;
    int64_t batch[TH_MAX_RANK], batches;
};

static void side_of(const struct th_type *t, bool adjoint, struct side *s)
{
    const int64_t rows = t->dims[t->rank - 2], cols = t->dims[t->rank - 1];
    memset(s, 0, sizeof(*s));
    s->rows = adjoint ? cols : rows;
    s->cols = adjoint ? rows : cols;
    s->row = adjoint ? 1 : cols;
    s->col = adjoint ? cols : 1;
}

/* Steps of the batch axes of one operand, aligned at the right. */
static void batch_steps(const struct th_type *t, const struct shape *s, struct side *side)
{
    const int32_t shift = s->batch_rank - (t->rank - 2);
    int64_t step = t->dims[t->rank - 2] * t->dims[t->rank - 1];
    for (int32_t i = t->rank - 3; i >= 0; i--) {
        side->batch[i + shift] = t->dims[i] == 1 ? 0 : step;
        step *= t->dims[i];
    }
}

static enum th_status shape_of(const struct th_inst *c, struct shape *s)
{
    const struct th_type *a = c->in[0], *b = c->in[1];
    memset(s, 0, sizeof(*s));
    if (a->rank < 2 || b->rank < 2)
        return th_inst_error(c, "operands have ranks %d and %d, at least 2 is needed",
                             (int)a->rank, (int)b->rank);
    side_of(a, th_inst_int(c, "adj_a"), &s->a);
    side_of(b, th_inst_int(c, "adj_b"), &s->b);
    if (s->a.cols != s->b.rows)
        return th_inst_error(c, "left operand has %lld columns, right operand %lld rows",
                             (long long)s->a.cols, (long long)s->b.rows);
    s->batch_rank = (a->rank > b->rank ? a->rank : b->rank) - 2;
    s->batches = 1;
    for (int32_t i = 0; i < s->batch_rank; i++) {
        const int32_t ia = i - (s->batch_rank - (a->rank - 2));
        const int32_t ib = i - (s->batch_rank - (b->rank - 2));
        const int64_t da = ia < 0 ? 1 : a->dims[ia], db = ib < 0 ? 1 : b->dims[ib];
        if (da != db && da != 1 && db != 1)
            return th_inst_error(c, "batch dimensions %lld and %lld do not go together",
                                 (long long)da, (long long)db);
        s->batch[i] = da == 1 ? db : da;
        if (!th_mul_i64(s->batches, s->batch[i], &s->batches))
            return th_inst_error(c, "the output is too large");
    }
    batch_steps(a, s, &s->a);
    batch_steps(b, s, &s->b);
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    struct shape s;
    TH_TRY(shape_of(c, &s));
    int64_t dims[TH_MAX_RANK] = {0};
    memcpy(dims, s.batch, sizeof(dims));
    dims[s.batch_rank] = s.a.rows;
    dims[s.batch_rank + 1] = s.b.cols;
    return th_set_shape(c, 0, s.batch_rank + 2, dims);
}

static bool is_plain(const struct th_inst *c)
{
    return (PLAIN & TH_DT_BIT(c->in[0]->dtype)) != 0;
}

static bool is_8bit(enum th_dtype t)
{
    return t == TH_DT_S8 || t == TH_DT_U8;
}

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype a = c->in[0]->dtype, b = c->in[1]->dtype, y = c->out[0].dtype;
    const bool onnx = th_inst_rounding(c) == TH_ROUND_ONNX;
    bool known = false;
    if (is_plain(c) && a == b && a == y) {
        if (isfinite(th_inst_float(c, "act_min")) || isfinite(th_inst_float(c, "act_max")))
            return th_inst_error(c, "bounds have no rule for %s", th_dtype_name(a));
        return TH_OK;
    }
    if (a == TH_DT_F32)
        known = (b == TH_DT_F32 || b == TH_DT_S8) && y == TH_DT_F32;
    else if (is_8bit(a) && is_8bit(b))
        known = (a == b || onnx) && (y == a || y == TH_DT_S32 || (onnx && is_8bit(y)));
    else if (a == TH_DT_S16)
        known = (b == TH_DT_S16 || b == TH_DT_S8) && y == TH_DT_S16;
    if (!known)
        return th_inst_error(c, "operands %s and %s and output %s do not go together",
                             th_dtype_name(a), th_dtype_name(b), th_dtype_name(y));
    if (b == TH_DT_F32)
        return TH_OK;
    if (c->in[1]->quant || y != TH_DT_S32)
        TH_TRY(th_need_weight_quant(c, c->in[1]->rank - (th_inst_int(c, "adj_b") ? 2 : 1)));
    if (y == TH_DT_F32 || (y == TH_DT_S32 && !c->in[0]->quant))
        return TH_OK;
    TH_TRY(th_check_contract(c, true));
    TH_TRY(th_need_quant(c, c->in[0], "left operand"));
    if (y == TH_DT_S32)
        return TH_OK;
    return th_need_quant(c, &c->out[0], "output");
}

struct job {
    const struct shape *s;
    struct th_tensor *y;
    const float *af, *bf;
    const int32_t *ai, *bi;
    const struct th_rescale *r;
    const float *row_scales;      /* hybrid: of each quantized row of a */
    const struct th_quant *bq;
    float lo, hi;
    const struct th_eval *plain;  /* operands and result, of the form without scales */
};

static void point(const struct job *j, int64_t at, int64_t a, int64_t b, int64_t col)
{
    const struct shape *s = j->s;
    if (j->bf) {
        float total = 0;
        for (int64_t k = 0; k < s->a.cols; k++) {
            const float product = j->af[a + k * s->a.col] * j->bf[b + k * s->b.row];
            total += product;
        }
        ((float *)j->y->data)[at] = th_clampf(total, j->lo, j->hi);
        return;
    }
    int64_t acc = 0;
    for (int64_t k = 0; k < s->a.cols; k++)
        acc += (int64_t)j->ai[a + k * s->a.col] * j->bi[b + k * s->b.row];
    if (j->row_scales) {
        const float scale = j->row_scales[a] * th_quant_scale(j->bq, (uint32_t)col);
        const float v = scale * (float)(int32_t)acc;
        ((float *)j->y->data)[at] = th_clampf(v, j->lo, j->hi);
    } else if (j->r) {
        th_tensor_set_int(j->y, at, th_rescale_apply(j->r, acc, (uint32_t)col));
    } else {
        th_tensor_set_int(j->y, at, (int32_t)acc);
    }
}

/* a[i] * b[k] summed without scales. */
static void plain_point(const struct th_eval *e, const struct shape *s, int64_t at, int64_t a,
                        int64_t b)
{
    const enum th_dtype dt = e->out[0]->type.dtype;
    double real = 0;
    uint64_t whole = 0;
    for (int64_t k = 0; k < s->a.cols; k++) {
        const int64_t i = a + k * s->a.col, j = b + k * s->b.row;
        if (dt == TH_DT_F64)
            real += ((const double *)e->in[0]->data)[i] * ((const double *)e->in[1]->data)[j];
        else
            whole += (uint64_t)th_tensor_int(e->in[0], i) * (uint64_t)th_tensor_int(e->in[1], j);
    }
    if (dt == TH_DT_F64)
        th_tensor_set_real(e->out[0], at, real);
    else
        th_tensor_set_int(e->out[0], at,
                          dt == TH_DT_S32 ? (int32_t)(uint32_t)whole : (int64_t)whole);
}

static void each_point(const struct job *j)
{
    const struct shape *s = j->s;
    int64_t at = 0;
    for (int64_t n = 0; n < s->batches; n++) {
        int64_t a = 0, b = 0, rest = n;
        for (int32_t i = s->batch_rank - 1; i >= 0; i--) {
            const int64_t k = rest % s->batch[i];
            rest /= s->batch[i];
            a += k * s->a.batch[i];
            b += k * s->b.batch[i];
        }
        for (int64_t r = 0; r < s->a.rows; r++)
            for (int64_t col = 0; col < s->b.cols; col++)
                if (j->plain)
                    plain_point(j->plain, s, at++, a + r * s->a.row, b + col * s->b.col);
                else
                    point(j, at++, a + r * s->a.row, b + col * s->b.col, col);
    }
}

/* Quantizes each row (after the swap) of a; the scale is kept at the row's first element. */
static enum th_status quantize_rows(const struct th_inst *c, struct th_eval *e, struct job *j)
{
    const struct shape *s = j->s;
    const int64_t n = th_type_elems(c->in[0]), depth = s->a.cols;
    int32_t *q = TH_NEW_ARRAY(e->arena, int32_t, (size_t)n);
    int32_t *row_q = TH_NEW_ARRAY(e->arena, int32_t, (size_t)depth);
    float *row = TH_NEW_ARRAY(e->arena, float, (size_t)depth);
    float *scales = TH_NEW_ARRAY(e->arena, float, (size_t)n);
    if (!q || !row_q || !row || !scales)
        return th_out_of_memory(c);
    const int64_t matrix = s->a.rows * depth, matrices = matrix ? n / matrix : 0;
    for (int64_t m = 0; m < matrices * s->a.rows; m++) {
        const int64_t base = m / s->a.rows * matrix + m % s->a.rows * s->a.row;
        int32_t zero = 0;
        for (int64_t k = 0; k < depth; k++)
            row[k] = j->af[base + k * s->a.col];
        if (th_inst_int(c, "asymmetric_inputs"))
            th_quantize_asymmetric(row, depth, row_q, &scales[base], &zero);
        else
            th_quantize_symmetric(row, depth, row_q, &scales[base]);
        for (int64_t k = 0; k < depth; k++)
            q[base + k * s->a.col] = row_q[k] - zero;
    }
    j->ai = q;
    j->row_scales = scales;
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct shape s;
    TH_TRY(shape_of(c, &s));
    struct job j = {.s = &s, .y = e->out[0], .af = th_floats(e->in[0]), .bq = c->in[1]->quant,
                    .lo = (float)th_inst_float(c, "act_min"),
                    .hi = (float)th_inst_float(c, "act_max")};
    if (is_plain(c)) {
        j.plain = e;
        each_point(&j);
        return TH_OK;
    }
    if (c->in[1]->dtype == TH_DT_F32) {
        j.bf = th_floats(e->in[1]);
        each_point(&j);
        return TH_OK;
    }
    j.bi = th_ints_centred(e->arena, e->in[1]);
    if (!j.bi)
        return th_out_of_memory(c);
    struct th_rescale r;
    if (c->in[0]->dtype == TH_DT_F32) {
        TH_TRY(quantize_rows(c, e, &j));
    } else {
        j.ai = th_ints_centred(e->arena, e->in[0]);
        if (!j.ai)
            return th_out_of_memory(c);
        if (c->out[0].dtype != TH_DT_S32) {
            TH_TRY(th_rescale_init(c, e->arena, c->in[0]->quant, c->in[1]->quant, &c->out[0],
                                   c->in[1]->quant->n > 1 ? TH_PRODUCT_DOUBLE : TH_PRODUCT_FLOAT,
                                   c->in[0]->dtype == TH_DT_S16, &r));
            j.r = &r;
        }
    }
    each_point(&j);
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    struct shape s;
    if (shape_of(c, &s) != TH_OK || (i == 0 && th_is_hybrid(c)))
        return false;
    const struct th_type *t = c->in[i];
    const int32_t shift = s.batch_rank - (t->rank - 2);
    memset(w, 0, sizeof(*w));
    for (int32_t a = 0; a < t->rank - 2; a++) {
        if (t->dims[a] == 1)
            th_window_full(w, a, 1);
        else
            th_window_same(w, a, out->lo[a + shift], out->hi[a + shift]);
    }
    const bool adjoint = th_inst_int(c, i == 0 ? "adj_a" : "adj_b");
    /* The axis that the output keeps: rows of a, columns of b. */
    const int32_t own = t->rank - ((i == 0) == adjoint ? 1 : 2);
    const int32_t depth = own == t->rank - 1 ? t->rank - 2 : t->rank - 1;
    const int32_t axis = s.batch_rank + (i == 0 ? 0 : 1);
    th_window_same(w, own, out->lo[axis], out->hi[axis]);
    th_window_full(w, depth, t->dims[depth]);
    return true;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const struct th_type *a = c->in[0];
    const bool adjoint = th_inst_int(c, "adj_a");
    k->macs = th_type_elems(&c->out[0]) * a->dims[a->rank - (adjoint ? 2 : 1)];
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

const struct th_op th_op_batch_matmul = {
    .struct_size = sizeof(struct th_op),
    .name = "batch_matmul",
    .summary = "matrix products over broadcast batch dimensions",
    .doc =
        "y = a * b for each pair of matrices; adj_a and adj_b swap rows and columns. Integer "
        "forms: sum of (a - zero_a)(b - zero_b), rescaled by s_a*s_b/s_y (product in float), "
        "64-bit accumulators for s16; an s32 output is the plain accumulator. Doubles and 32- and "
        "64-bit integers without scales: the plain sum, wrapping. Hybrid form (a f32, "
        "b s8): each row of a is quantized, the sum is multiplied by s_row * s_b.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .quant = th_plain_quant,
    .window = window,
    .cost = cost,
};
