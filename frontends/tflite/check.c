/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verifier of the bytes cannot know: indices in range, sizes that agree with shapes,
 * options that belong to their operator, values written once and before they are read, subgraphs
 * that do not call themselves. Everything is looked at, so that all problems are told at once.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* Deeper nesting of WHILE and IF than this is no honest model. */
enum { MAX_NESTING = 16, SCHEMA_VERSION = 3 };

unsigned tfl_type_bits(int type)
{
    switch (type) {
    case TFL_INT2:
        return 2;
    case TFL_INT4: case TFL_UINT4:
        return 4;
    case TFL_INT8: case TFL_UINT8: case TFL_BOOL: case TFL_FLOAT8_E4M3FN: case TFL_FLOAT8_E5M2:
        return 8;
    case TFL_INT16: case TFL_UINT16: case TFL_FLOAT16: case TFL_BFLOAT16:
        return 16;
    case TFL_INT32: case TFL_UINT32: case TFL_FLOAT32:
        return 32;
    case TFL_INT64: case TFL_UINT64: case TFL_FLOAT64: case TFL_COMPLEX64:
        return 64;
    case TFL_COMPLEX128:
        return 128;
    default:
        return 0;
    }
}

bool tfl_elements(const struct tfl_tensor *t, uint64_t *count)
{
    uint64_t n = 1;
    bool empty = false, fits = true;

    for (size_t i = 0; i < t->rank; i++) {
        if (t->dims[i] < 0)
            return false;
        if (t->dims[i] == 0)
            empty = true;
        else if (n > (uint64_t)INT64_MAX / 128 / (uint64_t)t->dims[i])
            fits = false;
        else
            n *= (uint64_t)t->dims[i];
    }
    *count = empty ? 0 : n;
    return empty || fits;
}

static void check_range(const struct tfl_tensor *t, const struct tfl_place *at,
                        struct tfl_sink *sink)
{
    int64_t low = 0, high;

    switch (t->type) {
    case TFL_INT8: low = INT8_MIN, high = INT8_MAX; break;
    case TFL_UINT8: high = UINT8_MAX; break;
    case TFL_INT16: low = INT16_MIN, high = INT16_MAX; break;
    case TFL_UINT16: high = UINT16_MAX; break;
    case TFL_INT4: low = -8, high = 7; break;
    case TFL_UINT4: high = 15; break;
    case TFL_INT2: low = -2, high = 1; break;
    default: low = INT32_MIN, high = INT32_MAX; break;
    }
    for (size_t i = 0; i < t->quant.count; i++) {
        int64_t z = t->quant.zero_point[i];
        if (z < low || z > high) {
            tfl_problem(sink, at, "zero point %" PRId64 " does not fit type %s", z,
                        tfl_type_name(t->type));
            return;
        }
    }
}

static void check_quant(const struct tfl_tensor *t, const struct tfl_place *at,
                        struct tfl_sink *sink)
{
    const struct tfl_quant *q = &t->quant;

    for (size_t i = 0; i < q->count; i++) {
        if (!isfinite(q->scale[i]) || q->scale[i] < 0.0f) {
            tfl_problem(sink, at, "quantization scale %zu is %g, not a positive number", i,
                        (double)q->scale[i]);
            break;
        }
    }
    check_range(t, at, sink);
    if (q->count <= 1)
        return;
    if (q->axis < 0 || (size_t)q->axis >= t->rank)
        tfl_problem(sink, at, "quantized along dimension %d of a tensor that has %zu",
                    (int)q->axis, t->rank);
    else if (t->dims[q->axis] < 0 || (size_t)t->dims[q->axis] != q->count)
        tfl_problem(sink, at, "%zu quantization scales for dimension %d of size %d", q->count,
                    (int)q->axis, (int)t->dims[q->axis]);
}

