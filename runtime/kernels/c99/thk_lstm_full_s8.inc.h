/* SPDX-License-Identifier: 0BSD */
/* Integer LSTM with peepholes, layer normalization, projection or coupled gates. The including
 * file defines THK_NAME, THK_PART(name) and THK_SCALE(x, m, s). NULL pointers: absent parts. */
#include <stddef.h>
#include <string.h>

#include "thk_fixed16.h"
#include "thk_lstm.h"
#include "thk_root.h"

static int32_t THK_PART(dense)(const int8_t *w, const int8_t *x, int32_t zero, int32_t n,
                               const int32_t *bias, int32_t r, const struct thk_requant *q)
{
    uint32_t sum = bias ? (uint32_t)bias[r] : 0;
    for (int32_t i = 0; i < n; i++)
        sum += (uint32_t)(w[r * n + i] * (x[i] - zero));
    return THK_SCALE((int32_t)sum, q->m, q->s);
}

/* Mean and deviation in fixed point, then weights and bias. */
static void THK_PART(normalize)(int16_t *v, int32_t n, const int16_t *ln, const int32_t *bias,
                                const struct thk_requant *q, int32_t guard)
{
    int64_t sum = 0, squares = 0;
    int32_t e = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += v[i];
        squares += (int64_t)v[i] * v[i];
    }
    const int64_t mean = sum * 1024 / n, one = 1 << 20;
    int64_t variance = (squares * (one / n) - mean * mean) / one;
    if (variance < 1)
        variance = guard;
    const int32_t root =
        (int32_t)variance > 1 ? thk_inverse_root((int32_t)variance, &e) : INT32_MAX;
    for (int32_t i = 0; i < n; i++) {
        const int32_t shifted = (int32_t)(1024 * (int64_t)v[i] - mean);
        const int64_t scaled = THK_SCALE(shifted, root, e);
        const int64_t sum64 = scaled * ln[i] + (bias ? bias[i] : 0);
        const int64_t biased = (int32_t)(uint32_t)(uint64_t)sum64;
        const int64_t rounded = (biased > 0 ? biased + 512 : biased - 512) / 1024;
        const int32_t r = THK_SCALE((int32_t)rounded, q->m, q->s + 12);
        v[i] = (int16_t)thk_clamp(r, -32768, 32767);
    }
}

/* Gate g of one step into v. */
static void THK_PART(gate)(const struct thk_lstm *p, const struct thk_lstm_full *k, int32_t g,
                           const int8_t *x, const int8_t *wi, const int8_t *h, const int8_t *wr,
                           const int16_t *cell, const int16_t *peep, const int32_t *bias,
                           const int16_t *ln, int16_t *v)
{
    for (int32_t r = 0; r < p->cells; r++) {
        int32_t sum = thk_clamp(THK_PART(dense)(wi, x, k->x_zero, p->in, ln ? NULL : bias, r,
                                                &k->gate_x[g]), -32768, 32767);
        sum = thk_clamp(sum + THK_PART(dense)(wr, h, k->h_zero, p->out, NULL, r, &k->gate_h[g]),
                        -32768, 32767);
        if (peep)
            sum = thk_clamp(sum + THK_SCALE(peep[r] * cell[r], k->peep[g].m, k->peep[g].s),
                            -32768, 32767);
        v[r] = (int16_t)sum;
    }
    if (ln)
        THK_PART(normalize)(v, p->cells, ln, bias, &k->norm[g], k->guard[g]);
    for (int32_t r = 0; r < p->cells; r++)
        v[r] = g == 2 ? thk_tanh_fixed16(v[r], 3) : thk_logistic_fixed16(v[r], 3);
}

