/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>
#include <string.h>

/* Frames are added to the sums; the first `step` of them leave. old and sums may be the same. */
static void thk_signal_overlap_add_s16__c99(int32_t streams, int32_t frames, int32_t size,
                                            int32_t step, const int16_t *x, const int16_t *old,
                                            int16_t *y, int16_t *sums)
{
    memmove(sums, old, (size_t)(streams * size) * sizeof *sums);
    for (; streams > 0; streams--, sums += size)
        for (int32_t f = 0; f < frames; f++, x += size, y += step) {
            for (int32_t i = 0; i < size; i++) {
                const int32_t v = (int32_t)sums[i] + x[i];
                sums[i] = (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
            }
            memcpy(y, sums, (size_t)step * sizeof *y);
            memmove(sums, sums + step, (size_t)(size - step) * sizeof *sums);
            memset(sums + (size - step), 0, (size_t)step * sizeof *sums);
        }
}
