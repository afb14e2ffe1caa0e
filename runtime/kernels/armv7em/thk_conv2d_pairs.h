/* SPDX-License-Identifier: 0BSD */
/*
 * The part that the int8 convolutions share: two output pixels at a time, their receptive fields
 * are expanded to int16 in scratch, then a tile function computes all channels of both.
 *
 * A receptive field is a list of runs of neighbouring bytes: one for each window row where the
 * pixels lie next to each other, else one for each tap. Padding is written as the input's zero
 * point; the bias already holds bias - zero * sum(weights). Both pixels' fields are read before
 * the first of their outputs is written.
 *
 * Scratch, in words: 2 * steps expanded; where windows leave the map, then two runs and a run of
 * padding in bytes.
 */
#ifndef THK_CONV2D_PAIRS_H
#define THK_CONV2D_PAIRS_H

#include "armv7em/thk_dsp.h"

/* Computes `groups` groups of channels of a pixel pair; the second pixel's outputs lie `apart`
 * bytes behind the first's. */
typedef void thk_conv2d_tile(const uint32_t *x, const uint32_t *stream, int8_t *y, int32_t groups,
                             int32_t steps, ptrdiff_t apart);
/* The same for the first pixel alone. */
typedef void thk_conv2d_one(const uint32_t *x, const uint32_t *stream, int8_t *y, int32_t groups,
                            int32_t steps);

struct thk_conv2d_field {
    int32_t run, runs, across;   /* bytes of a run, their number, runs in a window row */
    int32_t taps, steps;         /* pixels of a run; double products of an output */
    int8_t *edge;                /* two runs; one run of padding, once it is wanted */
    int filled;
};

static inline struct thk_conv2d_field thk_conv2d_describe(const struct thk_window2d *p,
                                                          uint32_t *scratch)
{
    struct thk_conv2d_field f;
    const int together = p->dilation_w == 1 && p->in.pixel == p->in_c;
    f.taps = together ? p->kernel_w : 1;
    f.across = together ? 1 : p->kernel_w;
    f.run = f.taps * p->in_c;
    f.runs = p->kernel_h * f.across;
    f.steps = f.runs * (f.run / 4 * 2 + (f.run % 4 + 1) / 2);
    f.edge = (int8_t *)(scratch + 2 * f.steps);
    f.filled = 0;
    return f;
}

/* The run of pixel 0 or 1 whose first tap is input pixel (y, x): in place when all of it exists. */
static const int8_t *thk_conv2d_run(const struct thk_window2d *p, struct thk_conv2d_field *f,
                                    const int8_t *x, int32_t iy, int32_t ix, int pixel)
{
    int8_t *stage, *blank;
    const int32_t skip = ix < 0 ? -ix : 0;
    const int32_t end = p->in_w - ix < f->taps ? p->in_w - ix : f->taps;
    const int none = iy < 0 || iy >= p->in_h || end <= skip;
    if (!none && skip == 0 && end == f->taps)
        return x + thk_view_at(&p->in, iy, ix);
    stage = f->edge + pixel * f->run;
    blank = f->edge + 2 * f->run;
    if (!f->filled)
        thk_dsp_fill(blank, p->in_zero, f->run);
    f->filled = 1;
    if (none)
        return blank;
    thk_dsp_copy(stage, blank, f->run);
    thk_dsp_copy(stage + skip * p->in_c, x + thk_view_at(&p->in, iy, ix + skip),
                 (end - skip) * p->in_c);
    return stage;
}

/* Expands one run of both pixels. */
static inline uint32_t *thk_conv2d_expand(uint32_t *d, const int8_t *a, const int8_t *b,
                                          int32_t run)
{
    d = thk_dsp_expand2(d, a, b, run / 4);
    a += run & ~3;
    b += run & ~3;
    switch (run & 3) {
    case 1:
        *d++ = (uint16_t)a[0];
        *d++ = (uint16_t)b[0];
        break;
    case 2:
        *d++ = (uint16_t)a[0] | (uint32_t)a[1] << 16;
        *d++ = (uint16_t)b[0] | (uint32_t)b[1] << 16;
        break;
    case 3:
        *d++ = (uint16_t)a[0] | (uint32_t)a[2] << 16;
        *d++ = (uint16_t)b[0] | (uint32_t)b[2] << 16;
        *d++ = (uint16_t)a[1];
        *d++ = (uint16_t)b[1];
        break;
    default:
        break;
    }
    return d;
}

