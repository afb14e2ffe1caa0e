/* SPDX-License-Identifier: 0BSD */
/*
 * Float matrix products, four rows by four columns of the result at a time; either operand may be
 * turned or repeated for each product.
 */
#include "thk_tile_f32.h"

struct thk_products_f32 {
    int32_t count, rows, columns, depth;                     /* of one product */
    int32_t a_next, a_row, a_depth, b_next, b_depth, b_column;   /* distances */
};

/* Four (or fewer: the last ones repeat) distances from one row or column to the next. */
static inline int32_t thk_products_f32_at(int32_t i, int32_t left, int32_t step)
{
    return (i < left ? i : left - 1) * step;
}

static void thk_batch_matmul_f32_tile__c99(const struct thk_products_f32 *p, float lo, float hi,
                                           const float *a, const float *b, float *y)
{
    for (int32_t n = 0; n < p->count; n++, a += p->a_next, b += p->b_next) {
        for (int32_t r = 0; r < p->rows; r += 4) {
            const int32_t rows = p->rows - r < 4 ? p->rows - r : 4;
            for (int32_t c = 0; c < p->columns; c += 4) {
                const int32_t columns = p->columns - c < 4 ? p->columns - c : 4;
                const float *const x = a + r * p->a_row, *const w = b + c * p->b_column;
                const float *a0 = x, *a1 = x + thk_products_f32_at(1, rows, p->a_row);
                const float *a2 = x + thk_products_f32_at(2, rows, p->a_row);
                const float *a3 = x + thk_products_f32_at(3, rows, p->a_row);
                const float *b0 = w, *b1 = w + thk_products_f32_at(1, columns, p->b_column);
                const float *b2 = w + thk_products_f32_at(2, columns, p->b_column);
                const float *b3 = w + thk_products_f32_at(3, columns, p->b_column);
                float s[4][4] = {{0.0f}};
                float s00 = 0.0f, s01 = 0.0f, s02 = 0.0f, s03 = 0.0f;
                float s10 = 0.0f, s11 = 0.0f, s12 = 0.0f, s13 = 0.0f;
                float s20 = 0.0f, s21 = 0.0f, s22 = 0.0f, s23 = 0.0f;
                float s30 = 0.0f, s31 = 0.0f, s32 = 0.0f, s33 = 0.0f;
                for (int32_t k = 0; k < p->depth; k++) {
                    const float w0 = *b0, w1 = *b1, w2 = *b2, w3 = *b3;
                    float v = *a0;
                    s00 = THK_MULADD(v, w0, s00), s01 = THK_MULADD(v, w1, s01);
                    s02 = THK_MULADD(v, w2, s02), s03 = THK_MULADD(v, w3, s03);
                    v = *a1;
                    s10 = THK_MULADD(v, w0, s10), s11 = THK_MULADD(v, w1, s11);
                    s12 = THK_MULADD(v, w2, s12), s13 = THK_MULADD(v, w3, s13);
                    v = *a2;
                    s20 = THK_MULADD(v, w0, s20), s21 = THK_MULADD(v, w1, s21);
                    s22 = THK_MULADD(v, w2, s22), s23 = THK_MULADD(v, w3, s23);
                    v = *a3;
                    s30 = THK_MULADD(v, w0, s30), s31 = THK_MULADD(v, w1, s31);
                    s32 = THK_MULADD(v, w2, s32), s33 = THK_MULADD(v, w3, s33);
                    a0 += p->a_depth, a1 += p->a_depth, a2 += p->a_depth, a3 += p->a_depth;
                    b0 += p->b_depth, b1 += p->b_depth, b2 += p->b_depth, b3 += p->b_depth;
                }
                s[0][0] = s00, s[0][1] = s01, s[0][2] = s02, s[0][3] = s03;
                s[1][0] = s10, s[1][1] = s11, s[1][2] = s12, s[1][3] = s13;
                s[2][0] = s20, s[2][1] = s21, s[2][2] = s22, s[2][3] = s23;
                s[3][0] = s30, s[3][1] = s31, s[3][2] = s32, s[3][3] = s33;
                for (int32_t i = 0; i < rows; i++)
                    for (int32_t j = 0; j < columns; j++)
                        y[(r + i) * p->columns + c + j] = thk_bound_f32(s[i][j], lo, hi);
            }
        }
        y += p->rows * p->columns;
    }
}
