/* SPDX-License-Identifier: Apache-2.0 */
/* signal_rfft: real Fourier transform along the innermost axis. */
#include "plugins/signal/fft.h"

static enum th_status infer(struct th_inst *c)
{
    const int64_t n = th_inst_int(c, "fft_length");
    TH_TRY(signal_fft_length(c, n));
    if (c->in[0]->rank < 1)
        return th_inst_error(c, "the input is a scalar");
    signal_set_inner(c, 0, c->in[0]->dtype, n + 2);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    if (signal_inner(c->in[0]) > th_inst_int(c, "fft_length"))
        return th_inst_error(c, "%lld samples do not fit a transform of %lld",
                             (long long)signal_inner(c->in[0]),
                             (long long)th_inst_int(c, "fft_length"));
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return signal_fft_eval(c, e, false);
}

#define TYPES (TH_DT_BIT(TH_DT_S16) | TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_F32))
static const struct th_port inputs[] = {
    {"x", TYPES, 0, "samples, padded with zeros to fft_length"}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TYPES, 0, "fft_length/2 + 1 bins: real, imaginary, ..."}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("fft_length", 4, 1 << 20, "samples of one transform: a power of two"),
    SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_rfft",
    .summary = "real Fourier transform",
    .doc = "Integers are fixed point and divided by fft_length; floats are not scaled.",
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
    static const char *const options[] = {"fft_length", NULL};
    TH_TRY(signal_need_ports(im, 1, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    return signal_fft_bind(q, c, false);
}

static const struct th_importer importer = {"tflite", "SignalRfft", import};
#define ROW(t)                                                                           \
    {.op = "signal_rfft", .types = #t ">" #t, .symbol = "thk_signal_rfft_" #t "__c99",   \
     .source = "signal/thk_signal_rfft_" #t "__c99.c", .refuse = signal_whole, .bind = bind, \
     .cost = signal_fft_cost}
static const struct th_kernel rows[] = {ROW(s16), ROW(s32), ROW(f32)};
const struct signal_op signal_rfft = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
