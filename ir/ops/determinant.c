/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "square matrices [..., n, n]"}, {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "their determinants [...]"}, {NULL, 0, 0, NULL}};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    if (x->rank < 2 || x->dims[x->rank - 1] != x->dims[x->rank - 2])
        return th_inst_error(c, "the last two dimensions are not those of a square matrix");
    return th_set_shape(c, 0, x->rank - 2, x->dims);
}

/* Elimination with the largest pivot of each column. */
static float determinant(float *m, int64_t n)
{
    float d = 1;
    for (int64_t k = 0; k < n; k++) {
        int64_t pivot = k;
        for (int64_t i = k + 1; i < n; i++)
            if (fabsf(m[i * n + k]) > fabsf(m[pivot * n + k]))
                pivot = i;
        if (m[pivot * n + k] == 0)
            return 0;
        if (pivot != k)
            d = -d;
        for (int64_t j = 0; j < n && pivot != k; j++) {
            const float v = m[k * n + j];
            m[k * n + j] = m[pivot * n + j];
            m[pivot * n + j] = v;
        }
        d *= m[k * n + k];
        for (int64_t i = k + 1; i < n; i++) {
            const float f = m[i * n + k] / m[k * n + k];
            for (int64_t j = k; j < n; j++)
                m[i * n + j] -= f * m[k * n + j];
        }
    }
    return d;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = c->in[0]->dims[c->in[0]->rank - 1];
    float *m = TH_NEW_ARRAY(e->arena, float, (size_t)(n * n) + 1);
    if (!m)
        return th_out_of_memory(c);
    for (int64_t i = 0; i < th_type_elems(&c->out[0]); i++) {
        memcpy(m, th_floats(e->in[0]) + i * n * n, (size_t)(n * n) * sizeof *m);
        ((float *)e->out[0]->data)[i] = determinant(m, n);
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = th_type_elems(c->in[0]) * c->in[0]->dims[c->in[0]->rank - 1] / 3;
    k->ops = th_type_elems(c->in[0]);
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_determinant;
const struct th_op th_op_determinant = {
    .struct_size = sizeof(struct th_op),
    .name = "determinant",
    .summary = "determinants of square matrices",
    .doc = "By elimination with the largest pivot of each column, in float32.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .cost = cost,
};
