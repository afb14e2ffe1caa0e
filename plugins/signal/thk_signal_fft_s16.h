/* SPDX-License-Identifier: 0BSD */
/* 16-bit fixed point: 15 fraction bits. */
#ifndef THK_SIGNAL_FFT_S16_H
#define THK_SIGNAL_FFT_S16_H

#include <stdint.h>

#define FFT_T int16_t
#define FFT_WIDE int32_t
#define FFT_FN(name) thk_signal_##name##_s16
#define FFT_ROUND(x) ((int16_t)(((x) + 16384) >> 15))
#define FFT_SHRINK(x, k) FFT_ROUND((int32_t)(x) * (32767 / (k)))
#define FFT_HALF(x) ((int16_t)((x) >> 1))
#include "signal/thk_signal_fft.inc.h"

#endif
