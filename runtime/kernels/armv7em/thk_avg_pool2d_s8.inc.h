/* SPDX-License-Identifier: 0BSD */
/*
 * int8 average pooling, four channels at a time: two sums of 16 bits in each of two words, exact
 * for windows of up to 255 pixels. A pixel's outputs are written after all its inputs were read,
 * channel group by channel group.
 *
 * THK_NAME: the kernel, THK_FOUR: four channels of a pixel, THK_ROUND: a sum divided by n, clamped.
 */
static void THK_FOUR(const struct thk_window2d *p, const struct thk_avg_pool_span *s,
                     const int8_t *x, int32_t n, int8_t *y)
{
    uint32_t even = 0, odd = 0;
    for (int32_t iy = s->y0; iy < s->y1; iy++) {
        const int8_t *in = x + thk_view_at(&p->in, iy, s->x0);
        for (int32_t i = s->x1 - s->x0; i > 0; i--, in += p->in.pixel) {
            const uint32_t v = thk_dsp_load(in);
            __asm__("sxtab16 %0, %0, %1" : "+r"(even) : "r"(v));
            __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(odd) : "r"(v));
        }
    }
    y[0] = (int8_t)THK_ROUND((int16_t)even, n, p);
    y[1] = (int8_t)THK_ROUND((int16_t)odd, n, p);
    y[2] = (int8_t)THK_ROUND((int32_t)even >> 16, n, p);
    y[3] = (int8_t)THK_ROUND((int32_t)odd >> 16, n, p);
}

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     int8_t *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
            struct thk_avg_pool_span s;
            s.y0 = y0 < 0 ? 0 : y0;
            s.x0 = x0 < 0 ? 0 : x0;
            s.y1 = y0 + p->kernel_h < p->in_h ? y0 + p->kernel_h : p->in_h;
            s.x1 = x0 + p->kernel_w < p->in_w ? x0 + p->kernel_w : p->in_w;
            const int empty = s.y1 <= s.y0 || s.x1 <= s.x0;
            const int32_t n = empty ? 1 : (s.y1 - s.y0) * (s.x1 - s.x0);
            int8_t *out = y + thk_view_at(&p->out, oy, ox);
            if (empty)
                s.y1 = s.y0;
            for (int32_t c = b->c; c < b->c + b->n; c += 4) {
                /* the last group ends with the last channel */
                const int32_t at = c + 4 <= b->c + b->n ? c : b->c + b->n - 4;
                THK_FOUR(p, &s, x + at, n, out + at);
            }
        }
    }
}
#undef THK_NAME
#undef THK_FOUR
#undef THK_ROUND
