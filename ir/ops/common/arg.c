/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/arg.h"

#include <math.h>

const struct th_port th_arg_in[] = {
    {"x", TH_EW_NUMBER | TH_EW_BOOL, 0, "operand"}, {NULL, 0, 0, NULL}};
const struct th_port th_arg_out[] = {
    {"y", TH_DT_INDEX, TH_PORT_DECLARED, "indices, the axis left out"}, {NULL, 0, 0, NULL}};
const struct th_attr_spec th_arg_attrs[] = {{.name = "axis", .kind = TH_ATTR_INT,
                                             .required = true, .min = -TH_MAX_RANK,
                                             .max = TH_MAX_RANK - 1,
                                             .doc = "axis that is searched"},
                                            {.name = "last", .kind = TH_ATTR_BOOL, .max = 1,
                                             .doc = "of equal ones the last, not the first"},
                                            TH_MV_END};

enum th_status th_arg_infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    struct th_type *y = &c->out[0];
    int32_t axis;
    if (!th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    if (x->dims[axis] == 0)
        return th_inst_error(c, "axis %d has no elements", axis);
    if (y->dtype == TH_DT_NONE)
        y->dtype = TH_DT_S32;
    y->quant = NULL;
    y->rank = 0;
    for (int32_t i = 0; i < x->rank; i++)
        if (i != axis)
            y->dims[y->rank++] = x->dims[i];
    return TH_OK;
}

/* The first (or last) of equal ones stays; anything is better than not a number. */
static bool better(const struct th_tensor *x, int64_t a, int64_t b, bool largest, bool last)
{
    if (th_dtype_is_float(x->type.dtype)) {
        const double va = th_tensor_real(x, a), vb = th_tensor_real(x, b);
        return !isnan(va) && (isnan(vb) || (last && va == vb) || (largest ? va > vb : va < vb));
    }
    if (x->type.dtype == TH_DT_U64) {
        const uint64_t va = ((const uint64_t *)x->data)[a], vb = ((const uint64_t *)x->data)[b];
        return (last && va == vb) || (largest ? va > vb : va < vb);
    }
    const int64_t va = th_tensor_int(x, a), vb = th_tensor_int(x, b);
    return (last && va == vb) || (largest ? va > vb : va < vb);
}

enum th_status th_arg_eval(const struct th_inst *c, struct th_eval *e, bool largest)
{
    const struct th_type *x = c->in[0];
    int32_t axis = 0;
    int64_t outer = 1, inner = 1;
    const bool last = th_inst_int(c, "last");
    th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis);
    for (int32_t i = 0; i < x->rank; i++) {
        outer *= i < axis ? x->dims[i] : 1;
        inner *= i > axis ? x->dims[i] : 1;
    }
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++) {
            const int64_t base = o * x->dims[axis] * inner + i;
            int64_t best = 0;
            for (int64_t k = 1; k < x->dims[axis]; k++)
                if (better(e->in[0], base + k * inner, base + best * inner, largest,
                           last))
                    best = k;
            th_tensor_set_int(e->out[0], o * inner + i, best);
        }
    return TH_OK;
}
