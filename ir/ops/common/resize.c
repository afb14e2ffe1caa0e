/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/resize.h"

#include <string.h>

const struct th_attr_spec th_resize_attrs[] = {
    {"size", TH_ATTR_INTS, true, 2, 2, 1, 1 << 20, 1, 0, NULL, NULL,
     "height and width of the output"},
    {"align_corners", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "corner pixels of input and output lie on each other"},
    {"half_pixel", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "pixels have their values at their centres"},
    TH_ATTR_END,
};

void th_resize_of(const struct th_inst *c, struct th_resize *r)
{
    const int64_t *d = c->in[0]->dims;
    *r = (struct th_resize){
        .n = d[0], .in_h = d[1], .in_w = d[2], .channels = d[3],
        .out_h = th_inst_ints(c, "size", 0), .out_w = th_inst_ints(c, "size", 1),
        .align_corners = th_inst_int(c, "align_corners"),
        .half_pixel = th_inst_int(c, "half_pixel"),
    };
}

enum th_status th_resize_infer(struct th_inst *c)
{
    struct th_resize r;
    TH_TRY(th_need_rank(c, 0, 4));
    th_resize_of(c, &r);
    if (r.in_h < 1 || r.in_w < 1)
        return th_inst_error(c, "an input of %lldx%lld cannot be resized", (long long)r.in_h,
                             (long long)r.in_w);
    const int64_t dims[4] = {r.n, r.out_h, r.out_w, r.channels};
    return th_set_shape(c, 0, 4, dims);
}

enum th_status th_resize_verify(const struct th_inst *c)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    if (x->dtype != y->dtype)
        return th_inst_error(c, "output is %s, input is %s", th_dtype_name(y->dtype),
                             th_dtype_name(x->dtype));
    if (th_is_quantized(x) && !th_quant_equal(x->quant, y->quant))
        return th_inst_error(c, "input and output must have the same scale and zero point, they "
                                "have %g and %lld, %g and %lld",
                             (double)th_quant_scale(x->quant, 0),
                             (long long)th_quant_zero(x->quant, 0),
                             (double)th_quant_scale(y->quant, 0),
                             (long long)th_quant_zero(y->quant, 0));
    return TH_OK;
}

bool th_resize_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                      struct th_window *w, th_resize_span *span)
{
    struct th_resize r;
    if (i != 0)
        return false;
    th_resize_of(c, &r);
    memset(w, 0, sizeof(*w));
    th_window_same(w, 0, out->lo[0], out->hi[0]);
    th_window_same(w, 3, out->lo[3], out->hi[3]);
    for (int a = 1; a < 3; a++) {
        const int64_t in = a == 1 ? r.in_h : r.in_w, size = a == 1 ? r.out_h : r.out_w;
        int64_t first = 0, last = -1, unused;
        if (out->hi[a] > out->lo[a]) {
            span(c, out->lo[a], in, size, &first, &unused);
            span(c, out->hi[a] - 1, in, size, &unused, &last);
        }
        th_window_same(w, a, first, last + 1);
    }
    return true;
}
