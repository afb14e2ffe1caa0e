/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices. A constant right side makes a dense layer. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

static enum th_status swap_last(struct onx_node *n, th_value v, th_value *out)
{
    int64_t perm[TH_MAX_RANK];
    int32_t rank = onx_type(n, v)->rank;

    for (int32_t i = 0; i < rank; i++)
        perm[i] = i;
    perm[rank - 1] = rank - 2;
    perm[rank - 2] = rank - 1;
    return onx_transpose(n, v, perm, out);
}

/* a [.., M, K] times w [N, K] transposed, plus a bias of N. */
static enum th_status dense(struct onx_node *n, th_value a, th_value w, th_value bias,
                            th_value *out)
{
    struct th_attr_list attrs = {.n = 0};
    th_value in[3] = {a, w, bias};

    th_attr_list_bool(&attrs, "keep_dims", true);
    return onx_add(n, "fully_connected", in, bias != 0 ? 3 : 2, &attrs, out);
}

static bool dense_types(const struct onx_node *n, th_value a, th_value b)
{
    return onx_type(n, a)->dtype == TH_DT_F32 && onx_type(n, b)->dtype == TH_DT_F32;
}

/* Both of rank 2 or more. */
static enum th_status product(struct onx_node *n, th_value a, th_value b, th_value *out)
{
    if (onx_is_fixed(n, b) && onx_type(n, b)->rank == 2 && dense_types(n, a, b) &&
        th_type_elems(onx_type(n, b)) > 0) {
        TH_TRY(swap_last(n, b, &b));
        return dense(n, a, b, 0, out);
    }
    return onx_binary(n, "batch_matmul", a, b, out);
}

/* A vector on the left is a row, on the right a column, and its axis vanishes again. */
enum th_status onx_matmul(struct onx_node *n, th_value a, th_value b, th_value *out)
{
    const struct th_type *t;
    int64_t dims[TH_MAX_RANK];
    bool row = onx_type(n, a)->rank == 1, column = onx_type(n, b)->rank == 1;
    int32_t rank;

    if (onx_type(n, a)->rank == 0 || onx_type(n, b)->rank == 0)
        return onx_reject(n, NULL, "an operand is a scalar");
    if (row)
        TH_TRY(onx_reshape(n, a, 2, (int64_t[]){1, onx_type(n, a)->dims[0]}, &a));
    if (column)
        TH_TRY(onx_reshape(n, b, 2, (int64_t[]){onx_type(n, b)->dims[0], 1}, &b));
    TH_TRY(product(n, a, b, out));
    if (!row && !column)
        return TH_OK;
    t = onx_type(n, *out);
    rank = t->rank;
    memcpy(dims, t->dims, sizeof dims);
    if (column)
        rank--;
    if (row) {
        if (!column)
            dims[rank - 2] = dims[rank - 1];
        rank--;
    }
    return onx_reshape(n, *out, rank, dims, out);
}

static enum th_status import_matmul(struct onx_node *n)
{
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    TH_TRY(onx_matmul(n, in[0], in[1], &y));
    return onx_bind(n, 0, y);
}

static enum th_status scaled(struct onx_node *n, th_value v, double k, th_value *out)
{
    th_value c;

    if (k == 1) {
        *out = v;
        return TH_OK;
    }
    TH_TRY(onx_scalar(n, onx_type(n, v)->dtype, k, &c));
    return onx_binary(n, "mul", v, c, out);
}

/* C as a bias of N, if it is constant and says the same for every row; 0: it must be added. */
static enum th_status as_bias(struct onx_node *n, th_value c, int64_t columns, th_value *out)
{
    const struct th_type *t = onx_type(n, c);

    *out = 0;
    if (!onx_is_fixed(n, c) || th_type_elems(t) != columns || t->rank < 1 ||
        t->dims[t->rank - 1] != columns)
        return TH_OK;
    return onx_reshape(n, c, 1, &columns, out);
}

/* The standard's operands are matrices. Some exporters leave axes in front of them, as MatMul takes
 * them; those of one element add nothing to a constant right side. */
static enum th_status gemm_operands(struct onx_node *n, th_value in[2])
{
    TH_TRY(onx_need(n, in, 2));
    const struct th_type a = *onx_type(n, in[0]), b = *onx_type(n, in[1]);
    int32_t front = b.rank - 2;

    if (a.rank < 2 || b.rank < 2)
        return onx_reject(n, NULL, "operands have %d and %d dimensions, needed are 2 or more",
                          (int)a.rank, (int)b.rank);
    for (int32_t i = 0; i < b.rank - 2; i++)
        if (b.dims[i] != 1)
            front = 0;
    if (front > 0 && b.rank <= a.rank && onx_is_fixed(n, in[1]))
        return onx_reshape(n, in[1], 2, &b.dims[front], &in[1]);
    return TH_OK;
}

static enum th_status import_gemm(struct onx_node *n)
{
    double alpha = onx_attr_f(n, "alpha", 1), beta = onx_attr_f(n, "beta", 1);
    bool trans_b = onx_attr_i(n, "transB", 0) != 0;
    th_value in[2], c = onx_in(n, 2), bias = 0, y;

    TH_TRY(gemm_operands(n, in));
    if (onx_attr_i(n, "transA", 0) != 0)
        TH_TRY(swap_last(n, in[0], &in[0]));
    if (c != 0)
        TH_TRY(scaled(n, c, beta, &c));
    if (!onx_is_fixed(n, in[1]) || onx_type(n, in[1])->rank != 2 ||
        !dense_types(n, in[0], in[1])) {
        if (trans_b)
            TH_TRY(swap_last(n, in[1], &in[1]));
        TH_TRY(onx_binary(n, "batch_matmul", in[0], in[1], &y));
        TH_TRY(scaled(n, y, alpha, &y));
    } else {
        if (!trans_b)
            TH_TRY(swap_last(n, in[1], &in[1]));
        TH_TRY(scaled(n, in[1], alpha, &in[1]));
        if (c != 0)
            TH_TRY(as_bias(n, c, onx_type(n, in[1])->dims[0], &bias));
        TH_TRY(dense(n, in[0], in[1], bias, &y));
    }
    if (c != 0 && bias == 0)
        TH_TRY(onx_binary(n, "add", y, c, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_gemm[] = {
    {"MatMul", import_matmul, NULL},
    {"Gemm", import_gemm, NULL},
    {NULL, NULL, NULL},
};
