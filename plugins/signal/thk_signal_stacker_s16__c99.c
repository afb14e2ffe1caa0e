/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>
#include <string.h>

/* Frames of n channels gather in a stack of `depth`; a full one leaves and `step` frames go. */
static void thk_signal_stacker_s16__c99(int32_t n, int32_t depth, int32_t left, int32_t step,
                                        const int16_t *x, const int16_t *old, const int32_t *count,
                                        int16_t *y, uint8_t *valid, int16_t *kept,
                                        int32_t *new_count)
{
    const size_t frame = (size_t)n * sizeof *x;
    int32_t have = *count > 0 ? *count - 1 : 0;
    memset(y, 0, (size_t)depth * frame);
    memcpy(y, old, (size_t)have * frame);
    for (int32_t i = *count > 0 ? 0 : -left; i <= 0; i++)
        memcpy(y + n * have++, x, frame);
    *valid = have == depth;
    const int32_t gone = *valid ? step : 0;
    memset(kept, 0, (size_t)depth * frame);
    memcpy(kept, y + n * gone, (size_t)(have - gone) * frame);
    if (!*valid)
        memset(y, 0, (size_t)depth * frame);
    *new_count = have - gone + 1;
}
