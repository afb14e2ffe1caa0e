/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>
#include <string.h>

/* Frames are added to the sums; the first `step` of them leave. old and sums may be the same. */
static void thk_signal_overlap_add_f32__c99(int32_t streams, int32_t frames, int32_t size,
                                            int32_t step, const float *x, const float *old,
                                            float *y, float *sums)
{
    memmove(sums, old, (size_t)(streams * size) * sizeof *sums);
    for (; streams > 0; streams--, sums += size)
        for (int32_t f = 0; f < frames; f++, x += size, y += step) {
            for (int32_t i = 0; i < size; i++) {
                sums[i] += x[i];
            }
            memcpy(y, sums, (size_t)step * sizeof *y);
            memmove(sums, sums + step, (size_t)(size - step) * sizeof *sums);
            memset(sums + (size - step), 0, (size_t)step * sizeof *sums);
        }
}
