/* SPDX-License-Identifier: 0BSD */
/* 32-bit fixed point: 31 fraction bits. */
#ifndef THK_SIGNAL_FFT_S32_H
#define THK_SIGNAL_FFT_S32_H

#include <stdint.h>

#define FFT_T int32_t
#define FFT_WIDE int64_t
#define FFT_FN(name) thk_signal_##name##_s32
#define FFT_ROUND(x) ((int32_t)(((x) + 1073741824) >> 31))
#define FFT_SHRINK(x, k) FFT_ROUND((int64_t)(x) * (INT32_MAX / (k)))
#define FFT_HALF(x) ((int32_t)(x) >> 1)
#include "signal/thk_signal_fft.inc.h"

#endif
