/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated row: a transpose that may run in place. Rows and columns change places along the
 * cycles of that permutation; the compiler lists one place of each, so that nothing has to be
 * marked while it runs. Where the result has storage of its own, it is the plain copy.
 */
#include "backends/c99/families.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backends/c99/generate.h"

#define LEAST_BYTES 512    /* less is not worth code of its own */
#define MOST_BLOCKS (1 << 20)      /* whose cycles are counted in a blink */
#define MOST_BLOCK 64      /* bytes that move as one */

/* `batch` matrices of rows x columns blocks of `block` elements each. */
struct matrix {
    int64_t batch, rows, columns, block;
};

/* The move as one matrix whose rows become columns; false: it is none. */
static bool matrix_of(const struct th_query *q, struct th_move *move, struct matrix *m)
{
    struct th_moves all;
    if (q->inst->op->moves(q->inst, &all) != TH_OK || all.n != 1 || all.fill)
        return false;
    *move = all.list[0];
    struct th_move v = *move;
    th_move_simplify(&v);
    int32_t from = 0, to = v.rank;
    *m = (struct matrix){1, 0, 0, 1};
    if (to > 0 && v.in_stride[to - 1] == 1 && v.out_stride[to - 1] == 1)
        m->block = v.dims[--to];
    if (to - from == 3 && v.in_stride[0] == v.out_stride[0])
        m->batch = v.dims[from++];
    if (to - from != 2)
        return false;
    m->columns = v.dims[from];
    m->rows = v.dims[from + 1];
    return m->rows > 1 && m->columns > 1 && v.in_stride[from] == m->block &&
           v.in_stride[from + 1] == m->columns * m->block;
}

/* Places with the lowest number in their cycles, those that stay left out. The value of place p
 * belongs to p * rows mod (rows * columns - 1). list NULL: only counted. -1: no memory. */
static int64_t leaders(const struct matrix *m, uint32_t *list)
{
    const int64_t last = m->rows * m->columns - 1;
    unsigned char *seen = calloc((size_t)last + 1, 1);
    int64_t n = 0;
    if (!seen)
        return -1;
    for (int64_t i = 1; i < last; i++) {
        int64_t p = i * m->rows % last;
        if (seen[i] || p == i)
            continue;
        for (; p != i; p = p * m->rows % last)
            seen[p] = 1;
        if (list)
            list[n] = (uint32_t)i;
        n++;
    }
    free(seen);
    return n;
}

static int place_bytes(const struct matrix *m)
{
    return m->rows * m->columns <= UINT16_MAX ? 2 : 4;
}

static const char *refuse(const struct th_query *q)
{
    const struct th_type *t = &q->inst->out[0];
    const int64_t bytes = th_type_size(t);
    struct th_move move;
    struct matrix m;
    if (!q->inst->op->moves || th_dtype_bits(t->dtype) < 8)
        return "elements narrower than a byte";
    if (bytes < LEAST_BYTES)
        return "as many bytes are better copied";
    if (!matrix_of(q, &move, &m) || m.block * (int64_t)th_dtype_bits(t->dtype) / 8 > MOST_BLOCK)
        return "not rows that become columns";
    if (m.rows * m.columns > MOST_BLOCKS ||
        m.rows * m.columns > UINT32_MAX / (m.rows < m.columns ? m.rows : m.columns))
        return "too many places";
    const int64_t n = leaders(&m, NULL);
    return n < 0 || n * place_bytes(&m) > bytes / 32 ? "too many cycles" : NULL;
}

/* "to = from" for one block. */
static void assign(struct th_str *s, const struct matrix *m, int depth, const char *to,
                   const char *from)
{
    th_gen_indent(s, depth);
    if (m->block == 1)
        th_str_addf(s, "%s = %s;\n", to, from);
    else
        th_str_addf(s, "memcpy(%s, %s, sizeof v);\n", to, from);
}

/* One cycle, from the place `first`: either every place takes the value that belongs to it, or
 * every value is put where it belongs, whichever has the smaller factor. */
