/* SPDX-License-Identifier: Apache-2.0 */
#include <thimble/op.h>

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    c->out[0] = *c->in[0];
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    memcpy(e->out[0]->data, e->in[0]->data, (size_t)th_type_size(c->in[0]));
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    (void)c;
    (void)i;
    *w = (struct th_window){.box = *out};
    return true;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = 0, .exact = true};
    return max ? 1 : 0;
}

static const struct th_port inputs[] = {{"x", 0, 0, "any tensor"}, {0}};
static const struct th_port outputs[] = {{"y", 0, 0, "the same"}, {0}};
static const char *const contracts[] = {"tflite", "tflite-single-rounding", "onnx", "float", NULL};

const struct th_op th_op_copy = {
    .struct_size = sizeof(struct th_op),
    .name = "copy",
    .summary = "the operand, in storage of its own",
    .doc = "y = x. Used where a value must not share storage.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = contracts,
    .infer = infer,
    .eval = eval,
    .window = window,
    .alias = alias,
};
