/* SPDX-License-Identifier: 0BSD */
#include "signal/thk_signal_fft_s16.h"

static void thk_signal_irfft_s16__c99(int32_t bits, int32_t rows, int32_t length, const int16_t *x,
                                      const int16_t *roots, const int16_t *pairs, int16_t *y)
{
    thk_signal_back_s16(bits, rows, length, x, roots, pairs, y);
}
