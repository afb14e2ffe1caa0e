/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_equal PLUGIN MODEL [PASSES]: evaluates every function of a model on random inputs, runs the
 * passes left of the bar, evaluates again and compares; writes the program as XML, reads it back
 * and compares once more. Exit 0: equal. Integers must agree bit for bit, floats to 1e-4 of the
 * largest magnitude (folding scales into weights rounds differently).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <thimble/thimble.h>

#define RUNS 2
#define MAX_IO 64

static uint32_t next_random(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    return *s ^= *s << 5;
}

/* Small numbers: they may be indices. */
static void fill(struct th_tensor *t, uint32_t *seed)
{
    int64_t n = th_type_elems(&t->type);
    for (int64_t i = 0; i < n; i++) {
        uint32_t r = next_random(seed);
        if (th_dtype_is_float(t->type.dtype))
            th_tensor_set_real(t, i, ((double)r / 4294967296.0 - 0.5) * 4);
        else if (th_dtype_bits(t->type.dtype) <= 16 && t->type.dtype != TH_DT_BOOL)
            th_tensor_set_int(t, i, th_dtype_min(t->type.dtype) + (int64_t)(r & 0xff));
        else
            th_tensor_set_int(t, i, (int64_t)(r & 1));
    }
}

/* State is carried from run to run, as in use. */
static int evaluate(struct th_program *p, struct th_arena *a,
                    struct th_tensor *out[][RUNS][MAX_IO])
{
    struct th_eval_session *s = th_eval_session_new(p);
    int status = s ? 0 : 1;
    for (uint32_t f = 0; !status && f < th_program_function_count(p) && f < MAX_IO; f++) {
        struct th_graph *g = th_program_function(p, f);
        uint32_t seed = 77 + f;
        if (th_graph_input_count(g) > MAX_IO || th_graph_output_count(g) > MAX_IO)
            return 1;
        for (int r = 0; r < RUNS && !status; r++) {
            const struct th_tensor *in[MAX_IO];
            for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
                struct th_tensor *t = th_tensor_new(a, th_value_type(g, th_graph_input(g, i)));
                fill(t, &seed);
                in[i] = t;
            }
            status = th_eval_run(s, g, in, a, out[f][r]);
        }
    }
    th_eval_session_free(s);
    return status;
}

static int64_t differing(const struct th_tensor *a, const struct th_tensor *b)
{
    int64_t bad = 0, n = th_type_elems(&a->type);
    double top = 1;
    if (!th_type_equal(&a->type, &b->type))
        return -1;
    for (int64_t i = 0; i < n; i++)
        if (th_dtype_is_float(a->type.dtype))
            top = fmax(top, fabs(th_tensor_real(a, i)));
    for (int64_t i = 0; i < n; i++) {
        if (!th_dtype_is_float(a->type.dtype)) {
            bad += th_tensor_int(a, i) != th_tensor_int(b, i);
            continue;
        }
        double x = th_tensor_real(a, i), y = th_tensor_real(b, i);
        bad += !(fabs(x - y) <= 1e-4 * top) && !(isnan(x) && isnan(y)) && x != y;
    }
    return bad;
}

static int compare(struct th_program *p, struct th_tensor *before[][RUNS][MAX_IO],
                   struct th_tensor *after[][RUNS][MAX_IO], const char *when)
{
    int status = 0;
    for (uint32_t f = 0; f < th_program_function_count(p) && f < MAX_IO; f++)
        for (int r = 0; r < RUNS; r++)
            for (uint32_t o = 0; o < th_graph_output_count(th_program_function(p, f)); o++) {
                int64_t bad = differing(before[f][r][o], after[f][r][o]);
                if (bad) {
                    printf("%s: function %u, run %d, output %u: %lld of %lld differ\n", when, f, r,
                           o, (long long)bad, (long long)th_type_elems(&before[f][r][o]->type));
                    status = 1;
                }
            }
    return status;
}

static int check(struct th_ctx *ctx, struct th_program *p, const char *passes, const char *xml)
{
    static struct th_tensor *before[MAX_IO][RUNS][MAX_IO], *after[MAX_IO][RUNS][MAX_IO];
    struct th_arena *a = th_arena_new(0);
    struct th_pipeline_run r = {.pipeline = "inference", .passes = passes, .verify = true};
    struct th_program *q = NULL;
    struct th_str x, y;
    th_str_init(&x);
    th_str_init(&y);
    int status = evaluate(p, a, before);
    if (!status)
        status = th_pipeline_run(p, &r);
    if (!status)
        status = evaluate(p, a, after) || compare(p, before, after, "after the passes");
    if (!status)
        status = th_program_write_xml(p, xml);
    if (!status)
        status = th_program_read_xml(ctx, xml, &q);
    if (!status) {
        th_program_print(p, &x);
        th_program_print(q, &y);
        if (strcmp(x.s, y.s) != 0) {
            printf("XML gives another program\n");
            status = 1;
        }
        status |= evaluate(q, a, after) || compare(q, before, after, "after XML");
    }
    th_program_free(q);
    th_str_release(&x);
    th_str_release(&y);
    th_arena_free(a);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const char *passes = argc > 3 ? argv[3] : "canonicalize,fold,layout,qdq,canonicalize,fuse,dce";
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = NULL;
    char xml[64], side[80];
    snprintf(xml, sizeof xml, "pass_equal-%ld.xml", (long)getpid());
    snprintf(side, sizeof side, "%s.weights", xml);
    int status = !ctx || th_plugin_load(ctx, argv[1]) != TH_OK ? 2 : 0;
    if (!status && th_read_model(ctx, argv[2], NULL, 0, &p) != TH_OK)
        status = 77;      /* not a model that can be read: nothing to compare */
    if (!status) {
        uint32_t nodes = th_graph_node_count(th_program_function(p, 0));
        status = check(ctx, p, passes, xml);
        printf("%s %s: %u nodes, %u after\n", status ? "FAIL" : "ok", argv[2], nodes,
               th_graph_node_count(th_program_function(p, 0)));
    }
    unlink(xml);
    unlink(side);
    th_program_free(p);
    th_ctx_free(ctx);
    return status;
}
