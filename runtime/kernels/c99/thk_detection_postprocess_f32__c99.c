/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdint.h>
#include <string.h>

struct thk_detection {
    int32_t boxes, coordinates, columns, first, classes;
    int32_t rows, most_of_class, regular;
    float least, overlap;
    float y_scale, x_scale, h_scale, w_scale;
};

/* Centre and size in units of the anchor's, to corners y1, x1, y2, x2. */
static void thk_detection_corners(const struct thk_detection *p, const float *box,
                                  const float *anchor, float *corner)
{
    const float place[2] = {p->y_scale, p->x_scale}, extent[2] = {p->h_scale, p->w_scale};
    for (int32_t k = 0; k < 2; k++) {
        const double size = (double)anchor[k + 2];
        const float middle = (float)((double)box[k] / (double)place[k] * size + (double)anchor[k]);
        const float half = (float)(0.5 * exp((double)box[k + 2] / (double)extent[k]) * size);
        corner[k] = middle - half;
        corner[k + 2] = middle + half;
    }
}

/* Whether the overlap of two boxes over their union is above the bound. */
static int32_t thk_detection_overlap(const float *a, const float *b, float bound)
{
    const float area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
    const float y1 = a[0] > b[0] ? a[0] : b[0], y2 = a[2] < b[2] ? a[2] : b[2];
    const float x1 = a[1] > b[1] ? a[1] : b[1], x2 = a[3] < b[3] ? a[3] : b[3];
    const float common = (y2 > y1 ? y2 - y1 : 0.0f) * (x2 > x1 ? x2 - x1 : 0.0f);
    return area_a > 0.0f && area_b > 0.0f && common / (area_a + area_b - common) > bound;
}

/* The best class of a box: of equal ones the first. */
static int32_t thk_detection_class(const struct thk_detection *p, const float *score)
{
    int32_t best = 0;
    for (int32_t c = 1; c < p->classes; c++)
        if (score[c] > score[best])
            best = c;
    return best;
}

/* Boxes by falling score of `class` (< 0: of each its best) that no better one overlaps go into the
 * list of n results, behind those with the same score. */
static int32_t thk_detection_suppress(const struct thk_detection *p, const float *scores,
                                      int32_t class, int32_t most, const float *corners, float *y,
                                      float *kind, float *score, int32_t n, uint8_t *gone)
{
    memset(gone, 0, (size_t)p->boxes);
    for (int32_t k = 0; k < most; k++) {
        int32_t at = -1, of = 0;
        float top = 0.0f;
        for (int32_t i = 0; i < p->boxes; i++) {
            if (gone[i])
                continue;
            const float *row = scores + i * p->columns + p->first;
            const int32_t c = class < 0 ? thk_detection_class(p, row) : class;
            if (row[c] >= p->least && (at < 0 || row[c] > top))
                at = i, of = c, top = row[c];
        }
        if (at < 0)
            break;
        int32_t place = n;
        while (place > 0 && score[place - 1] < top)
            place--;
        if (place < p->rows) {
            const int32_t behind = (n < p->rows ? n : p->rows - 1) - place;
            memmove(score + place + 1, score + place, (size_t)behind * sizeof *score);
            memmove(kind + place + 1, kind + place, (size_t)behind * sizeof *kind);
            memmove(y + 4 * (place + 1), y + 4 * place, (size_t)behind * 4 * sizeof *y);
            score[place] = top;
            kind[place] = (float)of;
            memcpy(y + 4 * place, corners + 4 * at, 4 * sizeof *y);
            n += n < p->rows;
        }
        gone[at] = 1;
        for (int32_t i = 0; i < p->boxes; i++)
            if (!gone[i] && thk_detection_overlap(corners + 4 * at, corners + 4 * i, p->overlap))
                gone[i] = 1;
    }
    return n;
}

/* corners: scratch of four numbers a box, then one byte each. */
static void thk_detection_postprocess_f32__c99(const struct thk_detection *p, const float *boxes,
                                               const float *scores, const float *anchors, float *y,
                                               float *kind, float *score, float *count,
                                               float *corners)
{
    uint8_t *gone = (uint8_t *)(corners + 4 * p->boxes);
    int32_t n = 0;
    for (int32_t i = 0; i < p->boxes; i++)
        thk_detection_corners(p, boxes + i * p->coordinates, anchors + 4 * i, corners + 4 * i);
    memset(y, 0, (size_t)p->rows * 4 * sizeof *y);
    memset(kind, 0, (size_t)p->rows * sizeof *kind);
    memset(score, 0, (size_t)p->rows * sizeof *score);
    if (!p->regular)
        n = thk_detection_suppress(p, scores, -1, p->rows, corners, y, kind, score, 0, gone);
    for (int32_t c = 0; p->regular && c < p->classes; c++)
        n = thk_detection_suppress(p, scores, c, p->most_of_class, corners, y, kind, score, n,
                                   gone);
    count[0] = (float)n;
}
