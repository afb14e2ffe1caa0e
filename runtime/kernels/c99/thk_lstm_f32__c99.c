/* SPDX-License-Identifier: 0BSD */
#include "thk_lstm_real.h"

static float thk_lstm_dot(const float *w, const float *x, int32_t n)
{
    float sum = 0.0f;
    for (int32_t i = 0; i < n; i++)
        sum += w[i] * x[i];
    return sum;
}

/* One gate of one step into v. */
static void thk_lstm_gate(const struct thk_lstm *p, int32_t kind, const float *x, const float *wi,
                          const float *h, const float *wr, const float *cell, const float *peep,
                          const float *bias, const float *ln, float *v)
{
    for (int32_t r = 0; r < p->cells; r++) {
        float sum = bias && !ln ? bias[r] : 0.0f;
        sum += thk_lstm_dot(wi + r * p->in, x, p->in);
        sum += thk_lstm_dot(wr + r * p->out, h, p->out);
        v[r] = peep ? sum + peep[r] * cell[r] : sum;
    }
    if (ln)
        thk_lstm_normalize(v, ln, bias, p->cells);
    for (int32_t r = 0; r < p->cells; r++)
        v[r] = thk_lstm_squash(kind, v[r]);
}

/* scratch: 4 * cells floats. */
static void thk_lstm_f32__c99(const struct thk_lstm *p, const struct thk_lstm_f32 *f,
                              const float *x, const float *wi_i, const float *wi_f,
                              const float *wi_c, const float *wi_o, const float *wr_i,
                              const float *wr_f, const float *wr_c, const float *wr_o,
                              const float *peep_i, const float *peep_f, const float *peep_o,
                              const float *b_i, const float *b_f, const float *b_c,
                              const float *b_o, const float *proj_w, const float *proj_b,
                              const float *h_in, const float *c_in, const float *ln_i,
                              const float *ln_f, const float *ln_c, const float *ln_o, float *y,
                              float *h_out, float *c_out, float *scratch)
{
    float *gi = scratch, *gf = gi + p->cells, *gc = gf + p->cells, *go = gc + p->cells;
    memmove(h_out, h_in, (size_t)(p->batch * p->out) * sizeof(float));
    memmove(c_out, c_in, (size_t)(p->batch * p->cells) * sizeof(float));
    for (int32_t b = 0; b < p->batch; b++) {
        float *h = h_out + b * p->out, *c = c_out + b * p->cells;
        for (int32_t t = 0; t < p->steps; t++) {
            const float *row = x + thk_lstm_row(p, t, b, p->in);
            if (wi_i)
                thk_lstm_gate(p, 1, row, wi_i, h, wr_i, c, peep_i, b_i, ln_i, gi);
            thk_lstm_gate(p, 1, row, wi_f, h, wr_f, c, peep_f, b_f, ln_f, gf);
            thk_lstm_gate(p, f->activation, row, wi_c, h, wr_c, c, NULL, b_c, ln_c, gc);
            for (int32_t r = 0; r < p->cells; r++) {
                const float in = wi_i ? gi[r] : 1.0f - gf[r];
                c[r] = thk_lstm_bound(gf[r] * c[r] + in * gc[r], f->cell_clip);
            }
            thk_lstm_gate(p, 1, row, wi_o, h, wr_o, c, peep_o, b_o, ln_o, go);
            for (int32_t r = 0; r < p->cells; r++)
                go[r] *= thk_lstm_squash(f->activation, c[r]);
            for (int32_t r = 0; r < p->out; r++) {
                float v = proj_w ? 0.0f : go[r];
                if (proj_w)
                    v = (proj_b ? proj_b[r] : 0.0f) +
                        thk_lstm_dot(proj_w + r * p->cells, go, p->cells);
                h[r] = proj_w ? thk_lstm_bound(v, f->proj_clip) : v;
            }
            memcpy(y + thk_lstm_row(p, t, b, p->out), h, (size_t)p->out * sizeof(float));
        }
    }
}
