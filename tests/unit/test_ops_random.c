/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operands and attributes for every operator: a record either refuses them with a message
 * or evaluates them, and what it says about windows holds. Sanitizers make this a test of checked
 * arithmetic. Deterministic; the first argument sets the rounds for each operator, the second the
 * seed, the third picks one operator.
 */
#include <thimble/thimble.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IN 8

static uint64_t seed = 1;
static uint32_t draw(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static int64_t draw_wide(void)
{
    const uint64_t high = draw(UINT32_MAX);
    return (int64_t)(high << 32 | draw(UINT32_MAX));
}

static unsigned messages;
static void count(void *user, const struct th_message *m)
{
    (void)user;
    messages += m->severity == TH_SEV_ERROR;
}

struct trial {
    struct th_ctx *ctx;
    const struct th_op *op;
    struct th_arena *arena;
    struct th_program *p;
    struct th_graph *g;
    th_node node;
    uint32_t n_in;
    th_value operand[MAX_IN];
    struct th_tensor *in[MAX_IN];      /* of graph inputs, in their order */
    uint32_t input_of[MAX_IN];         /* graph input of operand i, or UINT32_MAX */
    struct th_attr attrs[16];
    uint32_t n_attrs;
    int64_t shape[6];                  /* dimensions that operands like to share */
    enum th_dtype dtype;
    int rank;
};
struct tally {
    unsigned refused, large, evaluated, failed, windows;
};

static enum th_dtype pick_dtype(const struct trial *t, uint32_t mask)
{
    if (!mask)
        mask = (TH_DT_QUANTS | TH_DT_FLOATS | TH_DT_INDEX | TH_DT_BIT(TH_DT_BOOL));
    if (mask & TH_DT_BIT(t->dtype) && draw(8))
        return t->dtype;
    for (;;) {
        const enum th_dtype dt = (enum th_dtype)(1 + draw(TH_DT_COUNT - 1));
        if (mask & TH_DT_BIT(dt))
            return dt;
    }
}

static struct th_type pick_type(const struct trial *t, uint32_t mask)
{
    int64_t dims[TH_MAX_RANK];
    const int rank = draw(3) ? t->rank : (int)draw(6);
    for (int k = 0; k < rank; k++)
        dims[k] = draw(4) && k < 6 ? t->shape[k] : draw(40) ? 1 + draw(4) : 0;
    struct th_type type = th_type_make(pick_dtype(t, mask), rank, dims);
    if (!th_dtype_is_float(type.dtype) && type.dtype != TH_DT_BOOL && draw(16)) {
        static const float scales[] = {0.0078125f, 0.00390625f, 1.0f / 32768, 0.05f, 0.0625f,
                                       1e-12f, 3e8f};
        float s[8];
        int64_t z[8];
        const bool per_axis = rank > 0 && !draw(6);
        const int axis = per_axis ? (int)draw((uint32_t)rank) : -1;
        const uint32_t n = per_axis && dims[axis] > 0 && dims[axis] < 8 ? (uint32_t)dims[axis] : 1;
        for (uint32_t i = 0; i < n; i++) {
            s[i] = scales[draw(40) ? draw(5) : draw(7)];
            z[i] = draw(3) ? 0 : (int64_t)draw(300) - 150;
        }
        type.quant = th_quant_new(t->arena, n, s, z, n > 1 ? axis : -1);
    }
    return type;
}

static void fill(struct th_tensor *t)
{
    const int64_t n = th_type_elems(&t->type);
    const bool small = t->type.dtype == TH_DT_S32 || t->type.dtype == TH_DT_S64;
    for (int64_t i = 0; i < n; i++) {
        if (th_dtype_is_float(t->type.dtype))
            th_tensor_set_real(t, i, draw(50) ? (double)draw(4001) / 1000 - 2 : 1e30);
        else if (small && draw(50))
            th_tensor_set_int(t, i, (int64_t)draw(7) - 2);
        else
            th_tensor_set_int(t, i, draw_wide() >> (64 - th_dtype_bits(t->type.dtype)));
    }
}

/* ---- one random node ------------------------------------------------------------------------- */
static double pick_number(const struct th_attr_spec *s, bool whole)
{
    const bool bounded = s->min <= s->max;
    double v = (double)draw(5) - 1;
    if (!draw(30))
        v = (double)draw(UINT32_MAX) * 1000 - 1e12;
    if (!whole && draw(2))
        v = (double)draw(2000) / 1000 - 1;
    if (bounded && draw(20))
        v = v < s->min ? s->min : v > s->max ? s->max : v;
    return v;
}

static void pick_attrs(struct trial *t)
{
    t->n_attrs = 0;
    for (const struct th_attr_spec *s = t->op->attrs; s && s->name && t->n_attrs < 16; s++) {
        struct th_attr *a = &t->attrs[t->n_attrs];
        if (!s->required && draw(2))
            continue;
        *a = (struct th_attr){.name = s->name, .kind = s->kind};
        const uint32_t len = s->max_len ? s->min_len + draw(s->max_len - s->min_len + 1)
                                        : (uint32_t)(draw(5) ? t->rank : (int)draw(6));
        int64_t *ints = TH_NEW_ARRAY(t->arena, int64_t, len + 1);
        double *floats = TH_NEW_ARRAY(t->arena, double, len + 1);
        for (uint32_t i = 0; i < len; i++) {
            ints[i] = (int64_t)pick_number(s, true);
            if (!draw(4) && i < 6)
                ints[i] = t->shape[i];
            floats[i] = pick_number(s, false);
        }
        uint32_t names = 0;
        switch (s->kind) {
        case TH_ATTR_INTS:
            a->n = len;
            a->v.ints = ints;
            break;
        case TH_ATTR_FLOATS:
            a->n = len;
            a->v.floats = floats;
            break;
        case TH_ATTR_FLOAT:
            a->v.f = pick_number(s, false);
            break;
        case TH_ATTR_BOOL:
            a->v.i = draw(2);
            break;
        case TH_ATTR_ENUM:
            while (s->names[names])
                names++;
            a->v.i = draw(names + 1);
            break;
        case TH_ATTR_DTYPE:
            a->v.i = draw(TH_DT_COUNT);
            break;
        case TH_ATTR_INT:
            a->v.i = (int64_t)pick_number(s, true);
            break;
        default:
            continue;
        }
        t->n_attrs++;
    }
}

static th_value add_operand(struct trial *t, uint32_t i, const struct th_port *port)
{
    const struct th_type type = pick_type(t, port->dtypes);
    t->input_of[i] = UINT32_MAX;
    int64_t bytes;
    if (!th_type_bytes(&type, &bytes) || bytes > 1 << 16)
        return 0;
    if (port->flags & TH_PORT_CONST || !draw(6)) {
        struct th_tensor *c = th_tensor_new(t->arena, &type);
        fill(c);
        return th_graph_const_copy(t->g, "", &type, c->data);
    }
    const uint32_t at = th_graph_input_count(t->g);
    t->input_of[i] = at;
    t->in[at] = th_tensor_new(t->arena, &type);
    return th_graph_add_input(t->g, "", &type);
}

static enum th_status add_node(struct trial *t, th_value *results)
{
    static const char *const contracts[] = {"tflite", "tflite", "tflite-single-rounding", "onnx",
                                            "float"};
    struct th_type out[TH_MAX_OUTPUTS];
    uint32_t n_out = 0;
    t->n_in = 0;
    for (const struct th_port *p = t->op->inputs; p->name && t->n_in < MAX_IN;) {
        const bool optional = p->flags & TH_PORT_OPTIONAL && draw(3) == 0;
        t->operand[t->n_in] = optional ? 0 : add_operand(t, t->n_in, p);
        if (optional)
            t->input_of[t->n_in] = UINT32_MAX;
        t->n_in++;
        if (!(p->flags & TH_PORT_VARIADIC) || !draw(3))
            p++;
    }
    for (const struct th_port *p = t->op->outputs; p->name && n_out < TH_MAX_OUTPUTS; p++) {
        out[n_out] = pick_type(t, p->dtypes);
        out[n_out++].rank = -1;
    }
    pick_attrs(t);
    const struct th_node_desc d = {
        .op = t->op->name, .contract = contracts[draw(TH_ARRAY_LEN(contracts))], .in = t->operand,
        .n_in = t->n_in, .attrs = t->attrs, .n_attrs = t->n_attrs, .out = out, .loc = TH_LOC_NONE};
    return th_graph_add_node_nofold(t->g, &d, &t->node, results);
}

/* ---- windows --------------------------------------------------------------------------------- */
static bool inside(const struct th_type *t, int64_t i, const struct th_box *b)
{
    for (int k = t->rank - 1; k >= 0; k--) {
        const int64_t at = i % t->dims[k];
        i /= t->dims[k];
        if (at < b->lo[k] || at >= b->hi[k])
            return false;
    }
    return true;
}

static size_t step_of(const struct th_type *t)
{
    return th_dtype_bits(t->dtype) / 8;
}

static bool window_holds(struct trial *t, struct th_eval_session *s, const struct th_tensor *before)
{
    struct th_inst *c = th_node_inst(t->g, t->node, t->arena);
    struct th_box box = {{0}, {0}};
    const struct th_type *y = &c->out[0];
    struct th_tensor *out[TH_MAX_OUTPUTS];
    for (int k = 0; k < y->rank; k++) {
        box.lo[k] = draw((uint32_t)y->dims[k]);
        box.hi[k] = box.lo[k] + 1 + draw((uint32_t)(y->dims[k] - box.lo[k]));
    }
    for (uint32_t i = 0; i < t->n_in; i++) {
        struct th_window w;
        memset(&w, 0, sizeof(w));
        if (t->input_of[i] == UINT32_MAX || !c->op->window(c, &box, i, &w))
            continue;
        struct th_tensor *x = t->in[t->input_of[i]];
        const size_t step = step_of(&x->type);
        struct th_tensor *old = th_tensor_new(t->arena, &x->type);
        struct th_tensor *fresh = th_tensor_new(t->arena, &x->type);
        fill(fresh);
        memcpy(old->data, x->data, (size_t)th_type_size(&x->type));
        for (int k = 0; k < x->type.rank; k++)
            if (w.box.lo[k] < 0 || w.box.hi[k] > x->type.dims[k] || w.box.lo[k] > w.box.hi[k] ||
                w.clip_lo[k] < 0 || w.clip_hi[k] < 0)
                return false;
        for (int64_t e = 0; step && e < th_type_elems(&x->type); e++)
            if (!inside(&x->type, e, &w.box))
                memcpy((char *)x->data + (size_t)e * step, (char *)fresh->data + (size_t)e * step,
                       step);
        const struct th_tensor *in[MAX_IN];
        memcpy(in, t->in, sizeof(in));
        const enum th_status status = th_eval_run(s, t->g, in, t->arena, out);
        memcpy(x->data, old->data, (size_t)th_type_size(&x->type));
        const size_t out_step = step_of(y);
        for (int64_t e = 0; status == TH_OK && e < th_type_elems(y); e++)
            if (inside(y, e, &box) && memcmp((char *)out[0]->data + (size_t)e * out_step,
                                             (char *)before->data + (size_t)e * out_step, out_step))
                return false;
    }
    return true;
}

static bool one_trial(struct trial *t, struct tally *k)
{
    th_value results[TH_MAX_OUTPUTS];
    struct th_tensor *out[TH_MAX_OUTPUTS];
    const struct th_tensor *in[MAX_IN];
    const unsigned before = messages;
    bool good = true;
    t->dtype = (enum th_dtype[]){TH_DT_F32, TH_DT_S8, TH_DT_S16, TH_DT_U8, TH_DT_S32}[draw(5)];
    t->rank = draw(4) ? (draw(2) ? 4 : 2) : (int)draw(5);
    for (int i = 0; i < 6; i++)
        t->shape[i] = 1 + draw(5);
    if (add_node(t, results) != TH_OK) {
        k->refused++;
        return messages > before;    /* never without a word */
    }
    for (uint32_t i = 0; i < th_node_output_count(t->g, t->node); i++) {
        if (th_type_size(th_value_type(t->g, results[i])) > 1 << 20) {
            k->large++;
            return true;
        }
        (void)th_graph_add_output(t->g, "", results[i]);
    }
    struct th_eval_session *s = th_eval_session_new(t->p);
    for (uint32_t i = 0; i < th_graph_input_count(t->g); i++)
        fill(t->in[i]);
    memcpy(in, t->in, sizeof(in));
    if (th_eval_run(s, t->g, in, t->arena, out) != TH_OK) {
        k->failed++;                 /* operands may hold what only evaluation can refuse */
        good = messages > before;
    } else {
        k->evaluated++;
        const struct th_type *y = &out[0]->type;
        if (t->op->window && th_type_elems(y) > 0 && step_of(y)) {
            k->windows++;
            good = window_holds(t, s, out[0]);
        }
    }
    th_eval_session_free(s);
    return good;
}

static bool one_op(struct th_ctx *ctx, const struct th_op *op, unsigned rounds)
{
    struct tally k = {0};
    const uint32_t skip = TH_TRAIT_REGION | TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE;
    if (op->traits & skip)
        return true;
    struct th_arena *arena = th_arena_new(0);
    bool good = true;
    for (unsigned i = 0; i < rounds && good; i++) {
        struct trial t = {.ctx = ctx, .op = op, .arena = arena};
        const uint64_t start = seed;
        th_arena_clear(arena);
        t.p = th_program_new(ctx);
        t.g = th_program_add_function(t.p, "run");
        good = one_trial(&t, &k);
        if (!good) {
            struct th_str text;
            th_str_init(&text);
            th_graph_print(t.g, &text);
            fprintf(stderr, "operator '%s' broke a promise, seed %llu:\n%s\n", op->name,
                    (unsigned long long)start, text.s);
            th_str_release(&text);
        }
        th_program_free(t.p);
    }
    printf("%-20s %5u refused %5u evaluated %4u failed %5u windows\n", op->name, k.refused,
           k.evaluated, k.failed, k.windows);
    th_arena_free(arena);
    return good;
}

/* An operator's own seed (FNV-1a), so that a new operator changes no other's trials. */
static uint64_t seed_of(const char *name)
{
    uint64_t h = 14695981039346656037u;

    while (*name)
        h = (h ^ (unsigned char)*name++) * 1099511628211u;
    return h;
}

int main(int argc, char **argv)
{
    const unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 400;
    bool good = true;
    struct th_ctx *ctx = th_ctx_new();
    if (!ctx)
        return EXIT_FAILURE;
    th_ctx_set_sink(ctx, count, NULL);
    for (uint32_t i = 0; i < th_op_count(ctx); i++) {
        const struct th_op *op = th_op_at(ctx, i);
        seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed_of(op->name);
        if (argc <= 3 || strcmp(argv[3], op->name) == 0)
            good &= one_op(ctx, op, rounds);
    }
    th_ctx_free(ctx);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
