/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct thk_grid_sample {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t mode;      /* 0 bilinear, 1 nearest, 2 bicubic */
    int32_t padding;   /* 0 zeros, 1 border, 2 reflection */
    int32_t align;
};

static inline float thk_grid_reflect(float v, float lo, float hi)
{
    const float span = hi - lo;
    if (span <= 0.0f)
        return lo;
    const float d = fabsf(v - lo), turns = floorf(d / span), rest = d - turns * span;
    return fmodf(turns, 2.0f) == 0.0f ? lo + rest : hi - rest;
}

static inline float thk_grid_held(const struct thk_grid_sample *p, float v, int32_t size)
{
    const float last = (float)(size - 1);
    if (p->padding == 2)
        v = p->align ? thk_grid_reflect(v, 0.0f, last)
                     : thk_grid_reflect(v, -0.5f, last + 0.5f);
    return p->padding == 0 ? v : v < 0.0f ? 0.0f : v > last ? last : v;
}

/* First channel of the element at whole numbers, or NULL beyond the map. */
static inline const float *thk_grid_at(const struct thk_grid_sample *p, const float *x, float fy,
                                       float fx)
{
    if (!(fy >= 0.0f && fy < (float)p->in_h && fx >= 0.0f && fx < (float)p->in_w))
        return NULL;
    return x + ((ptrdiff_t)fy * p->in_w + (ptrdiff_t)fx) * p->channels;
}

/* Weights of `taps` neighbours from floor(v) - (taps > 2) on. */
static inline void thk_grid_weights(float t, int32_t taps, float *w)
{
    const float a = -0.75f;
    if (taps < 4) {
        w[0] = taps == 1 ? 1.0f : 1.0f - t;
        w[1] = t;
        return;
    }
    for (int32_t i = 0; i < 4; i++) {
        const float d = i == 0 ? t + 1.0f : i == 1 ? t : i == 2 ? 1.0f - t : 2.0f - t;
        w[i] = i == 1 || i == 2 ? ((a + 2.0f) * d - (a + 3.0f)) * d * d + 1.0f
                                : ((a * d - 5.0f * a) * d + 8.0f * a) * d - 4.0f * a;
    }
}

/* One place: weighted sum of the neighbours of every channel. */
static inline void thk_grid_place(const struct thk_grid_sample *p, const float *x, float fy,
                                  float fx, float *y)
{
    const int32_t taps = p->mode == 0 ? 2 : p->mode == 1 ? 1 : 4, before = taps > 2;
    float wy[4], wx[4];
    if (!before) {
        fy = thk_grid_held(p, fy, p->in_h);
        fx = thk_grid_held(p, fx, p->in_w);
    }
    const float y0 = taps == 1 ? rintf(fy) : floorf(fy), x0 = taps == 1 ? rintf(fx) : floorf(fx);
    thk_grid_weights(fy - y0, taps, wy);
    thk_grid_weights(fx - x0, taps, wx);
    for (int32_t k = 0; k < p->channels; k++)
        y[k] = 0.0f;
    for (int32_t i = 0; i < taps; i++)
        for (int32_t j = 0; j < taps; j++) {
            float ty = y0 + (float)(i - before), tx = x0 + (float)(j - before);
            if (before) {
                ty = thk_grid_held(p, ty, p->in_h);
                tx = thk_grid_held(p, tx, p->in_w);
            }
            const float *at = thk_grid_at(p, x, ty, tx);
            for (int32_t k = 0; at && k < p->channels; k++)
                y[k] += wy[i] * wx[j] * at[k];
        }
}

static void thk_grid_sample_f32__c99(const struct thk_grid_sample *p, const float *x,
                                     const float *grid, float *y)
{
    for (int32_t n = 0; n < p->batch; n++) {
        for (int32_t i = 0; i < p->out_h * p->out_w; i++, grid += 2, y += p->channels) {
            const float fx = p->align ? (grid[0] + 1.0f) / 2.0f * (float)(p->in_w - 1)
                                      : ((grid[0] + 1.0f) * (float)p->in_w - 1.0f) / 2.0f;
            const float fy = p->align ? (grid[1] + 1.0f) / 2.0f * (float)(p->in_h - 1)
                                      : ((grid[1] + 1.0f) * (float)p->in_h - 1.0f) / 2.0f;
            thk_grid_place(p, x, fy, fx, y);
        }
        x += (ptrdiff_t)p->in_h * p->in_w * p->channels;
    }
}
