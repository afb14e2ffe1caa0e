/* SPDX-License-Identifier: 0BSD */
#include "thk_hybrid.h"
#include "thk_lstm_real.h"

/* Values quantized for one step. */
struct thk_lstm_row8 {
    const int8_t *q;
    float scale;
    int32_t zero, n;
};

static float thk_lstm_dot8(const int8_t *w, const struct thk_lstm_row8 *x, int32_t r, float scale)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < x->n; i++)
        sum += w[r * x->n + i] * (x->q[i] - x->zero);
    return (float)sum * (x->scale * scale);
}

/* Gate g of one step into v. */
static void thk_lstm_gate8(const struct thk_lstm *p, const struct thk_lstm_f32s8 *k, int32_t g,
                           const struct thk_lstm_row8 *x, const int8_t *wi,
                           const struct thk_lstm_row8 *h, const int8_t *wr, const float *cell,
                           const int8_t *peep, const float *bias, const float *ln, float *v)
{
    for (int32_t r = 0; r < p->cells; r++) {
        float sum = bias && !ln ? bias[r] : 0.0f;
        sum += thk_lstm_dot8(wi, x, r, k->wi[g]);
        sum += thk_lstm_dot8(wr, h, r, k->wr[g]);
        v[r] = peep ? sum + (float)peep[r] * k->peep[g] * cell[r] : sum;
    }
    if (ln)
        thk_lstm_normalize(v, ln, bias, p->cells);
    for (int32_t r = 0; r < p->cells; r++)
        v[r] = thk_lstm_squash(g == 2 ? k->f.activation : 1, v[r]);
}

/* scratch: 4 * cells floats, then in + out + cells bytes. */
static void thk_lstm_f32s8__c99(const struct thk_lstm *p, const struct thk_lstm_f32s8 *k,
                                const float *x, const int8_t *wi_i, const int8_t *wi_f,
                                const int8_t *wi_c, const int8_t *wi_o, const int8_t *wr_i,
                                const int8_t *wr_f, const int8_t *wr_c, const int8_t *wr_o,
                                const int8_t *peep_i, const int8_t *peep_f, const int8_t *peep_o,
                                const float *b_i, const float *b_f, const float *b_c,
                                const float *b_o, const int8_t *proj_w, const float *proj_b,
                                const float *h_in, const float *c_in, const float *ln_i,
                                const float *ln_f, const float *ln_c, const float *ln_o, float *y,
                                float *h_out, float *c_out, float *scratch)
{
    float *gi = scratch, *gf = gi + p->cells, *gc = gf + p->cells, *go = gc + p->cells;
    int8_t *xq = (int8_t *)(go + p->cells), *hq = xq + p->in, *pq = hq + p->out;
    struct thk_lstm_row8 u = {xq, 0.0f, 0, p->in}, w = {hq, 0.0f, 0, p->out};
    struct thk_lstm_row8 v = {pq, 0.0f, 0, p->cells};
    memmove(h_out, h_in, (size_t)(p->batch * p->out) * sizeof(float));
    memmove(c_out, c_in, (size_t)(p->batch * p->cells) * sizeof(float));
    for (int32_t b = 0; b < p->batch; b++) {
        float *h = h_out + b * p->out, *c = c_out + b * p->cells;
        for (int32_t t = 0; t < p->steps; t++) {
            const float *row = x + thk_lstm_row(p, t, b, p->in);
            u.scale = thk_hybrid_quantize(row, p->in, k->asymmetric, xq, &u.zero);
            w.scale = thk_hybrid_quantize(h, p->out, k->asymmetric, hq, &w.zero);
            if (wi_i)
                thk_lstm_gate8(p, k, 0, &u, wi_i, &w, wr_i, c, peep_i, b_i, ln_i, gi);
            thk_lstm_gate8(p, k, 1, &u, wi_f, &w, wr_f, c, peep_f, b_f, ln_f, gf);
            thk_lstm_gate8(p, k, 2, &u, wi_c, &w, wr_c, c, NULL, b_c, ln_c, gc);
            for (int32_t r = 0; r < p->cells; r++) {
                const float in = wi_i ? gi[r] : 1.0f - gf[r];
                c[r] = thk_lstm_bound(gf[r] * c[r] + in * gc[r], k->f.cell_clip);
            }
            thk_lstm_gate8(p, k, 3, &u, wi_o, &w, wr_o, c, peep_o, b_o, ln_o, go);
            for (int32_t r = 0; r < p->cells; r++)
                go[r] *= thk_lstm_squash(k->f.activation, c[r]);
            if (proj_w)
                v.scale = thk_hybrid_quantize(go, p->cells, k->asymmetric, pq, &v.zero);
            for (int32_t r = 0; r < p->out; r++) {
                float s = proj_w ? 0.0f : go[r];
                if (proj_w)
                    s = (proj_b ? proj_b[r] : 0.0f) + thk_lstm_dot8(proj_w, &v, r, k->proj);
                h[r] = proj_w ? thk_lstm_bound(s, k->f.proj_clip) : s;
            }
            memcpy(y + thk_lstm_row(p, t, b, p->out), h, (size_t)p->out * sizeof(float));
        }
    }
}
