/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

struct thk_signal_subtraction {
    int32_t channels;
    uint32_t smoothing, one_minus_smoothing;                       /* even channels */
    uint32_t alternate_smoothing, alternate_one_minus_smoothing;   /* odd ones */
    uint32_t min_signal_remaining;
    int32_t smoothing_bits, spectral_subtraction_bits, clamping;
};

/* Channels minus the running estimate of their noise; the estimate may stay in place. */
static void thk_signal_filter_bank_spectral_subtraction_u32__c99(
    const struct thk_signal_subtraction *p, const uint32_t *x, const uint32_t *noise, uint32_t *y,
    uint32_t *new_noise)
{
    for (int32_t i = 0; i < p->channels; i++) {
        const uint32_t take = i & 1 ? p->alternate_smoothing : p->smoothing;
        const uint32_t keep = i & 1 ? p->alternate_one_minus_smoothing : p->one_minus_smoothing;
        const uint32_t v = x[i], scaled = v << p->smoothing_bits;
        const uint64_t sum = (uint64_t)scaled * take + (uint64_t)noise[i] * keep;
        const uint32_t estimate = (uint32_t)(sum >> p->spectral_subtraction_bits);
        const uint32_t less = estimate < scaled ? estimate : scaled;
        const uint32_t floor_level =
            (uint32_t)(((uint64_t)v * p->min_signal_remaining) >> p->spectral_subtraction_bits);
        const uint32_t rest = (scaled - less) >> p->smoothing_bits;
        new_noise[i] = p->clamping ? less : estimate;
        y[i] = rest > floor_level ? rest : floor_level;
    }
}
