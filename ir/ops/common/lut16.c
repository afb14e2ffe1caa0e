/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/lut16.h"

#include <math.h>
#include <stdlib.h>

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

void th_sigmoid_table_fill(struct th_sigmoid_table *t)
{
    for (int i = 0; i < 256; i++) {
        const double here = logistic(i / 24.0), next = logistic((i + 1) / 24.0);
        const double error = logistic((i + 0.5) / 24.0) - (here + next) / 2;
        t->v[i] = (uint16_t)floor(65536 * (here + error / 2) + 0.5);
    }
    t->v[255] = UINT16_MAX;
}

static int32_t scale_input(int16_t x, int32_t multiplier, int32_t shift)
{
    if (multiplier == 0) {
        multiplier = 3 << shift;
        shift = 0;
    }
    const int64_t round = shift > 0 ? (int64_t)1 << (shift - 1) : 0;
    return (int32_t)(((int64_t)x * multiplier + round) >> shift);
}

int16_t th_logistic_s16(const struct th_sigmoid_table *t, int16_t x, int32_t multiplier,
                        int32_t shift)
{
    const int32_t scaled = scale_input(x, multiplier, shift);
    const uint32_t magnitude = scaled < 0 ? 0u - (uint32_t)scaled : (uint32_t)scaled;
    const uint32_t at = magnitude >> 9;
    uint32_t result = (uint32_t)0x7FFF << 10;
    if (at < 255) {
        const uint32_t a = t->v[at], b = t->v[at + 1];
        result = (a << 9) + (magnitude & 0x1FF) * (b - a);
    }
    result = scaled >= 0 ? result + (1 << 9) : ((uint32_t)1 << 25) - result + (1 << 9) - 1;
    return (int16_t)(result >> 10);
}

int16_t th_tanh_s16(const struct th_sigmoid_table *t, int16_t x, int32_t multiplier,
                    int32_t shift)
{
    const int32_t scaled = scale_input(x, multiplier, shift);
    const uint32_t magnitude = scaled < 0 ? 0u - (uint32_t)scaled : (uint32_t)scaled;
    const uint32_t at = magnitude >> 8;
    int32_t result = 0xFFFF << 8;
    if (at < 255) {
        const uint32_t a = t->v[at], b = t->v[at + 1];
        result = (int32_t)((a << 8) + (magnitude & 0xFF) * (b - a));
    }
    result = scaled >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1;
    return (int16_t)(result >> 8);
}

static float clamp16(float v)
{
    return v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v;
}

void th_lut16_fill(struct th_lut16 *t, float in_scale, int32_t in_zero, float out_scale,
                   int32_t out_zero, th_lut16_fn *fn)
{
    const float in_min = in_scale * (float)(INT16_MIN - in_zero);
    const float in_max = in_scale * (float)(INT16_MAX - in_zero);
    const float out_min = out_scale * (float)(INT16_MIN - out_zero);
    const float out_max = out_scale * (float)(INT16_MAX - out_zero);
    const float step = (in_max - in_min) / 512, half = step / 2;
    const float to_out = 65536.0f / (out_max - out_min);
    for (int i = 0; i < 512; i++) {
        const float offset = (float)i * step, next_offset = (float)(i + 1) * step;
        const float x = in_min + offset;
        const float here = fn(x) * to_out;
        const float middle = fn(x + half) * to_out;
        const float next = fn(in_min + next_offset) * to_out;
        const float sample = roundf(here);
        const float line = roundf((next + sample) / 2);
        const float bias = roundf((line - roundf(middle)) / 2);
        t->v[i] = (int16_t)clamp16(sample - bias);
    }
    const float last = fn(in_max) * to_out;
    t->v[512] = (int16_t)clamp16(roundf(last));
}

int16_t th_lut16_at(const struct th_lut16 *t, int16_t x)
{
    const int at = 256 + (x >> 7);
    const int32_t offset = x & 0x7F;
    const int32_t base = t->v[at];
    /* The slope is an int16 in the reference; differences beyond it do not occur in tables made
     * by th_lut16_fill of monotonic functions over their range. */
    const int16_t slope = (int16_t)(t->v[at + 1] - base);
    return (int16_t)(base + ((slope * offset + 64) >> 7));
}
