/* SPDX-License-Identifier: 0BSD */
/* Body of the bilinear resizes. rows and columns hold for each output the two inputs it lies
 * between; row_part and column_part the share of the second. THK_NAME, THK_X, THK_PART and
 * THK_MIX(a, b, c, d, dy, dx) of the four corners (a top left, b bottom left, c top right,
 * d bottom right) are set by the including file. */
#include "thk_types.h"

static void THK_NAME(const struct thk_resize *p, const struct thk_box *b, const int32_t *rows,
                     const THK_PART *row_part, const int32_t *columns,
                     const THK_PART *column_part, const THK_X *x, THK_X *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        const ptrdiff_t top = thk_view_at(&p->in, rows[2 * oy], 0);
        const ptrdiff_t bottom = thk_view_at(&p->in, rows[2 * oy + 1], 0);
        const THK_PART dy = row_part[oy];
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const ptrdiff_t l = (ptrdiff_t)columns[2 * ox] * p->in.pixel;
            const ptrdiff_t r = (ptrdiff_t)columns[2 * ox + 1] * p->in.pixel;
            const THK_PART dx = column_part[ox];
            THK_X *const out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = 0; c < p->channels; c++)
                out[c] = (THK_X)THK_MIX(x[top + l + c], x[bottom + l + c], x[top + r + c],
                                        x[bottom + r + c], dy, dx);
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_PART
#undef THK_MIX
