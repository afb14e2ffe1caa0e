/* SPDX-License-Identifier: 0BSD */
#include "signal/thk_signal_fft_f32.h"

static void thk_signal_irfft_f32__c99(int32_t bits, int32_t rows, int32_t length, const float *x,
                                      const float *roots, const float *pairs, float *y)
{
    thk_signal_back_f32(bits, rows, length, x, roots, pairs, y);
    for (int32_t i = 0, n = rows * (length - 2); i < n; i++)
        y[i] /= (float)(length - 2);
}
