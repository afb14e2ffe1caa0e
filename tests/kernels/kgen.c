/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a C program that runs one kernel row on random layers and compares every byte it
 * writes, guard bytes included, with the outputs of the obvious loops. Rows that state a write
 * order also run with the input at the least distance behind the output that it allows.
 *
 *   kgen SYMBOL OP SEED CASES      random cases, also with boxes, pitched views and rings
 *   kgen SYMBOL OP SEED bench      layers of measured networks, with instruction counts
 */
#include "tests/kernels/kgen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/rows/rows.h"
#include "passes/in_place.h"

extern const struct th_row_family *const kgen_families[];

static const char *const op_names[] = {"conv2d", "depthwise_conv2d", "fully_connected",
                                       "avg_pool2d", "max_pool2d"};
static const char *const op_args[] = {"conv", "depthwise", "dense", "avg", "max"};

static const struct th_kernel *find_row(const char *symbol, const char *op)
{
    for (const struct th_row_family *const *f = kgen_families; *f; f++)
        for (size_t i = 0; i < (*f)->n; i++) {
            const struct th_kernel *r = &(*f)->rows[i];
            if (strcmp(r->symbol, symbol) == 0 && strcmp(r->op, op) == 0)
                return r;
        }
    return NULL;
}

/* ---- an instance of a case ------------------------------------------------------------------- */

struct setup {
    struct th_inst inst;
    struct th_op op;
    struct th_type types[4], *in[3];
    struct th_tensor w, b;
    const struct th_tensor *consts[3];
    struct th_attr attr[8];
    struct th_attrs attrs;
    int64_t ints[8][4];
    struct th_query q;
    struct th_view in_views[3], out_views[1];
};

static void add_ints(struct setup *s, const char *name, uint32_t n, int64_t a, int64_t b,
                     int64_t c, int64_t d)
{
    int64_t *v = s->ints[s->attrs.n];
    v[0] = a, v[1] = b, v[2] = c, v[3] = d;
    s->attr[s->attrs.n++] = (struct th_attr){.name = name, .kind = TH_ATTR_INTS, .n = n,
                                             .v.ints = v};
}

static void set_types(struct setup *s, const struct kgen_case *k, struct th_arena *a)
{
    const int64_t zi = k->zi, zo = k->zo;
    const int64_t x[4] = {k->batch, k->in_h, k->in_w, k->in_c};
    const int64_t y[4] = {k->batch, k->out_h, k->out_w, k->out_c};
    const int64_t dense_x[2] = {k->batch, k->in_c}, dense_y[2] = {k->batch, k->out_c};
    const int64_t dense_w[2] = {k->out_c, k->in_c};
    const int64_t w[4] = {k->op == KGEN_CONV ? k->out_c : 1, k->kh, k->kw,
                          k->op == KGEN_CONV ? k->in_c : k->out_c};
    const bool dense = k->op == KGEN_DENSE;
    s->types[0] = th_type_make(TH_DT_S8, dense ? 2 : 4, dense ? dense_x : x);
    s->types[1] = th_type_make(TH_DT_S8, dense ? 2 : 4, dense ? dense_w : w);
    s->types[2] = th_type_make(TH_DT_S32, 1, &y[3]);
    s->types[3] = th_type_make(TH_DT_S8, dense ? 2 : 4, dense ? dense_y : y);
    s->types[0].quant = th_quant_new(a, 1, &k->scale_in, &zi, -1);
    s->types[1].quant = th_quant_new(a, k->per_channel ? (uint32_t)k->out_c : 1, k->scale_w,
                                     NULL, k->per_channel ? (k->op == KGEN_DEPTHWISE ? 3 : 0)
                                                          : -1);
    s->types[3].quant = th_quant_new(a, 1, &k->scale_out, &zo, -1);
    if (k->nibbles)
        s->types[1].dtype = TH_DT_S4;
    for (int i = 0; k->real && i < 4; i++) {
        s->types[i].dtype = TH_DT_F32;
        s->types[i].quant = NULL;
    }
}

static float *as_floats(const int8_t *from, int64_t n, struct th_arena *a)
{
    float *to = TH_NEW_ARRAY(a, float, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++)
        to[i] = (float)from[i];
    return to;
}

