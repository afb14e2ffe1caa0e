/* SPDX-License-Identifier: 0BSD */
/* Recurrent layers over sequences in integers: sums become Q3.12, the state is Q0.15. */
#ifndef THK_SEQUENCE_INT_H
#define THK_SEQUENCE_INT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "thk_requant.h"
#include "thk_sigmoid.h"

struct thk_sequence_int {
    int32_t steps, batch, inputs, hidden, reverse;
    int32_t form;          /* linear_before_reset of GRU, input_forget of LSTM */
    int32_t clip;          /* of sums, Q3.12 */
};

static inline int32_t thk_sequence_clamp16(int32_t v)
{
    return thk_clamp(v, -32768, 32767);
}

/* sum * scale[0] / 2^scale[1], halves up, held to 25 bits. */
static inline int32_t thk_sequence_scale(int64_t sum, const int16_t *scale)
{
    const int64_t v = (sum * scale[0] + ((int64_t)1 << (scale[1] - 1))) >> scale[1];
    return v < -(1 << 24) ? -(1 << 24) : v > (1 << 24) - 1 ? (1 << 24) - 1 : (int32_t)v;
}

static inline int32_t thk_sequence_bias(const int32_t *b, int32_t k)
{
    return b ? thk_clamp(b[k], -(1 << 24), (1 << 24) - 1) : 0;
}

static inline int32_t thk_sequence_dot_s8(const int8_t *w, const int8_t *v, int32_t n,
                                          int32_t sum, const int16_t *scale)
{
    int32_t i = 0;
    for (; i + 4 <= n; i += 4)      /* the counter costs as much as a product */
        sum += w[i] * v[i] + w[i + 1] * v[i + 1] + w[i + 2] * v[i + 2] + w[i + 3] * v[i + 3];
    for (; i < n; i++)
        sum += w[i] * v[i];
    return thk_sequence_scale(sum, scale);
}

static inline int32_t thk_sequence_dot_s16(const int8_t *w, const int16_t *v, int32_t n,
                                           int32_t sum, const int16_t *scale)
{
    int64_t wide = sum;
    int32_t i = 0;
    for (; i + 4 <= n; i += 4)
        wide += w[i] * v[i] + w[i + 1] * v[i + 1] + w[i + 2] * v[i + 2] + w[i + 3] * v[i + 3];
    for (; i < n; i++)
        wide += w[i] * v[i];
    return thk_sequence_scale(wide, scale);
}

/* gate / 2^15 of v, halves up. */
static inline int32_t thk_sequence_part(int32_t gate, int32_t v)
{
    return (int32_t)(((int64_t)gate * v + (1 << 14)) >> 15);
}

/* x / 2^s, halves up. */
static inline int32_t thk_sequence_round(int32_t x, int32_t s)
{
    return (x + (1 << (s - 1))) >> s;
}

/* The state as 8-bit activations show it. */
static inline int8_t thk_sequence_seen8(int32_t v)
{
    return (int8_t)thk_clamp((v + 128) >> 8, -128, 127);
}

static inline int32_t thk_sequence_argument(const struct thk_sequence_int *p, int32_t sum)
{
    return 3 * thk_sequence_clamp16(thk_clamp(sum, -p->clip, p->clip));
}

static inline int32_t thk_sequence_steps(const struct thk_sequence_int *p, const int32_t *lengths,
                                         int32_t n)
{
    const int32_t len = lengths ? lengths[n] : p->steps;
    return len < 0 ? 0 : len > p->steps ? p->steps : len;
}

/* Rows beyond a sequence's length are zero; of `size` bytes an element. */
static inline void thk_sequence_zeros(const struct thk_sequence_int *p, int32_t len, int32_t n,
                                      void *y, size_t size)
{
    const size_t bytes = (size_t)p->hidden * size;
    for (int32_t t = len; t < p->steps; t++)
        memset((char *)y + ((size_t)t * (size_t)p->batch + (size_t)n) * bytes, 0, bytes);
}

#endif
