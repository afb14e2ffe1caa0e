/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/rows.h"

#include <math.h>
#include <string.h>

enum th_status th_rows_infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    if (x->rank < 1)
        return th_inst_error(c, "a scalar has no last axis");
    return th_set_shape(c, 0, x->rank, x->dims);
}

enum th_status th_rows_verify_fixed(const struct th_inst *c, float scale, int64_t zero)
{
    const enum th_dtype x = c->in[0]->dtype;
    const struct th_quant *q = c->out[0].quant;
    if (c->out[0].dtype != x)
        return th_inst_error(c, "input is %s, output is %s", th_dtype_name(x),
                             th_dtype_name(c->out[0].dtype));
    if (x == TH_DT_F32)
        return TH_OK;
    TH_TRY(th_check_contract(c, false));
    TH_TRY(th_need_quant(c, c->in[0], "input"));
    TH_TRY(th_need_quant(c, &c->out[0], "output"));
    if (th_quant_scale(q, 0) != scale || th_quant_zero(q, 0) != zero)
        return th_inst_error(c, "output has scale %g and zero point %lld, expected %g and %lld",
                             (double)th_quant_scale(q, 0), (long long)th_quant_zero(q, 0),
                             (double)scale, (long long)zero);
    return TH_OK;
}

void th_rows_size(const struct th_inst *c, int64_t *rows, int64_t *depth)
{
    const struct th_type *x = c->in[0];
    *depth = x->dims[x->rank - 1];
    *rows = *depth ? th_type_elems(x) / *depth : 0;
}

bool th_rows_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                    struct th_window *w)
{
    const struct th_type *x = c->in[0];
    if (i != 0 || x->rank < 1)
        return false;
    memset(w, 0, sizeof(*w));
    for (int a = 0; a < x->rank - 1; a++)
        th_window_same(w, a, out->lo[a], out->hi[a]);
    th_window_full(w, x->rank - 1, x->dims[x->rank - 1]);
    return true;
}

bool th_softmax_scale(double beta, double in_scale, bool single_rounding,
                      struct th_softmax_scale *s)
{
    const double limit = single_rounding ? 1073741823.0 : 2147483647.0;
    const double real = beta * in_scale * (1 << 26);
    const double capped = real < limit ? real : limit;
    if (!(capped > 1))
        return false;
    s->q = th_quantize_multiplier(capped, single_rounding);
    const double radius = 31.0 * (1 << 26) / (double)((int64_t)1 << s->q.s);
    s->diff_min = -(int32_t)floor(radius);
    return true;
}
