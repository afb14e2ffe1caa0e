/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>
#include <string.h>

/* Repeats or drops pixels of `pixel` bytes: output row i is input row rows[i], likewise columns. */
static void thk_resize_nearest_bytes__c99(int32_t batch, int32_t in_h, int32_t in_w, int32_t out_h,
                                          int32_t out_w, int32_t pixel, const int32_t *rows,
                                          const int32_t *columns, const uint8_t *x, uint8_t *y)
{
    const size_t n = (size_t)pixel;
    for (int32_t b = 0; b < batch; b++, x += (size_t)in_h * (size_t)in_w * n)
        for (int32_t oy = 0; oy < out_h; oy++)
            for (int32_t ox = 0; ox < out_w; ox++, y += n)
                memcpy(y, x + ((size_t)rows[oy] * (size_t)in_w + (size_t)columns[ox]) * n, n);
}
