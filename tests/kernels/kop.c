/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a C program that runs the portable kernels of an op on random layers and compares their
 * outputs with the record's own evaluation: integers exactly, reals to a relative 1e-5.
 *
 *   kop OP TYPE CONTRACT SEED CASES [TARGET SYMBOL]
 *
 * With TARGET and SYMBOL, that kernel alone is tried, on the layers it accepts. TYPE: s8 u8 s16
 * s16b32 f32 hybrid s32. CONTRACT: tflite, tflite-single-rounding, onnx, float.
 */
#include "tests/kernels/kop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/rows/rows.h"

extern const struct th_row_family *const kgen_families[];

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "c99",
    .summary = "the rows under test",
    .kernel_size = sizeof(struct th_kernel),
};

static enum th_status init(struct th_reg *reg)
{
    return th_rows_register(reg, &backend, NULL, kgen_families);
}

static const struct th_plugin plugin = {TH_PLUGIN_HEADER, .name = "rows", .version = "1",
                                        .license = "Apache-2.0", .summary = "rows",
                                        .init = init};

/* ---- text ----------------------------------------------------------------------------------- */

static void print_tensor(const char *name, int id, uint32_t i, const struct th_tensor *t)
{
    printf("static const %s %s%d_%u[] = {", th_dtype_ctype(t->type.dtype), name, id, i);
    for (int64_t j = 0; j < th_type_elems(&t->type); j++) {
        if (t->type.dtype == TH_DT_F32)
            printf("%af,", th_tensor_real(t, j));
        else
            printf("%lld%s,", (long long)th_tensor_int(t, j),
                   t->type.dtype == TH_DT_S64 ? "ll" : "");
    }
    printf("};\n");
}

/* step: bytes that an operand has advanced by. */
static void print_arg(const struct th_arg *g, int id, uint32_t i, long long step)
{
    switch (g->kind) {
    case TH_ARG_INPUT:
        printf("(%s *)(const void *)((const char *)x%d_%u + %lld)", g->ctype, id, g->index, step);
        break;
    case TH_ARG_OUTPUT:
        printf("(%s *)(void *)((char *)out + %u * OUT * sizeof out[0] + %lld)", g->ctype, g->index,
               step);
        break;
    case TH_ARG_SCRATCH: printf("(%s *)(void *)scratch", g->ctype); break;
    case TH_ARG_INT: printf("%lld", (long long)g->i); break;
    case TH_ARG_FLOAT:
        if (g->f > 3e38f || g->f < -3e38f)
            printf("%sINFINITY", g->f < 0 ? "-" : "");
        else
            printf("%af", (double)g->f);
        break;
    case TH_ARG_TEXT: printf("%s", g->text); break;
    case TH_ARG_DATA: printf("(const void *)data%u", g->index); break;
    case TH_ARG_STRUCT: printf("&s%d_%u", id, i); break;
    case TH_ARG_ACCUMULATOR:
    case TH_ARG_PHASE:
    case TH_ARG_NULL: printf("0"); break;
    }
}

/* A call for each batch entry; operands of in_mask and outputs advance. */
static void print_call(const struct kop *k, const struct th_call *c, int id)
{
    for (int64_t n = 0; n < c->batch; n++) {
        printf("    %s(", c->symbol);
        for (uint32_t i = 0; i < c->n_args; i++) {
            const struct th_arg *g = &c->args[i];
            printf("%s", i ? ", " : "");
            int64_t bytes = 0;
            if (g->kind == TH_ARG_INPUT && c->batch_in >> g->index & 1)
                bytes = th_type_size(&k->in[g->index]) / c->batch;
            if (g->kind == TH_ARG_OUTPUT)
                bytes = th_type_size(&k->out[g->index]) / c->batch;
            print_arg(g, id, i, (long long)(n * bytes));
        }
        printf(");\n");
    }
}

static void print_case(const struct kop *k, const struct th_call *c, int id,
                       struct th_tensor *const *want)
{
    for (uint32_t i = 0; i < k->n_in; i++)
        if (k->present[i] && !k->constant[i])
            print_tensor("x", id, i, k->data[i]);
    for (uint32_t i = 0; i < k->n_out; i++)
        print_tensor("y", id, i, want[i]);
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == TH_ARG_STRUCT)
            printf("static const struct %s s%d_%u = {%s};\n", c->args[i].ctype, id, i,
                   c->args[i].text);
    printf("static void case%d(void)\n{\n    memset(out, 0x63, sizeof out);\n"
           "    memset(scratch, 0xA5, %zu + 32);\n", id, c->scratch_bytes);
    print_call(k, c, id);
    for (uint32_t i = 0; i < k->n_out; i++)
        printf("    check_%s(%d, out + %u * OUT, y%d_%u, sizeof y%d_%u, %zu);\n",
               k->out[i].dtype == TH_DT_F32 ? "real" : "int", id, i, id, i, id, i,
               c->scratch_bytes);
    printf("}\n\n");
}

