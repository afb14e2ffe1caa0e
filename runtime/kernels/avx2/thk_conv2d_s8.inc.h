/* SPDX-License-Identifier: 0BSD */
/*
 * Convolution in tiles of six pixels by 16 channels. The rows of the input that six neighbouring
 * outputs see are widened to 16 bits in scratch, padding as in_zero; a multiply-add takes a pair of
 * neighbouring numbers of one pixel and the pair's weights of eight channels.
 *
 * The weights are a stream: for each 16 channels, bias with in_zero folded in [16 words], the
 * contract's constants (thk_avx2.h), then for each run of bytes that lie side by side (a row of the
 * window; a pixel when the window is dilated) and each pair of the run 16 pairs of weights. A run
 * of odd length ends with a weight of 0. Channels are filled up to 16 with zeros.
 * Scratch: kernel_h strips, see thk_conv2d_pitch__avx2.
 *
 * THK_NAME: the kernel, THK_PART: names of its parts, THK_CONTRACT: the contract's rescaling.
 */
#include "avx2/thk_conv2d_strips.h"

#define THK_STEP(i, x)                                                                            \
    {                                                                                             \
        const __m256i v = thk_avx2_pair(x);                                                       \
        a##i = _mm256_add_epi32(a##i, _mm256_madd_epi16(v, w0));                                  \
        if (wide)                                                                                 \
            b##i = _mm256_add_epi32(b##i, _mm256_madd_epi16(v, w1));                              \
    }
#define THK_PUT(i)                                                                                \
    if (i < left) {                                                                               \
        a##i = THK_CONTRACT(rescale)(a##i, s0);                                                   \
        b##i = wide ? THK_CONTRACT(rescale)(b##i, s1) : a##i;                                     \
        thk_avx2_store(out + (ptrdiff_t)(i) * p->out.pixel,                                       \
                       thk_avx2_narrow(_mm256_permute4x64_epi64(                                  \
                                           _mm256_packs_epi32(a##i, b##i), 0xd8), range), n);     \
    }

/* n <= 16 channels of `left` pixels, of a tile of 6 or 3 pixels; wide: more than 8 channels.
 * Returns the stream behind the channels. */
THK_AVX2_INLINE const int8_t *THK_PART(block)(const struct thk_window2d *p,
                                              const struct thk_avx2_range *range,
                                              const int16_t *strips, const int8_t *w,
                                              int8_t *out, int32_t n, int32_t left,
                                              const int six, const int wide)
{
    const int32_t pitch = thk_conv2d_pitch__avx2(p);
    const int32_t runs = p->dilation_w == 1 ? 1 : p->kernel_w;
    const int32_t run = p->dilation_w == 1 ? p->kernel_w * p->in_c : p->in_c;
    const ptrdiff_t step = (ptrdiff_t)p->stride_w * p->in_c;
    const int8_t *const q = w;
    __m256i a0 = thk_avx2_load(q), b0 = thk_avx2_load(q + 32);
    __m256i a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
    __m256i b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0;
    w += THK_CONTRACT(head);
    for (int32_t ky = 0; ky < p->kernel_h; ky++)
        for (int32_t kx = 0; kx < runs; kx++) {
            const int16_t *x = strips + ky * pitch + kx * p->dilation_w * p->in_c;
            const int16_t *y = x + 3 * step;
            for (int32_t k = 0; k < run; k += 2, x += 2, y += 2, w += 32) {
                const __m256i w0 = thk_avx2_load_wide(w);
                const __m256i w1 = wide ? thk_avx2_load_wide(w + 16) : w0;
                THK_STEP(0, x)
                THK_STEP(1, x + step)
                THK_STEP(2, x + 2 * step)
                if (six) {
                    THK_STEP(3, y)
                    THK_STEP(4, y + step)
                    THK_STEP(5, y + 2 * step)
                }
            }
        }
    const struct THK_CONTRACT(scale) s0 = THK_CONTRACT(scale)(q + 64);
    const struct THK_CONTRACT(scale) s1 = THK_CONTRACT(scale)(q + 96);
    THK_PUT(0)
    THK_PUT(1)
    THK_PUT(2)
    if (six) {
        THK_PUT(3)
        THK_PUT(4)
        THK_PUT(5)
    }
    return w;
}
#undef THK_STEP
#undef THK_PUT

/* All channels of a tile. */
THK_AVX2_INLINE void THK_PART(tile)(const struct thk_window2d *p,
                                    const struct thk_avx2_range *range, const int16_t *strips,
                                    const int8_t *w, int8_t *out, int32_t left, const int six)
{
    int32_t c = 0;
    for (; p->out_c - c > 8; c += 16)
        w = THK_PART(block)(p, range, strips, w, out + c, p->out_c - c < 16 ? p->out_c - c : 16,
                            left, six, 1);
    if (c < p->out_c)
        THK_PART(block)(p, range, strips, w, out + c, p->out_c - c, left, six, 0);
}

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y, int16_t *strips)
{
    const struct thk_avx2_range range = thk_avx2_range(p->out_zero, p->lo, p->hi);
    const int32_t pitch = thk_conv2d_pitch__avx2(p);
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox += 6) {
            const int32_t left = b->x + b->w - ox < 6 ? b->x + b->w - ox : 6;
            const int32_t columns =
                (left - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
            for (int32_t ky = 0; ky < p->kernel_h; ky++)
                thk_conv2d_strip__avx2(p, x, oy * p->stride_h - p->pad_top + ky * p->dilation_h,
                                       ox * p->stride_w - p->pad_left, columns,
                                       strips + ky * pitch);
            int8_t *const out = y + thk_view_at(&p->out, oy, ox);
            if (left > 3)
                THK_PART(tile)(p, &range, strips, stream, out, left, 1);
            else
                THK_PART(tile)(p, &range, strips, stream, out, left, 0);
        }
}
#undef THK_NAME
#undef THK_PART
#undef THK_CONTRACT
