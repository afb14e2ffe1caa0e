/* SPDX-License-Identifier: 0BSD */
/*
 * int8 addition and subtraction of two maps of one shape. An operand's term is its difference to
 * the zero point times 2^20, rescaled; the constants are those of thk_dsp.h without a zero point,
 * and an operand whose factor is exactly one half is taken twice as large and shifted by one more,
 * which is exact. Element i is written after element i of both inputs was read.
 */
#include "armv7em/thk_dsp.h"

struct thk_add_dsp {
    int32_t n, minus;
    int32_t a_up, a_zero, a_m, a_c, a_e;   /* zero: the zero point shifted up like the value */
    int32_t b_up, b_zero, b_m, b_c, b_e;
    int32_t m, c, e, lo, hi;
};

/* twice: twice the value. (twice * m rounded to its high word + c + sign) >> e */
static inline int32_t thk_add_dsp_rescale(int32_t twice, int32_t m, int32_t c, int32_t e)
{
    int32_t t;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(t) : "r"(twice), "r"(m), "r"(c));
    return (t + (twice >> 31)) >> e;
}

static inline int32_t thk_add_dsp_element(const struct thk_add_dsp *p, int32_t a, int32_t b)
{
    const int32_t u = (int32_t)((uint32_t)a << p->a_up) - p->a_zero;
    const int32_t v = (int32_t)((uint32_t)b << p->b_up) - p->b_zero;
    const int32_t x = thk_add_dsp_rescale(u, p->a_m, p->a_c, p->a_e);
    const int32_t y = thk_add_dsp_rescale(v, p->b_m, p->b_c, p->b_e);
    const int32_t sum = p->minus ? x - y : x + y;
    const int32_t r = thk_add_dsp_rescale(2 * sum, p->m, p->c, p->e);
    return r < p->lo ? p->lo : r > p->hi ? p->hi : r;
}

static void thk_add_s8__armv7em(const struct thk_add_dsp *p, const int8_t *a, const int8_t *b,
                                int8_t *y)
{
    const struct thk_add_dsp k = *p;
    if (k.minus || k.lo > INT8_MIN || k.hi < INT8_MAX) {
        for (int32_t i = 0; i < k.n; i++)
            y[i] = (int8_t)thk_add_dsp_element(&k, a[i], b[i]);
        return;
    }
    for (int32_t i = 0; i < k.n; i++) {
        const int32_t u = (int32_t)((uint32_t)a[i] << k.a_up) - k.a_zero;
        const int32_t v = (int32_t)((uint32_t)b[i] << k.b_up) - k.b_zero;
        const int32_t sum = thk_add_dsp_rescale(u, k.a_m, k.a_c, k.a_e) +
                            thk_add_dsp_rescale(v, k.b_m, k.b_c, k.b_e);
        int32_t r = thk_add_dsp_rescale(2 * sum, k.m, k.c, k.e);
        __asm__("ssat %0, #8, %1" : "=r"(r) : "r"(r));
        y[i] = (int8_t)r;
    }
}
