/* SPDX-License-Identifier: 0BSD */
/*
 * Float convolution in tiles of four neighbouring pixels by four channels: 16 sums, four inputs and
 * four weights stay in registers. Taps of a tile that lie in the padding read zeros. One or two
 * pixels that are left at the end of a row are computed one by one.
 *
 * weights: for each group of four channels bias[4], then for each product four weights.
 * Scratch: in_c zeros, made here; none where no tile meets the padding and no row leaves three.
 */
#include "c99/thk_tile.h"
#include "thk_tile_f32.h"

struct thk_conv2d_f32_part {
    const float *x, *w, *zeros;               /* of the whole map, of the group */
    int32_t y0, x0, ky, ky_end, kx, kx_end;   /* first tap's place, taps that are inside */
    int32_t pixels, edge;                     /* edge: some taps of some pixels are outside */
};

/* What pixel j of a tile at the edge reads of row iy for tap kx. */
static inline const float *thk_conv2d_f32_tap(const struct thk_window2d *p,
                                              const struct thk_conv2d_f32_part *t, int32_t iy,
                                              int32_t kx, int32_t j)
{
    const int32_t ix = t->x0 + j * p->stride_w + kx * p->dilation_w;
    return j < t->pixels && ix >= 0 && ix < p->in_w ? t->x + thk_view_at(&p->in, iy, ix)
                                                    : t->zeros;
}

