/* SPDX-License-Identifier: 0BSD */
/* Body of the bilinear resizes. rows and columns hold for each output the two inputs it lies
 * between; row_part and column_part the share of the second. THK_NAME, THK_X, THK_PART and
 * THK_MIX(a, b, c, d, dy, dx) of the four corners (a top left, b bottom left, c top right,
 * d bottom right) are set by the including file. */
static void THK_NAME(int32_t batch, int32_t in_h, int32_t in_w, int32_t channels, int32_t out_h,
                     int32_t out_w, const int32_t *rows, const THK_PART *row_part,
                     const int32_t *columns, const THK_PART *column_part, const THK_X *x,
                     THK_X *y)
{
    const size_t pitch = (size_t)in_w * (size_t)channels;
    for (int32_t n = 0; n < batch; n++, x += (size_t)in_h * pitch) {
        for (int32_t oy = 0; oy < out_h; oy++) {
            const THK_X *top = x + (size_t)rows[2 * oy] * pitch;
            const THK_X *bottom = x + (size_t)rows[2 * oy + 1] * pitch;
            const THK_PART dy = row_part[oy];
            for (int32_t ox = 0; ox < out_w; ox++) {
                const int32_t l = columns[2 * ox] * channels, r = columns[2 * ox + 1] * channels;
                const THK_PART dx = column_part[ox];
                for (int32_t c = 0; c < channels; c++)
                    *y++ = (THK_X)THK_MIX(top[l + c], bottom[l + c], top[r + c], bottom[r + c],
                                          dy, dx);
            }
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_PART
#undef THK_MIX
