/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance of kernels: every row of a backend's chain that accepts a case becomes a call in one
 * C file. The program made of it reads operands and the results of the op's own eval, and
 * compares; rows that may write in place are called once more on their operand's storage.
 *
 * opskernels BACKEND FOLDER CASES...     writes FOLDER/run.c and FOLDER/data.bin
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/call.h"
#include "ir/ctx.h"
#include "tests/ops/case.h"

extern th_plugin_entry_fn c99_LTX_th_plugin_entry;
static th_plugin_entry_fn *const modules[] = {c99_LTX_th_plugin_entry};

struct job {
    struct th_ctx *ctx;
    const struct th_backend *backend;
    struct th_target target;
    struct th_program *p;
    FILE *data;
    struct th_str includes, functions, calls;
    const char *seen[4096];          /* symbols and sources already written */
    uint32_t n_seen;
    int checks, cases, uncovered;
    bool *tried;                     /* by index of op */
};

static bool first_time(struct job *j, const char *name)
{
    for (uint32_t i = 0; i < j->n_seen; i++)
        if (!strcmp(j->seen[i], name))
            return false;
    if (j->n_seen < TH_ARRAY_LEN(j->seen))
        j->seen[j->n_seen++] = name;
    return true;
}

/* ---- one call --------------------------------------------------------------------------- */
static void argument(struct th_str *s, const struct th_call *c, uint32_t i, const char *out,
                     const struct th_inst *inst)
{
    const struct th_arg *a = &c->args[i];
    const bool stepped = c->batch > 1 && a->kind == TH_ARG_INPUT && c->batch_in >> a->index & 1;
    switch (a->kind) {
    case TH_ARG_INPUT:
        th_str_addf(s, "(%s *)(i%u", a->ctype, a->index);
        if (stepped)
            th_str_addf(s, " + b * %lld",
                        (long long)(th_type_size(inst->in[a->index]) / c->batch));
        th_str_add(s, ")");
        break;
    case TH_ARG_OUTPUT:
        th_str_addf(s, "(%s *)(%s%u", a->ctype, out, a->index);
        if (c->batch > 1)
            th_str_addf(s, " + b * %lld",
                        (long long)(th_type_size(&inst->out[a->index]) / c->batch));
        th_str_add(s, ")");
        break;
    case TH_ARG_SCRATCH:
        th_str_addf(s, "(%s *)scratch", a->ctype);
        break;
    case TH_ARG_INT:
        if (a->i == INT32_MIN)
            th_str_add(s, "INT32_MIN");
        else
            th_str_addf(s, "%lld", (long long)a->i);
        break;
    case TH_ARG_FLOAT:
        th_emit_float(s, a->f);
        break;
    case TH_ARG_TEXT:
        th_str_add(s, a->text);
        break;
    case TH_ARG_DATA:
        th_str_addf(s, "(%s *)d%u", a->ctype ? a->ctype : "void", a->index);
        break;
    case TH_ARG_STRUCT:
        th_str_addf(s, "&p%u", i);
        break;
    case TH_ARG_ACCUMULATOR:
    case TH_ARG_PHASE:
    case TH_ARG_NULL:
        th_str_add(s, "NULL");
        break;
    }
}

/* scratch: where it lies, C text; NULL: by itself. */
static void write_call(struct job *j, const struct th_call *c, const struct th_kernel *row,
                       const struct th_inst *inst, const char *out, const char *scratch)
{
    struct th_str *s = &j->calls;
    th_str_add(s, "    {\n");
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == TH_ARG_STRUCT)
            th_str_addf(s, "        static const struct %s p%u = {%s};\n", c->args[i].ctype, i,
                        c->args[i].text);
    if (c->scratch_bytes && scratch)
        th_str_addf(s, "        unsigned char *scratch = %s;\n", scratch);
    else if (c->scratch_bytes)
        th_str_addf(s, "        unsigned char *scratch = room(%zu);\n", c->scratch_bytes);
    if (c->batch > 1)
        th_str_addf(s, "        for (int b = 0; b < %lld; b++)\n", (long long)c->batch);
    th_str_addf(s, "        %s(", c->symbol);
    for (uint32_t i = 0; i < c->n_args; i++) {
        th_str_add(s, i ? ", " : "");
        argument(s, c, i, out, inst);
    }
    th_str_add(s, ");\n");
    if (c->scratch_bytes && !scratch)
        th_str_add(s, "        free(scratch);\n");
    th_str_add(s, "    }\n");
    if (row->source && first_time(j, row->source))
        th_str_addf(&j->includes, "#include \"%s\"\n", row->source);
    if (c->generated && first_time(j, c->symbol))
        th_str_add(&j->functions, c->generated);
}

