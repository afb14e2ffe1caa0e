/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Einsum: operands are joined one by one. Labels that both have and nobody needs any more are
 * contracted by a matrix product; the rest is multiplied with broadcasting and summed.
 */
#include <string.h>

#include "import.h"

/* Labels are characters; those below ELLIPSIS are axes of an ellipsis, counted from the right. */
enum { LABELS = 128, ELLIPSIS = 64 };
enum { OPERANDS = 16 };

struct term {
    th_value v;
    int32_t n;
    int label[TH_MAX_RANK + 1];
};

struct sum {
    struct term in[OPERANDS], out;
    size_t n_in;
    int32_t dots;                /* axes that an ellipsis stands for at most */
    int later[LABELS];           /* uses of a label by the result and by operands to come */
};

static int find(const struct term *t, int label)
{
    for (int32_t i = 0; i < t->n; i++)
        if (t->label[i] == label)
            return (int)i;
    return -1;
}

static int64_t dim(const struct onx_node *n, const struct term *t, int32_t i)
{
    return onx_type(n, t->v)->dims[i];
}

/* ---- the equation ---------------------------------------------------------------------------- */

/* One side of a comma. dots: axes that "..." stands for. */
static bool read_term(const char **s, int32_t dots, struct term *t)
{
    t->n = 0;
    for (; **s != '\0' && **s != ',' && **s != '-'; ++*s) {
        const char c = **s;
        if (c == ' ')
            continue;
        if (c == '.') {
            if (strncmp(*s, "...", 3) != 0 || dots < 0)
                return false;
            *s += 2;
            for (int32_t k = dots - 1; k >= 0; k--) {
                if (t->n >= TH_MAX_RANK)
                    return false;
                t->label[t->n++] = k;
            }
            continue;
        }
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) || t->n >= TH_MAX_RANK)
            return false;
        t->label[t->n++] = c;
    }
    return true;
}

