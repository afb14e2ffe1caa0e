/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the neural-network operators: small cases by hand, refusals, and the promise of
 * `window`: what lies outside of the reported boxes never changes the outputs asked about, and the
 * outermost slices of the boxes do.
 */
#include <thimble/thimble.h>

#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IN 6

static uint64_t seed = 7;
static uint32_t draw(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static char message[512];
static void keep_message(void *user, const struct th_message *m)
{
    (void)user;
    if (m->severity == TH_SEV_ERROR)
        snprintf(message, sizeof(message), "%s", m->text);
}

/* A program of one node whose operands are all inputs. */
struct rig {
    struct th_ctx *ctx;
    struct th_program *p;
    struct th_graph *g;
    struct th_eval_session *session;
    struct th_arena *arena;
    th_node node;
    uint32_t n_in;
    struct th_tensor *in[MAX_IN];
    struct th_tensor *out[4];
};

static struct th_type typed(enum th_dtype dt, int rank, const int64_t *dims, float scale,
                            int64_t zero, struct th_arena *a)
{
    struct th_type t = th_type_make(dt, rank, dims);
    if (scale > 0)
        t.quant = th_quant_new(a, 1, &scale, &zero, -1);
    return t;
}

static enum th_status rig_open(struct rig *r, const char *op, const char *contract,
                               const struct th_type *in, uint32_t n_in, const struct th_type *out,
                               const struct th_attr *attrs, uint32_t n_attrs)
{
    th_value v[MAX_IN], y[4];
    r->p = th_program_new(r->ctx);
    r->g = th_program_add_function(r->p, "run");
    r->n_in = n_in;
    for (uint32_t i = 0; i < n_in; i++)
        v[i] = in[i].dtype == TH_DT_NONE ? 0 : th_graph_add_input(r->g, "", &in[i]);
    const struct th_node_desc d = {.op = op, .contract = contract, .in = v, .n_in = n_in,
                                   .attrs = attrs, .n_attrs = n_attrs, .out = out,
                                   .loc = TH_LOC_NONE};
    TH_TRY(th_graph_add_node_nofold(r->g, &d, &r->node, y));
    for (uint32_t i = 0; i < th_node_output_count(r->g, r->node); i++)
        TH_TRY(th_graph_add_output(r->g, "", y[i]));
    r->session = th_eval_session_new(r->p);
    for (uint32_t i = 0; i < th_graph_input_count(r->g); i++)
        r->in[i] = th_tensor_new(r->arena, th_value_type(r->g, th_graph_input(r->g, i)));
    return r->session ? TH_OK : TH_ERR_INTERNAL;
}

static void rig_start(struct rig *r)
{
    memset(r, 0, sizeof(*r));
    r->ctx = th_ctx_new();
    r->arena = th_arena_new(0);
    th_ctx_set_sink(r->ctx, keep_message, NULL);
    message[0] = '\0';
}

static void rig_stop(struct rig *r)
{
    th_eval_session_free(r->session);
    th_program_free(r->p);
    th_arena_free(r->arena);
    th_ctx_free(r->ctx);
}

static enum th_status rig_run(struct rig *r)
{
    const struct th_tensor *in[MAX_IN];
    memcpy(in, r->in, sizeof(in));
    return th_eval_run(r->session, r->g, in, r->arena, r->out);
}

static void fill(struct th_tensor *t, int64_t i)
{
    if (th_dtype_is_float(t->type.dtype))
        th_tensor_set_real(t, i, (double)draw(2001) / 1000 - 1);
    else if (t->type.dtype == TH_DT_S32 || t->type.dtype == TH_DT_S64)
        th_tensor_set_int(t, i, (int64_t)draw(2001) - 1000);
    else
        th_tensor_set_int(t, i, th_dtype_min(t->type.dtype) + draw(256));
}

/* ---- windows -------------------------------------------------------------------------------- */
static void coordinates(const struct th_type *t, int64_t i, int64_t *at)
{
    for (int k = t->rank - 1; k >= 0; k--) {
        at[k] = i % t->dims[k];
        i /= t->dims[k];
    }
}

static bool inside(const struct th_type *t, int64_t i, const int64_t *lo, const int64_t *hi)
{
    int64_t at[TH_MAX_RANK];
    coordinates(t, i, at);
    for (int k = 0; k < t->rank; k++)
        if (at[k] < lo[k] || at[k] >= hi[k])
            return false;
    return true;
}

static bool same_in_box(const struct th_tensor *a, const struct th_tensor *b,
                        const struct th_box *box)
{
    const int64_t n = th_type_elems(&a->type);
    for (int64_t i = 0; i < n; i++)
        if (inside(&a->type, i, box->lo, box->hi) &&
            th_tensor_real(a, i) != th_tensor_real(b, i))
            return false;
    return true;
}

/* Changes operand i outside of its window: the box of the output must stay. */
static void outside_is_not_read(struct rig *r, uint32_t i, const struct th_window *w,
                                const struct th_box *box, const struct th_tensor *before)
{
    const int64_t n = th_type_elems(&r->in[i]->type);
    struct th_tensor *saved = th_tensor_new(r->arena, &r->in[i]->type);
    memcpy(saved->data, r->in[i]->data, (size_t)th_type_size(&saved->type));
    for (int64_t k = 0; k < n; k++)
        if (!inside(&r->in[i]->type, k, w->box.lo, w->box.hi))
            fill(r->in[i], k);
    CU_ASSERT_EQUAL_FATAL(rig_run(r), TH_OK);
    CU_ASSERT_TRUE(same_in_box(before, r->out[0], box));
    memcpy(r->in[i]->data, saved->data, (size_t)th_type_size(&saved->type));
}

/* Changes the outermost slices of the window, one axis at a time: the box must change. A side
 * where the window reaches beyond the operand may begin with a gap between taps. */
static void edges_are_read(struct rig *r, uint32_t i, const struct th_window *w,
                           const struct th_box *box, const struct th_tensor *before)
{
    const struct th_type *t = &r->in[i]->type;
    struct th_tensor *saved = th_tensor_new(r->arena, t);
    memcpy(saved->data, r->in[i]->data, (size_t)th_type_size(t));
    for (int side = 0; side < 2 * t->rank; side++) {
        const int axis = side / 2;
        struct th_box slice = w->box;
        if (side % 2 ? w->clip_hi[axis] : w->clip_lo[axis])
            continue;
        if (side % 2)
            slice.lo[axis] = slice.hi[axis] - 1;
        else
            slice.hi[axis] = slice.lo[axis] + 1;
        for (int64_t k = 0; k < th_type_elems(t); k++)
            if (inside(t, k, slice.lo, slice.hi))
                th_tensor_set_real(r->in[i], k,
                                   th_tensor_real(r->in[i], k) + 3 + draw(1000) / 100.0);
        CU_ASSERT_EQUAL_FATAL(rig_run(r), TH_OK);
        CU_ASSERT_FALSE(same_in_box(before, r->out[0], box));
        memcpy(r->in[i]->data, saved->data, (size_t)th_type_size(t));
    }
}

static void random_box(const struct th_type *t, struct th_box *box)
{
    memset(box, 0, sizeof(*box));
    for (int k = 0; k < t->rank; k++) {
        box->lo[k] = draw((uint32_t)t->dims[k]);
        box->hi[k] = box->lo[k] + 1 + draw((uint32_t)(t->dims[k] - box->lo[k]));
    }
}

static bool empty(const struct th_window *w, int rank)
{
    for (int k = 0; k < rank; k++)
        if (w->box.hi[k] <= w->box.lo[k])
            return true;
    return false;
}

static void check_windows(struct rig *r, bool edges)
{
    struct th_inst *c = th_node_inst(r->g, r->node, r->arena);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->op->window);
    for (int round = 0; round < 12; round++) {
        struct th_box box;
        for (uint32_t i = 0; i < r->n_in; i++)
            for (int64_t k = 0; k < th_type_elems(&r->in[i]->type); k++)
                fill(r->in[i], k);
        CU_ASSERT_EQUAL_FATAL(rig_run(r), TH_OK);
        const struct th_tensor *before = r->out[0];
        random_box(&c->out[0], &box);
        for (uint32_t i = 0; i < r->n_in; i++) {
            struct th_window w;
            if (!c->op->window(c, &box, i, &w))
                continue;
            for (int k = 0; k < c->in[i]->rank; k++) {
                CU_ASSERT_TRUE(w.box.lo[k] >= 0 && w.box.lo[k] <= w.box.hi[k]);
                CU_ASSERT_TRUE(w.box.hi[k] <= c->in[i]->dims[k]);
                CU_ASSERT_TRUE(w.clip_lo[k] >= 0 && w.clip_hi[k] >= 0);
            }
            outside_is_not_read(r, i, &w, &box, before);
            if (edges && i == 0 && !empty(&w, c->in[i]->rank))
                edges_are_read(r, i, &w, &box, before);
        }
    }
}

