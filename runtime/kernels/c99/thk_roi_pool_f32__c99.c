/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct thk_roi_pool {
    int32_t maps, in_h, in_w, channels, regions, out_h, out_w;
    float scale;
};

/* Whole places that a float holds exactly; a NaN is the lower bound. */
static inline int32_t thk_roi_whole(float v)
{
    const float most = 16777216.0f;
    return (int32_t)(v > -most ? v < most ? roundf(v) : most : -most);
}

/* Elements [edge[0], edge[1]) of bin i of a side from `from` to `to`. */
static inline void thk_roi_bin(float from, float to, int32_t i, int32_t bins, int32_t size,
                               int32_t edge[2])
{
    const float most = 67108864.0f;
    const int32_t first = thk_roi_whole(from), width = thk_roi_whole(to) - first + 1;
    const float bin = (float)(width > 1 ? width : 1) / (float)bins;
    const float lo = floorf((float)i * bin), hi = ceilf((float)(i + 1) * bin);
    edge[0] = (int32_t)(lo < most ? lo : most) + first;
    edge[1] = (int32_t)(hi < most ? hi : most) + first;
    for (int32_t k = 0; k < 2; k++)
        edge[k] = edge[k] < 0 ? 0 : edge[k] > size ? size : edge[k];
}

static void thk_roi_pool_f32__c99(const struct thk_roi_pool *p, const float *x, const float *rois,
                                  float *y)
{
    for (int32_t r = 0; r < p->regions; r++, rois += 5) {
        const int32_t k = rois[0] >= 0.0f ? thk_roi_whole(floorf(rois[0])) : 0;
        const float *map = x + (ptrdiff_t)(k < p->maps ? k : p->maps - 1) * p->in_h * p->in_w *
                                   p->channels;
        for (int32_t b = 0; b < p->out_h * p->out_w; b++, y += p->channels) {
            int32_t down[2], across[2];
            thk_roi_bin(rois[2] * p->scale, rois[4] * p->scale, b / p->out_w, p->out_h, p->in_h,
                        down);
            thk_roi_bin(rois[1] * p->scale, rois[3] * p->scale, b % p->out_w, p->out_w, p->in_w,
                        across);
            const float start = down[1] > down[0] && across[1] > across[0] ? -INFINITY : 0.0f;
            for (int32_t c = 0; c < p->channels; c++)
                y[c] = start;
            for (int32_t i = down[0]; i < down[1]; i++)
                for (int32_t j = across[0]; j < across[1]; j++) {
                    const float *at = map + ((ptrdiff_t)i * p->in_w + j) * p->channels;
                    for (int32_t c = 0; c < p->channels; c++)
                        y[c] = at[c] > y[c] ? at[c] : y[c];
                }
        }
    }
}
