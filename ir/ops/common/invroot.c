/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/invroot.h"

struct th_multiplier th_inverse_root(int32_t v)
{
    struct th_multiplier q = {INT32_MAX, 0};
    if (v <= 1)
        return q;
    int shift = 11;
    while (v >= 1 << 29) {
        v /= 4;
        shift++;
    }
    const int pairs = (__builtin_clz((uint32_t)v) - 1) / 2 - 1;
    shift -= pairs;
    v = (int32_t)((uint32_t)v << (2 * pairs));
    const int32_t half = th_rdivp2(v >> 1, 1), one_and_half = (1 << 28) + (1 << 27);
    int32_t x = 1 << 28;
    for (int i = 0; i < 5; i++) {
        /* Products of Q3 numbers are Q6 and Q9; each is brought back to Q3. */
        const int32_t cube = th_sat_shl(th_srdhm(th_srdhm(x, x), x), 6);
        const int32_t step = th_srdhm(one_and_half, x) - th_srdhm(half, cube);
        x = th_sat_shl(step, 3);
    }
    x = th_srdhm(x, 1518500250);
    if (shift < 0) {
        x = (int32_t)((uint32_t)x << -shift);
        shift = 0;
    }
    q.m = x;
    q.s = -shift;
    return q;
}
