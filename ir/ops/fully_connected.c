/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "input, taken as [rows, I]"},
    {"w", TH_DT_WEIGHTS, 0, "weights [O, I]"},
    {"b", TH_DT_BIASES, TH_PORT_OPTIONAL, "bias [O]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "output [rows, O]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {"keep_dims", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "the output keeps all dimensions of x but the last"},
    TH_ATTR_ROW_ACT,
    TH_ATTR_ROW_ASYMMETRIC,
    TH_ATTR_END,
};

struct shape {
    int64_t rows, in, out;
};

static enum th_status shape_of(const struct th_inst *c, struct shape *s)
{
    TH_TRY(th_need_rank(c, 1, 2));
    const struct th_type *x = c->in[0];
    s->out = c->in[1]->dims[0];
    s->in = c->in[1]->dims[1];
    const int64_t n = th_type_elems(x);
    if (s->in < 1 || n % s->in != 0)
        return th_inst_error(c, "input of %lld elements is no multiple of the weights' %lld "
                                "columns",
                             (long long)n, (long long)s->in);
    s->rows = n / s->in;
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    struct shape s;
    TH_TRY(shape_of(c, &s));
    const struct th_type *x = c->in[0];
    if (!th_inst_int(c, "keep_dims"))
        return th_set_shape(c, 0, 2, (const int64_t[]){s.rows, s.out});
    if (x->rank < 1 || x->dims[x->rank - 1] != s.in)
        return th_inst_error(c, "last dimension of the input is %lld, weights have %lld columns",
                             x->rank < 1 ? 1LL : (long long)x->dims[x->rank - 1],
                             (long long)s.in);
    int64_t dims[TH_MAX_RANK];
    memcpy(dims, x->dims, sizeof(dims));
    dims[x->rank - 1] = s.out;
    return th_set_shape(c, 0, x->rank, dims);
}

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(th_check_forms(c, 0));
    return th_check_bias(c, 2, c->in[1]->dims[0]);
}

static enum th_status eval_float(const struct th_inst *c, struct th_eval *e,
                                 const struct shape *s)
{
    const float lo = (float)th_inst_float(c, "act_min"), hi = (float)th_inst_float(c, "act_max");
    const float *x = th_floats(e->in[0]), *w = th_floats_wide(e->arena, e->in[1]);
    const float *b = th_floats(th_operand(c, e, 2));
    float *y = e->out[0]->data;
    if (!w)
        return th_out_of_memory(c);
    for (int64_t r = 0; r < s->rows; r++)
        for (int64_t o = 0; o < s->out; o++) {
            float total = 0;
            for (int64_t i = 0; i < s->in; i++) {
                const float product = x[r * s->in + i] * w[o * s->in + i];
                total += product;
            }
            *y++ = th_clampf(b ? total + b[o] : total, lo, hi);
        }
    return TH_OK;
}

static int64_t dot(const int32_t *x, const int32_t *w, int64_t n)
{
    int64_t acc = 0;
    for (int64_t i = 0; i < n; i++)
        acc += (int64_t)x[i] * w[i];
    return acc;
}

/* The bias comes first, then the scaled accumulator; an input that is zero throughout leaves the
 * bias alone. */