struct window_case {
    const char *op;
    enum th_dtype in[3];
    int rank[3];
    int64_t dims[3][4];
    enum th_dtype out;
    bool edges;
    const char *attrs;     /* "list=1,2 integer=#3 flag=?1" */
};
/* Attributes of a case, in the arena. */
static uint32_t parse_attrs(const char *text, struct th_arena *a, struct th_attr *out)
{
    uint32_t n = 0;
    char *at = th_arena_strdup(a, text);
    for (char *word = strtok(at, " "); word; word = strtok(NULL, " "), n++) {
        char *value = strchr(word, '=');
        int64_t *list = TH_NEW_ARRAY(a, int64_t, 8);
        *value++ = '\0';
        out[n] = (struct th_attr){.name = word, .kind = TH_ATTR_INTS};
        if (*value == '#' || *value == '?') {
            out[n].kind = *value == '#' ? TH_ATTR_INT : TH_ATTR_BOOL;
            out[n].v.i = atoi(value + 1);
            continue;
        }
        for (char *end = value; *end; value = end + (*end == ','))
            list[out[n].n++] = strtol(value, &end, 10);
        out[n].v.ints = list;
    }
    return n;
}

#define F32 TH_DT_F32
#define S8 TH_DT_S8
#define S16 TH_DT_S16

