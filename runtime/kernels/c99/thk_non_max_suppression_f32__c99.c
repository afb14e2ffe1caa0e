/* SPDX-License-Identifier: 0BSD */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct thk_suppression {
    int32_t batches, classes, boxes, rows, center;
};

/* Whether the overlap of two boxes over their union is above the bound. */
static inline int32_t thk_boxes_overlap(const float *a, const float *b, int32_t center,
                                        float bound)
{
    float common = 1.0f, area_a = 1.0f, area_b = 1.0f;
    for (int32_t k = 0; k < 2; k++) {
        float p = a[k], q = a[k + 2], r = b[k], s = b[k + 2];
        if (center) {
            p = a[k] - a[k + 2] / 2.0f, q = a[k] + a[k + 2] / 2.0f;
            r = b[k] - b[k + 2] / 2.0f, s = b[k] + b[k + 2] / 2.0f;
        }
        const float lo_a = p < q ? p : q, hi_a = p < q ? q : p;
        const float lo_b = r < s ? r : s, hi_b = r < s ? s : r;
        const float lo = lo_a > lo_b ? lo_a : lo_b, hi = hi_a < hi_b ? hi_a : hi_b;
        common *= hi > lo ? hi - lo : 0.0f;
        area_a *= hi_a - lo_a;
        area_b *= hi_b - lo_b;
    }
    const float both = area_a + area_b - common;
    return area_a > 0.0f && area_b > 0.0f && both > 0.0f && common / both > bound;
}

/* gone: scratch of one byte a box. Bounds that are absent are NULL. */
static void thk_non_max_suppression_f32__c99(const struct thk_suppression *p, const float *boxes,
                                             const float *scores, const int32_t *most,
                                             const int64_t *most64, const float *overlap,
                                             const float *least, int32_t *y, uint8_t *gone)
{
    const int64_t given = most ? most[0] : most64 ? most64[0] : p->boxes;
    const int32_t limit = given > p->boxes ? p->boxes : (int32_t)(given < 0 ? 0 : given);
    const float bound = overlap ? overlap[0] : 0.0f;
    int32_t row = 0;
    for (int32_t g = 0; g < p->batches * p->classes; g++, scores += p->boxes) {
        const float *box = boxes + (ptrdiff_t)(g / p->classes) * p->boxes * 4;
        memset(gone, 0, (size_t)p->boxes);
        for (int32_t k = 0; k < limit && row < p->rows; k++) {
            int32_t at = -1;
            for (int32_t i = 0; i < p->boxes; i++)
                if (!gone[i] && scores[i] == scores[i] && (!least || scores[i] > least[0]) &&
                    (at < 0 || scores[i] > scores[at]))
                    at = i;
            if (at < 0)
                break;
            y[3 * row] = g / p->classes;
            y[3 * row + 1] = g % p->classes;
            y[3 * row + 2] = at;
            row++;
            gone[at] = 1;
            for (int32_t i = 0; i < p->boxes; i++)
                if (!gone[i] && thk_boxes_overlap(box + 4 * at, box + 4 * i, p->center, bound))
                    gone[i] = 1;
        }
    }
    for (row *= 3; row < 3 * p->rows; row++)
        y[row] = -1;
}
