/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of products of convolutions, many output channels at a time. Each channel's products are
 * added in the order rows, columns, input channels, as the plain loop does, so results are the
 * same to the bit; the compiler makes vectors of the channels.
 */
#include "ir/ops/common/conv.h"

#define BLOCK 16

/* First element of pixel (y, x) that tap (ky, kx) of an output meets, or -1 outside. */
static int64_t pixel_at(const struct th_geom *g, int64_t n, int64_t oy, int64_t ox, int64_t ky,
                        int64_t kx)
{
    const int64_t y = oy * g->s_h - g->top + ky * g->d_h;
    const int64_t x = ox * g->s_w - g->left + kx * g->d_w;
    if (y < 0 || y >= g->in_h || x < 0 || x >= g->in_w)
        return -1;
    return ((n * g->in_h + y) * g->in_w + x) * g->in_c;
}

/*
 * One block: channels [c, c + BLOCK) of one group, fewer real ones at the end (weights are padded
 * with zeros). x points at the group's first input channel of the pixel.
 */
#define DEFINE_BLOCK(name, type, acc_type)                                                       \
    static void name(const struct th_conv_layout *l, const type *x, const type *w, int64_t n,    \
                     int64_t oy, int64_t ox, acc_type acc[BLOCK])                                \
    {                                                                                            \
        acc_type sum[BLOCK] = {0};                                                               \
        for (int64_t ky = 0; ky < l->g.k_h; ky++)                                                \
            for (int64_t kx = 0; kx < l->g.k_w; kx++, w += l->group_in * BLOCK) {                \
                const int64_t at = pixel_at(&l->g, n, oy, ox, ky, kx);                           \
                if (at < 0)                                                                      \
                    continue;                                                                    \
                for (int64_t i = 0; i < l->group_in; i++) {                                      \
                    const acc_type v = x[at + i];                                                \
                    const type *tap = w + i * BLOCK;                                             \
                    for (int j = 0; j < BLOCK; j++) {                                            \
                        const acc_type product = v * tap[j];                                     \
                        sum[j] += product;                                                       \
                    }                                                                            \
                }                                                                                \
            }                                                                                    \
        for (int j = 0; j < BLOCK; j++)                                                          \
            acc[j] = sum[j];                                                                     \
    }
DEFINE_BLOCK(block_float, float, float)
DEFINE_BLOCK(block_int, int32_t, int32_t)
DEFINE_BLOCK(block_wide, int32_t, int64_t)

/* Channels that read one input channel each: input and weights run side by side. */
#define DEFINE_PLANE(name, type, acc_type)                                                       \
    static void name(const struct th_conv_layout *l, const type *x, const type *w, int64_t n,    \
                     int64_t oy, int64_t ox, acc_type *acc)                                      \
    {                                                                                            \
        const int64_t channels = l->g.out_c;                                                     \
        for (int64_t c = 0; c < channels; c++)                                                   \
            acc[c] = 0;                                                                          \
        for (int64_t ky = 0; ky < l->g.k_h; ky++)                                                \
            for (int64_t kx = 0; kx < l->g.k_w; kx++) {                                          \
                const int64_t at = pixel_at(&l->g, n, oy, ox, ky, kx);                           \
                const type *tap = w + (ky * l->g.k_w + kx) * channels;                           \
                for (int64_t c = 0; at >= 0 && c < channels; c++) {                              \
                    const acc_type product = (acc_type)x[at + c] * tap[c];                       \
                    acc[c] += product;                                                           \
                }                                                                                \
            }                                                                                    \
    }
DEFINE_PLANE(plane_float, float, float)
DEFINE_PLANE(plane_int, int32_t, int64_t)

static int64_t blocks_of_group(const struct th_conv_layout *l)
{
    return (l->group_out + BLOCK - 1) / BLOCK;
}

/* Weights as [group][block][tap][input channel][BLOCK]. Elements are floats or int32, both of four
 * bytes, and are only copied. */
static void *pack(const struct th_conv_layout *l, struct th_arena *a, const uint32_t *w)
{
    const int64_t taps = l->g.k_h * l->g.k_w * l->group_in, blocks = blocks_of_group(l);
    const int64_t groups = l->g.out_c / l->group_out;
    uint32_t *to = TH_NEW_ARRAY(a, uint32_t, (size_t)(groups * blocks * taps * BLOCK));
    if (!to)
        return NULL;
    uint32_t *at = to;
    for (int64_t group = 0; group < groups; group++)
        for (int64_t b = 0; b < blocks; b++)
            for (int64_t ky = 0; ky < l->g.k_h; ky++)
                for (int64_t kx = 0; kx < l->g.k_w; kx++)
                    for (int64_t i = 0; i < l->group_in; i++)
                        for (int64_t j = 0; j < BLOCK; j++, at++) {
                            const int64_t c = b * BLOCK + j;
                            if (c < l->group_out)
                                *at = w[(group * l->group_out + c) * l->w_o + ky * l->w_y +
                                        kx * l->w_x + i * l->w_i];
                        }
    return to;
}