static void windows(void)
{
    static const struct window_case cases[] = {
        {"conv2d", {F32, F32, F32}, {4, 4, 1}, {{2, 9, 8, 3}, {4, 3, 2, 3}, {4}}, F32, true,
         "stride=2,1 pad=1,0,2,1 dilation=1,2"},
        {"conv2d", {F32, F32, F32}, {4, 4, 1}, {{1, 7, 7, 4}, {6, 3, 3, 2}, {6}}, F32, true,
         "pad=1,1,1,1"},
        {"conv2d", {S8, S8, TH_DT_S32}, {4, 4, 1}, {{1, 7, 6, 3}, {4, 2, 3, 3}, {4}}, S8, false,
         "stride=3,2 pad=0,2,1,0"},
        {"conv2d", {S16, S8, TH_DT_S64}, {4, 4, 1}, {{1, 5, 6, 2}, {3, 2, 3, 2}, {3}}, S16, false,
         "pad=1,1,0,0"},
        {"depthwise_conv2d", {F32, F32, F32}, {4, 4, 1}, {{1, 8, 7, 3}, {1, 3, 3, 6}, {6}}, F32,
         true, "multiplier=#2 stride=2,2 pad=1,1,1,1"},
        {"transpose_conv2d", {F32, F32, F32}, {4, 4, 1}, {{1, 5, 4, 2}, {3, 3, 4, 2}, {3}}, F32,
         true, "stride=2,2 pad=1,1,0,1"},
        {"transpose_conv2d", {F32, F32}, {4, 4}, {{1, 5, 4, 2}, {3, 1, 2, 2}}, F32, false,
         "stride=3,2"},
        {"avg_pool2d", {F32}, {4}, {{1, 9, 8, 3}}, F32, true,
         "filter=3,2 stride=2,3 pad=1,0,2,1"},
        {"max_pool2d", {S8}, {4}, {{1, 9, 8, 3}}, S8, false,
         "filter=3,3 stride=1,2 pad=1,1,1,1"},
        {"l2_pool2d", {F32}, {4}, {{2, 6, 6, 2}}, F32, true, "filter=2,3"},
        {"fully_connected", {F32, F32, F32}, {2, 2, 1}, {{4, 5}, {3, 5}, {3}}, F32, true, ""},
        {"fully_connected", {F32, F32}, {3, 2}, {{2, 3, 5}, {4, 5}}, F32, true,
         "keep_dims=?1"},
        {"fully_connected", {F32, F32}, {3, 2}, {{2, 3, 5}, {4, 5}}, F32, false, ""},
        {"batch_matmul", {F32, F32}, {3, 3}, {{2, 3, 4}, {2, 4, 5}}, F32, true, ""},
        {"batch_matmul", {F32, F32}, {3, 2}, {{2, 4, 3}, {5, 4}}, F32, true,
         "adj_a=?1 adj_b=?1"},
        {"softmax", {F32}, {3}, {{2, 3, 5}}, F32, false, ""},
        {"log_softmax", {F32}, {2}, {{3, 5}}, F32, true, ""},
        {"l2_norm", {F32}, {2}, {{3, 5}}, F32, true, ""},
        {"prelu", {F32, F32}, {4, 3}, {{1, 3, 4, 2}, {1, 1, 2}}, F32, false, ""},
        {"mean", {F32}, {4}, {{2, 4, 3, 5}}, F32, true,
         "axes=1,2 keep_dims=?1"},
        {"sum", {F32}, {4}, {{2, 4, 3, 5}}, F32, true, "axes=-1,0"},
        {"reduce_max", {F32}, {3}, {{4, 3, 5}}, F32, false, "axes=1"},
        {"resize_bilinear", {F32}, {4}, {{1, 4, 5, 2}}, F32, false,
         "size=7,3 half_pixel=?1"},
        {"resize_bilinear", {S8}, {4}, {{1, 4, 5, 2}}, S8, false,
         "size=9,10 align_corners=?1"},
        {"resize_nearest", {F32}, {4}, {{1, 4, 5, 2}}, F32, true, "size=8,3"},
        {"resize_nearest", {S8}, {4}, {{1, 4, 5, 2}}, S8, false,
         "size=7,9 half_pixel=?1"},
        {"quantize", {F32}, {3}, {{2, 3, 4}}, S8, false, ""},
        {"dequantize", {S8}, {3}, {{2, 3, 4}}, F32, true, ""},
        {"requantize", {S8}, {2}, {{3, 4}}, S16, false, ""},
    };
    for (size_t k = 0; k < TH_ARRAY_LEN(cases); k++) {
        const struct window_case *w = &cases[k];
        struct rig r;
        struct th_type in[3], out;
        struct th_attr attrs[8];
        uint32_t n_in = 0;
        rig_start(&r);
        for (; n_in < 3 && w->in[n_in]; n_in++)
            in[n_in] = typed(w->in[n_in], w->rank[n_in], w->dims[n_in],
                             w->in[n_in] == F32 ? 0 : 0.05f, 0, r.arena);
        const uint32_t n_attrs = parse_attrs(w->attrs, r.arena, attrs);
        out = typed(w->out, -1, NULL, w->out == F32 ? 0 : 0.05f, 0, r.arena);
        out.rank = -1;
        const enum th_status status =
            rig_open(&r, w->op, NULL, in, n_in, &out, attrs, n_attrs);
        if (status != TH_OK)
            fprintf(stderr, "case %zu (%s): %s\n", k, w->op, message);
        CU_ASSERT_EQUAL(status, TH_OK);
        if (status == TH_OK) {
            const unsigned failures = CU_get_number_of_failures();
            check_windows(&r, w->edges);
            if (CU_get_number_of_failures() != failures)
                fprintf(stderr, "case %zu (%s) failed\n", k, w->op);
        }
        rig_stop(&r);
    }
}