static uint8_t *as_nibbles(const int8_t *from, int64_t n, struct th_arena *a)
{
    uint8_t *to = th_arena_calloc(a, (size_t)n / 2 + 1, 1);
    for (int64_t i = 0; i < n; i++)
        to[i / 2] |= (uint8_t)((from[i] & 15) << (i % 2 * 4));
    return to;
}

static void set_bounds(struct setup *s, const struct kgen_case *k)
{
    double lo = k->lo > -128 ? k->lo - k->zo : -INFINITY;
    double hi = k->hi < 127 ? k->hi - k->zo : INFINITY;
    if (k->real) {
        const bool bounded = k->lo != -128 || k->hi != 127;
        lo = bounded ? k->lo : -INFINITY;
        hi = bounded ? k->hi : INFINITY;
    }
    s->attr[s->attrs.n++] = (struct th_attr){.name = "act_min", .kind = TH_ATTR_FLOAT,
                                             .v.f = lo};
    s->attr[s->attrs.n++] = (struct th_attr){.name = "act_max", .kind = TH_ATTR_FLOAT,
                                             .v.f = hi};
}

static void set_up(struct setup *s, const struct kgen_case *k, struct th_ctx *ctx,
                   struct th_arena *a, const struct th_target *target)
{
    memset(s, 0, sizeof *s);
    set_types(s, k, a);
    const bool weights = k->op <= KGEN_DENSE;
    s->op.name = op_names[k->op];
    s->attrs.list = s->attr;
    if (k->op != KGEN_DENSE) {
        add_ints(s, "stride", 2, k->sh, k->sw, 0, 0);
        add_ints(s, "dilation", 2, k->dh, k->dw, 0, 0);
        add_ints(s, "pad", 4, k->pt, k->pl, 0, 0);
        add_ints(s, "filter", 2, k->kh, k->kw, 0, 0);
    }
    set_bounds(s, k);
    s->in[0] = &s->types[0], s->in[1] = &s->types[1];
    s->in[2] = k->bias ? &s->types[2] : NULL;
    s->w = (struct th_tensor){s->types[1], k->w};
    s->b = (struct th_tensor){s->types[2], k->b};
    if (k->nibbles)
        s->w.data = as_nibbles(k->w, th_type_elems(&s->types[1]), a);
    if (k->real && weights) {
        float *b = TH_NEW_ARRAY(a, float, (size_t)k->out_c);
        for (int c = 0; c < k->out_c; c++)
            b[c] = (float)k->b[c];
        s->w.data = as_floats(k->w, th_type_elems(&s->types[1]), a);
        s->b.data = b;
    }
    s->consts[1] = &s->w;
    s->consts[2] = k->bias ? &s->b : NULL;
    s->inst = (struct th_inst){.ctx = ctx, .arena = a, .op = &s->op,
                               .contract = k->single ? "tflite-single-rounding"
                                           : k->even ? "onnx" : "tflite",
                               .attrs = &s->attrs, .n_in = weights ? 3 : 1, .n_out = 1,
                               .in = (const struct th_type *const *)s->in,
                               .in_const = s->consts, .out = &s->types[3]};
    s->q = (struct th_query){.inst = &s->inst, .target = target, .whole = k->whole};
    s->q.box = (struct th_box){{0, k->by, k->bx, 0},
                               {k->batch, k->by + k->bh, k->bx + k->bw, k->out_c}};
    if (!k->whole) {
        s->in_views[0] = k->in, s->out_views[0] = k->out;
        s->q.in_views = s->in_views, s->q.out_views = s->out_views;
    }
}

/* ---- memory images under the views ----------------------------------------------------------- */

static int64_t at(const struct th_view *v, int y, int x)
{
    if (v->tail && y == v->tail_y)
        return v->tail_at + x * v->pixel_pitch;
    return (v->ring_rows ? y % v->ring_rows : y - v->y0) * v->row_pitch +
           (x - v->x0) * v->pixel_pitch;
}

static size_t view_bytes(const struct th_view *v, int y1, int x1, int c)
{
    if (v->tail)
        return (size_t)(v->tail_at + (x1 - 1) * v->pixel_pitch + c);
    const int64_t rows = v->ring_rows ? v->ring_rows : y1 - v->y0;
    return (size_t)((rows - 1) * v->row_pitch + (x1 - 1 - v->x0) * v->pixel_pitch + c);
}