static void check_data(const struct tfl_tensor *t, const struct tfl_place *at,
                       struct tfl_sink *sink)
{
    unsigned bits = tfl_type_bits(t->type);
    uint64_t count, need;

    if (!tfl_elements(t, &count)) {
        tfl_problem(sink, at, "shape has a negative dimension or more elements than memory");
        return;
    }
    if (t->external_buffer != 0)
        tfl_problem(sink, at, "data is in another file (external buffer %u)", t->external_buffer);
    if (t->data == NULL)
        return;
    if (t->variable)
        tfl_problem(sink, at, "a variable must not have constant data");
    if (bits == 0 || t->sparse)
        return;
    need = (count * bits + 7) / 8;
    if (t->size != need)
        tfl_problem(sink, at, "buffer %u has %zu bytes, its shape and type %s need %" PRIu64,
                    t->buffer, t->size, tfl_type_name(t->type), need);
}

static void check_tensor(const struct tfl_tensor *t, const struct tfl_place *at,
                         struct tfl_sink *sink)
{
    if (t->type < 0 || t->type >= TFL_TYPE_COUNT) {
        tfl_problem(sink, at, "type code %d is unknown", t->type);
        return;
    }
    if (t->rank > TFL_MAX_RANK) {
        tfl_problem(sink, at, "%zu dimensions, at most %d are supported", t->rank, TFL_MAX_RANK);
        return;
    }
    for (size_t i = 0; t->signature != NULL && i < t->rank; i++) {
        if (t->signature[i] != -1 && t->signature[i] != t->dims[i])
            tfl_problem(sink, at, "dimension %zu is %d, in the signature %d", i, (int)t->dims[i],
                        (int)t->signature[i]);
    }
    check_data(t, at, sink);
    check_quant(t, at, sink);
}

/* ---- who writes and who reads each tensor of a subgraph */

enum { READY = 1, COMPUTED = 2, BAD = 4 };

static bool check_indices(const struct tfl_subgraph *sg, const int32_t *list, size_t n,
                          int32_t least, const char *what, const struct tfl_place *at,
                          struct tfl_sink *sink)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        if (list[i] >= least && (list[i] < 0 || (size_t)list[i] < sg->ntensors))
            continue;
        tfl_problem(sink, at, "%s %zu is tensor %d, the subgraph has %zu", what, i, (int)list[i],
                    sg->ntensors);
        ok = false;
    }
    return ok;
}

static void start_values(const struct tfl_subgraph *sg, uint8_t *state, struct tfl_place at,
                         struct tfl_sink *sink)
{
    for (size_t i = 0; i < sg->ntensors; i++) {
        if (sg->tensors[i].data != NULL || sg->tensors[i].variable)
            state[i] = READY;
    }
    if (!check_indices(sg, sg->inputs, sg->ninputs, 0, "input", &at, sink))
        return;
    for (size_t i = 0; i < sg->ninputs; i++) {
        uint8_t *s = &state[sg->inputs[i]];
        at.tensor = sg->inputs[i];
        at.name = sg->tensors[sg->inputs[i]].name;
        if (sg->tensors[sg->inputs[i]].data != NULL)
            tfl_problem(sink, &at, "input %zu is a constant", i);
        else if (*s & COMPUTED)
            tfl_problem(sink, &at, "input %zu is listed twice", i);
        *s |= READY | COMPUTED;
    }
}

static void follow_op(const struct tfl_subgraph *sg, const struct tfl_op *op, uint8_t *state,
                      const struct tfl_place *at, struct tfl_sink *sink)
{
    for (size_t i = 0; i < op->ninputs; i++) {
        int32_t in = op->inputs[i];
        uint64_t count;
        if (in < 0 || (state[in] & (READY | BAD)))
            continue;
        /* A tensor of no elements needs no data. */
        if (tfl_elements(&sg->tensors[in], &count) && count == 0 && sg->tensors[in].rank > 0)
            continue;
        tfl_problem(sink, at, "reads tensor %d '%s' before anything writes it", (int)in,
                    sg->tensors[in].name);
        state[in] |= BAD;
    }
    for (size_t i = 0; i < op->noutputs; i++) {
        int32_t out = op->outputs[i];
        if (state[out] & (READY | COMPUTED))
            tfl_problem(sink, at, "writes tensor %d '%s', which already has a value", (int)out,
                        sg->tensors[out].name);
        state[out] |= READY | COMPUTED;
    }
}

