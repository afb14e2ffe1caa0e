/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

/* y = saturate((x * w) >> shift), w repeated over all frames. */
static void thk_signal_window_s16__c99(int32_t frames, int32_t length, int32_t shift,
                                       const int16_t *x, const int16_t *w, int16_t *y)
{
    for (; frames > 0; frames--, x += length, y += length)
        for (int32_t i = 0; i < length; i++) {
            const int32_t v = ((int32_t)x[i] * w[i]) >> shift;
            y[i] = (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
        }
}
