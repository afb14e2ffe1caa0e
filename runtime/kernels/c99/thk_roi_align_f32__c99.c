/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct thk_roi_align {
    int32_t maps, in_h, in_w, channels, regions, out_h, out_w, largest, samples, half;
    float scale;
};

/* Adds the four weighted elements around a place to y, or takes the largest of them. */
static inline void thk_roi_sample(const struct thk_roi_align *p, const float *map, float fy,
                                  float fx, float *y)
{
    if (!(fy >= -1.0f && fy <= (float)p->in_h && fx >= -1.0f && fx <= (float)p->in_w)) {
        for (int32_t c = 0; p->largest && c < p->channels; c++)
            y[c] = y[c] > 0.0f ? y[c] : 0.0f;
        return;
    }
    fy = fy < 0.0f ? 0.0f : fy;
    fx = fx < 0.0f ? 0.0f : fx;
    int32_t y0 = (int32_t)fy, x0 = (int32_t)fx, y1 = y0 + 1, x1 = x0 + 1;
    if (y0 >= p->in_h - 1) {
        y0 = y1 = p->in_h - 1;
        fy = (float)y0;
    }
    if (x0 >= p->in_w - 1) {
        x0 = x1 = p->in_w - 1;
        fx = (float)x0;
    }
    const float ty = fy - (float)y0, tx = fx - (float)x0;
    const ptrdiff_t at[4] = {(ptrdiff_t)y0 * p->in_w + x0, (ptrdiff_t)y0 * p->in_w + x1,
                             (ptrdiff_t)y1 * p->in_w + x0, (ptrdiff_t)y1 * p->in_w + x1};
    const float weight[4] = {(1.0f - ty) * (1.0f - tx), (1.0f - ty) * tx, ty * (1.0f - tx),
                             ty * tx};
    for (int32_t k = 0; k < 4; k++) {
        const float *x = map + at[k] * p->channels;
        for (int32_t c = 0; c < p->channels; c++) {
            const float v = weight[k] * x[c];
            if (!p->largest)
                y[c] += v;
            else if (v > y[c])
                y[c] = v;
        }
    }
}

static inline int32_t thk_roi_grid(const struct thk_roi_align *p, float bin)
{
    const float n = ceilf(bin);
    return p->samples ? p->samples : n > 1048576.0f ? 1048576 : n > 0.0f ? (int32_t)n : 0;
}

static inline void thk_roi_region(const struct thk_roi_align *p, const float *map,
                                  const float *roi, float *y)
{
    const float shift = p->half ? 0.5f : 0.0f;
    const float left = roi[0] * p->scale - shift, top = roi[1] * p->scale - shift;
    float w = roi[2] * p->scale - shift - left, h = roi[3] * p->scale - shift - top;
    if (!p->half) {
        w = w < 1.0f ? 1.0f : w;
        h = h < 1.0f ? 1.0f : h;
    }
    const float bin_h = h / (float)p->out_h, bin_w = w / (float)p->out_w;
    const int32_t grid_h = thk_roi_grid(p, bin_h), grid_w = thk_roi_grid(p, bin_w);
    const float count = (float)grid_h * (float)grid_w;
    for (int32_t b = 0; b < p->out_h * p->out_w; b++, y += p->channels) {
        for (int32_t c = 0; c < p->channels; c++)
            y[c] = p->largest && count > 0.0f ? -INFINITY : 0.0f;
        for (int32_t i = 0; i < grid_h; i++)
            for (int32_t j = 0; j < grid_w; j++)
                thk_roi_sample(p, map,
                               top + (float)(b / p->out_w) * bin_h +
                                   ((float)i + 0.5f) * bin_h / (float)grid_h,
                               left + (float)(b % p->out_w) * bin_w +
                                   ((float)j + 0.5f) * bin_w / (float)grid_w, y);
        for (int32_t c = 0; !p->largest && count > 1.0f && c < p->channels; c++)
            y[c] /= count;
    }
}

static void thk_roi_align_f32__c99(const struct thk_roi_align *p, const float *x,
                                   const float *rois, const int32_t *batch, const int64_t *batch64,
                                   float *y)
{
    for (int32_t r = 0; r < p->regions; r++, rois += 4) {
        const int64_t k = batch ? batch[r] : batch64[r];
        const int32_t map = k < 0 ? 0 : k >= p->maps ? p->maps - 1 : (int32_t)k;
        thk_roi_region(p, x + (ptrdiff_t)map * p->in_h * p->in_w * p->channels, rois, y);
        y += (ptrdiff_t)p->out_h * p->out_w * p->channels;
    }
}
