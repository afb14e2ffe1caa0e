/* SPDX-License-Identifier: Apache-2.0 */
/* Real Fourier transforms of 2^k samples, forward and back: what both records and rows share. */
#ifndef TH_PLUGINS_SIGNAL_FFT_H
#define TH_PLUGINS_SIGNAL_FFT_H

#include "plugins/signal/signal.h"

/* Checks that n is a power of two from 4. */
enum th_status signal_fft_length(const struct th_inst *c, int64_t n);
/*
 * Transforms every row. Forward: samples, padded with zeros to fft_length n, to n/2 + 1 bins (real,
 * imaginary, ...); inverse: bins to n samples. Integers: fixed point with 15 or 31 fraction bits,
 * divided by the radix in every stage. Real: the transform's sum in double; the inverse over n.
 */
enum th_status signal_fft_eval(const struct th_inst *c, struct th_eval *e, bool inverse);
/* The call both kernels have: log2(n/2), rows, input length, x, two tables, y. */
enum th_status signal_fft_bind(const struct th_query *q, struct th_call *c, bool inverse);
void signal_fft_cost(const struct th_query *q, struct th_kernel_cost *k);

#endif
