/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/rows/floats.h"

#include <string.h>

static bool is(const struct th_query *q, const char *op)
{
    return strcmp(q->inst->op->name, op) == 0;
}

static const char *constant(const struct th_query *q)
{
    if (!th_row_const(q, 1) || (th_row_has(q, 2) && !th_row_const(q, 2)))
        return "the weights are not constant";
    return th_type_elems(th_row_in(q, 1)) > 1 << 26 ? "the layer is too large" : NULL;
}

const char *th_row_floats_window(const struct th_query *q, int64_t lanes, struct th_row_window *w)
{
    const char *why = th_row_window(q, w);
    if (!why)
        why = constant(q);
    if (why)
        return why;
    if (w->box_c != 0 || w->box_n != w->out_c || w->out_c < 1 || w->in_c < 1)
        return "not all channels";
    if (is(q, "conv2d"))
        return w->groups != 1 ? "grouped channels" : NULL;
    if (w->in_c != w->out_c)
        return "more than one output for a channel";
    return w->in_c < lanes ? "too few channels" : NULL;
}

const char *th_row_floats_dense(const struct th_query *q, struct th_row_dense *d)
{
    const char *why = th_row_dense(q, d);
    return why ? why : d->in < 1 || d->out < 1 ? "an empty operand" : constant(q);
}

struct th_row_window th_row_floats_pixels(const struct th_row_dense *d)
{
    return (struct th_row_window){
        .batch = 1, .in_h = 1, .in_w = d->rows, .in_c = d->in, .out_h = 1, .out_w = d->rows,
        .out_c = d->out, .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1,
        .dilation_h = 1, .dilation_w = 1, .groups = 1, .act_lo = d->act_lo, .act_hi = d->act_hi,
        .in = {.pixel_pitch = d->in, .row_pitch = d->in * d->rows},
        .out = {.pixel_pitch = d->out, .row_pitch = d->out * d->rows},
        .box_h = 1, .box_w = d->rows, .box_n = d->out, .dense_in = true, .dense_out = true};
}

enum th_status th_row_floats_packed(const struct th_query *q, struct th_call *call, int64_t lanes,
                                    int64_t n, int64_t taps, int64_t c_step, int64_t t_step,
                                    bool overlap)
{
    const float *w = th_row_const(q, 1)->data;
    const float *bias = th_row_has(q, 2) ? th_row_const(q, 2)->data : NULL;
    const int64_t groups = (n + lanes - 1) / lanes;
    const size_t count = (size_t)(groups * lanes * (taps + 1));
    float *to = TH_NEW_ARRAY(th_call_arena(call), float, count), *at = to;
    if (!to)
        return TH_ERR_INTERNAL;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = overlap && (g + 1) * lanes > n ? n - lanes : g * lanes;
        for (int64_t t = -1; t < taps; t++)
            for (int64_t c = first; c < first + lanes; c++, at++)
                if (c < n)
                    *at = t >= 0 ? w[c * c_step + t * t_step] : bias ? bias[c] : 0;
    }
    th_call_data(call, "weights", TH_DT_F32, to, count, 4);
    return TH_OK;
}

enum th_status th_row_floats_call(const struct th_query *q, struct th_call *c,
                                  const struct th_row_window *w, int64_t lanes, int64_t zeros)
{
    const int64_t taps = w->kernel_h * w->kernel_w * w->in_c;
    th_row_call_window_f32(c, w);
    th_call_input(c, 0, "const float");
    TH_TRY(th_row_floats_packed(q, c, lanes, w->out_c, taps, taps, 1, false));
    th_call_output(c, 0, "float");
    th_call_scratch(c, (size_t)zeros * sizeof(float), sizeof(float), "float");
    th_row_call_batch(c, w);
    return TH_OK;
}
