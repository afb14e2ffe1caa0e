/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>
#include <string.h>

/* Of d old samples followed by n new ones, the first n leave and the last d stay. */
static void thk_signal_delay_s16__c99(int32_t rows, int32_t n, int32_t d, const int16_t *x,
                                      const int16_t *old, int16_t *y, int16_t *kept)
{
    for (; rows > 0; rows--, x += n, y += n, old += d, kept += d) {
        if (n < d) {
            memcpy(y, old, (size_t)n * sizeof *y);
            memcpy(kept, old + n, (size_t)(d - n) * sizeof *y);
            memcpy(kept + (d - n), x, (size_t)n * sizeof *y);
        } else {
            memcpy(y, old, (size_t)d * sizeof *y);
            memcpy(y + d, x, (size_t)(n - d) * sizeof *y);
            memcpy(kept, x + (n - d), (size_t)d * sizeof *y);
        }
    }
}