static enum th_status eval_hybrid(const struct th_inst *c, struct th_eval *e,
                                  const struct shape *s, const int32_t *w)
{
    const float lo = (float)th_inst_float(c, "act_min"), hi = (float)th_inst_float(c, "act_max");
    const float *x = th_floats(e->in[0]), *b = th_floats(th_operand(c, e, 2));
    const struct th_quant *wq = c->in[1]->quant;
    const bool asymmetric = th_inst_int(c, "asymmetric_inputs");
    float *y = e->out[0]->data;
    int32_t *q = TH_NEW_ARRAY(e->arena, int32_t, (size_t)s->in);
    if (!q)
        return th_out_of_memory(c);
    const bool zero_input = th_all_zero(x, s->rows * s->in);
    for (int64_t r = 0; r < s->rows; r++) {
        float scale;
        int32_t zero = 0;
        if (asymmetric)
            th_quantize_asymmetric(x + r * s->in, s->in, q, &scale, &zero);
        else
            th_quantize_symmetric(x + r * s->in, s->in, q, &scale);
        for (int64_t i = 0; i < s->in; i++)
            q[i] -= zero;
        for (int64_t o = 0; o < s->out; o++) {
            const float both = scale * th_quant_scale(wq, (uint32_t)o);
            const float product = (float)(int32_t)dot(q, w + o * s->in, s->in) * both;
            const float start = b ? b[o] : 0;
            *y++ = th_clampf(zero_input ? start : start + product, lo, hi);
        }
    }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct shape s;
    TH_TRY(shape_of(c, &s));
    if (th_dtype_is_float(c->in[1]->dtype))
        return eval_float(c, e, &s);
    const int32_t *w = th_ints_centred(e->arena, e->in[1]);
    if (!w)
        return th_out_of_memory(c);
    if (th_is_hybrid(c))
        return eval_hybrid(c, e, &s, w);
    const int32_t *x = th_ints_centred(e->arena, e->in[0]);
    const struct th_tensor *bias = th_operand(c, e, 2);
    const int64_t *b = bias ? th_ints_wide(e->arena, bias) : NULL;
    if (!x || (bias && !b))
        return th_out_of_memory(c);
    struct th_rescale r;
    const struct th_quant *wq = c->in[1]->quant;
    TH_TRY(th_rescale_init(c, e->arena, c->in[0]->quant, wq, &c->out[0],
                           wq && wq->n > 1 ? TH_PRODUCT_DOUBLE : TH_PRODUCT_FLOAT,
                           th_is_wide(c, 2), &r));
    int64_t at = 0;
    for (int64_t row = 0; row < s.rows; row++)
        for (int64_t o = 0; o < s.out; o++) {
            const uint64_t acc = (uint64_t)dot(x + row * s.in, w + o * s.in, s.in);
            const int64_t sum = (int64_t)(acc + (b ? (uint64_t)b[o] : 0));
            th_tensor_set_int(e->out[0], at++, th_rescale_apply(&r, sum, (uint32_t)o));
        }
    return TH_OK;
}

static bool quant(const struct th_inst *c, struct th_quant_rule *rule)
{
    (void)c;
    *rule = (struct th_quant_rule){.weight_port = 1, .weight_axis = 0, .bias_port = 2,
                                   .weight_in_axis = 1};
    return true;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const int last = y->rank - 1;
    memset(w, 0, sizeof(*w));
    if (i == 0) {
        /* Rows keep their place only if they are the leading dimensions of both. */
        if (x->rank != y->rank || x->dims[last] != c->in[1]->dims[1])
            return false;
        if (th_is_hybrid(c))
            return false;
        for (int a = 0; a < last; a++)
            th_window_same(w, a, out->lo[a], out->hi[a]);
        th_window_full(w, last, x->dims[last]);
        return true;
    }
    if (i == 2) {
        th_window_bias(c, i, out->lo[last], out->hi[last], w);
        return true;
    }
    th_window_same(w, 0, out->lo[last], out->hi[last]);
    th_window_full(w, 1, c->in[1]->dims[1]);
    return true;
}

static bool reduce(const struct th_inst *c, struct th_type *accumulator)
{
    *accumulator = c->out[0];
    accumulator->quant = NULL;
    accumulator->dtype = c->in[0]->dtype == TH_DT_F32 ? TH_DT_F32
                         : th_is_wide(c, 2)           ? TH_DT_S64
                                                      : TH_DT_S32;
    return !th_is_hybrid(c);
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = th_type_elems(&c->out[0]) * c->in[1]->dims[1];
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

const struct th_op th_op_fully_connected = {
    .struct_size = sizeof(struct th_op),
    .name = "fully_connected",
    .summary = "dense layer: weights times input rows, bias and fused activation",
    .doc =
        "y[r,o] = act(b[o] + sum of w[o,i] * x[r,i]).\n\n"
        "Integer forms: acc = sum (w - zero_w)(x - zero_x) + b, rescaled by s_x*s_w/s_y. With "
        "per-tensor weights s_x*s_w is multiplied in float before the division in double; with "
        "per-channel weights all is double. s16 activations accumulate in 64 bits unless the bias "
        "is s32. Contract onnx rescales in float and rounds half to even.\n\n"
        "Hybrid form: each row is quantized to s8, symmetrically or (asymmetric_inputs) with a "
        "zero point; y = b + acc * (s_row * s_w).\n\n"
        "Weights of f16 are widened to f32 first.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = window,
    .reduce = reduce,
    .cost = cost,
};
