/* SPDX-License-Identifier: 0BSD */
/*
 * A frontend: reads dense networks written as text, one layer a line:
 *
 *   mlp 1
 *   input 2
 *   dense 3 relu  w w w w w w  b b b
 *   dense 1 none  w w w  b
 *
 * A layer names its outputs, its activation (relu or none), then weights by output and biases.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

#define MAX_WIDTH 4096

/* Words of the file; it is not NUL-terminated, so nothing reads beyond `end`. */
struct reader {
    struct th_ctx *ctx;
    struct th_loc loc;
    const char *at, *end;
};

static enum th_status wrong(struct reader *r, const char *what)
{
    th_error(r->ctx, &r->loc, 2002, "%s", what);
    return TH_ERR_INPUT;
}

/* The next word, at most 31 characters; false at the end of the file. */
static bool word(struct reader *r, char out[32])
{
    size_t n = 0;
    for (; r->at < r->end && strchr(" \t\r\n", *r->at); r->at++)
        r->loc.line += *r->at == '\n';
    for (; r->at < r->end && !strchr(" \t\r\n", *r->at) && n < 31; r->at++)
        out[n++] = *r->at;
    out[n] = '\0';
    return n > 0;
}

static enum th_status width(struct reader *r, int64_t *out)
{
    char w[32], *rest;
    if (!word(r, w))
        return wrong(r, "a width is missing");
    *out = strtol(w, &rest, 10);
    if (*rest || *out < 1 || *out > MAX_WIDTH)
        return wrong(r, "a width is not between 1 and 4096");
    return TH_OK;
}

static enum th_status numbers(struct reader *r, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        char w[32], *rest;
        if (!word(r, w))
            return wrong(r, "the file ends inside a layer");
        out[i] = strtof(w, &rest);
        if (*rest || !isfinite(out[i]))
            return wrong(r, "a weight is not a finite number");
    }
    return TH_OK;
}

static th_value constant(struct th_graph *g, int32_t rank, const int64_t *dims, const float *v)
{
    const struct th_type t = th_type_make(TH_DT_F32, rank, dims);
    return th_graph_const_copy(g, NULL, &t, v);
}

/* x -> act(w x + b); *x becomes the layer's result of width *n. */
static enum th_status dense(struct reader *r, struct th_graph *g, th_value *x, int64_t *n)
{
    struct th_arena *a = th_arena_new(0);
    int64_t out;
    char act[32];
    enum th_status s = a ? width(r, &out) : TH_ERR_INTERNAL;
    if (s == TH_OK && (!word(r, act) || (strcmp(act, "relu") && strcmp(act, "none"))))
        s = wrong(r, "the activation is neither relu nor none");
    float *w = s == TH_OK ? TH_NEW_ARRAY(a, float, (size_t)(out * *n)) : NULL;
    float *b = s == TH_OK ? TH_NEW_ARRAY(a, float, (size_t)out) : NULL;
    if (s == TH_OK && (!w || !b))
        s = TH_ERR_INTERNAL;
    if (s == TH_OK)
        s = numbers(r, w, out * *n);
    if (s == TH_OK)
        s = numbers(r, b, out);
    if (s == TH_OK) {
        const th_value in[3] = {*x, constant(g, 2, (int64_t[]){out, *n}, w),
                                constant(g, 1, &out, b)};
        const struct th_attr relu = {.name = "act_min", .kind = TH_ATTR_FLOAT, .v.f = 0};
        const struct th_type type = {.dtype = TH_DT_F32, .rank = -1};
        const struct th_node_desc d = {.op = "fully_connected", .in = in, .n_in = 3,
                                       .attrs = &relu, .n_attrs = act[0] == 'r', .out = &type,
                                       .n_out = 1, .loc = r->loc};
        s = in[1] && in[2] ? th_graph_add_node(g, &d, NULL, x) : TH_ERR_INTERNAL;
        *n = out;
    }
    th_arena_free(a);
    return s;
}

static enum th_status layers(struct reader *r, struct th_program *p)
{
    struct th_graph *g = th_program_add_function(p, "run");
    char w[32];
    int64_t n;
    if (!g || !word(r, w) || strcmp(w, "mlp") || !word(r, w) || strcmp(w, "1"))
        return wrong(r, "the file does not begin with 'mlp 1'");
    if (!word(r, w) || strcmp(w, "input"))
        return wrong(r, "'input' and its width are missing");
    TH_TRY(width(r, &n));
    const struct th_type type = th_type_make(TH_DT_F32, 2, (int64_t[]){1, n});
    th_value x = th_graph_add_input(g, "input", &type);
    while (word(r, w)) {
        if (strcmp(w, "dense"))
            return wrong(r, "a layer is not 'dense'");
        TH_TRY(dense(r, g, &x, &n));
    }
    return th_graph_add_output(g, "output", x);
}

static int probe(const unsigned char *bytes, size_t len)
{
    return len > 4 && !memcmp(bytes, "mlp ", 4) ? 90 : 0;
}

static enum th_status read(const struct th_read_request *q, struct th_program **out)
{
    struct reader r = {.ctx = q->ctx, .loc = TH_LOC_NONE, .at = th_blob_data(q->file)};
    r.end = r.at + th_blob_size(q->file);
    r.loc.file = q->base_name;
    r.loc.line = r.loc.col = 1;
    struct th_program *p = th_program_new(q->ctx);
    if (!p)
        return TH_ERR_INTERNAL;
    const enum th_status s = layers(&r, p);
    if (s == TH_OK)
        *out = p;
    else
        th_program_free(p);
    return s;
}

static const char *const extensions[] = {".mlp", NULL};
static const struct th_frontend frontend = {
    .struct_size = sizeof frontend,
    .name = "mlp-text",
    .summary = "dense networks written as text",
    .extensions = extensions,
    .probe = probe,
    .read = read,
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_frontend(reg, &frontend);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "mlp-text",
    .version = "1.0",
    .license = "0BSD",
    .summary = "a frontend for dense networks written as text",
    .init = init,
};
TH_PLUGIN_ENTRY(mlp_text)
{
    return &plugin;
}
