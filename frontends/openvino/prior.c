/* SPDX-License-Identifier: Apache-2.0 */
/* Prior boxes of detectors. They depend on shapes and attributes alone, so they are constants. */
#include <inttypes.h>
#include <math.h>

#include "import.h"

/* Entries of an attribute, numbers in them; what files have is far below. */
enum { MOST_ENTRIES = 64 };
#define MOST_NUMBER 1e9

struct list {
    float v[MOST_ENTRIES];
    size_t n;
};

/* ---- attributes ------------------------------------------------------------------------------ */

static bool in_range(const struct ov_node *n, const char *name, double v, bool positive)
{
    if (fabs(v) <= MOST_NUMBER && !(positive && !((float)v > 0)))
        return true;
    ov_reject(n, "attribute '%s' has %g, possible are %s to %g", name, v,
              positive ? "numbers above 0" : "-1e9", MOST_NUMBER);
    return false;
}

static bool get_number(const struct ov_node *n, const char *name, double absent, float *v)
{
    double wide;

    if (!ov_attr_float(n, name, absent, &wide) || !in_range(n, name, wide, false))
        return false;
    *v = (float)wide;
    return true;
}

static bool get_list(const struct ov_node *n, const char *name, bool positive, struct list *l)
{
    const char *text = ov_attr_text(n, name);
    double wide[MOST_ENTRIES];

    l->n = 0;
    if (text != NULL && !ov_scan_floats(text, wide, MOST_ENTRIES, &l->n)) {
        ov_reject(n, "attribute '%s' is '%.40s', not at most %d numbers", name, text,
                  MOST_ENTRIES);
        return false;
    }
    for (size_t i = 0; i < l->n; i++) {
        if (!in_range(n, name, wide[i], positive))
            return false;
        l->v[i] = (float)wide[i];
    }
    return true;
}

/* Always four entries. */
static bool get_variance(const struct ov_node *n, struct list *l)
{
    if (!get_list(n, "variance", false, l))
        return false;
    if (l->n != 0 && l->n != 1 && l->n != 4) {
        ov_reject(n, "attribute 'variance' has %zu numbers, possible are 1 and 4", l->n);
        return false;
    }
    if (l->n == 0)
        l->v[0] = 0.1F;
    for (size_t i = l->n == 4 ? 4 : 1; i < 4; i++)
        l->v[i] = l->v[0];
    l->n = 4;
    return true;
}

/* Height and width, of the layer's map or of the image. */
static bool get_size(const struct ov_node *n, uint32_t i, const char *what, int64_t size[2])
{
    size_t count;

    if (!ov_in_ints(n, i, what, size, 2, &count))
        return false;
    if (count == 2 && size[0] > 0 && size[1] > 0 && size[0] <= INT32_MAX && size[1] <= INT32_MAX)
        return true;
    if (count == 2)
        ov_reject(n, "operand %u (%s) is %" PRId64 " x %" PRId64, i, what, size[0], size[1]);
    else
        ov_reject(n, "operand %u (%s) has %zu entries, it needs height and width", i, what, count);
    return false;
}

/* ---- the result ------------------------------------------------------------------------------ */

/* Boxes of `each` at every place and their variances: [2, 4 * boxes]. */
static enum th_status make_result(const struct ov_node *n, const int64_t map[2], int64_t each,
                                  struct th_tensor **out)
{
    struct th_type t = {.dtype = TH_DT_F32, .rank = 2, .dims = {2}};
    int64_t bytes;

    if (each < 1)
        return ov_reject(n, "its attributes give no box");
    if (!th_mul_i64(map[0], map[1], &t.dims[1]) || !th_mul_i64(t.dims[1], each, &t.dims[1]) ||
        !th_mul_i64(t.dims[1], 4, &t.dims[1]) || !th_type_bytes(&t, &bytes))
        return ov_reject(n, "%" PRId64 " boxes at each of %" PRId64 " x %" PRId64
                         " places are too many", each, map[0], map[1]);
    if (!ov_charge(n->scope->im, &n->loc, (uint64_t)bytes))
        return TH_ERR_INPUT;
    *out = th_tensor_new(n->scope->im->arena, &t);
    return *out != NULL ? TH_OK : TH_ERR_INTERNAL;
}

/* The variances, behind the boxes that are there already. */
static enum th_status finish(struct ov_node *n, struct th_tensor *t, const struct list *variance)
{
    float *boxes = t->data;
    th_value y;

