/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const int64_t k = th_inst_int(c, "k");
    if (x->rank < 1 || k > x->dims[x->rank - 1])
        return th_inst_error(c, "the %lld largest of %lld elements", (long long)k,
                             (long long)(x->rank < 1 ? 1 : x->dims[x->rank - 1]));
    th_mv_like(c, x->rank, x->dims);
    c->out[0].dims[x->rank - 1] = k;
    c->out[1] = c->out[0];
    c->out[1].dtype = TH_DT_S32;
    c->out[1].quant = NULL;
    return TH_OK;
}

/* Whether a comes before b. */
static bool above(const struct th_tensor *x, int64_t a, int64_t b, bool largest)
{
    if (th_dtype_is_float(x->type.dtype)) {
        const double va = th_tensor_real(x, a), vb = th_tensor_real(x, b);
        return largest ? va > vb : va < vb;
    }
    if (x->type.dtype == TH_DT_U64) {
        const uint64_t va = ((const uint64_t *)x->data)[a], vb = ((const uint64_t *)x->data)[b];
        return largest ? va > vb : va < vb;
    }
    const int64_t va = th_tensor_int(x, a), vb = th_tensor_int(x, b);
    return largest ? va > vb : va < vb;
}

/* Insertion into the sorted list found so far: equal elements keep their order. */
static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0];
    const int64_t n = x->dims[x->rank - 1], k = th_inst_int(c, "k");
    const int64_t rows = n > 0 ? th_type_elems(x) / n : 0;
    const bool largest = th_inst_int(c, "largest");
    int32_t *found = e->out[1]->data;
    for (int64_t r = 0; k > 0 && r < rows; r++) {
        int32_t *best = found + r * k;
        int64_t held = 0;
        for (int64_t i = 0; i < n; i++) {
            int64_t at = held < k ? held : k;
            while (at > 0 && above(e->in[0], r * n + i, r * n + best[at - 1], largest))
                at--;
            if (at == k)
                continue;
            held += held < k;
            for (int64_t m = held - 1; m > at; m--)
                best[m] = best[m - 1];
            best[at] = (int32_t)i;
        }
        for (int64_t i = 0; i < k; i++)
            th_mv_copy(e->out[0], r * k + i, e->in[0], r * n + best[i]);
    }
    return TH_OK;
}

static const struct th_port inputs[] = {{"x", TH_EW_NUMBER, 0, "operand"}, {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{"values", TH_EW_NUMBER, 0, "best first"},
                                         {"indices", TH_DT_BIT(TH_DT_S32), 0, "their places"},
                                         {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "k", .kind = TH_ATTR_INT, .required = true,
                                             .min = 0, .max = 1e9, .doc = "how many"},
                                            {.name = "largest", .kind = TH_ATTR_BOOL, .max = 1,
                                             .def_i = 1, .doc = "the largest, not the smallest"},
                                            TH_MV_END};

extern const struct th_op th_op_top_k;
const struct th_op th_op_top_k = {
    .struct_size = sizeof(struct th_op),
    .name = "top_k",
    .summary = "the k largest or smallest along the last axis",
    .doc = "Values and their indices, largest (or smallest) first; of equal ones the lower index "
           "first.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
    .quant = th_same_quant,
};