static void write_outputs(struct job *j, const struct th_inst *inst, const char *prefix)
{
    for (uint32_t i = 0; i < inst->n_out; i++)
        th_str_addf(&j->calls, "    unsigned char *%s%u = fresh(%lld);\n", prefix, i,
                    (long long)th_type_size(&inst->out[i]));
}

/* Bytes of a number that is compared as a real, 0 for those compared by their bytes. */
static int real_bytes(enum th_dtype dt)
{
    return dt == TH_DT_F32 ? 4 : dt == TH_DT_F64 ? 8 : 0;
}

static void write_checks(struct job *j, const struct th_inst *inst, const char *prefix,
                         const char *label)
{
    for (uint32_t i = 0; i < inst->n_out; i++) {
        th_str_addf(&j->calls, "    check(\"%s\", %u, %d, %s%u, w%u, %lld);\n    free(%s%u);\n",
                    label, i, real_bytes(inst->out[i].dtype), prefix, i, i,
                    (long long)th_type_size(&inst->out[i]), prefix, i);
    }
}

/* The operand whose storage the result may take, or -1. */
static int in_place(const struct th_inst *inst, const struct th_kernel *row)
{
    struct th_alias list[16];
    if (row->order != TH_ORDER_ELEMENT || !inst->op->alias)
        return -1;
    const uint32_t n = inst->op->alias(inst, list, TH_ARRAY_LEN(list));
    for (uint32_t i = 0; i < n; i++)
        if (list[i].out == 0 && !inst->in_const[list[i].in] &&
            th_type_size(inst->in[list[i].in]) == th_type_size(&inst->out[0]))
            return (int)list[i].in;
    return -1;
}

/* The result where the scratch begins, and a few bytes before it. */
static void try_over_scratch(struct job *j, const struct th_kernel *row, const struct th_call *call,
                             const struct th_inst *inst, int number)
{
    for (unsigned before = 0; before <= 8 && row->over_scratch; before += 8) {
        char label[128], scratch[32];
        snprintf(label, sizeof label, "case %d, %s, over scratch", number, call->symbol);
        snprintf(scratch, sizeof scratch, "block + %u", before);
        th_str_addf(&j->calls, "    {\n    unsigned char *block = room(%zu), *b0 = block;\n",
                    call->scratch_bytes + before);
        write_call(j, call, row, inst, "b", scratch);
        th_str_addf(&j->calls, "    unsigned char *s0 = copy(block, %lld);\n    free(block);\n",
                    (long long)th_type_size(&inst->out[0]));
        write_checks(j, inst, "s", label);
        th_str_add(&j->calls, "    }\n");
        j->checks++;
    }
}

static bool try_row(struct job *j, const struct th_kernel *row, const struct th_query *q,
                    int number)
{
    struct th_selection sel;
    struct th_call *call = NULL;
    char label[128];
    if (strcmp(row->op, q->inst->op->name) ||
        !th_kernel_select(j->ctx, j->backend, q, row->symbol, &sel, NULL) || sel.row != row)
        return false;
    if (th_call_bind(j->p, row, q, &call) != TH_OK) {
        fprintf(stderr, "case %d: '%s' accepted the case but cannot be bound\n", number,
                row->symbol);
        exit(1);
    }
    snprintf(label, sizeof label, "case %d, %s", number, call->symbol);
    th_str_add(&j->calls, "    {\n");
    write_outputs(j, q->inst, "o");
    write_call(j, call, row, q->inst, "o", NULL);
    write_checks(j, q->inst, "o", label);
    th_str_add(&j->calls, "    }\n");
    j->checks++;
    try_over_scratch(j, row, call, q->inst, number);
    const int shared = in_place(q->inst, row);
    if (shared >= 0) {
        snprintf(label, sizeof label, "case %d, %s, in place", number, call->symbol);
        th_str_addf(&j->calls, "    {\n    unsigned char *n0 = copy(i%d, %lld), *i%d_ = i%d;\n",
                    shared, (long long)th_type_size(q->inst->in[shared]), shared, shared);
        th_str_addf(&j->calls, "    i%d = n0;\n", shared);
        for (uint32_t i = 1; i < q->inst->n_out; i++)
            th_str_addf(&j->calls, "    unsigned char *n%u = fresh(%lld);\n", i,
                        (long long)th_type_size(&q->inst->out[i]));
        write_call(j, call, row, q->inst, "n", NULL);
        th_str_addf(&j->calls, "    i%d = i%d_;\n", shared, shared);
        write_checks(j, q->inst, "n", label);
        th_str_add(&j->calls, "    }\n");
        j->checks++;
    }
    return true;
}

