/* SPDX-License-Identifier: Apache-2.0 */
/* signal_stacker: frames with their neighbours; frames of earlier calls are a variable. */
#include "plugins/signal/signal.h"

enum { X, KEPT, COUNT };

static int64_t depth_of(const struct th_inst *c)
{
    return th_inst_int(c, "stacker_left_context") + th_inst_int(c, "stacker_right_context") + 1;
}

static enum th_status infer(struct th_inst *c)
{
    const int64_t n = depth_of(c) * th_inst_int(c, "num_channels");
    signal_set(c, 0, TH_DT_S16, 1, &n);
    signal_set(c, 1, TH_DT_BOOL, 0, NULL);
    signal_set(c, 2, TH_DT_S16, 1, &n);
    signal_set(c, 3, TH_DT_S32, c->in[COUNT]->rank, c->in[COUNT]->dims);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const int64_t channels = th_inst_int(c, "num_channels");
    TH_TRY(signal_need_vector(c, X, channels));
    TH_TRY(signal_need_vector(c, KEPT, depth_of(c) * channels));
    TH_TRY(signal_need_scalar(c, COUNT));
    if (th_inst_int(c, "stacker_step") > depth_of(c))
        return th_inst_error(c, "a step of %lld frames is longer than a stack of %lld",
                             (long long)th_inst_int(c, "stacker_step"), (long long)depth_of(c));
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = th_inst_int(c, "num_channels"), depth = depth_of(c);
    const int64_t step = th_inst_int(c, "stacker_step");
    const int16_t *x = e->in[X]->data, *old = e->in[KEPT]->data;
    int16_t *y = e->out[0]->data, *kept = e->out[2]->data;
    const int64_t count = th_tensor_int(e->in[COUNT], 0);
    /* the first frame also stands for those before it */
    int64_t have = count ? count - 1 : 0, copies = 1;
    if (!count)
        copies += th_inst_int(c, "stacker_left_context");
    for (int64_t i = 0; i < depth * n; i++)
        kept[i] = i < have * n ? old[i] : i < (have + copies) * n ? x[i % n] : 0;
    have += copies;
    const bool full = have >= depth;
    for (int64_t i = 0; full && i < depth * n; i++)
        y[i] = kept[i];
    if (full) {
        for (int64_t i = 0; i < depth * n; i++)
            kept[i] = i < (depth - step) * n ? kept[i + step * n] : 0;
        have -= step;
    }
    th_tensor_set_int(e->out[1], 0, full);
    th_tensor_set_int(e->out[3], 0, have + 1);
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_S16), 0, "one frame of channels"},
    {"kept", TH_DT_BIT(TH_DT_S16), TH_PORT_STATE, "frames of earlier calls, then zeros"},
    {"count", TH_DT_BIT(TH_DT_S32), TH_PORT_STATE, "[1]: 0 at first, then frames kept + 1"},
    SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S16), 0, "left context, frame and right context"},
    {"valid", TH_DT_BIT(TH_DT_BOOL), 0, "whether y is complete"},
    {"kept", TH_DT_BIT(TH_DT_S16), TH_PORT_STATE, "frames for the next call"},
    {"count", TH_DT_BIT(TH_DT_S32), TH_PORT_STATE, "their number + 1"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("num_channels", 1, 1 << 16, "channels of a frame"),
    SIGNAL_INT("stacker_left_context", 0, 4096, "frames before"),
    SIGNAL_INT("stacker_right_context", 0, 4096, "frames behind"),
    SIGNAL_INT("stacker_step", 1, 8193, "frames between stacks"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_stacker",
    .summary = "frames stacked with their neighbours",
    .doc = "y is valid when left + 1 + right frames are there; stacker_step of them leave then. "
           "The first frame is repeated left times before itself. What is not valid is zeros.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};

static enum th_status import(struct th_import *im)
{
    struct th_attr a[4];
    TH_TRY(signal_need_ports(im, 1, 2));
    for (uint32_t i = 0; i < 4; i++) {
        a[i] = (struct th_attr){.name = attrs[i].name, .kind = TH_ATTR_INT};
        TH_TRY(signal_option(im, attrs[i].name, &a[i].v.i));
        if ((double)a[i].v.i < attrs[i].min || (double)a[i].v.i > attrs[i].max)
            return th_import_error(im, "option '%s' is %lld", attrs[i].name,
                                   (long long)a[i].v.i);
    }
    const struct th_type kept =
        th_type_make(TH_DT_S16, 1, (int64_t[]){a[0].v.i * (a[1].v.i + a[2].v.i + 1)});
    const struct th_type count = th_type_make(TH_DT_S32, 1, (int64_t[]){1});
    th_value in[3] = {im->in[0], 0, 0}, out[4];
    th_state s_kept, s_count;
    TH_TRY(signal_read_state(im, "kept", &kept, &s_kept, &in[KEPT]));
    TH_TRY(signal_read_state(im, "count", &count, &s_count, &in[COUNT]));
    TH_TRY(signal_node(im, op.name, in, 3, a, 4, out, 4));
    im->out[0] = out[0];
    im->out[1] = out[1];
    TH_TRY(signal_write_state(im, s_kept, out[2]));
    return signal_write_state(im, s_count, out[3]);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_attr(q, "num_channels"));
    th_call_int(c, depth_of(q->inst));
    th_call_int(c, signal_attr(q, "stacker_left_context"));
    th_call_int(c, signal_attr(q, "stacker_step"));
    th_call_input(c, X, "const int16_t");
    th_call_input(c, KEPT, "const int16_t");
    th_call_input(c, COUNT, "const int32_t");
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

static const struct th_importer importer = {"tflite", "SignalStacker", import};
static const struct th_kernel rows[] = {
    {.op = "signal_stacker", .types = "s16,s16,s32>s16,bool,s16,s32",
     .symbol = "thk_signal_stacker_s16__c99", .source = "signal/thk_signal_stacker_s16__c99.c",
     .refuse = signal_whole, .bind = bind, .cost = cost},
};
const struct signal_op signal_stacker = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
