/* SPDX-License-Identifier: 0BSD */
/* LSTM with integer activations, s8 weights and an s16 cell state. The including file defines
 * THK_NAME, THK_A (activations), THK_B (bias), THK_ACC (accumulator), THK_MIN, THK_MAX,
 * THK_DENSE(acc, m, s) and THK_SCALE(x, m, s). */
#include <stddef.h>
#include <string.h>

#include "thk_lstm.h"
#include "thk_sigmoid.h"

static int32_t THK_NAME_DENSE(const int8_t *w, const THK_A *x, int32_t zero, int32_t n,
                              const THK_B *bias, int32_t r, const struct thk_requant *q)
{
    THK_ACC sum = bias ? (THK_ACC)bias[r] : 0;
    for (int32_t i = 0; i < n; i++)
        sum += (THK_ACC)(w[r * n + i] * (x[i] - zero));
    return thk_clamp(THK_DENSE(sum, q->m, q->s), -32768, 32767);
}

/* scratch: 4 * cells values; table: the sigmoid's. */
static void THK_NAME(const struct thk_lstm *p, const struct thk_lstm_int *k, const THK_A *x,
                     const int8_t *wi_i, const int8_t *wi_f, const int8_t *wi_c,
                     const int8_t *wi_o, const int8_t *wr_i, const int8_t *wr_f,
                     const int8_t *wr_c, const int8_t *wr_o, const THK_B *b_i, const THK_B *b_f,
                     const THK_B *b_c, const THK_B *b_o, const THK_A *h_in, const int16_t *c_in,
                     const uint16_t *table, THK_A *y, THK_A *h_out, int16_t *c_out,
                     int16_t *scratch)
{
    const int8_t *const wi[4] = {wi_i, wi_f, wi_c, wi_o}, *const wr[4] = {wr_i, wr_f, wr_c, wr_o};
    const THK_B *const bias[4] = {b_i, b_f, b_c, b_o};
    const int32_t half = k->tanh_shift > 0 ? 1 << (k->tanh_shift - 1) : 0;
    memmove(h_out, h_in, (size_t)(p->batch * p->out) * sizeof(THK_A));
    memmove(c_out, c_in, (size_t)(p->batch * p->cells) * sizeof(int16_t));
    for (int32_t b = 0; b < p->batch; b++)
        for (int32_t t = 0; t < p->steps; t++) {
            const THK_A *row = x + thk_lstm_row(p, t, b, p->in);
            THK_A *h = h_out + b * p->out;
            int16_t *c = c_out + b * p->cells;
            for (int32_t g = 0; g < 4; g++)
                for (int32_t r = 0; r < p->cells; r++) {
                    const int32_t u = THK_NAME_DENSE(wi[g], row, k->x_zero, p->in, bias[g], r,
                                                     &k->gate_x[g]);
                    const int32_t v = THK_NAME_DENSE(wr[g], h, k->h_zero, p->out, NULL, r,
                                                     &k->gate_h[g]);
                    const int32_t sum = 3 * thk_clamp(u + v, -32768, 32767);
                    scratch[g * p->cells + r] = g == 2 && !k->sigmoid_cell
                                                    ? thk_tanh16(table, sum)
                                                    : thk_sigmoid16(table, sum);
                }
            for (int32_t r = 0; r < p->cells; r++) {
                const int16_t *v = scratch + r;
                const int32_t kept = THK_SCALE(v[p->cells] * c[r], k->forget.m, k->forget.s);
                const int32_t added = THK_SCALE(v[0] * v[2 * p->cells], k->input.m, k->input.s);
                int32_t s = thk_clamp(kept, -32768, 32767) + thk_clamp(added, -32768, 32767);
                s = thk_clamp(s, -32768, 32767);
                if (k->clip > 0)
                    s = thk_clamp(s, -k->clip, k->clip);
                c[r] = (int16_t)s;
                const int64_t at = ((int64_t)s * k->tanh_mult + half) >> k->tanh_shift;
                const int32_t o = thk_tanh16(table, (int32_t)at) * v[3 * p->cells];
                s = THK_SCALE(o, k->output.m, k->output.s) + k->h_zero;
                h[r] = (THK_A)thk_clamp(s, THK_MIN, THK_MAX);
            }
            memcpy(y + thk_lstm_row(p, t, b, p->out), h, (size_t)p->out * sizeof(THK_A));
        }
}
#undef THK_NAME
#undef THK_NAME_DENSE
#undef THK_A
#undef THK_B
#undef THK_ACC
#undef THK_MIN
#undef THK_MAX
#undef THK_DENSE
#undef THK_SCALE
