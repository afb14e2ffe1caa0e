/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "thk_types.h"

/* Channels become blocks of pixels. */
static void thk_depth_to_space_bytes__c99(const struct thk_blocks *p, const struct thk_box *b,
                                          const uint8_t *x, uint8_t *y)
{
    const int32_t n = p->block;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const uint8_t *const in = x + thk_view_at(&p->in, oy / n, ox / n) * p->size;
            memcpy(y + thk_view_at(&p->out, oy, ox) * p->size,
                   in + (oy % n * n + ox % n) * p->run, (size_t)p->run);
        }
}
