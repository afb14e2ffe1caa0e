/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

/* Nearest integer to the square root, digit by digit; numbers below 2^32 stay in 32 bits and give
 * at most 65535. */
static inline uint32_t thk_signal_root(uint64_t wide)
{
    if (wide >> 32) {
        uint64_t rest = wide, r = 0;
        for (uint64_t bit = (uint64_t)1 << 62; bit > 0; bit >>= 2) {
            const uint64_t t = r + bit;
            r >>= 1;
            if (rest >= t) {
                rest -= t;
                r += bit;
            }
        }
        return (uint32_t)(rest > r && r != UINT32_MAX ? r + 1 : r);
    }
    uint32_t rest = (uint32_t)wide, r = 0;
    for (uint32_t bit = (uint32_t)1 << 30; bit > 0; bit >>= 2) {
        const uint32_t t = r + bit;
        r >>= 1;
        if (rest >= t) {
            rest -= t;
            r += bit;
        }
    }
    return rest > r && r != UINT16_MAX ? r + 1 : r;
}

static void thk_signal_filter_bank_square_root_u64__c99(int32_t n, const uint64_t *x,
                                                        const int32_t *bits, uint32_t *y)
{
    const int32_t shift = *bits;
    for (int32_t i = 0; i < n; i++)
        y[i] = shift < 0 || shift > 31 ? 0 : thk_signal_root(x[i]) >> shift;
}
