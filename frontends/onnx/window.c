/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <inttypes.h>
#include <string.h>

static enum th_status list(struct onx_node *n, const char *name, size_t want, int64_t least,
                           int64_t *out)
{
    size_t count;
    const int64_t *v = onx_attr_ints(n, name, &count);

    if (count == 0)
        return TH_OK;
    if (count != want)
        return onx_reject(n, NULL, "'%s' has %zu entries, needed are %zu", name, count, want);
    for (size_t i = 0; i < want; i++) {
        if (v[i] < least || v[i] > 1 << 20)
            return onx_reject(n, NULL, "'%s' has the entry %" PRId64, name, v[i]);
        out[i] = v[i];
    }
    return TH_OK;
}

/* SAME: as many windows as fit with the stride, the padding shared out. */
static void pad_same(struct onx_window *w, int32_t i, bool lower)
{
    int64_t windows = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t all = (windows - 1) * w->stride[i] + reach - w->in[i];

    all = all > 0 ? all : 0;
    w->before[i] = lower ? (all + 1) / 2 : all / 2;
    w->after[i] = all - w->before[i];
}

static enum th_status extent(struct onx_node *n, struct onx_window *w, int32_t i, bool ceil)
{
    int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t room = w->in[i] + w->before[i] + w->after[i] - reach;

    if (room < 0)
        return onx_reject(n, NULL, "a window of %" PRId64 " on an axis of %" PRId64
                          " with padding %" PRId64 " and %" PRId64, reach, w->in[i], w->before[i],
                          w->after[i]);
    w->out[i] = room / w->stride[i] + 1;
    /* A last window that is only partly inside counts when rounding up, one beyond does not. */
    if (ceil && room % w->stride[i] != 0 &&
        w->out[i] * w->stride[i] < w->in[i] + w->before[i])
        w->out[i]++;
    return TH_OK;
}

enum th_status onx_window_read(struct onx_node *n, const struct th_type *x, const int64_t *kernel,
                               bool ceil, struct onx_window *w)
{
    const char *pad = onx_attr_s(n, "auto_pad", "NOTSET");
    int64_t pads[2 * ONX_MAX_SPACE] = {0};
    size_t count;

    *w = (struct onx_window){.space = x->rank - 2};
    if (x->rank < 3 || x->rank > ONX_MAX_SPACE + 2)
        return onx_reject(n, "one to three axes of space", "an operand of %d axes", (int)x->rank);
    count = (size_t)w->space;
    for (int32_t i = 0; i < w->space; i++) {
        w->in[i] = x->dims[2 + i];
        w->stride[i] = w->dilation[i] = 1;
        w->kernel[i] = kernel != NULL ? kernel[i] : 0;
    }
    TH_TRY(list(n, "kernel_shape", count, 1, w->kernel));
    TH_TRY(list(n, "strides", count, 1, w->stride));
    TH_TRY(list(n, "dilations", count, 1, w->dilation));
    TH_TRY(list(n, "pads", 2 * count, 0, pads));
    for (int32_t i = 0; i < w->space; i++) {
        if (w->kernel[i] < 1 || w->kernel[i] > 1 << 20 || w->in[i] < 1)
            return onx_reject(n, NULL, "a window of %" PRId64 " on an axis of %" PRId64,
                              w->kernel[i], w->in[i]);
        w->before[i] = pads[i];
        w->after[i] = pads[w->space + i];
        if (strcmp(pad, "VALID") == 0)
            w->before[i] = w->after[i] = 0;
        else if (strncmp(pad, "SAME_", 5) == 0)
            pad_same(w, i, strcmp(pad, "SAME_LOWER") == 0);
        TH_TRY(extent(n, w, i, ceil));
    }
    return TH_OK;
}

void onx_window_attrs(const struct onx_window *w, int64_t stride[2], int64_t dilation[2],
                      int64_t pad[4], int64_t kernel[2])
{
    bool row = w->space == 1;

    for (int i = 0; i < 2; i++) {
        int k = row ? 0 : i;
        bool one = row && i == 0;
        stride[i] = one ? 1 : w->stride[k];
        dilation[i] = one ? 1 : w->dilation[k];
        kernel[i] = one ? 1 : w->kernel[k];
        pad[i] = one ? 0 : w->before[k];
        pad[2 + i] = one ? 0 : w->after[k];
    }
}

enum th_status onx_to_map(struct onx_node *n, th_value v, th_value *out)
{
    TH_TRY(onx_to_last(n, v, &v));
    const struct th_type *t = onx_type(n, v);
    if (t->rank == 3)
        return onx_reshape(n, v, 4, (int64_t[]){t->dims[0], 1, t->dims[1], t->dims[2]}, out);
    *out = v;
    return TH_OK;
}

enum th_status onx_from_map(struct onx_node *n, th_value v, int32_t space, th_value *out)
{
    const struct th_type *t = onx_type(n, v);

    if (space == 1)
        TH_TRY(onx_reshape(n, v, 3, (int64_t[]){t->dims[0], t->dims[2], t->dims[3]}, &v));
    return onx_to_first(n, v, out);
}