static int8_t *input_image(const struct kgen_case *k, struct th_arena *a, size_t *bytes)
{
    if (k->whole) {
        *bytes = (size_t)(k->batch * k->in_h * k->in_w * k->in_c);
        return k->x;
    }
    *bytes = view_bytes(&k->in, k->in_h, k->in_w, k->in_c);
    int8_t *to = th_arena_alloc(a, *bytes);
    const int first = k->by * k->sh - k->pt;
    const int y0 = first < 0 ? 0 : first >= k->in_h ? k->in_h - 1 : first;
    const int from = k->in.ring_rows ? y0 : k->in.tail ? (int)k->in.tail_y : (int)k->in.y0;
    const int end = k->in.tail ? (int)k->in.tail_y + 1
                    : k->in.ring_rows ? y0 + (int)k->in.ring_rows : k->in_h;
    for (int y = from; y < end && y < k->in_h; y++)
        for (int x = (int)k->in.x0; x < k->in_w; x++)
            if (at(&k->in, y, x) >= 0 &&
                (!k->in.tail || y < end - 1 || at(&k->in, y, x) >= k->in.ring_rows * k->in.row_pitch))
                memcpy(to + at(&k->in, y, x), k->x + (y * k->in_w + x) * k->in_c,
                       (size_t)k->in_c);
    return to;
}

/* size: bytes of an element */
static uint8_t *output_image(const struct kgen_case *k, const void *dense, size_t size,
                             struct th_arena *a, size_t *bytes)
{
    const uint8_t *from = dense;
    if (k->whole) {
        *bytes = (size_t)(k->batch * k->out_h * k->out_w * k->out_c) * size;
        return th_arena_memdup(a, dense, *bytes);
    }
    *bytes = view_bytes(&k->out, k->by + k->bh, k->bx + k->bw, k->out_c) * size;
    uint8_t *to = th_arena_alloc(a, *bytes);
    memset(to, 0x63, *bytes);
    for (int y = k->by; y < k->by + k->bh; y++)
        for (int x = k->bx; x < k->bx + k->bw; x++)
            memcpy(to + (size_t)at(&k->out, y, x) * size,
                   from + (size_t)((y * k->out_w + x) * k->out_c) * size,
                   (size_t)k->out_c * size);
    return to;
}

/* ---- the program's text ---------------------------------------------------------------------- */

/* more: zeros behind the data, for kernels that read beyond it. */
static void print_bytes(const char *type, const char *name, int id, const void *data, size_t n,
                        int32_t more)
{
    const int8_t *p = data;
    printf("static const %s %s%d[] __attribute__((aligned(16))) = {", type, name, id);
    for (size_t i = 0; i < n; i++)
        printf("%s%d,", i % 24 ? "" : "\n", type[0] == 'u' ? (uint8_t)p[i] : p[i]);
    for (int32_t i = 0; i < more; i++)
        printf("0,");
    printf("%s};\n", n ? "" : "0");
}

/* The input: bytes, or the same numbers as floats. */
static void print_input(const struct kgen_case *k, int id, const int8_t *x, size_t n,
                        int32_t over_read)
{
    if (!k->real) {
        print_bytes("int8_t", "x", id, x, n, over_read);
        return;
    }
    printf("static const float x%d[] __attribute__((aligned(16))) = {", id);
    for (size_t i = 0; i < n; i++)
        printf("%s%d,", i % 24 ? "" : "\n", x[i]);
    for (int32_t i = 0; i < over_read; i += 4)
        printf("0,");
    printf("%s};\n", n ? "" : "0");
}

static void print_data(struct th_program *p)
{
    for (uint32_t i = 0; i < th_program_data_count(p); i++) {
        const struct th_data *d = th_program_data(p, i);
        const struct th_tensor t = {th_type_make(d->dtype, 1, &(int64_t){(int64_t)d->count}),
                                    (void *)(uintptr_t)d->data};
        printf("static const %s data%u[] __attribute__((aligned(16))) = {",
               th_dtype_ctype(d->dtype), i);
        for (size_t j = 0; j < d->count; j++) {
            const int64_t v = d->dtype == TH_DT_F32 ? 0 : th_tensor_int(&t, (int64_t)j);
            if (d->dtype == TH_DT_F32)
                printf("%s%af,", j % 16 ? "" : "\n", th_tensor_real(&t, (int64_t)j));
            else if (v == INT32_MIN)
                printf("-2147483647 - 1,");
            else
                printf("%s%lld,", j % 16 ? "" : "\n", (long long)v);
        }
        printf("};\n");
    }
}

