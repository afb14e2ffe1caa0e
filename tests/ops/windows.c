/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record says of its windows holds: for random boxes of the output, everything outside of
 * the window of each operand may change without changing the box. The window lies inside of the
 * operand.
 *
 * opswindows CASES...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ops/case.h"

#define BOXES 12

static uint64_t rng = 1234567;

static int64_t below(int64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return n > 0 ? (int64_t)(rng % (uint64_t)n) : 0;
}

/* Index of element k on each axis. */
static void unravel(const struct th_type *t, int64_t k, int64_t *index)
{
    for (int32_t a = t->rank - 1; a >= 0; a--) {
        index[a] = k % t->dims[a];
        k /= t->dims[a];
    }
}

static bool inside(const struct th_type *t, const struct th_box *b, int64_t k)
{
    int64_t index[TH_MAX_RANK];
    unravel(t, k, index);
    for (int32_t a = 0; a < t->rank; a++)
        if (index[a] < b->lo[a] || index[a] >= b->hi[a])
            return false;
    return true;
}

static struct th_tensor *run(struct th_inst *c, const struct th_tensor *const *in,
                             struct th_arena *a)
{
    struct th_tensor *out[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < c->n_out; i++)
        out[i] = th_tensor_new(a, &c->out[i]);
    struct th_eval e = {.arena = a, .in = in, .out = out};
    return c->op->eval(c, &e) == TH_OK ? out[0] : NULL;
}

/* A copy of x that differs wherever the window does not reach. */
static struct th_tensor *disturbed(const struct th_tensor *x, const struct th_box *keep,
                                   struct th_arena *a)
{
    struct th_tensor *y = th_tensor_new(a, &x->type);
    const bool real = th_dtype_is_float(x->type.dtype);
    const int64_t lo = th_dtype_min(x->type.dtype), hi = th_dtype_max(x->type.dtype);
    for (int64_t k = 0; k < th_type_elems(&x->type); k++) {
        const int64_t v = real ? 0 : th_tensor_int(x, k);
        if (real)
            th_tensor_set_real(y, k, th_tensor_real(x, k) +
                                     (inside(&x->type, keep, k) ? 0 : 7.5 + (double)below(9)));
        else
            th_tensor_set_int(y, k, inside(&x->type, keep, k) ? v : v > lo / 2 + hi / 2 ? lo : hi);
    }
    return y;
}

static void random_box(const struct th_type *y, struct th_box *b)
{
    memset(b, 0, sizeof *b);
    for (int32_t a = 0; a < y->rank; a++) {
        b->lo[a] = below(y->dims[a]);
        b->hi[a] = b->lo[a] + 1 + below(y->dims[a] - b->lo[a]);
    }
}

/* Every NaN counts as the same value. */
static bool differ(double a, double b)
{
    return !(a == b || (a != a && b != b));
}

static bool same_in_box(const struct th_tensor *a, const struct th_tensor *b,
                        const struct th_box *box)
{
    for (int64_t k = 0; k < th_type_elems(&a->type); k++)
        if (inside(&a->type, box, k) &&
            (th_dtype_is_float(a->type.dtype) ? differ(th_tensor_real(a, k), th_tensor_real(b, k))
                                              : th_tensor_int(a, k) != th_tensor_int(b, k)))
            return false;
    return true;
}

static bool check_box(struct th_inst *c, const struct op_case *k, const struct th_tensor *want,
                      const struct th_box *box, int number, struct th_arena *a)
{
    const struct th_tensor *in[CASE_MAX];
    for (uint32_t i = 0; i < c->n_in; i++)
        in[i] = k->in[i];
    for (uint32_t i = 0; i < c->n_in; i++) {
        struct th_window w;
        if (!c->in[i] || c->in_const[i] || !c->op->window(c, box, i, &w))
            continue;
        for (int32_t x = 0; x < c->in[i]->rank; x++)
            if (w.box.lo[x] < 0 || w.box.hi[x] > c->in[i]->dims[x] || w.box.lo[x] > w.box.hi[x] ||
                w.clip_lo[x] < 0 || w.clip_hi[x] < 0) {
                printf("case %d (%s): window of operand %u leaves it on axis %d\n", number,
                       c->op->name, i, x);
                return false;
            }
        in[i] = disturbed(k->in[i], &w.box, a);
    }
    const struct th_tensor *got = run(c, in, a);
    if (!got || !same_in_box(want, got, box)) {
        printf("case %d (%s): a box depends on more than its windows\n", number, c->op->name);
        return false;
    }
    return true;
}

/* 1: checked, 0: no window, -1: wrong. */
static int check_case(struct th_program *p, const char *line, int number)
{
    struct th_arena *a = th_arena_new(0);
    struct op_case k;
    int result = -1;
    if (a && case_read(p, a, line, number, &k)) {
        struct th_inst *c = th_node_inst(k.graph, k.node, a);
        result = c && !c->op->window ? 0 : c ? 1 : -1;
        const struct th_tensor *want =
            c && result ? run(c, (const struct th_tensor *const *)k.in, a) : NULL;
        if (result == 1 && !want)
            result = -1;
        for (int n = 0; n < BOXES && result == 1 && th_type_elems(&want->type) > 0; n++) {
            struct th_box box;
            random_box(&c->out[0], &box);
            if (!check_box(c, &k, want, &box, number, a))
                result = -1;
        }
    }
    th_arena_free(a);
    return result;
}

int main(int argc, char **argv)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = ctx ? th_program_new(ctx) : NULL;
    char line[1024];
    int checked = 0, wrong = 0, base = 0;
    if (argc < 2 || !p)
        return 2;
    for (int i = 1; i < argc; i++, base += 1000) {
        FILE *f = fopen(argv[i], "r");
        for (int n = 1; f && fgets(line, sizeof line, f); n++) {
            if (line[0] == '#' || line[0] == '\n')
                continue;
            const int r = check_case(p, line, base + n);
            checked += r == 1;
            wrong += r < 0;
        }
        wrong += !f || fclose(f);
    }
    printf("%d cases with windows checked, %d wrong\n", checked, wrong);
    th_program_free(p);
    th_ctx_free(ctx);
    return wrong || checked == 0 ? 1 : 0;
}
