/* SPDX-License-Identifier: 0BSD */
#include "signal/thk_signal_fft_s32.h"

static void thk_signal_rfft_s32__c99(int32_t bits, int32_t rows, int32_t length, const int32_t *x,
                                     const int32_t *roots, const int32_t *pairs, int32_t *y)
{
    thk_signal_forward_s32(bits, rows, length, x, roots, pairs, y);
}