static inline void thk_conv2d_gather(const struct thk_window2d *p,
                                     struct thk_conv2d_field *f, const int8_t *x,
                                     const int32_t at[4], uint32_t *d)
{
    const int32_t y_end = p->in_h - (p->kernel_h - 1) * p->dilation_h;
    const int32_t x_end = p->in_w - (p->kernel_w - 1) * p->dilation_w;
    const int inside = at[0] >= 0 && at[0] < y_end && at[2] >= 0 && at[2] < y_end &&
                       at[1] >= 0 && at[1] < x_end && at[3] >= 0 && at[3] < x_end;
    if (inside && f->across == 1 && thk_view_linear(&p->in)) {
        const int8_t *a = x + thk_view_at(&p->in, at[0], at[1]);
        const int8_t *b = x + thk_view_at(&p->in, at[2], at[3]);
        const ptrdiff_t down = (ptrdiff_t)p->in.row * p->dilation_h;
        for (int32_t i = 0; i < f->runs; i++, a += down, b += down)
            d = thk_conv2d_expand(d, a, b, f->run);
        return;
    }
    if (inside && f->across == 1 && at[0] == at[2]) {
        const ptrdiff_t apart = (ptrdiff_t)(at[3] - at[1]) * p->in.pixel;
        for (int32_t i = 0, iy = at[0]; i < f->runs; i++, iy += p->dilation_h) {
            const int8_t *a = x + thk_view_at(&p->in, iy, at[1]);
            d = thk_conv2d_expand(d, a, a + apart, f->run);
        }
        return;
    }
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        for (int32_t kx = 0; kx < f->across; kx++) {
            const int32_t dy = ky * p->dilation_h, dx = kx * p->dilation_w;
            const int8_t *a = thk_conv2d_run(p, f, x, at[0] + dy, at[1] + dx, 0);
            const int8_t *b = thk_conv2d_run(p, f, x, at[2] + dy, at[3] + dx, 1);
            d = thk_conv2d_expand(d, a, b, f->run);
        }
    }
}

struct thk_conv2d_work {
    const uint32_t *stream;
    uint32_t *scratch;
    thk_conv2d_tile *tile;
    thk_conv2d_one *one;
    int32_t steps, groups, rest, group_words;
};

/* All channels of the pixel pair in scratch, or of one pixel. */
static inline void thk_conv2d_finish(const struct thk_window2d *p, const struct thk_conv2d_work *k,
                                     int8_t *out, ptrdiff_t apart, int both)
{
    const uint32_t *stream = k->stream, *x = k->scratch;
    THK_DSP_ESCAPE(x);
    THK_DSP_ESCAPE(stream);
    THK_DSP_ESCAPE(out);
    if (k->groups && both)
        k->tile(x, stream, out, k->groups, k->steps, apart);
    else if (k->groups)
        k->one(x, stream, out, k->groups, k->steps);
    if (k->rest) {
        int8_t last[8], *to = last;
        THK_DSP_ESCAPE(to);
        k->tile(x, stream + k->groups * k->group_words, to, 1, k->steps, 4);
        for (int32_t c = 0; c < k->rest; c++) {
            out[4 * k->groups + c] = last[c];
            out[apart + 4 * k->groups + c] = last[4 + c];
        }
    }
    if (p->lo > INT8_MIN || p->hi < INT8_MAX) {
        thk_dsp_clamp(out, p->out_c, p->lo, p->hi);
        if (both)
            thk_dsp_clamp(out + apart, p->out_c, p->lo, p->hi);
    }
}

/* One row of 1x1 windows. */
static inline void thk_conv2d_points(const struct thk_window2d *p, const struct thk_box *b,
                                     const int8_t *x, int8_t *y, const struct thk_conv2d_work *k)
{
    const int32_t in = p->in.pixel * p->stride_w, out = p->out.pixel;
    x += thk_view_at(&p->in, b->y * p->stride_h, b->x * p->stride_w);
    y += thk_view_at(&p->out, b->y, b->x);
    for (int32_t n = b->w; n > 0; n -= 2) {
        const int both = n > 1;
        thk_conv2d_expand(k->scratch, x, both ? x + in : x, p->in_c);
        thk_conv2d_finish(p, k, y, both ? out : 0, both);
        x += 2 * in;
        y += 2 * out;
    }
}

/* group_words: of the stream, for one group of four channels. Pairs run on across row ends. */
static inline void thk_conv2d_pairs(const struct thk_window2d *p, const struct thk_box *b,
                                    const int8_t *x, const uint32_t *stream, int8_t *y,
                                    uint32_t *scratch, thk_conv2d_tile *tile,
                                    thk_conv2d_one *one, int32_t step_words)
{
    struct thk_conv2d_field f = thk_conv2d_describe(p, scratch);
    const struct thk_conv2d_work k = {
        stream, scratch, tile, one, f.steps, p->out_c / 4, p->out_c % 4,
        16 + f.steps * step_words};
    const int32_t pixels = b->h * b->w;
    int32_t oy = b->y, ox = b->x;
    if (b->h == 1 && f.runs == 1 && f.taps == 1 && p->pad_top == 0 && p->pad_left == 0 &&
        b->y * p->stride_h < p->in_h && (b->x + b->w - 1) * p->stride_w < p->in_w) {
        thk_conv2d_points(p, b, x, y, &k);
        return;
    }
    for (int32_t i = 0; i < pixels; i += 2) {
        int32_t at[4];
        int8_t *out[2];
        for (int32_t j = 0; j < 2; j++) {
            at[2 * j] = oy * p->stride_h - p->pad_top;
            at[2 * j + 1] = ox * p->stride_w - p->pad_left;
            out[j] = y + thk_view_at(&p->out, oy, ox);
            if (i + 1 < pixels && ++ox == b->x + b->w) {
                ox = b->x;
                oy++;
            }
        }
        thk_conv2d_gather(p, &f, x, at, scratch);
        thk_conv2d_finish(p, &k, out[0], out[1] - out[0], i + 1 < pixels);
    }
}

#endif