/* ---- cases by hand -------------------------------------------------------------------------- */
static void put(struct th_tensor *t, const double *v)
{
    for (int64_t i = 0; i < th_type_elems(&t->type); i++) {
        if (th_dtype_is_float(t->type.dtype))
            th_tensor_set_real(t, i, v[i]);
        else
            th_tensor_set_int(t, i, (int64_t)v[i]);
    }
}

static void check_values(const struct th_tensor *t, const double *want, double tolerance)
{
    for (int64_t i = 0; i < th_type_elems(&t->type); i++)
        CU_ASSERT_DOUBLE_EQUAL(th_tensor_real(t, i), want[i], tolerance);
}

/* One dense unit whose accumulator lies on a tie: the three contracts round it differently. */
static void contracts(void)
{
    static const struct {
        const char *name;
        int64_t up, down;
    } want[] = {{"tflite", 3, -3}, {"tflite-single-rounding", 3, -2}, {"onnx", 2, -2}};
    for (size_t k = 0; k < TH_ARRAY_LEN(want); k++) {
        struct rig r;
        rig_start(&r);
        const struct th_type in[2] = {
            typed(S8, 2, (const int64_t[]){2, 1}, 0.25f, 0, r.arena),
            typed(S8, 2, (const int64_t[]){1, 1}, 1.0f, 0, r.arena)};
        const struct th_type out = typed(S8, -1, NULL, 1.0f, 0, r.arena);
        CU_ASSERT_EQUAL_FATAL(rig_open(&r, "fully_connected", want[k].name, in, 2, &out, NULL, 0),
                              TH_OK);
        put(r.in[0], (const double[]){10, -10});     /* times 1/4: 2.5 and -2.5 */
        put(r.in[1], (const double[]){1});
        CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
        CU_ASSERT_EQUAL(th_tensor_int(r.out[0], 0), want[k].up);
        CU_ASSERT_EQUAL(th_tensor_int(r.out[0], 1), want[k].down);
        rig_stop(&r);
    }
}

