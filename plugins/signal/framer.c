/* SPDX-License-Identifier: Apache-2.0 */
/* signal_framer: a stream becomes overlapping frames; what the next frame needs is a variable. */
#include "plugins/signal/signal.h"

enum { X, PAST, SEEN };

static enum th_status infer(struct th_inst *c)
{
    const int64_t size = th_inst_int(c, "frame_size"), step = th_inst_int(c, "frame_step");
    const struct th_type *x = c->in[X];
    int64_t dims[TH_MAX_RANK];
    if (x->rank < 1 || x->rank >= TH_MAX_RANK || signal_inner(x) % step != 0)
        return th_inst_error(c, "%lld samples are no multiple of the step %lld",
                             (long long)signal_inner(x), (long long)step);
    for (int32_t i = 0; i + 1 < x->rank; i++)
        dims[i] = x->dims[i];
    dims[x->rank - 1] = signal_inner(x) / step;
    dims[x->rank] = size;
    signal_set(c, 0, TH_DT_S16, x->rank + 1, dims);
    signal_set(c, 1, TH_DT_BOOL, 0, NULL);
    signal_set(c, 2, TH_DT_S16, c->in[PAST]->rank, c->in[PAST]->dims);
    signal_set(c, 3, TH_DT_S32, c->in[SEEN]->rank, c->in[SEEN]->dims);
    return TH_OK;
}

/* Samples that stay for the next frame. */
static int64_t past_of(int64_t size, int64_t step, bool prefill)
{
    return prefill ? size - step : (size + step - 1) / step * step - step;
}

