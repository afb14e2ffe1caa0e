/* SPDX-License-Identifier: Apache-2.0 */
/* signal_overlap_add: overlapping frames become a stream; unfinished sums are a variable. */
#include "plugins/signal/signal.h"

enum { X, STATE };

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[X];
    int64_t dims[TH_MAX_RANK];
    if (x->rank < 2)
        return th_inst_error(c, "the input has no frames");
    for (int32_t i = 0; i + 2 < x->rank; i++)
        dims[i] = x->dims[i];
    if (!th_mul_i64(x->dims[x->rank - 2], th_inst_int(c, "frame_step"), &dims[x->rank - 2]))
        return th_inst_error(c, "the output is too large");
    signal_set(c, 0, x->dtype, x->rank - 1, dims);
    signal_set(c, 1, x->dtype, c->in[STATE]->rank, c->in[STATE]->dims);
    return TH_OK;
}

static int64_t streams(const struct th_type *x)
{
    int64_t n = 1;
    for (int32_t i = 0; i + 2 < x->rank; i++)
        n *= x->dims[i];
    return n;
}

static enum th_status verify(const struct th_inst *c)
{
    const struct th_type *x = c->in[X], *s = c->in[STATE];
    const int64_t size = signal_inner(x), step = th_inst_int(c, "frame_step");
    if (step > size)
        return th_inst_error(c, "frames of %lld samples every %lld do not overlap",
                             (long long)size, (long long)step);
    if (s->dtype != x->dtype || s->rank != 2 || s->dims[0] != streams(x) || s->dims[1] != size)
        return th_inst_error(c, "the variable does not hold %lld frames of %lld samples",
                             (long long)streams(x), (long long)size);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[X];
    const int64_t size = signal_inner(x), step = th_inst_int(c, "frame_step");
    const int64_t frames = x->dims[x->rank - 2];
    const bool real = x->dtype == TH_DT_F32;
    struct th_tensor *sum = e->out[1];
    for (int64_t i = 0; i < th_type_elems(&sum->type); i++)
        real ? th_tensor_set_real(sum, i, th_tensor_real(e->in[STATE], i))
             : th_tensor_set_int(sum, i, th_tensor_int(e->in[STATE], i));
    for (int64_t f = 0; f < streams(x) * frames; f++) {
        const int64_t at = f / frames * size;
        for (int64_t i = 0; i < size; i++)
            real ? th_tensor_set_real(sum, at + i, th_tensor_real(sum, at + i) +
                                                       th_tensor_real(e->in[X], f * size + i))
                 : th_tensor_set_int(sum, at + i, th_tensor_int(sum, at + i) +
                                                      th_tensor_int(e->in[X], f * size + i));
        for (int64_t i = 0; i < size; i++) {
            const bool more = i + step < size;
            if (real) {
                const double v = th_tensor_real(sum, at + i);
                if (i < step)
                    th_tensor_set_real(e->out[0], f * step + i, v);
                th_tensor_set_real(sum, at + i, more ? th_tensor_real(sum, at + i + step) : 0);
            } else {
                if (i < step)
                    th_tensor_set_int(e->out[0], f * step + i, th_tensor_int(sum, at + i));
                th_tensor_set_int(sum, at + i, more ? th_tensor_int(sum, at + i + step) : 0);
            }
        }
    }
    return TH_OK;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 1, .in = STATE};
    return max ? 1 : 0;
}

#define TYPES (TH_DT_BIT(TH_DT_S16) | TH_DT_BIT(TH_DT_F32))
static const struct th_port inputs[] = {
    {"x", TYPES, 0, "[..., frames, frame size]"},
    {"sums", TYPES, TH_PORT_STATE, "[streams, frame size]: unfinished sums"}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TYPES, 0, "[..., frames * frame_step]"},
    {"sums", TYPES, TH_PORT_STATE, "unfinished sums now"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("frame_step", 1, 1 << 24, "samples between starts of frames"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_overlap_add",
    .summary = "overlapping frames added into a stream",
    .doc = "Each frame is added to the sums (saturating); the first frame_step sums leave and "
           "zeros follow the others.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .alias = alias,
};

static enum th_status import(struct th_import *im)
{
    struct th_attr a = {.name = "frame_step", .kind = TH_ATTR_INT};
    TH_TRY(signal_need_ports(im, 1, 1));
    TH_TRY(signal_option(im, "frame_step", &a.v.i));
    const struct th_type *x = th_value_type(im->graph, im->in[0]);
    if (x->rank < 2)
        return th_import_error(im, "the input has no frames");
    const struct th_type type =
        th_type_make(x->dtype, 2, (int64_t[]){streams(x), signal_inner(x)});
    th_value in[2] = {im->in[0], 0}, out[2];
    th_state state;
    TH_TRY(signal_read_state(im, "sums", &type, &state, &in[STATE]));
    TH_TRY(signal_node(im, op.name, in, 2, &a, 1, out, 2));
    im->out[0] = out[0];
    return signal_write_state(im, state, out[1]);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    const struct th_type *x = q->inst->in[X];
    const bool real = x->dtype == TH_DT_F32;
    th_call_int(c, streams(x));
    th_call_int(c, x->dims[x->rank - 2]);
    th_call_int(c, signal_inner(x));
    th_call_int(c, signal_attr(q, "frame_step"));
    th_call_input(c, X, real ? "const float" : "const int16_t");
    th_call_input(c, STATE, real ? "const float" : "const int16_t");
    th_call_output(c, 0, real ? "float" : "int16_t");
    th_call_output(c, 1, real ? "float" : "int16_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 4, k);
    k->cycles += 8.0 * (double)signal_elems(q, X);
}

static const struct th_importer importer = {"tflite", "SignalOverlapAdd", import};
#define ROW(t)                                                                                   \
    {.op = "signal_overlap_add", .types = #t "," #t ">" #t "," #t,                               \
     .symbol = "thk_signal_overlap_add_" #t "__c99",                                             \
     .source = "signal/thk_signal_overlap_add_" #t "__c99.c", .order = TH_ORDER_ELEMENT,         \
     .refuse = signal_whole, .bind = bind, .cost = cost}
static const struct th_kernel rows[] = {ROW(s16), ROW(f32)};
const struct signal_op signal_overlap_add = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