/* A sum beyond 32 bits wraps in contracts of both roundings, as it does in kernels. */
static void wrapping_sums(void)
{
    static const char *const contracts[] = {"tflite", "onnx"};
    for (size_t k = 0; k < TH_ARRAY_LEN(contracts); k++) {
        struct rig r;
        rig_start(&r);
        const struct th_type in[3] = {typed(S8, 2, (const int64_t[]){1, 1}, 0.25f, 0, r.arena),
                                      typed(S8, 2, (const int64_t[]){1, 1}, 0.25f, 0, r.arena),
                                      typed(TH_DT_S32, 1, (const int64_t[]){1}, 0.0625f, 0,
                                            r.arena)};
        const struct th_type out = typed(S8, -1, NULL, 1.0f, 0, r.arena);
        CU_ASSERT_EQUAL_FATAL(rig_open(&r, "fully_connected", contracts[k], in, 3, &out, NULL, 0),
                              TH_OK);
        put(r.in[0], (const double[]){10});
        put(r.in[1], (const double[]){10});
        put(r.in[2], (const double[]){INT32_MAX - 50});
        CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
        CU_ASSERT_EQUAL(th_tensor_int(r.out[0], 0), -128);
        rig_stop(&r);
    }
}

/* Legacy u8: both zero points take part. */
static void legacy_u8(void)
{
    struct rig r;
    rig_start(&r);
    const struct th_type in[3] = {
        typed(TH_DT_U8, 4, (const int64_t[]){1, 1, 2, 1}, 0.5f, 128, r.arena),
        typed(TH_DT_U8, 4, (const int64_t[]){1, 1, 2, 1}, 0.5f, 120, r.arena),
        typed(TH_DT_S32, 1, (const int64_t[]){1}, 0.25f, 0, r.arena)};
    const struct th_type out = typed(TH_DT_U8, -1, NULL, 1.0f, 100, r.arena);
    struct th_attr pad[4];
    const uint32_t n_pad = parse_attrs("pad=0,1,0,0", r.arena, pad);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "conv2d", NULL, in, 3, &out, pad, n_pad), TH_OK);
    put(r.in[0], (const double[]){132, 120});
    put(r.in[1], (const double[]){124, 110});
    put(r.in[2], (const double[]){8});
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    /* (4 * -10 + 8) / 4 = -8; (4*4 + -8*-10 + 8) / 4 = 26 */
    check_values(r.out[0], (const double[]){92, 126}, 0);
    rig_stop(&r);
}

/* A zero point that its type cannot hold is refused, not computed with. */
static void zero_points(void)
{
    struct rig r;
    rig_start(&r);
    const struct th_type in[2] = {
        typed(S8, 2, (const int64_t[]){1, 1}, 0.5f, 0, r.arena),
        typed(S8, 2, (const int64_t[]){1, 1}, 0.5f, INT64_MIN, r.arena)};
    const struct th_type out = typed(S8, -1, NULL, 1.0f, 0, r.arena);
    CU_ASSERT_NOT_EQUAL(rig_open(&r, "fully_connected", NULL, in, 2, &out, NULL, 0), TH_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(message, "outside of s8"));
    rig_stop(&r);
}

/* The mean of a quantized map under both roundings: 2.5 steps. */
static void means(void)
{
    static const struct {
        const char *contract;
        int64_t want;
    } cases[] = {{"tflite", 13}, {"onnx", 12}};
    for (size_t k = 0; k < TH_ARRAY_LEN(cases); k++) {
        struct rig r;
        rig_start(&r);
        const struct th_type in = typed(S8, 2, (const int64_t[]){1, 4}, 0.5f, 3, r.arena);
        const struct th_type out = typed(S8, -1, NULL, 0.5f, 10, r.arena);
        struct th_attr axes[2];
        const uint32_t n = parse_attrs("axes=1 keep_dims=?1", r.arena, axes);
        CU_ASSERT_EQUAL_FATAL(
            rig_open(&r, "mean", cases[k].contract, &in, 1, &out, axes, n), TH_OK);
        put(r.in[0], (const double[]){3, 4, 8, 7});
        CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
        CU_ASSERT_EQUAL(th_tensor_int(r.out[0], 0), cases[k].want);
        rig_stop(&r);
    }
}

static void averages(void)
{
    struct rig r;
    rig_start(&r);
    const struct th_type in = typed(S8, 4, (const int64_t[]){1, 1, 4, 1}, 0.1f, 5, r.arena);
    const struct th_type out = typed(S8, -1, NULL, 0.1f, 5, r.arena);
    struct th_attr a[4];
    const uint32_t n_a = parse_attrs("filter=1,2 stride=1,2 pad=0,1,0,1", r.arena, a);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "avg_pool2d", NULL, &in, 1, &out, a, n_a), TH_OK);
    put(r.in[0], (const double[]){-7, 2, 3, -9});
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    check_values(r.out[0], (const double[]){-7, 3, -9}, 0);   /* padding is not counted */
    rig_stop(&r);
}

