/* SPDX-License-Identifier: 0BSD */
/*
 * The part that the int8 convolutions share: two output pixels at a time, their receptive fields
 * are expanded to int16 in scratch, then a tile function computes all channels of both. A pixel
 * that is alone (the last of an odd number; a piece of one column) has an expansion and a tile
 * function of its own.
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
/* The same for one pixel, whose words follow each other. */
typedef void thk_conv2d_one(const uint32_t *x, const uint32_t *stream, int8_t *y, int32_t groups,
                            int32_t steps);

struct thk_conv2d_field {
    int32_t run, runs, across;   /* bytes of a run, their number, runs in a window row */
    int32_t taps, steps;         /* pixels of a run; double products of an output */
    int8_t *edge;                /* two runs; one run of padding, once it is wanted */
    int filled;
};

/* Double products of a run of so many bytes. */
static inline int32_t thk_conv2d_steps(int32_t run)
{
    return (run >> 2) * 2 + (((run & 3) + 1) >> 1);
}

static inline struct thk_conv2d_field thk_conv2d_describe(const struct thk_window2d *p,
                                                          uint32_t *scratch)
{
    struct thk_conv2d_field f;
    const int together = p->dilation_w == 1 && p->in.pixel == p->in_c;
    f.taps = together ? p->kernel_w : 1;
    f.across = together ? 1 : p->kernel_w;
    f.run = f.taps * p->in_c;
    f.runs = p->kernel_h * f.across;
    f.steps = f.runs * thk_conv2d_steps(f.run);
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

static inline uint32_t *thk_conv2d_expand_one(uint32_t *d, const int8_t *a, int32_t run)
{
    const int32_t rest = run & 3;
    d = thk_dsp_expand(d, a, run >> 2);
    a += run - rest;
    if (rest == 1) {
        *d++ = (uint16_t)a[0];
    } else if (rest) {
        *d++ = (uint16_t)a[0] | (uint32_t)a[rest - 1] << 16;
        if (rest == 3)
            *d++ = (uint16_t)a[1];
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
    int32_t step_words;      /* of the stream, for a group of four channels; */
    int32_t group_words;     /* those beside the steps */
};

/* All channels of the pixel pair in scratch. */
static inline void thk_conv2d_finish(const struct thk_window2d *p, const struct thk_conv2d_work *k,
                                     thk_conv2d_tile *tile, int32_t steps, int8_t *out,
                                     ptrdiff_t apart)
{
    const uint32_t *stream = k->stream, *x = k->scratch;
    const int32_t groups = p->out_c / 4, rest = p->out_c % 4;
    THK_DSP_ESCAPE(x);
    THK_DSP_ESCAPE(stream);
    THK_DSP_ESCAPE(out);
    if (groups)
        tile(x, stream, out, groups, steps, apart);
    if (rest) {
        int8_t last[8], *to = last;
        THK_DSP_ESCAPE(to);
        tile(x, stream + groups * (k->group_words + steps * k->step_words), to, 1, steps, 4);
        for (int32_t c = 0; c < rest; c++) {
            out[4 * groups + c] = last[c];
            out[apart + 4 * groups + c] = last[4 + c];
        }
    }
    if (p->lo > INT8_MIN || p->hi < INT8_MAX) {
        thk_dsp_clamp(out, p->out_c, p->lo, p->hi);
        thk_dsp_clamp(out + apart, p->out_c, p->lo, p->hi);
    }
}

/* The same for the one pixel in scratch. */
static inline void thk_conv2d_finish_one(const struct thk_window2d *p,
                                         const struct thk_conv2d_work *k, thk_conv2d_one *one,
                                         int32_t steps, int8_t *out)
{
    const uint32_t *stream = k->stream, *x = k->scratch;
    const int32_t groups = p->out_c >> 2, rest = p->out_c & 3;
    THK_DSP_ESCAPE(x);
    THK_DSP_ESCAPE(stream);
    THK_DSP_ESCAPE(out);
    if (groups)
        one(x, stream, out, groups, steps);
    if (rest) {
        int8_t last[4], *to = last;
        THK_DSP_ESCAPE(to);
        one(x, stream + groups * (k->group_words + steps * k->step_words), to, 1, steps);
        for (int32_t c = 0; c < rest; c++)
            out[4 * groups + c] = last[c];
    }
    if (p->lo > INT8_MIN || p->hi < INT8_MAX)
        thk_dsp_clamp(out, p->out_c, p->lo, p->hi);
}

/* ---- one pixel ------------------------------------------------------------------------------- */
/* The window row whose first tap is input pixel (y, x), `taps` pixels together; part of it or all
 * may lie in the padding. */
static THK_DSP_APART uint32_t *thk_conv2d_border(const struct thk_window2d *p,
                                                 const struct thk_view *in, const int8_t *x,
                                                 int32_t iy, int32_t ix, int32_t taps,
                                                 uint32_t *d)
{
    const int32_t c = p->in_c, run = taps * c;
    const int32_t skip = ix < 0 ? -ix : 0, end = p->in_w - ix < taps ? p->in_w - ix : taps;
    if (iy < 0 || iy >= p->in_h || end <= skip) {
        const uint32_t zero = (uint16_t)p->in_zero * 0x10001u;
        for (int32_t i = thk_conv2d_steps(run); i > 0; i--)
            *d++ = zero;
        return d;
    }
    const int8_t *from = x + thk_view_at(in, iy, ix + skip);
    if (end - skip < taps) {
        int8_t *stage = (int8_t *)(d + thk_conv2d_steps(run));     /* room for a second pixel */
        thk_dsp_fill(stage, p->in_zero, skip * c);
        thk_dsp_copy(stage + skip * c, from, (end - skip) * c);
        thk_dsp_fill(stage + end * c, p->in_zero, (taps - end) * c);
        from = stage;
    }
    return thk_conv2d_expand_one(d, from, run);
}

/* Expands the window at input pixel (y0, x0), all of it inside, rows in one piece. */
static inline void thk_conv2d_rows(const struct thk_window2d *p, const struct thk_view *in,
                                   const int8_t *x, int32_t y0, int32_t x0, uint32_t *d)
{
    struct thk_dsp_rows r = thk_dsp_rows(in, y0, x0);
    for (int32_t ky = p->kernel_h; ky > 0; ky--)
        d = thk_conv2d_expand_one(d, x + thk_dsp_row(in, &r, p->dilation_h),
                                  p->kernel_w * p->in_c);
}

/* Pixel (oy, ox), whatever its window: `in` says where the input lies. */
static inline void thk_conv2d_alone(const struct thk_window2d *p, const struct thk_view *in,
                                    int32_t oy, int32_t ox, const int8_t *x, int8_t *out,
                                    const struct thk_conv2d_work *k, thk_conv2d_one *one)
{
    const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    const int together = p->dilation_w == 1 && in->pixel == p->in_c;
    const int32_t taps = together ? p->kernel_w : 1;
    const int32_t row = (together ? 1 : p->kernel_w) * thk_conv2d_steps(taps * p->in_c);
    uint32_t *d = k->scratch;
    if (together && thk_dsp_inside(p, y0, x0)) {
        thk_conv2d_rows(p, in, x, y0, x0, d);
    } else {
        for (int32_t ky = 0, iy = y0; ky < p->kernel_h; ky++, iy += p->dilation_h)
            for (int32_t kx = 0, ix = x0; kx < p->kernel_w; kx += taps, ix += p->dilation_w)
                d = thk_conv2d_border(p, in, x, iy, ix, taps, d);
    }
    thk_conv2d_finish_one(p, k, one, p->kernel_h * row, out);
}

/* With literal arguments: is it worth it to compute the pixel where it is asked for, rather than
 * in a function that works everything out? */
static THK_DSP_INLINE int thk_conv2d_is_small(const struct thk_window2d *p,
                                              const struct thk_view *in)
{
    return p->kernel_h * p->kernel_w * p->in_c * p->out_c <= 4096 && p->dilation_w == 1 &&
           in->pixel == p->in_c && (p->out_c & 3) == 0;
}

/* The one pixel of a map, 1x1 window. */
static inline void thk_conv2d_point(const struct thk_window2d *p, const int8_t *x, int8_t *y,
                                    const struct thk_conv2d_work *k, thk_conv2d_one *one)
{
    uint32_t *const d = thk_conv2d_expand_one(k->scratch, x, p->in_c);
    thk_conv2d_finish_one(p, k, one, (int32_t)(d - k->scratch), y);
}

/* With literal arguments: is thk_conv2d_point enough? */
static THK_DSP_INLINE int thk_conv2d_is_point(const struct thk_window2d *p,
                                              const struct thk_box *b)
{
    return p->in_h == 1 && p->in_w == 1 && p->kernel_h == 1 && p->kernel_w == 1 &&
           p->pad_top == 0 && p->pad_left == 0 && b->y == 0 && b->x == 0 && b->h == 1 &&
           b->w == 1 && thk_view_at(&p->in, 0, 0) == 0 && thk_view_at(&p->out, 0, 0) == 0;
}

/* ---- pairs ----------------------------------------------------------------------------------- */
/* One row of 1x1 windows. */
static inline void thk_conv2d_points(const struct thk_window2d *p, const struct thk_box *b,
                                     const int8_t *x, int8_t *y, const struct thk_conv2d_work *k,
                                     thk_conv2d_tile *tile, int32_t steps)
{
    const int32_t in = p->in.pixel * p->stride_w, out = p->out.pixel;
    x += thk_view_at(&p->in, b->y * p->stride_h, b->x * p->stride_w);
    y += thk_view_at(&p->out, b->y, b->x);
    for (int32_t n = b->w; n > 1; n -= 2) {
        thk_conv2d_expand(k->scratch, x, x + in, p->in_c);
        thk_conv2d_finish(p, k, tile, steps, y, out);
        x += 2 * in;
        y += 2 * out;
    }
}

/* All but the last of an odd number. Pairs run on across row ends. */
static inline void thk_conv2d_pairs(const struct thk_window2d *p, const struct thk_box *b,
                                    const int8_t *x, int8_t *y, const struct thk_conv2d_work *k,
                                    thk_conv2d_tile *tile)
{
    struct thk_conv2d_field f = thk_conv2d_describe(p, k->scratch);
    int32_t oy = b->y, ox = b->x;
    if (b->h == 1 && f.runs == 1 && f.taps == 1 && p->pad_top == 0 && p->pad_left == 0 &&
        b->y * p->stride_h < p->in_h && (b->x + b->w - 1) * p->stride_w < p->in_w) {
        thk_conv2d_points(p, b, x, y, k, tile, f.steps);
        return;
    }
    for (int32_t i = b->h * b->w; i > 1; i -= 2) {
        int32_t at[4];
        int8_t *out[2];
        for (int32_t j = 0; j < 2; j++) {
            at[2 * j] = oy * p->stride_h - p->pad_top;
            at[2 * j + 1] = ox * p->stride_w - p->pad_left;
            out[j] = y + thk_view_at(&p->out, oy, ox);
            if (++ox == b->x + b->w) {
                ox = b->x;
                oy++;
            }
        }
        thk_conv2d_gather(p, &f, x, at, k->scratch);
        thk_conv2d_finish(p, k, tile, f.steps, out[0], out[1] - out[0]);
    }
}

#endif