/* The function for one pixel: its name, and what comes in place of struct i. */
static void print_pixel_name(const char *symbol)
{
    const char *isa = strstr(symbol, "__");
    printf("    %.*s_pixel%s(", (int)(isa - symbol), symbol, isa);
}

static void print_struct(const struct th_arg *g, int id, uint32_t i, const char *sep, bool pixel)
{
    if (pixel && !strcmp(g->ctype, "thk_box"))
        printf("%s&v, y, x", sep);
    else
        printf("%s&s%d_%u", sep, id, i);
}

static void print_call(const struct th_call *c, int id, size_t in_step, size_t out_step,
                       int64_t distance, bool pixel)
{
    for (int64_t n = 0; n < c->batch; n++) {
        if (pixel)
            print_pixel_name(c->symbol);
        else
            printf("    %s(", c->symbol);
        for (uint32_t i = 0; i < c->n_args; i++) {
            const struct th_arg *g = &c->args[i];
            const char *sep = i ? ", " : "";
            switch (g->kind) {
            case TH_ARG_INPUT:
                if (distance < 0)
                    printf("%s(%s *)(const void *)((const uint8_t *)x%d + %zu)", sep, g->ctype, id,
                           (size_t)n * in_step);
                else
                    printf("%s(%s *)(out + %zu)", sep, g->ctype,
                           (size_t)distance + (size_t)n * in_step);
                break;
            case TH_ARG_OUTPUT:
                printf("%s(%s *)(out + %zu%s)", sep, g->ctype, (size_t)n * out_step,
                       pixel ? " + at" : "");
                break;
            case TH_ARG_SCRATCH: printf("%s(%s *)(void *)scratch", sep, g->ctype); break;
            case TH_ARG_INT: printf("%s%lld", sep, (long long)g->i); break;
            case TH_ARG_FLOAT:
                if (isinf(g->f))
                    printf("%s%sINFINITY", sep, g->f < 0 ? "-" : "");
                else
                    printf("%s%af", sep, (double)g->f);
                break;
            case TH_ARG_TEXT: printf("%s%s", sep, g->text); break;
            case TH_ARG_DATA: printf("%s(const void *)data%u", sep, g->index); break;
            case TH_ARG_STRUCT: print_struct(g, id, i, sep, pixel); break;
            case TH_ARG_ACCUMULATOR:
            case TH_ARG_PHASE:
            case TH_ARG_NULL: printf("%s0", sep); break;
            }
        }
        printf(");\n");
    }
}

/* The same with the input in the memory of the output, as far behind as it must be. */
static void print_overlap(const struct kgen_case *k, const struct th_call *c, int id,
                          int64_t distance, size_t in_bytes, size_t out_bytes)
{
    printf("static void over%d(void)\n{\n    prepare(%zu, %zu);\n", id, out_bytes,
           c->scratch_bytes);
    printf("    memcpy(out + %lld, x%d, %zu);\n", (long long)distance, id, in_bytes);
    print_call(c, id, in_bytes / (size_t)c->batch, out_bytes / (size_t)c->batch, distance,
               false);
    printf("    krun_check(\"overlapping %s\", out, want%d, %zu, scratch + %zu);\n}\n\n", k->name, id,
           out_bytes, c->scratch_bytes);
}

/* The same pixel by pixel, with the function for that: everything but where the input lies is
 * literal, as in emitted code. */