    for (int64_t i = 0; i < t->type.dims[1]; i++) {
        if (!isfinite(boxes[i]))
            return ov_reject(n, "its attributes give a box with an edge at %g", (double)boxes[i]);
        boxes[t->type.dims[1] + i] = variance->v[i % 4];
    }
    y = th_graph_const_copy(n->scope->graph, NULL, &t->type, boxes);
    return y != 0 ? ov_bind(n, 0, y) : TH_ERR_INTERNAL;
}

static float between(float v, float lo, float hi)
{
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
}

/* ---- PriorBoxClustered ----------------------------------------------------------------------- */

struct clusters {
    struct list width, height, variance;
    float step, step_w, step_h, offset;
    bool clip;
};

static bool get_clusters(const struct ov_node *n, struct clusters *c)
{
    c->clip = ov_attr_bool(n, "clip", true);
    if (!get_list(n, "width", true, &c->width) || !get_list(n, "height", true, &c->height) ||
        !get_variance(n, &c->variance) || !get_number(n, "step", 0, &c->step) ||
        !get_number(n, "step_w", 0, &c->step_w) || !get_number(n, "step_h", 0, &c->step_h) ||
        !get_number(n, "offset", 0, &c->offset))
        return false;
    if (ov_attr_text(n, "width") == NULL)
        c->width = (struct list){.v = {1}, .n = 1};
    if (ov_attr_text(n, "height") == NULL)
        c->height = (struct list){.v = {1}, .n = 1};
    if (c->width.n == c->height.n)
        return true;
    ov_reject(n, "%zu widths and %zu heights", c->width.n, c->height.n);
    return false;
}

static enum th_status import_clustered(struct ov_node *n)
{
    int64_t map[2], image[2];
    struct th_tensor *t;
    struct clusters c;

    if (!get_size(n, 0, "size of the map", map) || !get_size(n, 1, "size of the image", image) ||
        !get_clusters(n, &c))
        return TH_ERR_INPUT;
    TH_TRY(make_result(n, map, (int64_t)c.width.n, &t));
    float step_w = c.step_w != 0 ? c.step_w : c.step, step_h = c.step_h != 0 ? c.step_h : c.step;
    const float image_w = (float)image[1], image_h = (float)image[0];
    if (step_w == 0 && step_h == 0) {
        step_w = image_w / (float)map[1];
        step_h = image_h / (float)map[0];
    }
    float *at = t->data;
    for (int64_t i = 0; i < map[0] * map[1]; i++) {
        const float x = ((float)(i % map[1]) + c.offset) * step_w;
        const float y = ((float)(i / map[1]) + c.offset) * step_h;
        for (size_t s = 0; s < c.width.n; s++, at += 4) {
            const float w = c.width.v[s] / 2, h = c.height.v[s] / 2;
            at[0] = (x - w) / image_w;
            at[1] = (y - h) / image_h;
            at[2] = (x + w) / image_w;
            at[3] = (y + h) / image_h;
            for (int k = 0; c.clip && k < 4; k++)
                at[k] = between(at[k], 0, 1);
        }
    }
    return finish(n, t, &c.variance);
}

/* ---- PriorBox -------------------------------------------------------------------------------- */

struct priors {
    struct list min, max, aspect, density, fixed_ratio, fixed, variance;
    float ratios[2 * MOST_ENTRIES];   /* unlike 1 */
    size_t n_ratios;
    float step, offset;
    bool flip, clip, scale_all, max_first;
};

static bool same(float a, float b)
{
    return fabs((double)a - (double)b) < 1e-6;
}

/* Each ratio once, behind it its inverse where they are flipped. */
static void list_ratios(struct priors *p)
{
    float all[2 * MOST_ENTRIES + 1] = {1};
    size_t count = 1;

    for (size_t i = 0; i < p->aspect.n; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known |= same(p->aspect.v[i], all[k]);
        if (known)
            continue;
        all[count++] = p->aspect.v[i];
        if (p->flip)
            all[count++] = 1 / p->aspect.v[i];
    }
    p->n_ratios = 0;
    for (size_t k = 1; k < count; k++) {
        if (!same(all[k], 1))
            p->ratios[p->n_ratios++] = all[k];
    }
}

