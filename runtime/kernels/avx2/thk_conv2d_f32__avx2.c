/* SPDX-License-Identifier: 0BSD */
/*
 * Float convolution in tiles of up to six neighbouring pixels by 16 channels: a broadcast number of
 * each pixel times two vectors of weights. Taps of a tile that lie in the padding read zeros.
 *
 * weights: for each group of 16 channels bias[16], then for each product 16 weights.
 * Scratch: in_c zeros, made here; none where no tile meets the padding.
 */
#include <immintrin.h>

#include "thk_tile_f32.h"

#define THK_CONV2D_F32_INLINE static inline __attribute__((always_inline))

struct thk_conv2d_f32_part__avx2 {
    const float *x, *w, *zeros;               /* of the whole map, of the group */
    int32_t y0, x0, ky, ky_end, edge;         /* edge: some taps of some pixels are outside */
};

/* What pixel j of a tile reads of row iy for tap kx. */
THK_CONV2D_F32_INLINE const float *thk_conv2d_f32_tap__avx2(
    const struct thk_window2d *p, const struct thk_conv2d_f32_part__avx2 *t, int32_t iy,
    int32_t kx, int32_t j)
{
    const int32_t ix = t->x0 + j * p->stride_w + kx * p->dilation_w;
    if (t->edge && (ix < 0 || ix >= p->in_w))
        return t->zeros;
    return t->x + thk_view_at(&p->in, iy, ix);
}

/* n products of each pixel. */
THK_CONV2D_F32_INLINE void thk_conv2d_f32_run__avx2(const float *const *x, const float *w,
                                                    int32_t n, int32_t pixels, __m256 sum[][2])
{
    for (int32_t i = 0; i < n; i++, w += 16) {
        const __m256 w0 = _mm256_loadu_ps(w), w1 = _mm256_loadu_ps(w + 8);
        for (int32_t j = 0; j < pixels; j++) {
            const __m256 v = _mm256_broadcast_ss(x[j] + i);
            sum[j][0] = _mm256_fmadd_ps(v, w0, sum[j][0]);
            sum[j][1] = _mm256_fmadd_ps(v, w1, sum[j][1]);
        }
    }
}

/* The same for one pixel: four sums of each channel, so that they need not wait for each other. */
THK_CONV2D_F32_INLINE void thk_conv2d_f32_line__avx2(const float *x, const float *w, int32_t n,
                                                     __m256 sum[][2])
{
    __m256 s[4][2];
    int32_t i = 0;
    for (int32_t j = 0; j < 4; j++)
        s[j][0] = s[j][1] = _mm256_setzero_ps();
    for (; i + 4 <= n; i += 4, w += 64)
        for (int32_t j = 0; j < 4; j++) {
            const __m256 v = _mm256_broadcast_ss(x + i + j);
            s[j][0] = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 16 * j), s[j][0]);
            s[j][1] = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 16 * j + 8), s[j][1]);
        }
    for (; i < n; i++, w += 16) {
        const __m256 v = _mm256_broadcast_ss(x + i);
        s[0][0] = _mm256_fmadd_ps(v, _mm256_loadu_ps(w), s[0][0]);
        s[0][1] = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 8), s[0][1]);
    }
    for (int32_t j = 0; j < 2; j++) {
        const __m256 a = _mm256_add_ps(s[0][j], s[1][j]), b = _mm256_add_ps(s[2][j], s[3][j]);
        sum[0][j] = _mm256_add_ps(sum[0][j], _mm256_add_ps(a, b));
    }
}

/* The first n of 16 channels. */
THK_CONV2D_F32_INLINE void thk_conv2d_f32_store__avx2(float *to, const __m256 sum[2], int32_t n,
                                                      __m256 lo, __m256 hi)
{
    float all[16];
    const __m256 a = _mm256_min_ps(hi, _mm256_max_ps(lo, sum[0]));
    const __m256 b = _mm256_min_ps(hi, _mm256_max_ps(lo, sum[1]));
    if (n == 16) {
        _mm256_storeu_ps(to, a);
        _mm256_storeu_ps(to + 8, b);
        return;
    }
    _mm256_storeu_ps(all, a);
    _mm256_storeu_ps(all + 8, b);
    for (int32_t i = 0; i < n; i++)
        to[i] = all[i];
}