static enum th_status verify(const struct th_inst *c)
{
    const int64_t size = th_inst_int(c, "frame_size"), step = th_inst_int(c, "frame_step");
    const struct th_type *p = c->in[PAST];
    const int64_t past = past_of(size, step, th_inst_int(c, "prefill") != 0);
    TH_TRY(signal_need_scalar(c, SEEN));
    if (step >= size)
        return th_inst_error(c, "frames of %lld samples every %lld do not overlap",
                             (long long)size, (long long)step);
    if (p->rank != 2 || p->dims[0] != signal_outer(c->in[X]) || p->dims[1] != past)
        return th_inst_error(c, "the variable does not hold %lld past samples of %lld streams",
                             (long long)past, (long long)signal_outer(c->in[X]));
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t size = th_inst_int(c, "frame_size"), step = th_inst_int(c, "frame_step");
    const int64_t length = signal_inner(c->in[X]), past = c->in[PAST]->dims[1];
    const int64_t frames = length / step;
    const int64_t seen = th_tensor_int(e->in[SEEN], 0);
    int16_t *all = TH_NEW_ARRAY(e->arena, int16_t, (size_t)(past + length));
    if (!all)
        return signal_no_memory(c);
    const int64_t needed = th_inst_int(c, "prefill") ? 0 : past / step;
    for (int64_t r = 0; r < signal_outer(c->in[X]); r++) {
        for (int64_t i = 0; i < past + length; i++)
            all[i] = (int16_t)(i < past ? th_tensor_int(e->in[PAST], r * past + i)
                                        : th_tensor_int(e->in[X], r * length + i - past));
        for (int64_t f = 0; f < frames; f++)
            for (int64_t i = 0; i < size; i++)
                th_tensor_set_int(e->out[0], (r * frames + f) * size + i,
                                  seen + f < needed ? 0 : all[f * step + i]);
        for (int64_t i = 0; i < past; i++)
            th_tensor_set_int(e->out[2], r * past + i, all[length + i]);
    }
    th_tensor_set_int(e->out[1], 0, seen >= needed);
    th_tensor_set_int(e->out[3], 0, seen + frames < needed ? seen + frames : needed);
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_S16), 0, "samples along the innermost axis"},
    {"past", TH_DT_BIT(TH_DT_S16), TH_PORT_STATE, "[streams, n]: samples of earlier calls"},
    {"seen", TH_DT_BIT(TH_DT_S32), 0, "[1]: steps seen, until the past is full"},
    SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"frames", TH_DT_BIT(TH_DT_S16), 0, "[..., samples / frame_step, frame_size]"},
    {"valid", TH_DT_BIT(TH_DT_BOOL), 0, "whether all frames are complete"},
    {"past", TH_DT_BIT(TH_DT_S16), TH_PORT_STATE, "samples of the next call's past"},
    {"seen", TH_DT_BIT(TH_DT_S32), 0, "steps seen now"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("frame_size", 1, 1 << 24, "samples of a frame"),
    SIGNAL_INT("frame_step", 1, 1 << 24, "samples between starts of frames"),
    SIGNAL_INT("prefill", 0, 1, "zeros stand before the first sample"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_framer",
    .summary = "overlapping frames of a stream",
    .doc = "With prefill the past begins as zeros and every frame ends with the newest step. "
           "Without, the past is frame_size rounded up to steps, less one step, and frames that "
           "begin before the stream are zeros and not valid.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};

/* Frames that do not overlap need no past: the stream is only cut. */
static enum th_status import_cut(struct th_import *im, int64_t step)
{
    const struct th_type *x = th_value_type(im->graph, im->in[0]);
    int64_t shape[TH_MAX_RANK];
    const bool yes = true;
    for (int32_t i = 0; i + 1 < x->rank; i++)
        shape[i] = x->dims[i];
    shape[x->rank - 1] = signal_inner(x) / step;
    shape[x->rank] = step;
    const struct th_attr a = {.name = "shape", .kind = TH_ATTR_INTS, .n = (uint32_t)x->rank + 1,
                              .v.ints = shape};
    const struct th_type flag = th_type_make(TH_DT_BOOL, 0, NULL);
    TH_TRY(signal_node(im, "reshape", im->in, 1, &a, 1, im->out, 1));
    im->out[1] = th_graph_const_copy(im->graph, NULL, &flag, &yes);
    return im->out[1] ? TH_OK : TH_ERR_INTERNAL;
}

static enum th_status import(struct th_import *im)
{
    struct th_attr a[3];
    TH_TRY(signal_need_ports(im, 1, 2));
    for (uint32_t i = 0; i < 3; i++) {
        a[i] = (struct th_attr){.name = attrs[i].name, .kind = TH_ATTR_INT};
        TH_TRY(signal_option(im, attrs[i].name, &a[i].v.i));
    }
    const struct th_type *x = th_value_type(im->graph, im->in[0]);
    const int64_t size = a[0].v.i, step = a[1].v.i;
    const bool prefill = a[2].v.i != 0;
    a[2].v.i = prefill;
    if (step < 1 || size < step || size > 1 << 24 || x->rank < 1 || x->rank >= TH_MAX_RANK ||
        signal_inner(x) % step != 0)
        return th_import_error(im, "frames of %lld samples every %lld out of %lld samples",
                               (long long)size, (long long)step, (long long)signal_inner(x));
    if (size == step)
        return import_cut(im, step);
    const struct th_type past = th_type_make(
        TH_DT_S16, 2, (int64_t[]){signal_outer(x), past_of(size, step, prefill)});
    const struct th_type seen = th_type_make(TH_DT_S32, 1, (int64_t[]){1});
    th_value in[3] = {im->in[0], 0, 0}, out[4];
    th_state s_past, s_seen = 0;
    TH_TRY(signal_read_state(im, "past", &past, &s_past, &in[PAST]));
    if (prefill)
        in[SEEN] = th_graph_const_ints(im->graph, TH_DT_S32, 1, (int64_t[]){1}, (int64_t[]){0});
    else
        TH_TRY(signal_read_state(im, "seen", &seen, &s_seen, &in[SEEN]));
    TH_TRY(signal_node(im, op.name, in, 3, a, 3, out, 4));
    im->out[0] = out[0];
    im->out[1] = out[1];
    if (s_seen)
        TH_TRY(signal_write_state(im, s_seen, out[3]));
    return signal_write_state(im, s_past, out[2]);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    const struct th_type *x = q->inst->in[X];
    const int64_t past = q->inst->in[PAST]->dims[1], step = signal_attr(q, "frame_step");
    th_call_struct_begin(c, "thk_signal_framer");
    th_call_field_int(c, "streams", signal_outer(x));
    th_call_field_int(c, "length", signal_inner(x));
    th_call_field_int(c, "size", signal_attr(q, "frame_size"));
    th_call_field_int(c, "step", step);
    th_call_field_int(c, "past", past);
    th_call_field_int(c, "needed", signal_attr(q, "prefill") ? 0 : past / step);
    th_call_struct_end(c);
    th_call_input(c, X, "const int16_t");
    th_call_input(c, PAST, "const int16_t");
    th_call_input(c, SEEN, "const int32_t");
    th_call_output(c, 0, "int16_t");
    th_call_output(c, 1, "uint8_t");
    th_call_output(c, 2, "int16_t");
    th_call_output(c, 3, "int32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 6, k);
}

static const struct th_importer importer = {"tflite", "SignalFramer", import};
static const struct th_kernel rows[] = {
    {.op = "signal_framer", .types = "s16,s16,s32>s16,bool,s16,s32",
     .symbol = "thk_signal_framer_s16__c99", .source = "signal/thk_signal_framer_s16__c99.c",
     .refuse = signal_whole, .bind = bind, .cost = cost},
};
const struct signal_op signal_framer = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