static void print_pixels(const struct kgen_case *k, const struct th_call *c, int id,
                         size_t out_bytes)
{
    uint32_t window = 0, box = 0;
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == TH_ARG_STRUCT)
            *(strcmp(c->args[i].ctype, "thk_box") ? &window : &box) = i;
    printf("static __attribute__((noinline)) void pixel%d(int32_t y, int32_t x)\n{\n"
           "    const struct thk_view v = s%d_%u.in;\n"
           "    const ptrdiff_t at = thk_view_at(&s%d_%u.out, y, x);\n",
           id, id, window, id, window);
    print_call(c, id, 0, 0, -1, true);
    printf("}\nstatic void pixels%d(void)\n{\n    prepare(%zu, %zu);\n"
           "    for (int32_t y = s%d_%u.y; y < s%d_%u.y + s%d_%u.h; y++)\n"
           "        for (int32_t x = s%d_%u.x; x < s%d_%u.x + s%d_%u.w; x++)\n"
           "            pixel%d(y, x);\n"
           "    check(\"pixels %s\", want%d, %zu, %zu);\n}\n\n", id, out_bytes, c->scratch_bytes,
           id, box, id, box, id, box, id, box, id, box, id, box, id, k->name, id, out_bytes,
           c->scratch_bytes);
}

/* -1: no overlap; else a multiple of four, as planned offsets are. */
static int64_t overlap_of(const struct th_kernel *row, const struct setup *s, struct th_ctx *ctx,
                          struct th_arena *a)
{
    struct th_inst c = s->inst;
    c.op = th_op_find(ctx, s->op.name);
    const int64_t align = row->align_in > 4 ? row->align_in : 4;
    const int64_t d = s->q.whole && c.op ? th_in_place_distance(&c, row, 0, a) : -1;
    if (d < 0 || d >= th_type_size(&c.out[0]))
        return -1;
    return (d + align - 1) & -align;
}

static void print_case(const struct kgen_case *k, const struct th_call *c, int id, bool bench,
                       int64_t distance, int32_t over_read, bool pixels, struct th_arena *a)
{
    size_t in_bytes, out_bytes;
    const size_t size = k->real ? sizeof(float) : 1;
    void *dense = th_arena_calloc(a, (size_t)(k->batch * k->out_h * k->out_w * k->out_c), size);
    if (k->real)
        kgen_expected_real(k, dense);
    else
        kgen_expected(k, dense);
    const int8_t *x = input_image(k, a, &in_bytes);
    const uint8_t *y = output_image(k, dense, size, a, &out_bytes);
    print_input(k, id, x, in_bytes, over_read);
    in_bytes *= size;
    print_bytes("uint8_t", "want", id, y, out_bytes, 0);
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == TH_ARG_STRUCT)
            printf("static const struct %s s%d_%u = {%s};\n", c->args[i].ctype, id, i,
                   c->args[i].text);
    printf("static __attribute__((noinline)) void call%d(void)\n{\n", id);
    print_call(c, id, in_bytes / (size_t)c->batch, out_bytes / (size_t)c->batch, -1, false);
    printf("}\nstatic void case%d(void)\n{\n", id);
    printf("    prepare(%zu, %zu);\n", out_bytes, c->scratch_bytes);
    if (bench)
        printf("    count(\"%s\", call%d, %.0f);\n", k->name, id,
               (double)k->out_h * k->out_w * k->out_c * k->kh * k->kw *
                   (k->op == KGEN_CONV || k->op == KGEN_DENSE ? k->in_c : 1));
    else
        printf("    call%d();\n", id);
    printf("    check(\"%s\", want%d, %zu, %zu);\n}\n\n", k->name, id, out_bytes, c->scratch_bytes);
    if (distance >= 0 && !bench)
        print_overlap(k, c, id, distance, in_bytes, out_bytes);
    if (pixels)
        print_pixels(k, c, id, out_bytes);
}

