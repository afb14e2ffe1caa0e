/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "thk_types.h"

/* Repeats or drops pixels: output row i is input row rows[i], likewise columns. */
static void thk_resize_nearest_bytes__c99(const struct thk_resize *p, const struct thk_box *b,
                                          const int32_t *rows, const int32_t *columns,
                                          const uint8_t *x, uint8_t *y)
{
    const size_t n = (size_t)p->channels * (size_t)p->size;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++)
            memcpy(y + thk_view_at(&p->out, oy, ox) * p->size,
                   x + thk_view_at(&p->in, rows[oy], columns[ox]) * p->size, n);
}
