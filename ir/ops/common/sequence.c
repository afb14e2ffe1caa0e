/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/sequence_int.h"

#include <math.h>
#include <string.h>

const char *const th_sequence_activations[] = {
    "sigmoid", "tanh", "relu", "affine", "leaky_relu", "thresholded_relu", "scaled_tanh",
    "hard_sigmoid", "elu", "softsign", "softplus", NULL};

static float parameter(const struct th_inst *c, const char *name, int which)
{
    const struct th_attr *a = th_attr_find(c->attrs, name);
    return a != NULL && (uint32_t)which < a->n ? (float)a->v.floats[which] : 0.0f;
}

float th_sequence_act(const struct th_inst *c, int which, float v)
{
    static const char *const names[] = {"f", "g", "h"};
    const float a = parameter(c, "alpha", which), b = parameter(c, "beta", which);
    const float clip = (float)th_inst_float(c, "clip");
    v = th_clampf(v, -clip, clip);
    switch (th_inst_int(c, names[which])) {
    case 0: return 1.0f / (1.0f + expf(-v));
    case 1: return tanhf(v);
    case 2: return v > 0 ? v : 0;
    case 3: return a * v + b;
    case 4: return v < 0 ? a * v : v;
    case 5: return v > a ? v : 0;
    case 6: return a * tanhf(b * v);
    case 7: return th_clampf(a * v + b, 0, 1);
    case 8: return v < 0 ? a * (expf(v) - 1) : v;
    case 9: return v / (1 + fabsf(v));
    default: return (v > 0 ? v : 0) + log1pf(expf(-fabsf(v)));
    }
}

static enum th_status need(const struct th_inst *c, uint32_t i, const char *what, int64_t elems)
{
    const struct th_type *t = th_operand_type(c, i);
    if (t != NULL && th_type_elems(t) != elems)
        return th_inst_error(c, "%s has %lld elements, expected %lld", what,
                             (long long)th_type_elems(t), (long long)elems);
    return TH_OK;
}

enum th_status th_sequence_infer(struct th_inst *c, int64_t gates, uint32_t states)
{
    const struct th_type *x = c->in[TH_SEQUENCE_X], *r = c->in[TH_SEQUENCE_R];
    TH_TRY(th_need_rank(c, TH_SEQUENCE_X, 3));
    TH_TRY(th_need_rank(c, TH_SEQUENCE_W, 2));
    TH_TRY(th_need_rank(c, TH_SEQUENCE_R, 2));
    const int64_t hidden = r->dims[1], batch = x->dims[1];
    if (r->dims[0] != gates * hidden || c->in[TH_SEQUENCE_W]->dims[0] != gates * hidden ||
        c->in[TH_SEQUENCE_W]->dims[1] != x->dims[2])
        return th_inst_error(c, "weights do not fit %lld gates of %lld over %lld inputs",
                             (long long)gates, (long long)hidden, (long long)x->dims[2]);
    TH_TRY(need(c, TH_SEQUENCE_B, "bias", 2 * gates * hidden));
    TH_TRY(need(c, TH_SEQUENCE_LENGTHS, "list of lengths", batch));
    TH_TRY(need(c, TH_SEQUENCE_H, "state", batch * hidden));
    if (states > 1) {
        TH_TRY(need(c, TH_SEQUENCE_C, "cell", batch * hidden));
        TH_TRY(need(c, TH_SEQUENCE_P, "list of peepholes", 3 * hidden));
    }
    const int64_t all[3] = {x->dims[0], batch, hidden};
    TH_TRY(th_sequence_types(c));
    TH_TRY(th_set_shape(c, 0, 3, all));
    for (uint32_t i = 1; i <= states; i++)
        TH_TRY(th_set_shape(c, i, 2, all + 1));
    return TH_OK;
}

/* out = m v + bias, rows of n. */
static void affine(const float *m, const float *v, const float *bias, int64_t rows, int64_t n,
                   float *out)
{
    for (int64_t k = 0; k < rows; k++) {
        float sum = bias ? bias[k] : 0;
        for (int64_t i = 0; i < n; i++)
            sum += m[k * n + i] * v[i];
        out[k] = sum;
    }
}

static void start(const struct th_tensor *from, struct th_tensor *to)
{
    if (from != NULL)
        memcpy(to->data, from->data, (size_t)th_type_size(&to->type));
}

enum th_status th_sequence_eval(const struct th_inst *c, struct th_eval *e, int64_t gates,
                                th_sequence_step *step)
{
    const struct th_type *x = c->in[TH_SEQUENCE_X];
    const int64_t steps = x->dims[0], batch = x->dims[1], inputs = x->dims[2];
    const int64_t hidden = c->in[TH_SEQUENCE_R]->dims[1], rows = gates * hidden;
    const float *b = th_floats(th_operand(c, e, TH_SEQUENCE_B));
    const struct th_tensor *lengths = th_operand(c, e, TH_SEQUENCE_LENGTHS);
    float *y = e->out[0]->data;
    struct th_sequence s = {.c = c, .hidden = hidden, .gates = gates,
                            .r = th_floats(e->in[TH_SEQUENCE_R]), .rb = b ? b + rows : NULL,
                            .p = th_floats(th_operand(c, e, TH_SEQUENCE_P)),
                            .xs = TH_NEW_ARRAY(e->arena, float, (size_t)rows + 1),
                            .hs = TH_NEW_ARRAY(e->arena, float, (size_t)rows + 1)};
    if (!s.xs || !s.hs)
        return th_out_of_memory(c);
    start(th_operand(c, e, TH_SEQUENCE_H), e->out[1]);
    if (c->n_out > 2)
        start(th_operand(c, e, TH_SEQUENCE_C), e->out[2]);
    for (int64_t n = 0; n < batch; n++) {
        const int64_t len = lengths ? th_clamp_i64(th_tensor_int(lengths, n), 0, steps) : steps;
        s.h = (float *)e->out[1]->data + n * hidden;
        s.cell = c->n_out > 2 ? (float *)e->out[2]->data + n * hidden : NULL;
        for (int64_t k = 0; k < len; k++) {
            const int64_t t = th_inst_int(c, "reverse") ? len - 1 - k : k;
            affine(th_floats(e->in[TH_SEQUENCE_W]),
                   th_floats(e->in[TH_SEQUENCE_X]) + (t * batch + n) * inputs, b, rows, inputs,
                   s.xs);
            affine(s.r, s.h, s.rb, rows, hidden, s.hs);
            step(&s);
            memcpy(y + (t * batch + n) * hidden, s.h, (size_t)hidden * sizeof(float));
        }
    }
    return TH_OK;
}

void th_sequence_cost(const struct th_inst *c, struct th_cost *k)
{
    const struct th_type *x = c->in[TH_SEQUENCE_X];
    k->macs = x->dims[0] * x->dims[1] *
              (th_type_elems(c->in[TH_SEQUENCE_W]) + th_type_elems(c->in[TH_SEQUENCE_R]));
    k->ops = 20 * th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}
