/* SPDX-License-Identifier: 0BSD */
#include "thk_fixed.h"
#include "thk_nn.h"

/* Value at x of a table of 512 intervals over the whole range. */
static inline int32_t thk_lut16(const int16_t *t, int32_t x)
{
    const int32_t i = 256 + (x >> 7), base = t[i];
    const int16_t slope = (int16_t)(t[i + 1] - base);
    return (int16_t)(base + ((slope * (x & 127) + 64) >> 7));
}

/* tables: exp over [-10, 0], then 1 / (1 + x) over [0, 1], 513 entries each. single: whether the
 * contract rounds once. */
static void thk_softmax_s16__c99(const struct thk_softmax *p, int32_t single, const int16_t *x,
                                 const int16_t *tables, int16_t *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        int32_t best = INT16_MIN;
        uint32_t sum = 0;
        for (int32_t i = 0; i < p->depth; i++)
            best = x[i] > best ? x[i] : best;
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t d = x[i] - best;
            const int32_t v = single ? thk_mbqm_single(d, p->scale_m, p->scale_s)
                                     : thk_mbqm(d, p->scale_m, p->scale_s);
            const int32_t at = v < -65535 ? INT16_MIN : thk_clamp(v + 32767, INT16_MIN, INT16_MAX);
            const int32_t e = thk_lut16(tables, at);
            y[i] = (int16_t)e;
            sum += (uint32_t)e;
        }
        const int32_t headroom = thk_clz(sum), up = headroom > 0 ? headroom - 1 : 0;
        const int64_t shifted = (((int64_t)(int32_t)sum * ((int64_t)1 << up)) + (1 << 13)) >> 14;
        const int64_t centred = shifted - ((1 << 15) + (1 << 16));
        const int32_t scale = thk_lut16(tables + 513, centred < INT16_MIN   ? INT16_MIN
                                                      : centred > INT16_MAX ? INT16_MAX
                                                                            : (int32_t)centred);
        const int32_t down = 31 - headroom < 1 ? 1 : 31 - headroom;
        for (int32_t i = 0; i < p->depth; i++) {
            const int64_t v = ((int64_t)y[i] * scale + ((int64_t)1 << (down - 1))) >> down;
            y[i] = (int16_t)(v < 0 ? 0 : v > INT16_MAX ? INT16_MAX : v);
        }
    }
}
