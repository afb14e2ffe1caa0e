/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/reduce.h"

#include <string.h>

const struct th_attr_spec th_reduce_attrs[] = {
    {"axes", TH_ATTR_INTS, false, 0, TH_MAX_RANK, -TH_MAX_RANK, TH_MAX_RANK - 1, 0, 0, NULL, NULL,
     "reduced axes, negative ones count from the end; absent: all"},
    {"keep_dims", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "reduced axes stay with length one"},
    TH_ATTR_END,
};

enum th_status th_reduce_mask(const struct th_inst *c, uint32_t *mask)
{
    const int32_t rank = c->in[0]->rank;
    *mask = 0;
    if (!th_attr_find(c->attrs, "axes")) {
        *mask = ((uint32_t)1 << rank) - 1;
        return TH_OK;
    }
    const uint32_t n = th_inst_ints_len(c, "axes");
    for (uint32_t i = 0; i < n; i++) {
        const int64_t axis = th_inst_ints(c, "axes", i), at = axis < 0 ? axis + rank : axis;
        if (at < 0 || at >= rank)
            return th_inst_error(c, "axis %lld is outside of an input of rank %d",
                                 (long long)axis, (int)rank);
        *mask |= (uint32_t)1 << at;
    }
    return TH_OK;
}

enum th_status th_reduce_infer(struct th_inst *c)
{
    uint32_t mask;
    TH_TRY(th_reduce_mask(c, &mask));
    const bool keep = th_inst_int(c, "keep_dims");
    int64_t dims[TH_MAX_RANK] = {0};
    int32_t rank = 0;
    for (int32_t i = 0; i < c->in[0]->rank; i++) {
        if (!(mask >> i & 1))
            dims[rank++] = c->in[0]->dims[i];
        else if (keep)
            dims[rank++] = 1;
    }
    return th_set_shape(c, 0, rank, dims);
}

int64_t th_reduce_count(const struct th_inst *c)
{
    uint32_t mask;
    int64_t n = 1;
    if (th_reduce_mask(c, &mask) != TH_OK)
        return 0;
    for (int32_t i = 0; i < c->in[0]->rank; i++)
        if (mask >> i & 1)
            n *= c->in[0]->dims[i];
    return n;
}

/* Offsets of all index combinations of the axes chosen by mask, row-major. */
static int64_t *list_offsets(struct th_arena *a, const struct th_type *t, uint32_t mask,
                             int64_t n)
{
    int64_t *list = TH_NEW_ARRAY(a, int64_t, (size_t)n);
    if (!list)
        return NULL;
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, step = 1;
        for (int32_t k = t->rank - 1; k >= 0; k--) {
            if (mask >> k & 1) {
                list[i] += rest % t->dims[k] * step;
                rest /= t->dims[k];
            }
            step *= t->dims[k];
        }
    }
    return list;
}

enum th_status th_reduce_walk_init(const struct th_inst *c, struct th_arena *a,
                                   struct th_reduce_walk *w)
{
    uint32_t mask;
    TH_TRY(th_reduce_mask(c, &mask));
    w->n = th_reduce_count(c);
    w->outputs = th_type_elems(&c->out[0]);
    w->offsets = list_offsets(a, c->in[0], mask, w->n);
    w->bases = list_offsets(a, c->in[0], ~mask, w->outputs);
    return w->offsets && w->bases ? TH_OK : th_out_of_memory(c);
}

bool th_reduce_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                      struct th_window *w)
{
    uint32_t mask;
    if (i != 0 || th_reduce_mask(c, &mask) != TH_OK)
        return false;
    const bool keep = th_inst_int(c, "keep_dims");
    memset(w, 0, sizeof(*w));
    int32_t at = 0;
    for (int32_t k = 0; k < c->in[0]->rank; k++) {
        if (mask >> k & 1) {
            th_window_full(w, k, c->in[0]->dims[k]);
            at += keep;
        } else {
            th_window_same(w, k, out->lo[at], out->hi[at]);
            at++;
        }
    }
    return true;
}

void th_reduce_cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = 0;
    k->ops = th_type_elems(c->in[0]) + th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

enum th_status th_reduce_verify_same(const struct th_inst *c)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    if (x->dtype != y->dtype)
        return th_inst_error(c, "output is %s, input is %s", th_dtype_name(y->dtype),
                             th_dtype_name(x->dtype));
    if (th_is_quantized(x) && !th_quant_equal(x->quant, y->quant))
        return th_inst_error(c, "input and output must have the same scale and zero point");
    return TH_OK;
}