/* ---- one case --------------------------------------------------------------------------- */
static bool evaluate(struct job *j, struct th_inst *inst, struct op_case *k, struct th_arena *a)
{
    struct th_tensor *out[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < inst->n_out; i++)
        out[i] = th_tensor_new(a, &inst->out[i]);
    struct th_eval e = {.arena = a, .in = (const struct th_tensor *const *)k->in, .out = out};
    if (inst->op->eval(inst, &e) != TH_OK)
        return false;
    for (uint32_t i = 0; i < inst->n_in; i++)
        if (inst->in[i] && !inst->in_const[i])
            fwrite(k->in[i]->data, 1, (size_t)th_type_size(inst->in[i]), j->data);
    for (uint32_t i = 0; i < inst->n_out; i++)
        fwrite(out[i]->data, 1, (size_t)th_type_size(&inst->out[i]), j->data);
    return true;
}

static void try_rows(struct job *j, const struct th_query *q, int number, bool *covered)
{
    for (uint32_t i = 0; i < j->ctx->reg.kernel_rows.n; i++) {
        const struct th_kernel_rows *r = j->ctx->reg.kernel_rows.at[i];
        for (size_t n = 0; n < r->n; n++)
            *covered |= try_row(j, (const void *)((const char *)r->rows + n * r->row_size), q,
                                number);
    }
}

static bool run_case(struct job *j, const char *line, int number, struct th_arena *a)
{
    struct op_case k;
    if (!case_read(j->p, a, line, number, &k))
        return false;
    struct th_inst *inst = th_node_inst(k.graph, k.node, a);
    if (!inst || !evaluate(j, inst, &k, a))
        return false;
    struct th_query q = {.inst = inst, .target = &j->target, .objective = TH_OPT_TIME,
                         .whole = true};
    for (int32_t i = 0; i < inst->out[0].rank; i++)
        q.box.hi[i] = inst->out[0].dims[i];
    th_str_addf(&j->calls, "static void case%d(void)\n{\n", number);
    for (uint32_t i = 0; i < inst->n_in; i++)
        if (inst->in[i] && !inst->in_const[i])
            th_str_addf(&j->calls, "    unsigned char *i%u = take(%lld);\n", i,
                        (long long)th_type_size(inst->in[i]));
    for (uint32_t i = 0; i < inst->n_out; i++)
        th_str_addf(&j->calls, "    unsigned char *w%u = take(%lld);\n", i,
                    (long long)th_type_size(&inst->out[i]));
    bool covered = false;
    try_rows(j, &q, number, &covered);
    if (!covered) {
        struct th_str why;
        struct th_selection sel;
        th_str_init(&why);
        th_kernel_select(j->ctx, j->backend, &q, NULL, &sel, &why);
        fprintf(stderr, "case %d has no kernel (%s): %s", number, why.s, line);
        th_str_release(&why);
        j->uncovered++;
    }
    for (uint32_t i = 0; i < inst->n_in; i++)
        if (inst->in[i] && !inst->in_const[i])
            th_str_addf(&j->calls, "    free(i%u);\n", i);
    for (uint32_t i = 0; i < inst->n_out; i++)
        th_str_addf(&j->calls, "    free(w%u);\n", i);
    th_str_add(&j->calls, "}\n\n");
    for (uint32_t i = 0; i < th_op_count(j->ctx); i++)
        j->tried[i] |= th_op_at(j->ctx, i) == inst->op;
    j->cases++;
    return true;
}