static void softmax_8bit(void)
{
    struct rig r;
    rig_start(&r);
    const struct th_type in = typed(S8, 2, (const int64_t[]){2, 4}, 0.1f, 3, r.arena);
    const struct th_type out = typed(S8, -1, NULL, 1.0f / 256, -128, r.arena);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "softmax", NULL, &in, 1, &out, NULL, 0), TH_OK);
    const double x[8] = {10, 20, 30, 40, -128, 127, -128, -128};
    double y[8];
    put(r.in[0], x);
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    for (int row = 0; row < 2; row++) {
        double sum = 0;
        for (int i = 0; i < 4; i++)
            sum += y[row * 4 + i] = exp(x[row * 4 + i] * (double)0.1f);
        for (int i = 0; i < 4; i++)
            y[row * 4 + i] = fmin(y[row * 4 + i] / sum * 256 - 128, 127);
    }
    check_values(r.out[0], y, 0.51);
    rig_stop(&r);
}

/* log_softmax, l2_norm: the fixed-point results stay within a step of the real ones. */
static void rows_8bit(void)
{
    static const double x[6] = {-50, -10, 0, 20, 60, 100};
    double sum = 0, squares = 0, want[6];
    struct rig r;
    rig_start(&r);
    struct th_type in = typed(S8, 2, (const int64_t[]){1, 6}, 0.05f, 0, r.arena);
    struct th_type out = typed(S8, -1, NULL, 0.0625f, 127, r.arena);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "log_softmax", NULL, &in, 1, &out, NULL, 0), TH_OK);
    put(r.in[0], x);
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    for (int i = 0; i < 6; i++) {
        sum += exp(x[i] * (double)0.05f);
        squares += x[i] * x[i];
    }
    for (int i = 0; i < 6; i++)
        want[i] = (x[i] * (double)0.05f - log(sum)) * 16 + 127;
    check_values(r.out[0], want, 1.01);
    rig_stop(&r);

    rig_start(&r);
    in = typed(S8, 2, (const int64_t[]){1, 6}, 0.05f, 0, r.arena);
    out = typed(S8, -1, NULL, 0.0078125f, 0, r.arena);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "l2_norm", NULL, &in, 1, &out, NULL, 0), TH_OK);
    put(r.in[0], x);
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    for (int i = 0; i < 6; i++)
        want[i] = x[i] / sqrt(squares) * 128;
    check_values(r.out[0], want, 1.01);
    rig_stop(&r);
}

static void softmax_16bit(void)
{
    struct rig r;
    rig_start(&r);
    const struct th_type in = typed(S16, 2, (const int64_t[]){1, 4}, 0.0005f, 0, r.arena);
    const struct th_type out = typed(S16, -1, NULL, 1.0f / 32768, 0, r.arena);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "softmax", NULL, &in, 1, &out, NULL, 0), TH_OK);
    const double x[4] = {-1000, 0, 1500, 2200};
    double y[4], sum = 0;
    put(r.in[0], x);
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    for (int i = 0; i < 4; i++)
        sum += y[i] = exp(x[i] * (double)0.0005f);
    for (int i = 0; i < 4; i++)
        y[i] = y[i] / sum * 32768;
    check_values(r.out[0], y, 4);
    rig_stop(&r);
}