/* scratch: 5 * cells values of 16 bits. */
static void THK_NAME(const struct thk_lstm *p, const struct thk_lstm_full *k, const int8_t *x,
                     const int8_t *wi_i, const int8_t *wi_f, const int8_t *wi_c,
                     const int8_t *wi_o, const int8_t *wr_i, const int8_t *wr_f,
                     const int8_t *wr_c, const int8_t *wr_o, const int16_t *peep_i,
                     const int16_t *peep_f, const int16_t *peep_o, const int32_t *b_i,
                     const int32_t *b_f, const int32_t *b_c, const int32_t *b_o,
                     const int8_t *proj_w, const int32_t *proj_b, const int8_t *h_in,
                     const int16_t *c_in, const int16_t *ln_i, const int16_t *ln_f,
                     const int16_t *ln_c, const int16_t *ln_o, int8_t *y, int8_t *h_out,
                     int16_t *c_out, int16_t *scratch)
{
    int16_t *gi = scratch, *gf = gi + p->cells, *gc = gf + p->cells, *go = gc + p->cells;
    int16_t *hidden = go + p->cells;
    memmove(h_out, h_in, (size_t)(p->batch * p->out));
    memmove(c_out, c_in, (size_t)(p->batch * p->cells) * sizeof(int16_t));
    for (int32_t b = 0; b < p->batch; b++)
        for (int32_t t = 0; t < p->steps; t++) {
            const int8_t *row = x + thk_lstm_row(p, t, b, p->in);
            int8_t *h = h_out + b * p->out;
            int16_t *c = c_out + b * p->cells;
            if (wi_i)
                THK_PART(gate)(p, k, 0, row, wi_i, h, wr_i, c, peep_i, b_i, ln_i, gi);
            THK_PART(gate)(p, k, 1, row, wi_f, h, wr_f, c, peep_f, b_f, ln_f, gf);
            THK_PART(gate)(p, k, 2, row, wi_c, h, wr_c, c, NULL, b_c, ln_c, gc);
            for (int32_t r = 0; r < p->cells; r++) {
                const int32_t in = wi_i ? gi[r] : INT16_MAX - gf[r];
                const int16_t kept = (int16_t)thk_rdivp2(gf[r] * c[r], 15);
                const int16_t added = (int16_t)thk_rdivp2(in * gc[r], 30 + k->cell_power);
                int32_t s = thk_clamp(kept + added, -32768, 32767);
                if (k->cell_clip > 0)
                    s = thk_clamp(s, -k->cell_clip, k->cell_clip);
                c[r] = (int16_t)s;
            }
            THK_PART(gate)(p, k, 3, row, wi_o, h, wr_o, c, peep_o, b_o, ln_o, go);
            for (int32_t r = 0; r < p->cells; r++) {
                const int32_t product = thk_tanh_fixed16(c[r], 15 + k->cell_power) * go[r];
                /* In front of a projection the zero point is negated, as in the reference. */
                const int32_t zero = proj_w ? -k->hidden_zero : k->hidden_zero;
                const int32_t s = THK_SCALE(product, k->hidden.m, k->hidden.s) + zero;
                hidden[r] = (int16_t)(thk_clamp(s, -128, 127) - (proj_w ? zero : 0));
            }
            for (int32_t r = 0; r < p->out; r++) {
                int32_t s = hidden[r < p->cells ? r : 0];
                if (proj_w) {
                    uint32_t sum = proj_b ? (uint32_t)proj_b[r] : 0;
                    for (int32_t i = 0; i < p->cells; i++)
                        sum += (uint32_t)(proj_w[r * p->cells + i] * hidden[i]);
                    s = THK_SCALE((int32_t)sum, k->projection.m, k->projection.s) + k->h_zero;
                    s = thk_clamp(s, -128, 127);
                    if (k->proj_clip > 0)
                        s = thk_clamp(s, -k->proj_clip, k->proj_clip);
                }
                h[r] = (int8_t)s;
            }
            memcpy(y + thk_lstm_row(p, t, b, p->out), h, (size_t)p->out);
        }
}
#undef THK_NAME
#undef THK_PART
#undef THK_SCALE