/* Runs of products that lie side by side: a row of the window, or a tap. */
#define THK_CONV2D_F32_RUNS(...)                                                            \
    const int32_t whole = p->dilation_w == 1 && p->in.pixel == p->in_c && !t->edge;         \
    for (int32_t ky = t->ky; ky < t->ky_end; ky++) {                                        \
        const int32_t iy = t->y0 + ky * p->dilation_h;                                      \
        for (int32_t kx = t->kx; kx < t->kx_end; kx += whole ? p->kernel_w : 1) {           \
            const float *w = t->w + 4 + (ptrdiff_t)(ky * p->kernel_w + kx) * p->in_c * 4;   \
            int32_t n = whole ? (t->kx_end - t->kx) * p->in_c : p->in_c;                    \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }

#define THK_CONV2D_F32_STEP4(u)                                                             \
    {                                                                                       \
        const float va = a[u], vb = b[u], vc = c[u], vd = d[u];                             \
        const float w0 = w[4 * (u)], w1 = w[4 * (u) + 1];                                   \
        const float w2 = w[4 * (u) + 2], w3 = w[4 * (u) + 3];                               \
        a0 = THK_MULADD(va, w0, a0), a1 = THK_MULADD(va, w1, a1);                           \
        a2 = THK_MULADD(va, w2, a2), a3 = THK_MULADD(va, w3, a3);                           \
        b0 = THK_MULADD(vb, w0, b0), b1 = THK_MULADD(vb, w1, b1);                           \
        b2 = THK_MULADD(vb, w2, b2), b3 = THK_MULADD(vb, w3, b3);                           \
        c0 = THK_MULADD(vc, w0, c0), c1 = THK_MULADD(vc, w1, c1);                           \
        c2 = THK_MULADD(vc, w2, c2), c3 = THK_MULADD(vc, w3, c3);                           \
        d0 = THK_MULADD(vd, w0, d0), d1 = THK_MULADD(vd, w1, d1);                           \
        d2 = THK_MULADD(vd, w2, d2), d3 = THK_MULADD(vd, w3, d3);                           \
        THK_TILE_STEP_END;                                                                  \
    }

/* Sums of four pixels, in[] apart; sum[pixel][channel]. */
static inline void thk_conv2d_f32_4x4(const struct thk_window2d *p,
                                      const struct thk_conv2d_f32_part *t, float sum[4][4])
{
    const ptrdiff_t apart = (ptrdiff_t)p->stride_w * p->in.pixel;
    float a0 = t->w[0], a1 = t->w[1], a2 = t->w[2], a3 = t->w[3];
    float b0 = a0, b1 = a1, b2 = a2, b3 = a3, c0 = a0, c1 = a1, c2 = a2, c3 = a3;
    float d0 = a0, d1 = a1, d2 = a2, d3 = a3;
    THK_CONV2D_F32_RUNS({
        const float *a, *b, *c, *d;
        if (t->edge) {
            a = thk_conv2d_f32_tap(p, t, iy, kx, 0), b = thk_conv2d_f32_tap(p, t, iy, kx, 1);
            c = thk_conv2d_f32_tap(p, t, iy, kx, 2), d = thk_conv2d_f32_tap(p, t, iy, kx, 3);
        } else {
            a = t->x + thk_view_at(&p->in, iy, t->x0 + kx * p->dilation_w);
            b = a + apart, c = b + apart, d = c + apart;
        }
        for (; n >= 4; n -= 4, a += 4, b += 4, c += 4, d += 4, w += 16) {
            THK_CONV2D_F32_STEP4(0)
            THK_CONV2D_F32_STEP4(1)
            THK_CONV2D_F32_STEP4(2)
            THK_CONV2D_F32_STEP4(3)
        }
        for (; n > 0; n--, a++, b++, c++, d++, w += 4)
            THK_CONV2D_F32_STEP4(0)
    })
    sum[0][0] = a0, sum[0][1] = a1, sum[0][2] = a2, sum[0][3] = a3;
    sum[1][0] = b0, sum[1][1] = b1, sum[1][2] = b2, sum[1][3] = b3;
    sum[2][0] = c0, sum[2][1] = c1, sum[2][2] = c2, sum[2][3] = c3;
    sum[3][0] = d0, sum[3][1] = d1, sum[3][2] = d2, sum[3][3] = d3;
}

#define THK_CONV2D_F32_STEP1(u)                                                             \
    {                                                                                       \
        const float v = a[u];                                                               \
        s0 = THK_MULADD(v, w[4 * (u)], s0), s1 = THK_MULADD(v, w[4 * (u) + 1], s1);         \
        s2 = THK_MULADD(v, w[4 * (u) + 2], s2), s3 = THK_MULADD(v, w[4 * (u) + 3], s3);     \
    }

static inline void thk_conv2d_f32_1x4(const struct thk_window2d *p,
                                      const struct thk_conv2d_f32_part *t, float sum[4])
{
    float s0 = t->w[0], s1 = t->w[1], s2 = t->w[2], s3 = t->w[3];
    THK_CONV2D_F32_RUNS({
        const float *a = t->x + thk_view_at(&p->in, iy, t->x0 + kx * p->dilation_w);
        for (; n >= 4; n -= 4, a += 4, w += 16) {
            THK_CONV2D_F32_STEP1(0)
            THK_CONV2D_F32_STEP1(1)
            THK_CONV2D_F32_STEP1(2)
            THK_CONV2D_F32_STEP1(3)
        }
        for (; n > 0; n--, a++, w += 4)
            THK_CONV2D_F32_STEP1(0)
    })
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}
#undef THK_CONV2D_F32_RUNS
#undef THK_CONV2D_F32_STEP4
#undef THK_CONV2D_F32_STEP1

static void thk_conv2d_f32_tile__c99(const struct thk_window2d *p, const struct thk_box *b,
                                     float lo, float hi, const float *x, const float *weights,
                                     float *y, float *scratch)
{
    const ptrdiff_t group = 4 + (ptrdiff_t)p->kernel_h * p->kernel_w * p->in_c * 4;
    struct thk_conv2d_f32_part t = {.x = x, .zeros = scratch};
    float sum[4][4];
    for (int32_t i = 0; scratch && i < p->in_c; i++)
        scratch[i] = 0.0f;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        t.y0 = oy * p->stride_h - p->pad_top;
        thk_taps_inside(t.y0, p->kernel_h, p->dilation_h, p->in_h, &t.ky, &t.ky_end);
        for (int32_t ox = b->x; ox < b->x + b->w; ox += t.pixels) {
            const int32_t left = b->x + b->w - ox;
            t.pixels = left >= 4 ? 4 : left == 3 ? 3 : 1;
            t.x0 = ox * p->stride_w - p->pad_left;
            thk_taps_inside(t.x0, p->kernel_w, p->dilation_w, p->in_w, &t.kx, &t.kx_end);
            t.edge = 0;
            if (t.pixels > 1) {
                t.edge = t.pixels == 3 || t.x0 < 0 ||
                         t.x0 + 3 * p->stride_w + (p->kernel_w - 1) * p->dilation_w >= p->in_w;
                t.kx = 0, t.kx_end = p->kernel_w;
            }
            float *out = y + thk_view_at(&p->out, oy, ox);
            t.w = weights;
            for (int32_t c = 0; c < p->out_c; c += 4, t.w += group) {
                const int32_t n = p->out_c - c < 4 ? p->out_c - c : 4;
                if (t.pixels > 1)
                    thk_conv2d_f32_4x4(p, &t, sum);
                else
                    thk_conv2d_f32_1x4(p, &t, sum[0]);
                for (int32_t j = 0; j < t.pixels; j++)
                    for (int32_t i = 0; i < n; i++)
                        out[j * p->out.pixel + c + i] = thk_bound_f32(sum[j][i], lo, hi);
            }
        }
    }
}