/* Two steps: the second sees what the first left in the state. */
static void svdf_float(void)
{
    struct rig r;
    rig_start(&r);
    const struct th_type in[5] = {
        typed(F32, 2, (const int64_t[]){1, 2}, 0, 0, r.arena),
        typed(F32, 2, (const int64_t[]){2, 2}, 0, 0, r.arena),
        typed(F32, 2, (const int64_t[]){2, 3}, 0, 0, r.arena),
        typed(F32, 1, (const int64_t[]){1}, 0, 0, r.arena),
        typed(F32, 2, (const int64_t[]){1, 6}, 0, 0, r.arena)};
    const struct th_type out[2] = {typed(F32, -1, NULL, 0, 0, r.arena),
                                   typed(F32, -1, NULL, 0, 0, r.arena)};
    struct th_attr rank[4];
    const uint32_t n_rank = parse_attrs("rank=#2", r.arena, rank);
    CU_ASSERT_EQUAL_FATAL(rig_open(&r, "svdf", NULL, in, 5, out, rank, n_rank), TH_OK);
    put(r.in[0], (const double[]){1, 2});
    put(r.in[1], (const double[]){1, 1, 0, 1});
    put(r.in[2], (const double[]){0.5, 1, 2, 1, 1, 1});
    put(r.in[3], (const double[]){10});
    put(r.in[4], (const double[]){0, 4, 6, 0, 1, 2});
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    check_values(r.out[1], (const double[]){4, 6, 3, 1, 2, 2}, 0);
    /* 4*0.5 + 6 + 3*2 + 1 + 2 + 2 + 10 */
    check_values(r.out[0], (const double[]){29}, 1e-6);
    rig_stop(&r);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* One cell with all weights w: float, hybrid and integer forms agree with the definition. */
static void lstm_one_cell(enum th_dtype act, enum th_dtype weight, double tolerance)
{
    struct rig r;
    rig_start(&r);
    const bool real = act == F32;
    const float ws = weight == F32 ? 0 : 1.0f / 128;
    const int64_t x_dims[3] = {1, 3, 1}, one[1] = {1}, w_dims[2] = {1, 1}, s_dims[2] = {1, 1};
    th_value v[20] = {0};
    r.p = th_program_new(r.ctx);
    r.g = th_program_add_function(r.p, "run");
    const float xs = act == S16 ? 1.0f / 4096 : 1.0f / 32;
    struct th_type t = typed(act, 3, x_dims, real ? 0 : xs, 0, r.arena);
    v[0] = th_graph_add_input(r.g, "x", &t);
    for (int i = 1; i < 9; i++) {
        const float w = 0.5f;
        const int8_t q = 64;
        t = typed(weight, 2, w_dims, ws, 0, r.arena);
        v[i] = th_graph_const_copy(r.g, "", &t, weight == F32 ? (const void *)&w : &q);
    }
    for (int i = 12; i < 16; i++) {
        const int64_t zero = 0;
        t = typed(real ? F32 : act == S16 ? TH_DT_S64 : TH_DT_S32, 1, one, 0, 0, r.arena);
        v[i] = th_graph_const_copy(r.g, "", &t, &zero);
    }
    const float hs = act == S16 ? 1.0f / 32768 : 1.0f / 128;
    t = typed(act, 2, s_dims, real ? 0 : hs, 0, r.arena);
    v[18] = th_graph_add_input(r.g, "h", &t);
    t = typed(real ? F32 : S16, 2, s_dims, real ? 0 : 1.0f / 2048, 0, r.arena);
    v[19] = th_graph_add_input(r.g, "c", &t);
    struct th_type out[3] = {typed(act, -1, NULL, real ? 0 : hs, 0, r.arena),
                             typed(act, -1, NULL, real ? 0 : hs, 0, r.arena),
                             typed(real ? F32 : S16, -1, NULL, real ? 0 : 1.0f / 2048, 0,
                                   r.arena)};
    th_value y[3];
    const struct th_node_desc d = {.op = "lstm", .in = v, .n_in = 20, .out = out,
                                   .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node_nofold(r.g, &d, &r.node, y), TH_OK);
    th_graph_add_output(r.g, "y", y[0]);
    th_graph_add_output(r.g, "c", y[2]);
    r.session = th_eval_session_new(r.p);
    for (int i = 0; i < 3; i++)
        r.in[i] = th_tensor_new(r.arena, th_value_type(r.g, th_graph_input(r.g, (uint32_t)i)));
    const double x[3] = {1, -0.5, 2};
    for (int i = 0; i < 3; i++)
        th_tensor_set_real(r.in[0], i, real ? x[i] : x[i] / (double)xs);
    CU_ASSERT_EQUAL_FATAL(rig_run(&r), TH_OK);
    double h = 0, c = 0;
    for (int i = 0; i < 3; i++) {
        const double z = 0.5 * x[i] + 0.5 * h;
        c = sigmoid(z) * c + sigmoid(z) * tanh(z);
        h = sigmoid(z) * tanh(c);
        const double got = th_tensor_real(r.out[0], i) * (real ? 1 : (double)hs);
        CU_ASSERT_DOUBLE_EQUAL(got, h, tolerance);
    }
    CU_ASSERT_DOUBLE_EQUAL(th_tensor_real(r.out[1], 0) * (real ? 1 : 1.0 / 2048), c, tolerance);
    rig_stop(&r);
}

static void lstm_forms(void)
{
    lstm_one_cell(F32, F32, 1e-6);
    lstm_one_cell(F32, S8, 0.01);
    lstm_one_cell(S8, S8, 0.02);
    lstm_one_cell(S16, S8, 0.002);
}

/* ---- refusals ------------------------------------------------------------------------------- */
static void refusals(void)
{
    static const struct {
        struct window_case c;
        const char *says;
    } cases[] = {
        {{"conv2d", {F32, F32}, {4, 4}, {{1, 4, 4, 3}, {2, 3, 3, 2}}, F32, false, ""},
         "3 input channels are no multiple of the weights' 2"},
        {{"conv2d", {F32, F32}, {4, 4}, {{1, 2, 4, 2}, {2, 3, 3, 2}}, F32, false, ""},
         "does not fit into an input of 2x4"},
        {{"conv2d", {F32, F32, F32}, {4, 4, 1}, {{1, 4, 4, 2}, {2, 3, 3, 2}, {3}}, F32, false,
          ""}, "bias has 3 entries, output has 2 channels"},
        {{"conv2d", {S8, S8, TH_DT_S64}, {4, 4, 1}, {{1, 4, 4, 2}, {2, 3, 3, 2}, {2}}, S8, false,
          ""}, "bias of type s64 does not go with an input of type s8"},
        {{"conv2d", {S8, F32}, {4, 4}, {{1, 4, 4, 2}, {2, 3, 3, 2}}, S8, false, ""},
         "do not go together"},
        {{"depthwise_conv2d", {F32, F32}, {4, 4}, {{1, 4, 4, 24}, {1, 3, 3, 32}}, F32, false,
          ""}, "32 weight channels, but 24 input channels x multiplier 1"},
        {{"avg_pool2d", {F32}, {4}, {{1, 4, 4, 1}}, F32, false,
          "filter=2,2 pad=2,0,0,0"}, "not smaller than the window"},
        {{"max_pool2d", {F32}, {4}, {{1, 0, 4, 1}}, F32, false, "filter=3,1 pad=2,0,2,0"},
         "an input of 0x4 cannot be pooled"},
        {{"fully_connected", {F32, F32}, {2, 2}, {{2, 5}, {3, 4}}, F32, false, ""},
         "input of 10 elements is no multiple of the weights' 4 columns"},
        {{"batch_matmul", {F32, F32}, {3, 3}, {{2, 3, 4}, {3, 4, 5}}, F32, false, ""},
         "batch dimensions 2 and 3 do not go together"},
        {{"mean", {F32}, {2}, {{2, 3}}, F32, false, "axes=2"},
         "axis 2 is outside of an input of rank 2"},
        {{"softmax", {S8}, {2}, {{2, 3}}, S8, false, ""}, "is not a known form"},
        {{"resize_bilinear", {F32}, {4}, {{1, 2, 2, 1}}, F32, false,
          "size=4,4 half_pixel=?1 align_corners=?1"},
         "exclude each other"},
        {{"prelu", {F32, F32}, {3, 1}, {{2, 2, 4}, {3}}, F32, false, ""},
         "does not broadcast"},
        {{"transpose_conv2d", {F32, F32}, {4, 4}, {{1, 2, 2, 3}, {2, 2, 2, 4}}, F32, false, ""},
         "weights have 4 input channels, the input has 3"},
    };
    for (size_t k = 0; k < TH_ARRAY_LEN(cases); k++) {
        const struct window_case *w = &cases[k].c;
        struct rig r;
        struct th_type in[3], out;
        struct th_attr attrs[8];
        uint32_t n_in = 0;
        rig_start(&r);
        for (; n_in < 3 && w->in[n_in]; n_in++)
            in[n_in] = typed(w->in[n_in], w->rank[n_in], w->dims[n_in],
                             w->in[n_in] == F32 ? 0 : 0.05f, 0, r.arena);
        const uint32_t n_attrs = parse_attrs(w->attrs, r.arena, attrs);
        out = typed(w->out, -1, NULL, w->out == F32 ? 0 : 0.05f, 0, r.arena);
        CU_ASSERT_NOT_EQUAL(rig_open(&r, w->op, NULL, in, n_in, &out, attrs, n_attrs), TH_OK);
        if (!strstr(message, cases[k].says))
            fprintf(stderr, "case %zu (%s) says '%s'\n", k, w->op, message);
        CU_ASSERT_PTR_NOT_NULL(strstr(message, cases[k].says));
        rig_stop(&r);
    }
}

int main(void)
{
    unsigned failed = 1;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite s = CU_add_suite("neural-network operators", NULL, NULL);
    if (s && CU_add_test(s, "windows", windows) && CU_add_test(s, "contracts", contracts) &&
        CU_add_test(s, "legacy u8", legacy_u8) && CU_add_test(s, "wrapping sums", wrapping_sums) &&
        CU_add_test(s, "averages", averages) &&
        CU_add_test(s, "means", means) && CU_add_test(s, "zero points", zero_points) &&
        CU_add_test(s, "softmax s8", softmax_8bit) &&
        CU_add_test(s, "log-softmax and norm s8", rows_8bit) &&
        CU_add_test(s, "softmax s16", softmax_16bit) && CU_add_test(s, "svdf", svdf_float) &&
        CU_add_test(s, "lstm", lstm_forms) && CU_add_test(s, "refusals", refusals)) {
        CU_basic_run_tests();
        failed = CU_get_number_of_failures();
    }
    CU_cleanup_registry();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
