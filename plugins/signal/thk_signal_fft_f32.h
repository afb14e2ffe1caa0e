/* SPDX-License-Identifier: 0BSD */
/* 32-bit float: nothing is scaled on the way. */
#ifndef THK_SIGNAL_FFT_F32_H
#define THK_SIGNAL_FFT_F32_H

#include <stdint.h>

#define FFT_T float
#define FFT_WIDE float
#define FFT_FN(name) thk_signal_##name##_f32
#define FFT_ROUND(x) (x)
#define FFT_SHRINK(x, k) (x)
#define FFT_HALF(x) ((x) * 0.5f)
#include "signal/thk_signal_fft.inc.h"

#endif