static void cycle(struct th_str *s, const struct matrix *m, const char *type, int depth)
{
    const int64_t last = m->rows * m->columns - 1;
    const bool one = m->block == 1, take = m->columns <= m->rows;
    char size[24] = "", at[40] = "p[at]", from[40] = "p[from]";
    if (!one) {
        snprintf(size, sizeof size, "[%" PRId64 "]", m->block);
        snprintf(at, sizeof at, "&p[at * %" PRId64 "]", m->block);
        snprintf(from, sizeof from, "&p[from * %" PRId64 "]", m->block);
    }
    th_gen_indent(s, depth);
    th_str_addf(s, "%s v%s%s%s;\n", type, size, take ? "" : ", w", take ? "" : size);
    th_gen_indent(s, depth);
    th_str_addf(s, "uint32_t at = first%s;\n", take ? ", from" : "");
    assign(s, m, depth, "v", at);
    th_gen_indent(s, depth);
    if (take) {
        th_str_addf(s, "while ((from = at * %" PRId64 "u %% %" PRId64 "u) != first) {\n",
                    m->columns, last);
        assign(s, m, depth + 1, at, from);
        th_gen_indent(s, depth + 1);
        th_str_add(s, "at = from;\n");
        th_gen_indent(s, depth);
        th_str_add(s, "}\n");
        assign(s, m, depth, at, "v");
        return;
    }
    th_str_add(s, "do {\n");
    th_gen_indent(s, depth + 1);
    th_str_addf(s, "at = at * %" PRId64 "u %% %" PRId64 "u;\n", m->rows, last);
    assign(s, m, depth + 1, "w", at);
    assign(s, m, depth + 1, at, "v");
    assign(s, m, depth + 1, "v", "w");
    th_gen_indent(s, depth);
    th_str_add(s, "} while (at != first);\n");
}

static void in_place(struct th_str *s, const struct matrix *m, const char *type, int64_t n)
{
    const bool batch = m->batch > 1;
    const int depth = batch ? 4 : 3;
    th_str_add(s, "    if (x0 == y) {      /* in place, along the cycles of the permutation */\n");
    if (batch)
        th_str_addf(s, "        for (int32_t b = 0; b < %" PRId64 "; b++)\n", m->batch);
    th_gen_indent(s, depth - 1);
    th_str_addf(s, "for (int32_t k = 0; k < %" PRId64 "; k++) {\n", n);
    th_gen_indent(s, depth);
    if (batch)
        th_str_addf(s, "%s *p = &y[b * %" PRId64 "];\n", type, m->rows * m->columns * m->block);
    else
        th_str_addf(s, "%s *p = y;\n", type);
    th_gen_indent(s, depth);
    th_str_add(s, "const uint32_t first = t0[k];\n");
    cycle(s, m, type, depth);
    th_gen_indent(s, depth - 1);
    th_str_add(s, "}\n        return;\n    }\n");
}

/* The places of `list` in as few bytes as they need. */
static void add_places(struct th_gen *g, const struct matrix *m, uint32_t *list, int64_t n)
{
    uint16_t *narrow = (uint16_t *)(void *)list;
    const bool two = place_bytes(m) == 2;
    for (int64_t i = 0; i < n && two; i++)
        narrow[i] = (uint16_t)list[i];
    th_gen_data(g, "t0", "cycles", two ? TH_DT_U16 : TH_DT_U32, list, (size_t)n);
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    const char *type = th_dtype_ctype(q->inst->out[0].dtype);
    struct th_move move;
    struct matrix m;
    struct th_gen g;
    if (!matrix_of(q, &move, &m))
        return TH_ERR_INTERNAL;
    const int64_t n = leaders(&m, NULL);
    uint32_t *list = n < 0 ? NULL : TH_NEW_ARRAY(th_call_arena(call), uint32_t, (size_t)n + 1);
    if (!list || leaders(&m, list) != n)
        return TH_ERR_INTERNAL;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x0");
    th_gen_result(&g, 0, "y");
    add_places(&g, &m, list, n);
    in_place(&g.body, &m, type, n);
    th_gen_move(&g.body, &move, type, false);
    return th_gen_end(&g);
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 11.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 160;
    k->stack_bytes = 96;
}

static const struct th_kernel rows[] = {
    {.op = "transpose", .types = NULL, .symbol = "thk_transpose_in_place__c99",
     .source = "thk_elementwise.h", .order = TH_ORDER_IN_PLACE, .refuse = refuse, .bind = bind,
     .cost = cost},
};
const struct th_row_family th_c99_permute = {rows, TH_ARRAY_LEN(rows)};
