/* SPDX-License-Identifier: Apache-2.0 */
/* signal_filter_bank_square_root: rounded square roots, shifted right. */
#include "plugins/signal/signal.h"

static enum th_status infer(struct th_inst *c)
{
    TH_TRY(signal_need_vector(c, 0, -1));
    signal_set(c, 0, TH_DT_U32, 1, c->in[0]->dims);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    return signal_need_scalar(c, 1);
}

/* Nearest integer to the root; 2^16 - 1 and 2^32 - 1 are the largest results of either half. */
static uint64_t root(uint64_t x)
{
    uint64_t lo = 0, hi = UINT32_MAX;   /* largest r with r * r <= x */
    while (lo < hi) {
        const uint64_t mid = hi - (hi - lo) / 2;
        if (mid * mid <= x)
            lo = mid;
        else
            hi = mid - 1;
    }
    const uint64_t top = x >> 32 ? UINT32_MAX : UINT16_MAX;
    return x - lo * lo > lo && lo != top ? lo + 1 : lo;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t shift = th_tensor_int(e->in[1], 0);
    const uint64_t *x = e->in[0]->data;
    uint32_t *y = e->out[0]->data;
    for (int64_t i = 0; i < c->in[0]->dims[0]; i++)
        y[i] = shift < 0 || shift > 31 ? 0 : (uint32_t)root(x[i]) >> shift;
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_U64), 0, "energies"},
    {"bits", TH_DT_BIT(TH_DT_S32), 0, "shift of the result"}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_U32), 0, "one for each energy"}, SIGNAL_PORT_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_filter_bank_square_root",
    .summary = "rounded square roots, shifted right",
    .doc = "y = nearest(sqrt(x)) >> bits. Roots of numbers below 2^32 are at most 65535. Shifts "
           "outside 0..31 give 0.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};

static enum th_status import(struct th_import *im)
{
    static const char *const options[] = {NULL};
    TH_TRY(signal_need_ports(im, 2, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_elems(q, 0));
    th_call_input(c, 0, "const uint64_t");
    th_call_input(c, 1, "const int32_t");
    th_call_output(c, 0, "uint32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 400, k);
}

static const struct th_importer importer = {"tflite", "SignalFilterBankSquareRoot", import};
static const struct th_kernel rows[] = {
    {.op = "signal_filter_bank_square_root", .types = "u64,s32>u32",
     .symbol = "thk_signal_filter_bank_square_root_u64__c99",
     .source = "signal/thk_signal_filter_bank_square_root_u64__c99.c", .refuse = signal_whole,
     .bind = bind, .cost = cost},
};
const struct signal_op signal_filter_bank_square_root = {&op, &importer, rows,
                                                         TH_ARRAY_LEN(rows)};