static int32_t letters(const char *s)
{
    int32_t count = 0;

    for (; *s != '\0' && *s != ',' && *s != '-'; s++)
        count += (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z');
    return count;
}

/* Without an arrow: the ellipsis, then all labels that stand once, in alphabetical order. */
static void implicit_result(struct sum *e)
{
    int count[LABELS] = {0};

    for (size_t k = 0; k < e->n_in; k++)
        for (int32_t i = 0; i < e->in[k].n; i++)
            count[e->in[k].label[i]]++;
    for (int32_t k = e->dots - 1; k >= 0; k--)
        e->out.label[e->out.n++] = k;
    for (int c = 'A'; c <= 'z' && e->out.n < TH_MAX_RANK; c++)
        if (count[c] == 1)
            e->out.label[e->out.n++] = c;
}

static enum th_status read_equation(struct onx_node *n, struct sum *e)
{
    const char *s = onx_attr_s(n, "equation", ""), *text = s;

    for (size_t k = 0; k < e->n_in; k++) {
        const int32_t rank = onx_type(n, e->in[k].v)->rank;
        const int32_t dots = rank - letters(s);
        if (!read_term(&s, dots, &e->in[k]) || e->in[k].n != rank ||
            (k + 1 < e->n_in && *s++ != ','))
            return onx_reject(n, NULL, "equation '%s' and its operand %zu of %d axes", text, k,
                              (int)rank);
        for (int32_t i = 0; i < rank; i++)
            if (e->in[k].label[i] < ELLIPSIS && e->in[k].label[i] >= e->dots)
                e->dots = e->in[k].label[i] + 1;
    }
    while (*s == ' ')
        s++;
    if (*s == '\0') {
        implicit_result(e);
        return TH_OK;
    }
    if (strncmp(s, "->", 2) != 0)
        return onx_reject(n, NULL, "equation '%s'", text);
    s += 2;
    if (!read_term(&s, e->dots, &e->out) || *s != '\0')
        return onx_reject(n, NULL, "equation '%s'", text);
    return TH_OK;
}

/* ---- one operand ----------------------------------------------------------------------------- */

/* Labels in the order of `to`, which holds all of them. */
static enum th_status order(struct onx_node *n, struct term *t, const int *to, int32_t count)
{
    int64_t perm[TH_MAX_RANK];
    int32_t at = 0;

    for (int32_t i = 0; i < count; i++) {
        const int k = find(t, to[i]);
        if (k >= 0)
            perm[at++] = k;
    }
    if (at != t->n)
        return onx_reject(n, NULL, "labels that stand twice in the result");
    TH_TRY(onx_transpose(n, t->v, perm, &t->v));
    at = 0;
    for (int32_t i = 0; i < count; i++)
        if (find(t, to[i]) >= 0 && at < t->n)
            perm[at++] = to[i];
    for (int32_t i = 0; i < t->n; i++)
        t->label[i] = (int)perm[i];
    return TH_OK;
}

/* A label that stands twice: the diagonal of these two axes, at the end. */
static enum th_status diagonal(struct onx_node *n, struct term *t)
{
    for (int32_t i = 0; i < t->n; i++)
        for (int32_t k = i + 1; k < t->n; k++) {
            int64_t perm[TH_MAX_RANK], dims[TH_MAX_RANK], begin[TH_MAX_RANK] = {0};
            int64_t step[TH_MAX_RANK];
            struct th_attr_list a = {.n = 0};
            const int label = t->label[i];
            const int64_t size = dim(n, t, i);
            int32_t at = 0;
            if (t->label[k] != label)
                continue;
            if (dim(n, t, k) != size || size < 1)
                return onx_reject(n, NULL, "a label for two different extents");
            for (int32_t j = 0; j < t->n; j++)
                if (j != i && j != k) {
                    perm[at] = j;
                    dims[at] = dim(n, t, j);
                    t->label[at++] = t->label[j];
                }
            perm[at] = i, perm[at + 1] = k;
            TH_TRY(onx_transpose(n, t->v, perm, &t->v));
            dims[at] = size * size;
            TH_TRY(onx_reshape(n, t->v, at + 1, dims, &t->v));
            dims[at] = size;
            for (int32_t j = 0; j <= at; j++)
                step[j] = j == at ? size + 1 : 1;
            th_attr_list_ints(&a, "begin", begin, (size_t)at + 1);
            th_attr_list_ints(&a, "size", dims, (size_t)at + 1);
            th_attr_list_ints(&a, "stride", step, (size_t)at + 1);
            TH_TRY(onx_add(n, "slice", &t->v, 1, &a, &t->v));
            t->label[at] = label;
            t->n = at + 1;
            i = -1;
            break;
        }
    return TH_OK;
}

/* Sums over labels that nobody needs any more. */
static enum th_status drop(struct onx_node *n, const struct sum *e, const struct term *other,
                           struct term *t)
{
    int64_t axes[TH_MAX_RANK];
    size_t count = 0;
    int32_t left = 0;

    for (int32_t i = 0; i < t->n; i++) {
        if (e->later[t->label[i]] == 0 && (other == NULL || find(other, t->label[i]) < 0))
            axes[count++] = i;
        else
            t->label[left++] = t->label[i];
    }
    t->n = left;
    return onx_reduce(n, "sum", t->v, axes, count, false, &t->v);
}

/* ---- two operands ---------------------------------------------------------------------------- */

/* Axes of all labels in `list`; those that t lacks have extent 1. */
static enum th_status spread(struct onx_node *n, struct term *t, const int *list, int32_t count)
{
    int64_t dims[TH_MAX_RANK];

    TH_TRY(order(n, t, list, count));
    for (int32_t i = 0; i < count; i++) {
        const int k = find(t, list[i]);
        dims[i] = k < 0 ? 1 : dim(n, t, k);
    }
    return onx_reshape(n, t->v, count, dims, &t->v);
}

static enum th_status multiply(struct onx_node *n, const struct sum *e, struct term *a,
                               struct term *b)
{
    int list[2 * TH_MAX_RANK];
    int32_t count = 0;

    for (int32_t i = 0; i < a->n; i++)
        list[count++] = a->label[i];
    for (int32_t i = 0; i < b->n; i++)
        if (find(a, b->label[i]) < 0)
            list[count++] = b->label[i];
    if (count > TH_MAX_RANK)
        return onx_reject(n, NULL, "more than %d labels at once", TH_MAX_RANK);
    TH_TRY(spread(n, a, list, count));
    TH_TRY(spread(n, b, list, count));
    TH_TRY(onx_binary(n, "mul", a->v, b->v, &a->v));
    a->n = count;
    for (int32_t i = 0; i < count; i++)
        a->label[i] = list[i];
    return drop(n, e, NULL, a);
}

/* The labels of a by their part: 0 batch, 1 only in a, 2 contracted. */
static int part(const struct sum *e, const struct term *other, int label)
{
    return find(other, label) < 0 ? 1 : e->later[label] != 0 ? 0 : 2;
}

/* [batch, rows, depth] of a, and [batch, depth, columns] of b; lists the labels of the product. */
static enum th_status as_matrices(struct onx_node *n, const struct sum *e, struct term *t,
                                  const struct term *other, bool right)
{
    static const int orders[2][3] = {{0, 1, 2}, {0, 2, 1}};
    int64_t dims[3] = {1, 1, 1};
    int list[TH_MAX_RANK];
    int32_t count = 0;
    const struct term *first = right ? other : t;

    /* batch and depth in the order of the left operand */
    for (int p = 0; p < 3; p++) {
        const int kind = orders[right][p];
        const struct term *from = kind == 1 ? t : first;
        for (int32_t i = 0; i < from->n; i++) {
            const int k = find(t, from->label[i]);
            if (k < 0 || part(e, other, from->label[i]) != kind)
                continue;
            dims[p] *= dim(n, t, k);
            list[count++] = from->label[i];
        }
    }
    TH_TRY(order(n, t, list, count));
    return onx_reshape(n, t->v, 3, dims, &t->v);
}

static bool can_contract(const struct onx_node *n, const struct sum *e, const struct term *a,
                         const struct term *b)
{
    const enum th_dtype dt = onx_type(n, a->v)->dtype;
    bool contracts = false;

    if (dt != TH_DT_F32 && dt != TH_DT_F64 && dt != TH_DT_S32 && dt != TH_DT_S64)
        return false;
    for (int32_t i = 0; i < a->n; i++) {
        const int k = find(b, a->label[i]);
        if (k >= 0 && dim(n, a, i) != dim(n, b, k))
            return false;               /* broadcast */
        contracts = contracts || (k >= 0 && e->later[a->label[i]] == 0);
    }
    return contracts;
}

static enum th_status contract(struct onx_node *n, const struct sum *e, struct term *a,
                               struct term *b)
{
    const struct term left = *a, right = *b;
    int64_t dims[TH_MAX_RANK];
    struct term y = {.n = 0};

    for (int p = 0; p < 3; p++) {
        const struct term *t = p < 2 ? &left : &right;
        for (int32_t i = 0; i < t->n; i++)
            if (part(e, p < 2 ? &right : &left, t->label[i]) == (p == 0 ? 0 : 1)) {
                if (y.n >= TH_MAX_RANK)
                    return onx_reject(n, NULL, "more than %d labels at once", TH_MAX_RANK);
                dims[y.n] = dim(n, t, i);
                y.label[y.n++] = t->label[i];
            }
    }
    TH_TRY(as_matrices(n, e, a, &right, false));
    TH_TRY(as_matrices(n, e, b, &left, true));
    TH_TRY(onx_binary(n, "batch_matmul", a->v, b->v, &y.v));
    TH_TRY(onx_reshape(n, y.v, y.n, dims, &y.v));
    *a = y;
    return TH_OK;
}

static enum th_status import_einsum(struct onx_node *n)
{
    struct sum e = {.n_in = onx_n_in(n)};
    struct term t;

    if (e.n_in < 1 || e.n_in > OPERANDS)
        return onx_reject(n, NULL, "%zu operands", e.n_in);
    for (size_t k = 0; k < e.n_in; k++) {
        e.in[k].v = onx_in(n, k);
        if (e.in[k].v == 0)
            return onx_reject(n, NULL, "operand %zu is absent", k);
    }
    TH_TRY(read_equation(n, &e));
    for (int32_t i = 0; i < e.out.n; i++)
        e.later[e.out.label[i]]++;
    for (size_t k = 0; k < e.n_in; k++) {
        TH_TRY(diagonal(n, &e.in[k]));
        for (int32_t i = 0; i < e.in[k].n; i++)
            e.later[e.in[k].label[i]]++;
    }
    for (size_t k = 0; k < e.n_in; k++) {
        for (int32_t i = 0; i < e.in[k].n; i++)
            e.later[e.in[k].label[i]]--;
        if (k == 0) {
            t = e.in[0];
            TH_TRY(drop(n, &e, NULL, &t));
            continue;
        }
        TH_TRY(drop(n, &e, &t, &e.in[k]));
        TH_TRY(can_contract(n, &e, &t, &e.in[k]) ? contract(n, &e, &t, &e.in[k])
                                                 : multiply(n, &e, &t, &e.in[k]));
    }
    if (t.n != e.out.n)
        return onx_reject(n, NULL, "the result has labels that no operand has");
    TH_TRY(order(n, &t, e.out.label, e.out.n));
    return onx_bind(n, 0, t.v);
}

const struct onx_row onx_rows_einsum[] = {
    {"Einsum", import_einsum, NULL},
    {NULL, NULL, NULL},
};