static const char head[] =
    "#include \"krun.h\"\n"
    "static uint8_t out[300000] __attribute__((aligned(16)));\n"
    "static uint8_t scratch[100000] __attribute__((aligned(16)));\n"
    "static void prepare(size_t n, size_t s)\n"
    "{\n"
    "    memset(out, 0x63, n + KRUN_GUARD);\n"
    "    memset(scratch, 0xA5, s + KRUN_GUARD);\n"
    "}\n"
    "static void check(const char *what, const uint8_t *y, size_t n, size_t s)\n"
    "{\n"
    "    static uint8_t want[300000];\n"
    "    memset(want, 0x63, n + KRUN_GUARD);\n"
    "    memcpy(want, y, n);\n"
    "    krun_check(what, out, want, n + KRUN_GUARD, scratch + s);\n"
    "}\n"
    "static void count(const char *what, void (*f)(void), uint64_t macs)\n"
    "{\n"
    "    const struct thb_stamp a = KRUN_STAMP();\n"
    "    f();\n"
    "    const uint64_t n = KRUN_DIFF(a, KRUN_STAMP());\n"
    "    KRUN_PUTS(what);\n"
    "    KRUN_PUTS(\": \");\n"
    "    krun_dec(n);\n"
    "    KRUN_PUTS(\" instructions, per 1000 MACs \");\n"
    "    krun_dec(n * 1000 / macs);\n"
    "    KRUN_PUTS(\"\\n\");\n"
    "}\n";

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    const bool bench = strcmp(argv[4], "bench") == 0;
    uint64_t rng = 88172645463325252u + (uint64_t)atoi(argv[3]) * 7919u;
    int op = 0, made = 0, tried = 0;
    while (op < 5 && strcmp(argv[2], op_args[op]) != 0)
        op++;
    const struct th_kernel *row = op < 5 ? find_row(argv[1], op_names[op]) : NULL;
    if (!row) {
        fprintf(stderr, "kgen: no row '%s' for '%s'\n", argv[1], argv[2]);
        return 2;
    }
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = th_program_new(ctx);
    struct th_arena *a = th_arena_new(0);
    const int want = bench ? 100 : atoi(argv[4]);
    struct th_call **calls = TH_NEW_ARRAY(a, struct th_call *, (size_t)want);
    struct kgen_case *cases = TH_NEW_ARRAY(a, struct kgen_case, (size_t)want);
    int64_t *distances = TH_NEW_ARRAY(a, int64_t, (size_t)want);
    while (made < want && tried < 50 * want) {
        struct setup s;
        struct kgen_case *k = &cases[made];
        kgen_make(k, (enum kgen_op)op, &rng, bench ? ++tried : 0, a);
        k->single = row->contract && !strcmp(row->contract, "tflite-single-rounding");
        tried += !bench;
        if (k->out_c == 0)
            break;
        k->even = row->contract && !strcmp(row->contract, "onnx");
        if (k->even && !bench)
            kgen_far_factors(k, &rng);
        if (strncmp(row->types, "f32", 3) == 0)
            kgen_make_real(k);
        if (strncmp(row->types, "s8,s4", 5) == 0)
            kgen_make_nibbles(k);
        set_up(&s, k, ctx, a, NULL);
        const char *why = row->refuse ? row->refuse(&s.q) : NULL;
        if (why) {
            if (bench)
                fprintf(stderr, "kgen: %s: %s\n", k->name, why);
            continue;
        }
        if (th_call_bind(p, row, &s.q, &calls[made]) != TH_OK)
            return 1;
        distances[made] = overlap_of(row, &s, ctx, a);
        made++;
    }
    if (made == 0) {
        fprintf(stderr, "kgen: the row accepts none of the layers\n");
        return 1;
    }
    printf("#include <math.h>\n#include \"%s\"\n", row->source);
    fputs(head, stdout);
    print_data(p);
    const bool pixels = row->views & TH_VIEW_PIXEL && !bench;
    for (int i = 0; i < made; i++)
        print_case(&cases[i], calls[i], i, bench, distances[i], row->over_read,
                   pixels && calls[i]->batch == 1, a);
    printf("int main(void)\n{\n    KRUN_INIT();\n");
    for (int i = 0; i < made; i++) {
        printf("    case%d();\n", i);
        if (distances[i] >= 0 && !bench)
            printf("    over%d();\n", i);
        if (pixels && calls[i]->batch == 1)
            printf("    pixels%d();\n", i);
    }
    printf("    KRUN_PUTS(\"%s %s: \");\n    krun_dec((uint64_t)krun_cases);\n"
           "    KRUN_PUTS(\" cases, %d refused, \");\n    krun_dec((uint64_t)krun_bad);\n"
           "    KRUN_PUTS(\" differ\\n\");\n    (void)count;\n"
           "    return krun_bad || krun_cases == 0;\n}\n", row->symbol, argv[2],
           bench ? 0 : tried - made);
    fprintf(stderr, "kgen: %s: %d cases, %d layers tried\n", row->symbol, made, tried);
    th_arena_free(a);
    th_program_free(p);
    th_ctx_free(ctx);
    return 0;
}
