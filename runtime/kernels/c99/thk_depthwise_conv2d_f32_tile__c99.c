/* SPDX-License-Identifier: 0BSD */
/*
 * Float depthwise convolution, two neighbouring pixels by four channels, each channel with one
 * output. Pixels whose windows reach into the padding at the ends of a row are computed one by one.
 *
 * weights: for each group of four channels bias[4], then for each tap four weights. Channels that
 * do not fill a group are computed by a group that ends with the last channel.
 */
#include "thk_tile_f32.h"

struct thk_depthwise_f32_part {
    const float *x, *w;                       /* of the channel, of the group */
    int32_t y0, x0, ky, ky_end, kx, kx_end;   /* first tap's place, taps that are inside */
};

#define THK_DEPTHWISE_F32_TAPS(...)                                                         \
    for (int32_t ky = t->ky; ky < t->ky_end; ky++) {                                        \
        const int32_t iy = t->y0 + ky * p->dilation_h, ix = t->x0 + t->kx * p->dilation_w;  \
        const float *a = t->x + thk_view_at(&p->in, iy, ix);                                \
        const float *w = t->w + 4 + (ky * p->kernel_w + t->kx) * 4;                         \
        for (int32_t kx = t->kx; kx < t->kx_end; kx++, w += 4) {                            \
            __VA_ARGS__                                                                     \
        }                                                                                   \
    }

static inline void thk_depthwise_f32_2x4(const struct thk_window2d *p,
                                         const struct thk_depthwise_f32_part *t, float sum[2][4])
{
    const ptrdiff_t next = (ptrdiff_t)p->dilation_w * p->in.pixel;
    const ptrdiff_t apart = (ptrdiff_t)p->stride_w * p->in.pixel;
    float a0 = t->w[0], a1 = t->w[1], a2 = t->w[2], a3 = t->w[3];
    float b0 = a0, b1 = a1, b2 = a2, b3 = a3;
    THK_DEPTHWISE_F32_TAPS({
        const float *b = a + apart;
        const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        a0 = THK_MULADD(a[0], w0, a0), a1 = THK_MULADD(a[1], w1, a1);
        a2 = THK_MULADD(a[2], w2, a2), a3 = THK_MULADD(a[3], w3, a3);
        b0 = THK_MULADD(b[0], w0, b0), b1 = THK_MULADD(b[1], w1, b1);
        b2 = THK_MULADD(b[2], w2, b2), b3 = THK_MULADD(b[3], w3, b3);
        a += next;
    })
    sum[0][0] = a0, sum[0][1] = a1, sum[0][2] = a2, sum[0][3] = a3;
    sum[1][0] = b0, sum[1][1] = b1, sum[1][2] = b2, sum[1][3] = b3;
}

static inline void thk_depthwise_f32_1x4(const struct thk_window2d *p,
                                         const struct thk_depthwise_f32_part *t, float sum[4])
{
    const ptrdiff_t next = (ptrdiff_t)p->dilation_w * p->in.pixel;
    float s0 = t->w[0], s1 = t->w[1], s2 = t->w[2], s3 = t->w[3];
    THK_DEPTHWISE_F32_TAPS({
        s0 = THK_MULADD(a[0], w[0], s0), s1 = THK_MULADD(a[1], w[1], s1);
        s2 = THK_MULADD(a[2], w[2], s2), s3 = THK_MULADD(a[3], w[3], s3);
        a += next;
    })
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}
#undef THK_DEPTHWISE_F32_TAPS

static void thk_depthwise_conv2d_f32_tile__c99(const struct thk_window2d *p,
                                               const struct thk_box *b, float lo, float hi,
                                               const float *x, const float *weights, float *y)
{
    const ptrdiff_t group = 4 + (ptrdiff_t)p->kernel_h * p->kernel_w * 4;
    struct thk_depthwise_f32_part t;
    float sum[2][4];
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        t.y0 = oy * p->stride_h - p->pad_top;
        thk_taps_inside(t.y0, p->kernel_h, p->dilation_h, p->in_h, &t.ky, &t.ky_end);
        for (int32_t ox = b->x, pixels; ox < b->x + b->w; ox += pixels) {
            const int32_t last = (ox + 1) * p->stride_w - p->pad_left +
                                 (p->kernel_w - 1) * p->dilation_w;
            t.x0 = ox * p->stride_w - p->pad_left;
            thk_taps_inside(t.x0, p->kernel_w, p->dilation_w, p->in_w, &t.kx, &t.kx_end);
            pixels = ox + 1 < b->x + b->w && t.x0 >= 0 && last < p->in_w ? 2 : 1;
            float *out = y + thk_view_at(&p->out, oy, ox);
            t.w = weights;
            for (int32_t c = 0; c < p->in_c; c += 4, t.w += group) {
                const int32_t at = c + 4 <= p->in_c ? c : p->in_c - 4;
                t.x = x + at;
                if (pixels == 2)
                    thk_depthwise_f32_2x4(p, &t, sum);
                else
                    thk_depthwise_f32_1x4(p, &t, sum[0]);
                for (int32_t j = 0; j < pixels; j++)
                    for (int32_t i = 0; i < 4; i++)
                        out[j * p->out.pixel + at + i] = thk_bound_f32(sum[j][i], lo, hi);
            }
        }
    }
}
