/* SPDX-License-Identifier: 0BSD */
/*
 * int8 depthwise convolution of any window, 16 channels of a pixel at a time. VMULLB/T give exact
 * 16-bit products; two taps are summed in 16 bits, then widened, so the four sums hold lanes
 * 0,4,8,12 | 2,6,10,14 | 1,5,9,13 | 3,7,11,15.
 *
 * Stream of 16 channels: 16 weights for each tap, then for each of the four sums {bias[4], m[4],
 * -e[4]} in that order of lanes. Channels are padded to a multiple of 16 with zeros. Biases hold
 * bias - zero * sum(weights); a tap in the padding reads `zero`, 16 bytes of the zero point, which
 * scratch begins with. A pixel's vector may be read up to 15 bytes beyond its channels.
 *
 * THK_NAME: the kernel, THK_PIXEL: one pixel, THK_REQUANT(sums, m, -e): the contract's rounding.
 */
#include "mve/thk_mve.h"

/* One pixel: taps[i] points at the 16 channels under tap i. */
static inline int8x16_t THK_PIXEL(const int8_t *const *taps, int32_t n, const int8_t *w,
                                  int32_t zero)
{
    const int32_t *const q = (const int32_t *)(const void *)(w + 16 * n);
    int32x4_t a0 = vldrwq_s32(q), a1 = vldrwq_s32(q + 12), a2 = vldrwq_s32(q + 24);
    int32x4_t a3 = vldrwq_s32(q + 36);
    for (; n > 0; n -= 2, taps += 2, w += 32) {
        int8x16_t x = vldrbq_s8(taps[0]), v = vldrbq_s8(w);
        int16x8_t s = vmullbq_int_s8(x, v), u = vmulltq_int_s8(x, v);
        if (n > 1) {
            x = vldrbq_s8(taps[1]);
            v = vldrbq_s8(w + 16);
            s = vaddq_s16(s, vmullbq_int_s8(x, v));
            u = vaddq_s16(u, vmulltq_int_s8(x, v));
        }
        a0 = vaddq_s32(a0, vmovlbq_s16(s));
        a1 = vaddq_s32(a1, vmovltq_s16(s));
        a2 = vaddq_s32(a2, vmovlbq_s16(u));
        a3 = vaddq_s32(a3, vmovltq_s16(u));
    }
    a0 = THK_REQUANT(a0, vldrwq_s32(q + 4), vldrwq_s32(q + 8));
    a1 = THK_REQUANT(a1, vldrwq_s32(q + 16), vldrwq_s32(q + 20));
    a2 = THK_REQUANT(a2, vldrwq_s32(q + 28), vldrwq_s32(q + 32));
    a3 = THK_REQUANT(a3, vldrwq_s32(q + 40), vldrwq_s32(q + 44));
    const int16x8_t none = vdupq_n_s16(0);
    const int16x8_t even = vqmovntq_s32(vqmovnbq_s32(none, a0), a1);
    const int16x8_t odd = vqmovntq_s32(vqmovnbq_s32(none, a2), a3);
    return vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), vqaddq_n_s16(even, (int16_t)zero)),
                        vqaddq_n_s16(odd, (int16_t)zero));
}

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y, const int8_t **scratch)
{
    const int32_t n = p->kernel_h * p->kernel_w;
    int8_t *const zero = (int8_t *)scratch;
    const int8_t **const taps = scratch + 16 / sizeof *scratch;
    const int8x16_t lo = vdupq_n_s8((int8_t)p->lo), hi = vdupq_n_s8((int8_t)p->hi);
    thk_mve_fill(zero, p->in_zero, 16);
    for (int32_t c = 0; c < p->out_c; c += 16, stream += 16 * n + 192) {
        const mve_pred16_t some = vctp8q((uint32_t)(p->out_c - c));
        for (int32_t oy = b->y; oy < b->y + b->h; oy++)
            for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
                const int32_t y0 = oy * p->stride_h - p->pad_top;
                const int32_t x0 = ox * p->stride_w - p->pad_left;
                const int8_t **t = taps;
                for (int32_t ky = 0; ky < p->kernel_h; ky++) {
                    const int32_t iy = y0 + ky * p->dilation_h;
                    const int there = iy >= 0 && iy < p->in_h;
                    const int8_t *in = x + c + (there ? thk_view_at(&p->in, iy, x0) : 0);
                    int32_t ix = x0;
                    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
                        *t++ = there && ix >= 0 && ix < p->in_w ? in : zero;
                        ix += p->dilation_w;
                        in += p->dilation_w * p->in.pixel;
                    }
                }
                int8x16_t v = THK_PIXEL(taps, n, stream, p->out_zero);
                v = vminq_s8(vmaxq_s8(v, lo), hi);
                vstrbq_p_s8(y + c + thk_view_at(&p->out, oy, ox), v, some);
            }
    }
}
#undef THK_NAME
#undef THK_PIXEL
#undef THK_REQUANT
