/* SPDX-License-Identifier: 0BSD */
/* What recurrent layers over sequences share. */
#ifndef THK_SEQUENCE_H
#define THK_SEQUENCE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct thk_sequence {
    int32_t steps, batch, inputs, hidden, reverse;
    int32_t form;          /* linear_before_reset of GRU, input_forget of LSTM */
    float clip;
    int32_t act[3];        /* f, g, h */
    float alpha[3], beta[3];
};

static inline float thk_sequence_act(const struct thk_sequence *p, int which, float v)
{
    const float a = p->alpha[which], b = p->beta[which];
    v = v < -p->clip ? -p->clip : v > p->clip ? p->clip : v;
    switch (p->act[which]) {
    case 0: return 1.0f / (1.0f + expf(-v));
    case 1: return tanhf(v);
    case 2: return v > 0.0f ? v : 0.0f;
    case 3: return a * v + b;
    case 4: return v < 0.0f ? a * v : v;
    case 5: return v > a ? v : 0.0f;
    case 6: return a * tanhf(b * v);
    case 7: v = a * v + b; return v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
    case 8: return v < 0.0f ? a * (expf(v) - 1.0f) : v;
    case 9: return v / (1.0f + fabsf(v));
    default: return (v > 0.0f ? v : 0.0f) + log1pf(expf(-fabsf(v)));
    }
}

/* out = m v + bias, or added to what is there. */
static inline void thk_sequence_affine(const float *m, const float *v, const float *bias,
                                       int32_t rows, int32_t n, int32_t add, float *out)
{
    for (int32_t k = 0; k < rows; k++, m += n) {
        float sum = bias ? bias[k] : 0.0f;
        for (int32_t i = 0; i < n; i++)
            sum += m[i] * v[i];
        out[k] = add ? out[k] + sum : sum;
    }
}

/* State before the first step. */
static inline void thk_sequence_start(const float *from, float *to, int32_t n)
{
    if (from)
        memmove(to, from, (size_t)n * sizeof(float));
    else
        memset(to, 0, (size_t)n * sizeof(float));
}

static inline int32_t thk_sequence_length(const struct thk_sequence *p, const int32_t *lengths,
                                          int32_t n)
{
    const int32_t len = lengths ? lengths[n] : p->steps;
    return len < 0 ? 0 : len > p->steps ? p->steps : len;
}

/* Rows beyond a sequence's length are zero. */
static inline void thk_sequence_pad(const struct thk_sequence *p, int32_t len, int32_t n, float *y)
{
    for (int32_t t = len; t < p->steps; t++)
        memset(y + ((ptrdiff_t)t * p->batch + n) * p->hidden, 0,
               (size_t)p->hidden * sizeof(float));
}

#endif
