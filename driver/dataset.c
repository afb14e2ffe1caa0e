/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a function's inputs from files. */
#define _POSIX_C_SOURCE 200809L
#include "driver/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/affine.h"
#include "driver/npy.h"

enum { CODE_SHAPE = 3002, CODE_USAGE = 9001, CODE_LABELS = 2006 };

/* One input: all samples in one array. */
struct source {
    const struct th_type *type;      /* of the model's input */
    const struct th_tensor *all;     /* leading axis: samples */
    int64_t elements;                /* of one sample */
    bool planes;                     /* the file has channels last, the input first */
    int64_t channels, pixels;        /* of an input that has them; else 1 */
    bool channels_first;
};

struct dataset {
    struct th_ctx *ctx;
    struct source *sources;
    uint32_t n_sources;
    struct th_preprocess pre;
};

static enum th_status no_memory(struct th_ctx *ctx)
{
    th_error(ctx, NULL, 0, "memory exhausted by samples");
    return TH_ERR_INTERNAL;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool few(int64_t d)
{
    return d == 1 || d == 3 || d == 4;
}

/* Which axis of an input of four axes holds channels: first if only that one is small. */
static void find_channels(struct source *s)
{
    const struct th_type *t = s->type;
    const int64_t last = t->rank > 0 ? t->dims[t->rank - 1] : 1;
    s->channels_first = t->rank == 4 && few(t->dims[1]) && !few(t->dims[3]);
    s->channels = s->channels_first ? t->dims[1] : t->rank > 1 ? last : 1;
    s->pixels = s->channels > 0 ? th_type_elems(t) / s->channels : 0;
}

/* Axes of 1 do not count. */
static bool same_axes(const int64_t *a, int32_t n, const int64_t *b, int32_t m)
{
    int32_t i = 0, k = 0;
    for (;;) {
        while (i < n && a[i] == 1)
            i++;
        while (k < m && b[k] == 1)
            k++;
        if (i == n || k == m)
            return i == n && k == m;
        if (a[i++] != b[k++])
            return false;
    }
}

static enum th_status wrong_shape(struct th_ctx *ctx, const char *name,
                                  const struct th_type *have, const struct th_type *want)
{
    struct th_str w, h, n;
    th_str_init(&w);
    th_str_init(&h);
    th_str_init(&n);
    th_type_print(&w, want);
    th_type_print(&h, have);
    th_str_add_escaped(&n, name);
    th_error(ctx, NULL, CODE_SHAPE, "'%s' holds %s, which is no list of samples for input %s",
             n.s, h.s, w.s);
    th_help(ctx, CODE_SHAPE, "the first axis counts samples, the others are the input's");
    th_str_release(&w);
    th_str_release(&h);
    th_str_release(&n);
    return TH_ERR_INPUT;
}

/* Attaches an array: [n, input...], the same with channels last, or one sample alone. */
static enum th_status attach(struct th_ctx *ctx, const char *name, const struct th_tensor *t,
                             struct source *s, int64_t *n)
{
    const struct th_type *have = &t->type, *want = s->type;
    s->elements = th_type_elems(want);
    s->all = t;
    int64_t count = 0;
    const int64_t total = th_type_elems(have);
    if (same_axes(have->dims, have->rank, want->dims, want->rank)) {
        count = 1;
    } else if (have->rank > 0 && s->elements > 0 && total % s->elements == 0 &&
               have->dims[0] == total / s->elements) {
        count = have->dims[0];
        const int64_t last[4] = {want->dims[0], want->dims[2], want->dims[3], want->dims[1]};
        s->planes = s->channels_first && !same_axes(have->dims + 1, have->rank - 1, want->dims,
                                                    want->rank) &&
                    same_axes(have->dims + 1, have->rank - 1, last, 4);
        if (!s->planes && !same_axes(have->dims + 1, have->rank - 1, want->dims, want->rank))
            count = 0;
    }
    if (count < 1)
        return wrong_shape(ctx, name, have, want);
    if (*n && *n != count) {
        th_error(ctx, NULL, CODE_SHAPE, "'%s' has %" PRId64 " samples, the inputs before it %"
                 PRId64, name, count, *n);
        return TH_ERR_INPUT;
    }
    *n = count;
    return TH_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum th_status attach_images(struct dataset *d, const char *path, struct source *s,
                                    int64_t *n)
{
    const struct th_type *t = s->type;
    struct th_tensor *all = NULL;
    if (t->rank != 4 || t->dims[0] != 1 || !few(s->channels)) {
        th_error(d->ctx, NULL, CODE_SHAPE, "'%s' is a folder of images, but the input is no image "
                 "of 1, 3 or 4 channels", path);
        return TH_ERR_INPUT;
    }
    const int64_t h = t->dims[s->channels_first ? 2 : 1], w = t->dims[s->channels_first ? 3 : 2];
    TH_TRY(th_images_read(d->ctx, path, h, w, s->channels, &d->pre, &all));
    s->all = all;
    s->elements = th_type_elems(t);
    s->planes = s->channels_first;
    if (*n && *n != all->type.dims[0]) {
        th_error(d->ctx, NULL, CODE_SHAPE, "'%s' has %" PRId64 " images, the inputs before it %"
                 PRId64 " samples", path, all->type.dims[0], *n);
        return TH_ERR_INPUT;
    }
    *n = all->type.dims[0];
    return TH_OK;
}

/* Arrays go to the inputs of their names; where none fits, in order. */
static enum th_status attach_npz(struct dataset *d, const struct th_graph *f, const char *path,
                                 int64_t *n)
{
    struct th_named_array *list = NULL;
    uint32_t count = 0;
    TH_TRY(th_npz_read(d->ctx, path, th_ctx_arena(d->ctx), &list, &count));
    if (count < d->n_sources) {
        th_error(d->ctx, NULL, CODE_SHAPE, "'%s' has %u arrays, the model %u inputs", path, count,
                 d->n_sources);
        return TH_ERR_INPUT;
    }
    for (uint32_t i = 0; i < d->n_sources; i++) {
        uint32_t at = i;
        for (uint32_t k = 0; k < count; k++)
            if (!strcmp(list[k].name, th_graph_input_name(f, i)))
                at = k;
        TH_TRY(attach(d->ctx, list[at].name, list[at].data, &d->sources[i], n));
    }
    return TH_OK;
}

static bool begins_as_zip(const char *path)
{
    unsigned char head[4] = {0};
    FILE *file = fopen(path, "rb");
    const bool ok = file && fread(head, 1, 4, file) == 4 && !memcmp(head, "PK\3\4", 4);
    if (file)
        fclose(file);
    return ok;
}

static enum th_status attach_path(struct dataset *d, const char *path, struct source *s,
                                  int64_t *n)
{
    struct stat st;
    struct th_tensor *t = NULL;
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return attach_images(d, path, s, n);
    TH_TRY(th_npy_read(d->ctx, path, th_ctx_arena(d->ctx), &t));
    return attach(d->ctx, path, t, s, n);
}

static enum th_status read_all(struct dataset *d, const struct th_graph *f, const char *where,
                               int64_t *n)
{
    uint32_t given = 1, i = 0;
    for (const char *p = where; *p; p++)
        given += *p == ',';
    if (given == 1 && begins_as_zip(where))
        return attach_npz(d, f, where, n);
    if (given != d->n_sources) {
        th_error(d->ctx, NULL, CODE_USAGE, "%u data files for a function of %u inputs", given,
                 d->n_sources);
        th_help(d->ctx, CODE_USAGE, "give one for each input in order, or one .npz");
        return TH_ERR_USAGE;
    }
    enum th_status status = TH_OK;
    for (const char *p = where; i < given; i++) {
        const size_t len = strcspn(p, ",");
        const char *path = th_arena_strndup(th_ctx_arena(d->ctx), p, len);
        if (!path)
            return no_memory(d->ctx);
        const enum th_status s = attach_path(d, path, &d->sources[i], n);
        status = status == TH_OK ? s : status;
        p += len + (p[len] == ',');
    }
    return status;
}

/* ---- one sample ------------------------------------------------------------------------------ */

static double processed(const struct th_preprocess *p, double v, int64_t channel)
{
    const int64_t c = channel < TH_DATASET_CHANNELS ? channel : 0;
    if (p->n_mean)
        v -= p->mean[p->n_mean > 1 ? c : 0];
    if (p->n_scale)
        v /= p->scale[p->n_scale > 1 ? c : 0];
    return v;
}

static struct th_tensor *sample(const struct dataset *d, const struct source *s, int64_t i,
                                struct th_arena *a)
{
    struct th_tensor *t = th_tensor_new(a, s->type);
    const int64_t base = i * s->elements;
    struct th_type real = *s->type;
    real.dtype = TH_DT_F32;
    real.quant = NULL;
    const bool affine = th_affine_type(s->type) && th_dtype_is_float(s->all->type.dtype);
    struct th_tensor *reals = affine ? th_tensor_new(a, &real) : t;
    if (!t || !reals)
        return NULL;
    for (int64_t k = 0; k < s->elements; k++) {
        const int64_t channel = s->channels_first ? k / (s->pixels ? s->pixels : 1)
                                                  : k % s->channels;
        const int64_t at = s->planes ? k % s->pixels * s->channels + channel : k;
        if (th_dtype_is_float(reals->type.dtype))
            th_tensor_set_real(reals, k, processed(&d->pre, th_tensor_real(s->all, base + at),
                                                   channel));
        else
            th_tensor_set_int(t, k, th_dtype_is_float(s->all->type.dtype)
                                        ? (int64_t)fmax(-9e18, fmin(9e18, th_tensor_real(
                                                                       s->all, base + at)))
                                        : th_tensor_int(s->all, base + at));
    }
    if (affine)
        th_affine_quantize(reals, 0, t);
    return t;
}

static enum th_status get(const struct th_samples *s, int64_t i, struct th_arena *a,
                          const struct th_tensor **in)
{
    const struct dataset *d = s->user;
    for (uint32_t k = 0; k < d->n_sources; k++)
        if (!(in[k] = sample(d, &d->sources[k], i, a)))
            return no_memory(d->ctx);
    return TH_OK;
}

enum th_status th_dataset_open(struct th_ctx *ctx, const struct th_graph *f, const char *where,
                               const struct th_preprocess *pre, struct th_samples *out)
{
    struct th_arena *a = th_ctx_arena(ctx);
    struct dataset *d = TH_NEW(a, struct dataset);
    if (!d)
        return no_memory(ctx);
    *d = (struct dataset){.ctx = ctx, .n_sources = th_graph_input_count(f), .pre = *pre};
    d->sources = TH_NEW_ARRAY(a, struct source, d->n_sources + 1);
    if (!d->sources)
        return no_memory(ctx);
    for (uint32_t i = 0; i < d->n_sources; i++) {
        d->sources[i].type = th_value_type(f, th_graph_input(f, i));
        find_channels(&d->sources[i]);
    }
    out->n = 0;
    out->get = get;
    out->user = d;
    return read_all(d, f, where, &out->n);
}

enum th_status th_dataset_labels(struct th_ctx *ctx, const char *path, int64_t *n,
                                 const int32_t **labels)
{
    struct th_tensor *t = NULL;
    TH_TRY(th_npy_read(ctx, path, th_ctx_arena(ctx), &t));
    *n = th_type_elems(&t->type);
    int32_t *list = TH_NEW_ARRAY(th_ctx_arena(ctx), int32_t, (size_t)*n + 1);
    if (!list)
        return no_memory(ctx);
    if (!th_dtype_is_int(t->type.dtype)) {
        th_error(ctx, NULL, CODE_LABELS, "'%s' holds %s, labels are whole numbers", path,
                 th_dtype_name(t->type.dtype));
        return TH_ERR_INPUT;
    }
    for (int64_t i = 0; i < *n; i++) {
        const int64_t v = th_tensor_int(t, i);
        list[i] = v < -1 || v > INT32_MAX ? -1 : (int32_t)v;
    }
    *labels = list;
    return TH_OK;
}
