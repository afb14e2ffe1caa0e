/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a kernel may write over its own input: the op's record and the row's write order
 * replayed step by step, with the addresses of the plan. */
#include "passes/check_plan.h"

#define MAX_ALIASES 32

static int64_t element_bytes(const struct th_type *t)
{
    return (int64_t)th_dtype_bits(t->dtype) / 8;
}

static const char *by_element(const struct th_inst *c, uint32_t out, int64_t out_at, uint32_t in,
                              int64_t in_at)
{
    struct th_alias list[MAX_ALIASES];
    uint32_t n = c->op->alias ? c->op->alias(c, list, MAX_ALIASES) : 0;
    bool allowed = false;
    for (uint32_t i = 0; i < n && i < MAX_ALIASES; i++)
        allowed |= list[i].out == out && list[i].in == in;
    int64_t count = th_type_elems(&c->out[out]);
    if (!allowed || count != th_type_elems(c->in[in]))
        return "the operator does not allow it";
    /* elements 0..e of the output are written when element e + 1 is read; the gap between the two
     * changes linearly, so its ends are enough */
    const int64_t ends[2] = {1, count - 1};
    for (int i = 0; i < 2 && count >= 2; i++)
        if (out_at + ends[i] * element_bytes(&c->out[out]) >
            in_at + ends[i] * element_bytes(c->in[in]))
            return "an element would be overwritten before it is read";
    return NULL;
}

/* Lowest address read for the pixel, or INT64_MAX; false: the record cannot say. */
static bool lowest_read(const struct th_inst *c, uint32_t in, const struct th_box *pixel,
                        int64_t in_at, int64_t *address)
{
    struct th_window w = {0};
    int64_t flat = 0;
    if (!c->op->window(c, pixel, in, &w))
        return false;
    *address = 0;
    for (int32_t a = 0; a < c->in[in]->rank; a++) {
        flat = flat * c->in[in]->dims[a] + w.box.lo[a];
        if (w.box.lo[a] >= w.box.hi[a])
            *address = INT64_MAX;
    }
    if (*address == 0)
        *address = in_at + flat * element_bytes(c->in[in]);
    return true;
}

/* Next pixel in raster order, channels whole. */
static void advance(const struct th_type *t, struct th_box *pixel)
{
    for (int32_t a = t->rank - 2; a >= 0; a--) {
        if (++pixel->lo[a] < t->dims[a]) {
            pixel->hi[a] = pixel->lo[a] + 1;
            return;
        }
        pixel->lo[a] = 0;
        pixel->hi[a] = 1;
    }
}

static const char *by_rows(const struct th_inst *c, int32_t group, int64_t out_at, uint32_t in,
                           int64_t in_at)
{
    const struct th_type *t = &c->out[0];
    if (!c->op->window || t->rank < 1 || group == 0)
        return "the operator has no window";
    int64_t channels = t->dims[t->rank - 1], pixels = channels ? th_type_elems(t) / channels : 0;
    int64_t bytes = channels * element_bytes(t);
    struct th_box box = {{0}, {0}};
    for (int32_t a = 0; a < t->rank; a++)
        box.hi[a] = 1;
    box.hi[t->rank - 1] = channels;
    for (int64_t p = 0; p < pixels; p++, advance(t, &box)) {
        int64_t before = group > 0 ? p : p - group, read;
        int64_t written = out_at + (before < pixels ? before : pixels) * bytes;
        if (!lowest_read(c, in, &box, in_at, &read))
            return "the operator needs the whole input";
        if (read < written)
            return "a pixel would be overwritten before it is read";
    }
    return NULL;
}

/* Whole channels are read before they are written, so every element must lie in the channel it is
 * computed from, and no channel of the output in another one of the input. */
static const char *by_planes(const struct th_inst *c, int64_t out_at, uint32_t in, int64_t in_at)
{
    const struct th_type *x = c->in[in], *y = &c->out[0];
    int64_t channel;
    if (in != 0 || !c->op->channels || x->rank < 1 || x->rank != y->rank || x->dtype != y->dtype ||
        x->dims[x->rank - 1] != y->dims[y->rank - 1])
        return "its channels are not those of the input";
    for (int64_t k = 0; k < x->dims[x->rank - 1]; k++)
        if (!c->op->channels(c, in, k, &channel) || channel != k)
            return "its channels are not those of the input";
    if ((out_at - in_at) % (x->dims[x->rank - 1] * element_bytes(x)))
        return "its channels lie across those of the input";
    return NULL;
}

const char *th_overlap_refused(const struct th_inst *c, const struct th_kernel_note *note,
                               uint32_t out, int64_t out_at, uint32_t in, int64_t in_at)
{
    const struct th_kernel *row = note->row;
    if (!row)
        return "it has no kernel";
    if (th_dtype_bits(c->out[out].dtype) < 8 || th_dtype_bits(c->in[in]->dtype) < 8)
        return "elements are narrower than a byte";
    if (note->call && note->call->batch > 1 && !(in < 32 && note->call->batch_in >> in & 1))
        return "the input is read again by every batch";
    if (row->order == TH_ORDER_ELEMENT)
        return by_element(c, out, out_at, in, in_at);
    if (row->order == TH_ORDER_ROWS && out == 0)
        return by_rows(c, row->group, out_at, in, in_at);
    if (row->order == TH_ORDER_PLANES && out == 0)
        return by_planes(c, out_at, in, in_at);
    if (row->order == TH_ORDER_IN_PLACE && out == 0 && in == 0)
        return out_at == in_at && th_type_size(c->in[0]) == th_type_size(&c->out[0])
                   ? NULL : "it does not lie exactly where the input does";
    return "its kernel allows no overlap";
}
