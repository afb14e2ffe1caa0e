/* SPDX-License-Identifier: 0BSD */
/*
 * int8 convolution in plain C, tiles of two pixels by four channels.
 *
 * weights: for each group of four channels and each product, four bytes; constants: for each
 * group bias[4] (holding bias - zero * sum(weights)), then {m, c, e} of each channel. Products
 * are filled up to a multiple of four with weights of 0. A pixel's receptive field is read where
 * it lies if it is one run of bytes, else it is copied to scratch, padding as the zero point.
 * Both pixels' fields are read before the first of their outputs is stored. Scratch: two fields,
 * then the outputs of two pixels, whole groups of channels.
 *
 * THK_NAME: the kernel, THK_PART: names of its parts, THK_REQUANT: the contract's rounding
 * (thk_tile.h).
 */
#include "c99/thk_tile_field.h"

static inline int8_t THK_PART(out)(const struct thk_window2d *p, int32_t sum,
                                         const int32_t *q)
{
    return (int8_t)thk_clamp(THK_REQUANT(sum, q), p->lo, p->hi);
}

#define THK_TILE_STEP(u)                                                        \
    {                                                                           \
        const int32_t v = a[u];                                                 \
        a0 += v * w[4 * (u)], a1 += v * w[4 * (u) + 1];                         \
        a2 += v * w[4 * (u) + 2], a3 += v * w[4 * (u) + 3];                     \
        THK_TILE_STEP_END;                                                      \
    }

/* All channels of one pixel. */
static void THK_PART(1x4)(const struct thk_window2d *p2d, const int8_t *x, int32_t n,
                                const int8_t *w, const int32_t *q, int8_t *y)
{
    for (int32_t c = 0; c < p2d->out_c; c += 4, q += 16) {
        int32_t a0 = q[0], a1 = q[1], a2 = q[2], a3 = q[3];
        const int8_t *a = x, *const end = x + n;
        do {
            THK_TILE_STEP(0)
            THK_TILE_STEP(1)
            THK_TILE_STEP(2)
            THK_TILE_STEP(3)
            a += 4, w += 16;
        } while (a != end);
        y[c] = THK_PART(out)(p2d, a0, q + 4);
        y[c + 1] = THK_PART(out)(p2d, a1, q + 7);
        y[c + 2] = THK_PART(out)(p2d, a2, q + 10);
        y[c + 3] = THK_PART(out)(p2d, a3, q + 13);
    }
}
#undef THK_TILE_STEP

/* Eight registers hold the sums of one pixel, but not of two. */
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
/* All channels of two pixels; n products, a multiple of four. */
static void THK_PART(2x4)(const struct thk_window2d *p2d, const int8_t *xa, const int8_t *xb,
                                int32_t n, const int8_t *w, const int32_t *q, int8_t *ya,
                                int8_t *yb)
{
    THK_PART(1x4)(p2d, xa, n, w, q, ya);
    THK_PART(1x4)(p2d, xb, n, w, q, yb);
}
#else
#define THK_TILE_STEP(u)                                                        \
    {                                                                           \
        const int32_t p = a[u], q = b[u];                                       \
        const int32_t w0 = w[4 * (u)], w1 = w[4 * (u) + 1];                     \
        const int32_t w2 = w[4 * (u) + 2], w3 = w[4 * (u) + 3];                 \
        a0 += p * w0, b0 += q * w0, a1 += p * w1, b1 += q * w1;                 \
        a2 += p * w2, b2 += q * w2, a3 += p * w3, b3 += q * w3;                 \
        THK_TILE_STEP_END;                                                      \
    }

/* All channels of two pixels; n products, a multiple of four. */
static void THK_PART(2x4)(const struct thk_window2d *p2d, const int8_t *xa, const int8_t *xb,
                                int32_t n, const int8_t *w, const int32_t *q, int8_t *ya,
                                int8_t *yb)
{
    for (int32_t c = 0; c < p2d->out_c; c += 4, q += 16) {
        int32_t a0 = q[0], a1 = q[1], a2 = q[2], a3 = q[3];
        int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3;
        const int8_t *a = xa, *b = xb, *const end = xa + n;
        do {
            THK_TILE_STEP(0)
            THK_TILE_STEP(1)
            THK_TILE_STEP(2)
            THK_TILE_STEP(3)
            a += 4, b += 4, w += 16;
        } while (a != end);
        ya[c] = THK_PART(out)(p2d, a0, q + 4);
        yb[c] = THK_PART(out)(p2d, b0, q + 4);
        ya[c + 1] = THK_PART(out)(p2d, a1, q + 7);
        yb[c + 1] = THK_PART(out)(p2d, b1, q + 7);
        ya[c + 2] = THK_PART(out)(p2d, a2, q + 10);
        yb[c + 2] = THK_PART(out)(p2d, b2, q + 10);
        ya[c + 3] = THK_PART(out)(p2d, a3, q + 13);
        yb[c + 3] = THK_PART(out)(p2d, b3, q + 13);
    }
}
#undef THK_TILE_STEP
#endif

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b,
                                    const int8_t *x, const int8_t *weights,
                                    const int32_t *constants, int8_t *y, int8_t *scratch)
{
    const int32_t products = p->kernel_h * p->kernel_w * p->in_c, n = (products + 3) & ~3;
    const int32_t pixels = b->h * b->w;
    const int direct = p->kernel_h == 1 && p->kernel_w == 1 && p->pad_top == 0 &&
                       p->pad_left == 0 && n == products;
    const int32_t group_c = (p->out_c + 3) & ~3;
    int8_t *const field = scratch, *const done = scratch + 2 * n;
    int32_t oy = b->y, ox = b->x;
    for (int32_t i = 0; i < pixels; i += 2) {
        const int8_t *in[2];
        int8_t *out[2];
        const int32_t tile = i + 1 < pixels ? 2 : 1;
        for (int32_t j = 0; j < tile; j++) {
            const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
            out[j] = y + thk_view_at(&p->out, oy, ox);
            in[j] = field + j * n;
            if (direct && y0 < p->in_h && x0 < p->in_w)
                in[j] = x + thk_view_at(&p->in, y0, x0);
            else
                thk_conv2d_tile_field(p, x, y0, x0, n, field + j * n);
            if (i + 1 < pixels && ++ox == b->x + b->w) {
                ox = b->x;
                oy++;
            }
        }
        if (tile == 2)
            THK_PART(2x4)(p, in[0], in[1], n, weights, constants, done, done + group_c);
        else
            THK_PART(1x4)(p, in[0], n, weights, constants, done);
        for (int32_t c = 0; c < p->out_c; c++)
            out[0][c] = done[c];
        for (int32_t c = 0; c < p->out_c && tile == 2; c++)
            out[1][c] = done[group_c + c];
    }
}
#undef THK_NAME
#undef THK_PART
#undef THK_REQUANT