/* Weights of one input channel each as [tap][channel]. */
static void *pack_planes(const struct th_conv_layout *l, struct th_arena *a, const uint32_t *w)
{
    uint32_t *to = TH_NEW_ARRAY(a, uint32_t, (size_t)(l->g.k_h * l->g.k_w * l->g.out_c));
    if (!to)
        return NULL;
    uint32_t *at = to;
    for (int64_t ky = 0; ky < l->g.k_h; ky++)
        for (int64_t kx = 0; kx < l->g.k_w; kx++)
            for (int64_t c = 0; c < l->g.out_c; c++)
                *at++ = w[c * l->w_o + ky * l->w_y + kx * l->w_x];
    return to;
}

struct walk {
    const struct th_conv_layout *l;
    const void *x, *w;
    bool is_float, wide, planes;
    void *acc;                 /* of one pixel's channels: float or int64 */
};

static void pixel_blocks(const struct walk *k, int64_t n, int64_t oy, int64_t ox)
{
    const struct th_conv_layout *l = k->l;
    const int64_t taps = l->g.k_h * l->g.k_w * l->group_in, blocks = blocks_of_group(l);
    int64_t step = 0;
    for (int64_t first = 0, in = 0; first < l->g.out_c; first += l->group_out, in += l->group_in)
        for (int64_t b = 0; b < blocks; b++, step += taps * BLOCK) {
            const int64_t left = l->group_out - b * BLOCK, c = first + b * BLOCK;
            const int64_t used = left < BLOCK ? left : BLOCK;
            float sum_float[BLOCK];
            int32_t sum_int[BLOCK];
            int64_t sum_wide[BLOCK];
            if (k->is_float)
                block_float(l, (const float *)k->x + in, (const float *)k->w + step, n, oy, ox,
                            sum_float);
            else if (k->wide)
                block_wide(l, (const int32_t *)k->x + in, (const int32_t *)k->w + step, n, oy, ox,
                           sum_wide);
            else
                block_int(l, (const int32_t *)k->x + in, (const int32_t *)k->w + step, n, oy, ox,
                          sum_int);
            for (int64_t j = 0; j < used; j++)
                if (k->is_float)
                    ((float *)k->acc)[c + j] = sum_float[j];
                else
                    ((int64_t *)k->acc)[c + j] = k->wide ? sum_wide[j] : sum_int[j];
        }
}

static void pixel(const struct walk *k, int64_t n, int64_t oy, int64_t ox)
{
    if (!k->planes)
        pixel_blocks(k, n, oy, ox);
    else if (k->is_float)
        plane_float(k->l, k->x, k->w, n, oy, ox, k->acc);
    else
        plane_int(k->l, k->x, k->w, n, oy, ox, k->acc);
}

static int64_t largest(const int32_t *v, int64_t n)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t size = v[i] < 0 ? -(int64_t)v[i] : v[i];
        m = size > m ? size : m;
    }
    return m;
}

/* Whether any sum of products may leave 32 bits. */
static bool may_overflow(const struct th_conv_layout *l, const int32_t *x, const int32_t *w)
{
    const struct th_geom *g = &l->g;
    const int64_t taps = g->k_h * g->k_w * l->group_in;
    const int64_t size = largest(x, g->n * g->in_h * g->in_w * g->in_c) *
                         largest(w, taps * g->out_c);
    return size > INT32_MAX / (taps ? taps : 1);
}

bool th_conv_sums(const struct th_conv_layout *l, struct th_arena *a, bool is_float,
                  const void *x, const void *w, th_conv_pixel_fn *fn, void *user)
{
    const struct th_geom *g = &l->g;
    struct walk k = {.l = l, .x = x, .w = w, .is_float = is_float};
    k.planes = l->group_in == 1 && l->group_out == 1;
    k.wide = !is_float && !k.planes && may_overflow(l, x, w);
    k.acc = is_float ? (void *)TH_NEW_ARRAY(a, float, (size_t)g->out_c)
                     : (void *)TH_NEW_ARRAY(a, int64_t, (size_t)g->out_c);
    k.w = k.planes ? pack_planes(l, a, w) : pack(l, a, w);
    if (!k.acc || !k.w)
        return false;
    int64_t at = 0;
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t oy = 0; oy < g->out_h; oy++)
            for (int64_t ox = 0; ox < g->out_w; ox++, at += g->out_c) {
                pixel(&k, n, oy, ox);
                fn(user, at, n, k.acc);
            }
    return true;
}