/* Every operator that computes has a case. */
static bool all_tried(const struct job *j)
{
    const uint32_t structural =
        TH_TRAIT_REGION | TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE;
    bool ok = true;
    for (uint32_t i = 0; i < th_op_count(j->ctx); i++) {
        const struct th_op *op = th_op_at(j->ctx, i);
        if (j->tried[i] || op->traits & structural)
            continue;
        fprintf(stderr, "operator '%s' has no case\n", op->name);
        ok = false;
    }
    return ok;
}

/* ---- files ------------------------------------------------------------------------------ */
static void write_data(struct job *j, FILE *f)
{
    for (uint32_t i = 0; i < th_program_data_count(j->p); i++) {
        const struct th_data *d = th_program_data(j->p, i);
        const unsigned char *b = d->data;
        fprintf(f, "static const union { unsigned char b[%zu]; double d; } u%u = {{",
                d->bytes ? d->bytes : 1, i);
        for (size_t n = 0; n < d->bytes; n++)
            fprintf(f, "%u,", b[n]);
        fprintf(f, "%s}};\n#define d%u ((const void *)u%u.b)\n", d->bytes ? "" : "0", i, i);
    }
}

static bool write_program(struct job *j, const char *folder, const int *numbers)
{
    char path[512];
    snprintf(path, sizeof path, "%s/run.c", folder);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    fputs("#include \"run.h\"\n", f);
    fputs(j->includes.s, f);
    fputs("\n", f);
    fputs(j->functions.s, f);
    write_data(j, f);
    fputs(j->calls.s, f);
    fputs("int main(void)\n{\n", f);
    for (int i = 0; i < j->cases; i++)
        fprintf(f, "    case%d();\n", numbers[i]);
    fprintf(f, "    return finish(%d);\n}\n", j->checks);
    return fclose(f) == 0 && !j->calls.failed && !j->functions.failed;
}

int main(int argc, char **argv)
{
    static struct job j;
    static int numbers[4096];
    static const char *const features[] = {NULL};
    if (argc < 4)
        return 2;
    j.ctx = th_ctx_new();
    for (size_t i = 0; i < TH_ARRAY_LEN(modules); i++)
        if (!j.ctx || th_plugin_register(j.ctx, modules[i](), "linked in") != TH_OK)
            return 1;
    j.tried = calloc(th_op_count(j.ctx), sizeof *j.tried);
    j.backend = th_backend_find(j.ctx, argv[1]);
    j.p = th_program_new(j.ctx);
    j.target = (struct th_target){.name = argv[1], .features = features, .pointer_bits = 64};
    th_str_init(&j.includes);
    th_str_init(&j.functions);
    th_str_init(&j.calls);
    char path[512], line[1024];
    snprintf(path, sizeof path, "%s/data.bin", argv[2]);
    j.data = fopen(path, "wb");
    struct th_arena *a = th_arena_new(0);
    if (!j.backend || !j.p || !j.data || !a || !j.tried) {
        fprintf(stderr, "opskernels: no backend '%s', or no file '%s'\n", argv[1], path);
        return 1;
    }
    int base = 0;
    bool ok = true;
    for (int k = 3; k < argc; k++, base += 1000) {
        FILE *f = fopen(argv[k], "r");
        for (int n = 1; f && fgets(line, sizeof line, f); n++) {
            if (line[0] == '#' || line[0] == '\n')
                continue;
            numbers[j.cases] = base + n;
            ok = run_case(&j, line, base + n, a) && ok;
        }
        if (!f || fclose(f))
            ok = false;
    }
    ok = write_program(&j, argv[2], numbers) && fclose(j.data) == 0 && all_tried(&j) && ok;
    free(j.tried);
    printf("%d cases, %d calls, %d without a kernel\n", j.cases, j.checks, j.uncovered);
    th_str_release(&j.includes);
    th_str_release(&j.functions);
    th_str_release(&j.calls);
    th_program_free(j.p);
    th_arena_free(a);
    th_ctx_free(j.ctx);
    return ok && j.uncovered == 0 ? 0 : 1;
}