/* Ratios, 1 among them, as the format counts them where it says how large the result is. */
static int64_t declared_ratios(const struct priors *p)
{
    float seen[2 * MOST_ENTRIES + 1] = {1};
    size_t count = 1;

    for (size_t i = 0; i < p->aspect.n * (p->flip ? 2 : 1); i++) {
        const float ratio = p->aspect.v[i % p->aspect.n];
        const double v = i < p->aspect.n ? (double)ratio : (double)(1 / ratio);
        const float rounded = (float)(round(v * 1e6) / 1e6);
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known |= seen[k] == rounded;
        if (!known)
            seen[count++] = rounded;
    }
    return (int64_t)count;
}

static int64_t density_squared(const struct priors *p, size_t s)
{
    const int64_t d = (int64_t)p->density.v[s];

    return d * d;           /* below 1e18, as numbers are below 1e9 */
}

/* How many boxes a place has: as they are listed, and as the format sizes the result. Where the
 * two differ the file means something that the format does not define. */
static bool count_boxes(const struct ov_node *n, const struct priors *p, int64_t *count)
{
    const int64_t ratios = declared_ratios(p), mins = (int64_t)p->min.n;
    const int64_t others = (int64_t)p->n_ratios, maxes = (int64_t)p->max.n;
    const int64_t of_fixed = p->fixed_ratio.n != 0 ? (int64_t)p->fixed_ratio.n : others + 1;
    const int64_t declared_fixed = p->fixed_ratio.n != 0 ? (int64_t)p->fixed_ratio.n : ratios;
    int64_t listed = mins + (maxes < mins ? maxes : mins) +
                     others * (p->scale_all ? mins : mins > 0);
    int64_t declared = p->scale_all ? ratios * mins + maxes : ratios + mins - 1, more;

    if (p->fixed.n != 0)
        declared = ratios * (int64_t)p->fixed.n;
    for (size_t s = 0; s < p->density.n; s++) {
        if (!th_mul_i64(density_squared(p, s), of_fixed, &more) ||
            !th_add_i64(listed, more, &listed) ||
            !th_mul_i64(density_squared(p, s) - 1, declared_fixed, &more) ||
            !th_add_i64(declared, more, &declared)) {
            ov_reject(n, "attribute 'density' has %g, which makes too many boxes",
                      (double)p->density.v[s]);
            return false;
        }
    }
    *count = listed;
    if (listed == declared)
        return true;
    ov_reject(n, "its attributes list %" PRId64 " boxes for each place, but size the result for "
              "%" PRId64 "; nearest supported form: min_size with at most as many max_size, or "
              "fixed_size with as many density", listed, declared);
    return false;
}

static bool get_priors(const struct ov_node *n, struct priors *p)
{
    p->flip = ov_attr_bool(n, "flip", false);
    p->clip = ov_attr_bool(n, "clip", false);
    p->scale_all = ov_attr_bool(n, "scale_all_sizes", true);
    p->max_first = ov_attr_bool(n, "min_max_aspect_ratios_order", true);
    if (!get_list(n, "min_size", true, &p->min) || !get_list(n, "max_size", true, &p->max) ||
        !get_list(n, "aspect_ratio", true, &p->aspect) ||
        !get_list(n, "density", true, &p->density) ||
        !get_list(n, "fixed_ratio", true, &p->fixed_ratio) ||
        !get_list(n, "fixed_size", true, &p->fixed) || !get_variance(n, &p->variance) ||
        !get_number(n, "step", 0, &p->step) || !get_number(n, "offset", 0, &p->offset))
        return false;
    list_ratios(p);
    for (size_t i = 0; i < p->density.n; i++) {
        if (p->density.v[i] < 1) {
            ov_reject(n, "attribute 'density' has %g, the least is 1", (double)p->density.v[i]);
            return false;
        }
    }
    if (p->fixed.n == p->density.n)
        return true;
    ov_reject(n, "attribute 'density' has %zu entries, 'fixed_size' %zu", p->density.n,
              p->fixed.n);
    return false;
}

/* Where boxes are put down, at one place after the other. */
struct pen {
    float *at;
    float x, y;                       /* centre */
    float per_width, per_height;      /* 1 over the size of the image */
};

static void put(struct pen *o, float x, float y, float half_w, float half_h)
{
    *o->at++ = (x - half_w) * o->per_width;
    *o->at++ = (y - half_h) * o->per_height;
    *o->at++ = (x + half_w) * o->per_width;
    *o->at++ = (y + half_h) * o->per_height;
}