static const char head[] =
    "#define OUT 20000\n"
    "static uint8_t out[3 * OUT] __attribute__((aligned(16)));\n"
    "static uint8_t scratch[100000] __attribute__((aligned(16)));\n"
    "static void fail(const char *what, int id, size_t at)\n"
    "{\n"
    "    krun_bad++;\n"
    "    KRUN_PUTS(what);\n"
    "    KRUN_PUTS(\" case \");\n"
    "    krun_dec((uint64_t)id);\n"
    "    KRUN_PUTS(\" at \");\n"
    "    krun_dec(at);\n"
    "    KRUN_PUTS(\"\\n\");\n"
    "}\n"
    "static void tail(int id, const uint8_t *got, size_t n, size_t s)\n"
    "{\n"
    "    krun_cases++;\n"
    "    for (size_t i = 0; i < 32; i++)\n"
    "        if (got[n + i] != 0x63 || scratch[s + i] != 0xA5) {\n"
    "            fail(\"OVERRUN\", id, i);\n"
    "            return;\n"
    "        }\n"
    "}\n"
    "static void check_int(int id, const void *got, const void *want, size_t n, size_t s)\n"
    "{\n"
    "    const uint8_t *g = got, *w = want;\n"
    "    tail(id, got, n, s);\n"
    "    for (size_t i = 0; i < n; i++)\n"
    "        if (g[i] != w[i]) {\n"
    "            fail(\"DIFFER\", id, i);\n"
    "            return;\n"
    "        }\n"
    "}\n"
    "static void check_real(int id, const void *got, const void *want, size_t n, size_t s)\n"
    "{\n"
    "    const float *g = got, *w = want;\n"
    "    tail(id, got, n, s);\n"
    "    for (size_t i = 0; i < n / 4; i++)\n"
    "        if (!(fabsf(g[i] - w[i]) <= 1e-5f * (1.0f + fabsf(w[i])))) {\n"
    "            fail(\"DIFFER\", id, i);\n"
    "            return;\n"
    "        }\n"
    "}\n";

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
                printf("%af,", th_tensor_real(&t, (int64_t)j));
            else if (v == INT32_MIN)
                printf("-2147483647 - 1,");
            else
                printf("%lld%s,", (long long)v, d->dtype == TH_DT_S64 ? "ll" : "");
        }
        printf("};\n");
    }
}

struct used {
    const char *list[64];
    int n;
};

