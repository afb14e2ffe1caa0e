/* SPDX-License-Identifier: 0BSD */
/*
 * Float depthwise convolution, four neighbouring pixels (or one) by eight channels, each channel
 * with one output.
 *
 * weights: for each group of eight channels bias[8], then for each tap eight weights. Channels that
 * do not fill a group are computed by a group that ends with the last channel.
 */
#include <immintrin.h>

#include "thk_tile_f32.h"

#define THK_DEPTHWISE_F32_INLINE static inline __attribute__((always_inline))

struct thk_depthwise_f32_part__avx2 {
    const float *x, *w;                       /* of the channel, of the group */
    int32_t y0, x0, ky, ky_end, kx, kx_end;   /* first tap's place, taps that are inside */
};

/* Eight channels of neighbouring pixels; their number is constant where it is called. */
THK_DEPTHWISE_F32_INLINE void thk_depthwise_f32_pixels__avx2(
    const struct thk_window2d *p, const struct thk_depthwise_f32_part__avx2 *t, float lo, float hi,
    int32_t pixels, float *out)
{
    const ptrdiff_t next = (ptrdiff_t)p->dilation_w * p->in.pixel;
    const ptrdiff_t apart = (ptrdiff_t)p->stride_w * p->in.pixel;
    __m256 sum[4];
    for (int32_t j = 0; j < pixels; j++)
        sum[j] = _mm256_loadu_ps(t->w);
    for (int32_t ky = t->ky; ky < t->ky_end; ky++) {
        const int32_t iy = t->y0 + ky * p->dilation_h, ix = t->x0 + t->kx * p->dilation_w;
        const float *a = t->x + thk_view_at(&p->in, iy, ix);
        const float *w = t->w + 8 + (ky * p->kernel_w + t->kx) * 8;
        for (int32_t kx = t->kx; kx < t->kx_end; kx++, w += 8, a += next)
            for (int32_t j = 0; j < pixels; j++)
                sum[j] = _mm256_fmadd_ps(_mm256_loadu_ps(a + j * apart), _mm256_loadu_ps(w),
                                         sum[j]);
    }
    for (int32_t j = 0; j < pixels; j++)
        _mm256_storeu_ps(out + j * p->out.pixel,
                         _mm256_min_ps(_mm256_set1_ps(hi),
                                       _mm256_max_ps(_mm256_set1_ps(lo), sum[j])));
}

static void thk_depthwise_conv2d_f32__avx2(const struct thk_window2d *p, const struct thk_box *b,
                                           float lo, float hi, const float *x,
                                           const float *weights, float *y)
{
    const ptrdiff_t group = 8 + (ptrdiff_t)p->kernel_h * p->kernel_w * 8;
    struct thk_depthwise_f32_part__avx2 t;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        t.y0 = oy * p->stride_h - p->pad_top;
        thk_taps_inside(t.y0, p->kernel_h, p->dilation_h, p->in_h, &t.ky, &t.ky_end);
        for (int32_t ox = b->x, pixels; ox < b->x + b->w; ox += pixels) {
            const int32_t last = (ox + 3) * p->stride_w - p->pad_left +
                                 (p->kernel_w - 1) * p->dilation_w;
            float *out = y + thk_view_at(&p->out, oy, ox);
            t.x0 = ox * p->stride_w - p->pad_left;
            thk_taps_inside(t.x0, p->kernel_w, p->dilation_w, p->in_w, &t.kx, &t.kx_end);
            pixels = ox + 3 < b->x + b->w && t.x0 >= 0 && last < p->in_w ? 4 : 1;
            t.w = weights;
            for (int32_t c = 0; c < p->in_c; c += 8, t.w += group) {
                const int32_t at = c + 8 <= p->in_c ? c : p->in_c - 8;
                t.x = x + at;
                if (pixels == 4)
                    thk_depthwise_f32_pixels__avx2(p, &t, lo, hi, 4, out + at);
                else
                    thk_depthwise_f32_pixels__avx2(p, &t, lo, hi, 1, out + at);
            }
        }
    }
}
#undef THK_DEPTHWISE_F32_INLINE
