/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct thk_grid_sample {
    int32_t batch, in_d, in_h, in_w, channels, places;
    int32_t axes;      /* 2 or 3 */
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

/* What counts along one axis: first channels' offsets, -1 beyond the map, and how much. */
struct thk_grid_line {
    int32_t taps;
    ptrdiff_t at[4];
    float weight[4];
};

static inline void thk_grid_line(const struct thk_grid_sample *p, float v, int32_t size,
                                 ptrdiff_t step, struct thk_grid_line *to)
{
    const int32_t before = p->mode == 2;
    to->taps = p->mode == 0 ? 2 : p->mode == 1 ? 1 : 4;
    v = p->align ? (v + 1.0f) / 2.0f * (float)(size - 1) : ((v + 1.0f) * (float)size - 1.0f) / 2.0f;
    if (!before)
        v = thk_grid_held(p, v, size);
    const float first = p->mode == 1 ? rintf(v) : floorf(v);
    thk_grid_weights(v - first, to->taps, to->weight);
    for (int32_t i = 0; i < to->taps; i++) {
        float at = first + (float)(i - before);
        if (before)
            at = thk_grid_held(p, at, size);
        to->at[i] = at >= 0.0f && at < (float)size ? (ptrdiff_t)at * step : -1;
    }
}

/* One place: weighted sum of the neighbours of every channel. */
static inline void thk_grid_place(const struct thk_grid_sample *p, const float *x,
                                  const float *grid, float *y)
{
    struct thk_grid_line on_x, on_y, on_z = {1, {0}, {1.0f}};
    const ptrdiff_t row = (ptrdiff_t)p->in_w * p->channels;
    thk_grid_line(p, grid[0], p->in_w, p->channels, &on_x);
    thk_grid_line(p, grid[1], p->in_h, row, &on_y);
    if (p->axes == 3)
        thk_grid_line(p, grid[2], p->in_d, row * p->in_h, &on_z);
    for (int32_t k = 0; k < p->channels; k++)
        y[k] = 0.0f;
    for (int32_t h = 0; h < on_z.taps; h++)
        for (int32_t i = 0; i < on_y.taps; i++)
            for (int32_t j = 0; j < on_x.taps; j++) {
                const float weight = on_z.weight[h] * on_y.weight[i] * on_x.weight[j];
                if (on_z.at[h] < 0 || on_y.at[i] < 0 || on_x.at[j] < 0)
                    continue;
                const float *at = x + on_z.at[h] + on_y.at[i] + on_x.at[j];
                for (int32_t k = 0; k < p->channels; k++)
                    y[k] += weight * at[k];
            }
}

static void thk_grid_sample_f32__c99(const struct thk_grid_sample *p, const float *x,
                                     const float *grid, float *y)
{
    for (int32_t n = 0; n < p->batch; n++) {
        for (int32_t i = 0; i < p->places; i++, grid += p->axes, y += p->channels)
            thk_grid_place(p, x, grid, y);
        x += (ptrdiff_t)p->in_d * p->in_h * p->in_w * p->channels;
    }
}