static bool first_use(struct used *u, const char *s)
{
    for (int i = 0; i < u->n; i++)
        if (!strcmp(u->list[i], s))
            return false;
    if (u->n < 64)
        u->list[u->n++] = s;
    return true;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void quiet(void *user, const struct th_message *m)
{
    (void)user;
    (void)m;
}

static struct th_inst *instance(struct kop *k)
{
    struct th_inst *c = TH_NEW(k->arena, struct th_inst);
    const struct th_type **in = TH_NEW_ARRAY(k->arena, const struct th_type *, KOP_MAX_IN);
    const struct th_tensor **con = TH_NEW_ARRAY(k->arena, const struct th_tensor *, KOP_MAX_IN);
    for (uint32_t i = 0; i < k->n_in; i++) {
        in[i] = k->present[i] ? &k->in[i] : NULL;
        con[i] = k->present[i] && k->constant[i] ? k->data[i] : NULL;
    }
    *c = (struct th_inst){.ctx = k->ctx, .arena = k->arena, .op = k->op, .contract = k->contract,
                          .attrs = &k->attrs, .n_in = k->n_in, .n_out = k->n_out, .in = in,
                          .in_const = con, .out = k->out};
    return c;
}

static bool evaluate(struct kop *k, const struct th_inst *c, struct th_tensor **want)
{
    struct th_eval e = {.arena = k->arena};
    const struct th_tensor *in[KOP_MAX_IN] = {0};
    for (uint32_t i = 0; i < k->n_in; i++)
        in[i] = k->present[i] ? k->data[i] : NULL;
    for (uint32_t i = 0; i < k->n_out; i++)
        want[i] = th_tensor_new(k->arena, &k->out[i]);
    e.in = in;
    e.out = want;
    return k->op->eval(c, &e) == TH_OK;
}

static bool set_type(struct kop *k, const char *type)
{
    static const struct {
        const char *name;
        enum th_dtype dt;
    } types[] = {{"s8", TH_DT_S8}, {"u8", TH_DT_U8}, {"s16", TH_DT_S16}, {"s16b32", TH_DT_S16},
                 {"f32", TH_DT_F32}, {"hybrid", TH_DT_F32}, {"s32", TH_DT_S32}};
    for (size_t i = 0; i < TH_ARRAY_LEN(types); i++)
        if (!strcmp(types[i].name, type)) {
            k->dt = types[i].dt;
            k->b32 = !strcmp(type, "s16b32");
            k->hybrid = !strcmp(type, "hybrid");
            return true;
        }
    return false;
}

struct done {
    struct kop k;
    struct th_call *call;
    struct th_tensor *want[3];
};

struct wish {
    const char *op, *target, *symbol;   /* symbol: this kernel only, or NULL */
};

/* 1: made, 0: not a valid layer (or not for the wanted kernel), -1: no kernel. */
static int make_case(struct done *d, const struct wish *w, struct th_program *p,
                     const char **source)
{
    struct kop *k = &d->k;
    struct th_selection sel;
    struct th_str why;
    kop_make(k, w->op);
    if (!k->op)
        return -1;
    k->attrs.list = k->attr;
    kop_fill(k);
    struct th_inst *c = instance(k);
    if (k->op->infer(c) != TH_OK || (k->op->verify && k->op->verify(c) != TH_OK))
        return 0;
    const struct th_query q = {.inst = c, .whole = true,
                               .target = th_target_find(k->ctx, w->target)};
    th_str_init(&why);
    const bool ok = th_kernel_select(k->ctx, th_backend_find(k->ctx, "c99"), &q, w->symbol,
                                     &sel, &why);
    if (!ok && !w->symbol)
        fprintf(stderr, "kop: %s: %s\n", w->op, why.s);
    th_str_release(&why);
    if (!ok && w->symbol)
        return 0;
    if (!ok || th_call_bind(p, sel.row, &q, &d->call) != TH_OK)
        return -1;
    *source = sel.row->source;
    return evaluate(k, c, d->want) ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 8)
        return 2;
    const struct wish wish = {argv[1], argc == 8 ? argv[6] : "c99", argc == 8 ? argv[7] : NULL};
    const int want = atoi(argv[5]);
    struct th_ctx *ctx = th_ctx_new();
    struct th_arena *a = th_arena_new(0);
    struct done *all = TH_NEW_ARRAY(a, struct done, (size_t)want + 1);
    struct used sources = {0}, texts = {0};
    th_plugin_register(ctx, &plugin, "test");
    th_ctx_set_sink(ctx, quiet, NULL);
    struct th_program *p = th_program_new(ctx);
    uint64_t rng = 88172645463325252u + (uint64_t)atoi(argv[4]) * 7919u;
    int made = 0;
    printf("#include <math.h>\n#include <stdint.h>\n#include <string.h>\n#include \"krun.h\"\n");
    for (int tried = 0; made < want && tried < 20 * want; tried++) {
        struct done *d = &all[made];
        const char *source = NULL;
        d->k = (struct kop){.ctx = ctx, .arena = a, .rng = rng, .contract = argv[3]};
        if (!set_type(&d->k, argv[2]))
            return 2;
        const int r = make_case(d, &wish, p, &source);
        rng = d->k.rng;
        if (r < 0)
            return 1;
        if (r == 0)
            continue;
        if (source && first_use(&sources, source))
            printf("#include \"%s\"\n", source);
        if (d->call->generated && first_use(&texts, d->call->symbol))
            printf("%s\n", d->call->generated);
        d->k.attrs.list = d->k.attr;
        made++;
    }
    fputs(head, stdout);
    print_data(p);
    for (int i = 0; i < made; i++)
        print_case(&all[i].k, all[i].call, i, all[i].want);
    printf("int main(void)\n{\n");
    for (int i = 0; i < made; i++)
        printf("    case%d();\n", i);
    printf("    KRUN_PUTS(\"%s %s %s: \");\n    krun_dec((uint64_t)krun_cases);\n"
           "    KRUN_PUTS(\" outputs, \");\n    krun_dec((uint64_t)krun_bad);\n"
           "    KRUN_PUTS(\" differ\\n\");\n    (void)check_real;\n    (void)check_int;\n"
           "    (void)krun_check;\n    return krun_bad || krun_cases < %d;\n}\n",
           argc == 8 ? argv[7] : argv[1], argv[2], argv[3], want);
    th_program_free(p);
    th_arena_free(a);
    th_ctx_free(ctx);
    return made < want;
}
