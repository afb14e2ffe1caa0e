/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

/* t: sigmoid(i / 24) in 0.16; x * mult / 2^shift is the argument in steps of 1 / (24 * 512). */
static void thk_logistic_s16__c99(const int16_t *x, const uint16_t *t, int16_t *y, int32_t n,
                                  int32_t mult, int32_t shift)
{
    const int32_t half = shift > 0 ? 1 << (shift - 1) : 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t v = (x[i] * mult + half) >> shift;
        const uint32_t u = (uint32_t)(v < 0 ? -v : v), k = u >> 9;
        uint32_t r = (uint32_t)0x7FFF << 10;
        if (k < 255)
            r = ((uint32_t)t[k] << 9) + (u & 511) * (uint32_t)(t[k + 1] - t[k]);
        r = v >= 0 ? r + (1u << 9) : (1u << 25) - r + (1u << 9) - 1;
        y[i] = (int16_t)(r >> 10);
    }
}
