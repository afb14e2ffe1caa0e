/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "thk_types.h"

/* Blocks of pixels become channels. */
static void thk_space_to_depth_bytes__c99(const struct thk_blocks *p, const struct thk_box *b,
                                          const uint8_t *x, uint8_t *y)
{
    const int32_t n = p->block;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            uint8_t *out = y + thk_view_at(&p->out, oy, ox) * p->size;
            for (int32_t i = 0; i < n * n; i++, out += p->run)
                memcpy(out, x + thk_view_at(&p->in, oy * n + i / n, ox * n + i % n) * p->size,
                       (size_t)p->run);
        }
}
