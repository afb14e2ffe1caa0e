/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

struct thk_signal_framer {
    int32_t streams, length, size, step;
    int32_t past;      /* samples of earlier calls */
    int32_t needed;    /* steps before the first whole frame */
};

/* Frames begin every `step` samples of the past followed by x. */
static void thk_signal_framer_s16__c99(const struct thk_signal_framer *p, const int16_t *x,
                                       const int16_t *past, const int32_t *seen, int16_t *frames,
                                       uint8_t *valid, int16_t *new_past, int32_t *new_seen)
{
    const int32_t before = *seen, steps = p->length / p->step;
    for (int32_t r = 0; r < p->streams; r++) {
        for (int32_t f = 0; f < steps; f++)
            for (int32_t i = 0; i < p->size; i++) {
                const int32_t at = f * p->step + i;
                const int16_t v = at < p->past ? past[at] : x[at - p->past];
                *frames++ = before + f < p->needed ? 0 : v;
            }
        for (int32_t i = 0; i < p->past; i++) {
            const int32_t at = p->length + i;
            new_past[i] = at < p->past ? past[at] : x[at - p->past];
        }
        x += p->length;
        past += p->past;
        new_past += p->past;
    }
    *valid = before >= p->needed;
    *new_seen = before + steps < p->needed ? before + steps : p->needed;
}
