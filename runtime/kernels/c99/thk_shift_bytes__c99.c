/* SPDX-License-Identifier: 0BSD */
/* Borders and parts of maps: pixels are copied from where a step and a shift say, the rest is
 * filled. */
#include <string.h>

#include "thk_types.h"

static void thk_shift_fill__c99(uint8_t *to, int32_t bytes, const struct thk_shift *p)
{
    for (int32_t i = 0; i < bytes; i += p->size)
        memcpy(to + i, p->fill, (size_t)p->size);
}

static void thk_shift_bytes__c99(const struct thk_shift *p, const struct thk_box *b,
                                 const uint8_t *x, uint8_t *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t iy = oy * p->step_h + p->dy, ix = ox * p->step_w + p->dx;
            uint8_t *const out = y + thk_view_at(&p->out, oy, ox) * p->size;
            if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w) {
                thk_shift_fill__c99(out, p->before + p->run + p->after, p);
                continue;
            }
            thk_shift_fill__c99(out, p->before, p);
            memcpy(out + p->before, x + thk_view_at(&p->in, iy, ix) * p->size + p->skip,
                   (size_t)p->run);
            thk_shift_fill__c99(out + p->before + p->run, p->after, p);
        }
}