static void put_ratio(struct pen *o, float size, float ratio)
{
    const float root = sqrtf(ratio);

    put(o, o->x, o->y, size * 0.5F * root, size * 0.5F / root);
}

/* A box of fixed size in density * density places around the centre, cut at two of its edges. */
static void put_dense(struct pen *o, float size, float density, float half_w, float half_h)
{
    const int64_t count = (int64_t)density, whole = (int64_t)size;
    const int64_t shift = (int64_t)(size / (float)count);
    const float first_x = o->x - (float)(whole / 2) + (float)shift / 2;
    const float first_y = o->y - (float)(whole / 2) + (float)shift / 2;

    for (int64_t i = 0; i < count * count; i++) {
        float *box = o->at;
        put(o, first_x + (float)(i % count * shift), first_y + (float)(i / count * shift), half_w,
            half_h);
        for (int k = 0; k < 2; k++) {
            box[k] = box[k] > 0 ? box[k] : 0;
            box[k + 2] = box[k + 2] < 1 ? box[k + 2] : 1;
        }
    }
}

static void put_fixed(struct pen *o, const struct priors *p, size_t s)
{
    const size_t count = p->fixed_ratio.n != 0 ? p->fixed_ratio.n : p->n_ratios;
    const float *ratios = p->fixed_ratio.n != 0 ? p->fixed_ratio.v : p->ratios;
    const float size = p->fixed.v[s], half = (float)(int64_t)size * 0.5F;

    if (p->fixed_ratio.n == 0)
        put_dense(o, size, p->density.v[s], half, half);
    for (size_t i = 0; i < count; i++) {
        const float root = sqrtf(ratios[i]);
        put_dense(o, size, p->density.v[s], size * 0.5F * root, size * 0.5F / root);
    }
}

/* sizes: those of min_size, in pixels. */
static void put_scaled(struct pen *o, const struct priors *p, const float *sizes, size_t i)
{
    const bool ratios = p->scale_all || i == p->min.n - 1, larger = i < p->max.n;
    const float half = larger ? sqrtf(sizes[i] * p->max.v[i]) * 0.5F : 0;

    put(o, o->x, o->y, sizes[i] * 0.5F, sizes[i] * 0.5F);
    if (larger && p->max_first)
        put(o, o->x, o->y, half, half);
    for (size_t k = 0; ratios && k < p->n_ratios; k++)
        put_ratio(o, sizes[p->scale_all ? i : 0], p->ratios[k]);
    if (larger && !p->max_first)
        put(o, o->x, o->y, half, half);
}

static enum th_status import_prior_box(struct ov_node *n)
{
    int64_t map[2], image[2], each;
    struct th_tensor *t;
    struct priors p;

    if (!get_size(n, 0, "size of the map", map) || !get_size(n, 1, "size of the image", image) ||
        !get_priors(n, &p) || !count_boxes(n, &p, &each))
        return TH_ERR_INPUT;
    TH_TRY(make_result(n, map, each, &t));
    const float tall = (float)image[0];
    struct pen o = {t->data, 0, 0, 1 / (float)image[1], 1 / tall};
    float sizes[MOST_ENTRIES], step = p.step;
    for (size_t i = 0; i < p.min.n; i++)
        sizes[i] = p.scale_all ? p.min.v[i] : p.min.v[i] * tall;
    if (!p.scale_all)               /* sizes and step are parts of the image */
        step = step == -1 ? tall / (float)map[0] : step * tall;
    const float step_x = step != 0 ? step : (float)image[1] / (float)map[1];
    const float step_y = step != 0 ? step : tall / (float)map[0];
    const float offset = step != 0 ? p.offset : 0.5F;
    for (int64_t i = 0; i < map[0] * map[1]; i++) {
        o.x = ((float)(i % map[1]) + offset) * step_x;
        o.y = ((float)(i / map[1]) + offset) * step_y;
        for (size_t s = 0; s < p.fixed.n; s++)
            put_fixed(&o, &p, s);
        for (size_t s = 0; s < p.min.n; s++)
            put_scaled(&o, &p, sizes, s);
    }
    float *boxes = t->data;
    for (int64_t i = 0; p.clip && i < t->type.dims[1]; i++)
        boxes[i] = between(boxes[i], 0, 1);
    return finish(n, t, &p.variance);
}

const struct ov_row ov_rows_prior[] = {
    {"PriorBox", import_prior_box, NULL},
    {"PriorBoxClustered", import_clustered, NULL},
    {NULL, NULL, NULL},
};