static void check_op(const struct tfl_model *model, const struct tfl_op *op,
                     const struct tfl_place *at, struct tfl_sink *sink)
{
    int64_t target;

    if (!op->options_match)
        tfl_problem(sink, at, "has %s, which belong to another operator",
                    op->options_name[0] != '\0' ? op->options_name : "unknown options");
    if (op->code == TFL_CODE_CUSTOM && op->name[0] == '\0')
        tfl_problem(sink, at, "custom operator without a name");
    for (size_t i = 0; tfl_option_subgraph(op, i, &target); i++) {
        if (target < 0 || (uint64_t)target >= model->nsubgraphs)
            tfl_problem(sink, at, "calls subgraph %" PRId64 ", the file has %zu", target,
                        model->nsubgraphs);
    }
}

static void check_flow(const struct tfl_model *model, size_t index, struct tfl_sink *sink)
{
    const struct tfl_subgraph *sg = &model->subgraphs[index];
    struct tfl_place at = {(int32_t)index, -1, -1, "", 0};
    uint8_t *state = calloc(sg->ntensors + 1, 1);

    if (state == NULL) {
        tfl_problem(sink, &at, "out of memory");
        return;
    }
    start_values(sg, state, at, sink);
    for (size_t i = 0; i < sg->nops; i++) {
        const struct tfl_op *op = &sg->ops[i];
        bool ok = true;
        at.op = (int32_t)i;
        at.name = op->name;
        at.offset = op->offset;
        ok &= check_indices(sg, op->inputs, op->ninputs, -1, "input", &at, sink);
        ok &= check_indices(sg, op->outputs, op->noutputs, 0, "output", &at, sink);
        check_indices(sg, op->intermediates, op->nintermediates, -1, "intermediate", &at, sink);
        check_op(model, op, &at, sink);
        if (ok)
            follow_op(sg, op, state, &at, sink);
    }
    at = (struct tfl_place){(int32_t)index, -1, -1, "", 0};
    if (check_indices(sg, sg->outputs, sg->noutputs, 0, "output", &at, sink)) {
        for (size_t i = 0; i < sg->noutputs; i++) {
            if (!(state[sg->outputs[i]] & (READY | BAD)))
                tfl_problem(sink, &at, "output %zu, tensor %d '%s', is never written", i,
                            (int)sg->outputs[i], sg->tensors[sg->outputs[i]].name);
        }
    }
    free(state);
}

/* ---- calls between subgraphs */

/* depth[i]: 0 unvisited, 1 on the path, else 1 + levels below. Recursion ends at MAX_NESTING. */
static int nesting(const struct tfl_model *model, size_t index, uint8_t *depth, int level,
                   struct tfl_sink *sink)
{
    const struct tfl_subgraph *sg = &model->subgraphs[index];
    struct tfl_place at = {(int32_t)index, -1, -1, sg->name, 0};
    int deepest = 1;

    if (depth[index] > 1)
        return depth[index];
    if (depth[index] == 1 || level > MAX_NESTING) {
        tfl_problem(sink, &at, "subgraph calls itself or nests more than %d deep", MAX_NESTING);
        return -1;
    }
    depth[index] = 1;
    for (size_t i = 0; i < sg->nops; i++) {
        int64_t target;
        for (size_t k = 0; tfl_option_subgraph(&sg->ops[i], k, &target); k++) {
            int below;
            if (target < 0 || (uint64_t)target >= model->nsubgraphs)
                continue;
            below = nesting(model, (size_t)target, depth, level + 1, sink);
            if (below < 0)
                return below;
            deepest = below > deepest ? below : deepest;
        }
    }
    depth[index] = (uint8_t)(deepest + 1);
    if (deepest > MAX_NESTING) {
        tfl_problem(sink, &at, "subgraphs nest more than %d deep", MAX_NESTING);
        return -1;
    }
    return depth[index];
}