/* All channels of neighbouring pixels; their number is constant where it is called. */
THK_CONV2D_F32_INLINE void thk_conv2d_f32_pixels__avx2(const struct thk_window2d *p,
                                                       struct thk_conv2d_f32_part__avx2 *t,
                                                       float lo, float hi, int32_t pixels,
                                                       float *out)
{
    const int32_t whole = p->dilation_w == 1 && p->in.pixel == p->in_c && !t->edge;
    const __m256 low = _mm256_set1_ps(lo), high = _mm256_set1_ps(hi);
    for (int32_t c = 0; c < p->out_c; c += 16) {
        __m256 sum[6][2];
        for (int32_t j = 0; j < pixels; j++)
            for (int32_t i = 0; i < 2; i++)
                sum[j][i] = _mm256_loadu_ps(t->w + 8 * i);
        for (int32_t ky = t->ky; ky < t->ky_end; ky++) {
            const int32_t iy = t->y0 + ky * p->dilation_h;
            for (int32_t kx = 0; kx < p->kernel_w; kx += whole ? p->kernel_w : 1) {
                const float *x[6];
                const float *w = t->w + 16 + (ptrdiff_t)(ky * p->kernel_w + kx) * p->in_c * 16;
                const int32_t n = (whole ? p->kernel_w : 1) * p->in_c;
                for (int32_t j = 0; j < pixels; j++)
                    x[j] = thk_conv2d_f32_tap__avx2(p, t, iy, kx, j);
                if (pixels == 1)
                    thk_conv2d_f32_line__avx2(x[0], w, n, sum);
                else
                    thk_conv2d_f32_run__avx2(x, w, n, pixels, sum);
            }
        }
        const int32_t n = p->out_c - c < 16 ? p->out_c - c : 16;
        for (int32_t j = 0; j < pixels; j++)
            thk_conv2d_f32_store__avx2(out + j * p->out.pixel + c, sum[j], n, low, high);
        t->w += 16 + (ptrdiff_t)p->kernel_h * p->kernel_w * p->in_c * 16;
    }
}

static void thk_conv2d_f32__avx2(const struct thk_window2d *p, const struct thk_box *b, float lo,
                                 float hi, const float *x, const float *weights, float *y,
                                 float *scratch)
{
    struct thk_conv2d_f32_part__avx2 t = {.x = x, .zeros = scratch};
    for (int32_t i = 0; scratch && i < p->in_c; i++)
        scratch[i] = 0.0f;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        t.y0 = oy * p->stride_h - p->pad_top;
        thk_taps_inside(t.y0, p->kernel_h, p->dilation_h, p->in_h, &t.ky, &t.ky_end);
        for (int32_t ox = b->x, pixels; ox < b->x + b->w; ox += pixels) {
            const int32_t left = b->x + b->w - ox;
            float *out = y + thk_view_at(&p->out, oy, ox);
            pixels = left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            t.x0 = ox * p->stride_w - p->pad_left;
            t.edge = t.x0 < 0 || t.x0 + (pixels - 1) * p->stride_w +
                                         (p->kernel_w - 1) * p->dilation_w >= p->in_w;
            t.w = weights;
            switch (pixels) {
            case 6: thk_conv2d_f32_pixels__avx2(p, &t, lo, hi, 6, out); break;
            case 4: thk_conv2d_f32_pixels__avx2(p, &t, lo, hi, 4, out); break;
            case 2: thk_conv2d_f32_pixels__avx2(p, &t, lo, hi, 2, out); break;
            default: thk_conv2d_f32_pixels__avx2(p, &t, lo, hi, 1, out); break;
            }
        }
    }
}
#undef THK_CONV2D_F32_INLINE