enum th_status th_reduce_verify_scaled(const struct th_inst *c, bool onnx)
{
    if (!th_is_quantized(c->in[0]))
        return th_reduce_verify_same(c);
    if (c->in[0]->dtype != c->out[0].dtype)
        return th_inst_error(c, "output is %s, input is %s", th_dtype_name(c->out[0].dtype),
                             th_dtype_name(c->in[0]->dtype));
    TH_TRY(th_check_contract(c, onnx));
    TH_TRY(th_need_quant(c, c->in[0], "input"));
    return th_need_quant(c, &c->out[0], "output");
}

bool th_reduce_sum_state(const struct th_inst *c, struct th_type *accumulator)
{
    *accumulator = c->out[0];
    accumulator->quant = NULL;
    if (th_is_quantized(c->in[0]))
        accumulator->dtype = TH_DT_S32;
    return true;
}

bool th_reduce_same_state(const struct th_inst *c, struct th_type *accumulator)
{
    *accumulator = c->out[0];
    return true;
}

/* The division by n is put into the multiplier, as many bits of it as fit. */
static struct th_multiplier divide(struct th_multiplier q, int64_t n)
{
    int shift = 63 - __builtin_clzll((unsigned long long)n);
    if (shift > 32)
        shift = 32;
    if (shift > 31 + q.s)
        shift = 31 + q.s;
    if (shift < 0)
        shift = 0;
    q.m = (int32_t)(((int64_t)q.m << shift) / n);
    q.s -= shift;
    return q;
}

enum th_status th_reduce_quantized(const struct th_inst *c, struct th_eval *e, bool mean)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const bool single = th_inst_single_rounding(c);
    struct th_reduce_walk w;
    TH_TRY(th_reduce_walk_init(c, e->arena, &w));
    const double real = (double)th_quant_scale(x->quant, 0) / (double)th_quant_scale(y->quant, 0);
    struct th_multiplier q = th_quantize_multiplier(real, single);
    if (mean && w.n > 0)
        q = divide(q, w.n);
    const bool onnx = th_inst_rounding(c) == TH_ROUND_ONNX;
    const float count = mean && w.n > 0 ? (float)w.n : 1.0f;
    const float divisor = th_quant_scale(y->quant, 0) * count;
    const float factor = th_quant_scale(x->quant, 0) / divisor;
    const int64_t zx = th_quant_zero(x->quant, 0), zy = th_quant_zero(y->quant, 0);
    const int64_t lo = th_dtype_min(y->dtype), hi = th_dtype_max(y->dtype);
    for (int64_t o = 0; o < w.outputs; o++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < w.n; i++)
            sum += th_tensor_int(e->in[0], w.bases[o] + w.offsets[i]) - zx;
        const float scaled = (float)sum * factor;
        const int64_t steps = onnx ? th_round_even(scaled, INT32_MIN, INT32_MAX)
                                   : th_mbqm((int32_t)sum, q, single);
        th_tensor_set_int(e->out[0], o, th_clamp_i64(steps + zy, lo, hi));
    }
    return TH_OK;
}

enum th_status th_reduce_fold(const struct th_inst *c, struct th_eval *e, const struct th_fold *f)
{
    struct th_reduce_walk w;
    TH_TRY(th_reduce_walk_init(c, e->arena, &w));
    const enum th_dtype dt = c->in[0]->dtype;
    const float *x = th_floats(e->in[0]);
    for (int64_t o = 0; o < w.outputs; o++) {
        float acc = f->real_start;
        double acc64 = f->real64_start;
        int64_t acc_int = f->int_start;
        for (int64_t i = 0; i < w.n; i++) {
            const int64_t at = w.bases[o] + w.offsets[i];
            if (dt == TH_DT_F32)
                acc = f->real(acc, x[at]);
            else if (dt == TH_DT_F64)
                acc64 = f->real64(acc64, th_tensor_real(e->in[0], at));
            else
                acc_int = f->integer(acc_int, th_tensor_int(e->in[0], at));
        }
        if (dt == TH_DT_F32)
            ((float *)e->out[0]->data)[o] = acc;
        else if (dt == TH_DT_F64)
            ((double *)e->out[0]->data)[o] = acc64;
        else
            th_tensor_set_int(e->out[0], o, acc_int);
    }
    return TH_OK;
}