static void check_calls(const struct tfl_model *model, struct tfl_sink *sink)
{
    uint8_t *depth = calloc(model->nsubgraphs + 1, 1);
    struct tfl_place nowhere = {-1, -1, -1, "", 0};

    if (depth == NULL) {
        tfl_problem(sink, &nowhere, "out of memory");
        return;
    }
    for (size_t i = 0; i < model->nsubgraphs; i++) {
        if (nesting(model, i, depth, 0, sink) < 0)
            break;
    }
    free(depth);
}

/* ---- signatures */

static void check_ports(const struct tfl_port *ports, size_t n, const int32_t *listed,
                        size_t nlisted, const char *kind, const struct tfl_place *at,
                        struct tfl_sink *sink)
{
    if (n != nlisted)
        tfl_problem(sink, at, "signature has %zu %ss, its subgraph %zu", n, kind, nlisted);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < nlisted && !found; k++)
            found = listed[k] >= 0 && (uint32_t)listed[k] == ports[i].tensor;
        if (!found)
            tfl_problem(sink, at, "signature's '%s' is tensor %u, no %s of its subgraph",
                        ports[i].name, ports[i].tensor, kind);
    }
}

static void check_signature(const struct tfl_model *model, size_t index, struct tfl_sink *sink)
{
    const struct tfl_signature *s = &model->signatures[index];
    struct tfl_place at = {-1, -1, -1, s->key, 0};

    if (s->subgraph >= model->nsubgraphs) {
        tfl_problem(sink, &at, "signature names subgraph %u, the file has %zu", s->subgraph,
                    model->nsubgraphs);
        return;
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(model->signatures[i].key, s->key) == 0)
            tfl_problem(sink, &at, "two signatures have the same key");
    }
    at.subgraph = (int32_t)s->subgraph;
    check_ports(s->inputs, s->ninputs, model->subgraphs[s->subgraph].inputs,
                model->subgraphs[s->subgraph].ninputs, "input", &at, sink);
    check_ports(s->outputs, s->noutputs, model->subgraphs[s->subgraph].outputs,
                model->subgraphs[s->subgraph].noutputs, "output", &at, sink);
}

void tfl_check(const struct tfl_model *model, struct tfl_sink *sink)
{
    struct tfl_place at = {-1, -1, -1, "", 0};

    if (model->version != SCHEMA_VERSION)
        tfl_problem(sink, &at, "schema version %u, supported is %d", model->version,
                    SCHEMA_VERSION);
    if (model->nsubgraphs == 0)
        tfl_problem(sink, &at, "the model has no subgraph");
    for (size_t i = 0; i < model->nsubgraphs; i++) {
        const struct tfl_subgraph *sg = &model->subgraphs[i];
        at.subgraph = (int32_t)i;
        for (size_t k = 0; k < sg->ntensors; k++) {
            at.tensor = (int32_t)k;
            at.name = sg->tensors[k].name;
            at.offset = sg->tensors[k].offset;
            check_tensor(&sg->tensors[k], &at, sink);
        }
        check_flow(model, i, sink);
    }
    if (model->nsubgraphs != 0 && model->subgraphs[0].noutputs == 0)
        tfl_problem(sink, &(struct tfl_place){0, -1, -1, "", 0}, "the model has no output");
    check_calls(model, sink);
    for (size_t i = 0; i < model->nsignatures; i++)
        check_signature(model, i, sink);
}
