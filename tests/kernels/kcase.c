/* SPDX-License-Identifier: Apache-2.0 */
/* Random layers and their outputs by the obvious loops. */
#include "tests/kernels/kgen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int kgen_below(uint64_t *rng, int n)
{
    *rng ^= *rng << 13;
    *rng ^= *rng >> 7;
    *rng ^= *rng << 17;
    return n > 0 ? (int)(*rng % (uint64_t)n) : 0;
}

static int between(uint64_t *rng, int lo, int hi)
{
    return lo + kgen_below(rng, hi - lo + 1);
}

/* Layers of measured networks: in h w c, out c, kernel h w, stride, pad top left, out h w. */
static const struct {
    enum kgen_op op;
    int v[13];
} fixed[] = {
    {KGEN_CONV, {24, 24, 32, 64, 1, 1, 1, 1, 0, 0, 24, 24}},
    {KGEN_CONV, {6, 6, 128, 128, 1, 1, 1, 1, 0, 0, 6, 6}},
    {KGEN_CONV, {25, 5, 64, 64, 1, 1, 1, 1, 0, 0, 25, 5}},
    {KGEN_CONV, {32, 32, 16, 16, 3, 3, 1, 1, 1, 1, 32, 32}},
    {KGEN_CONV, {8, 8, 64, 64, 3, 3, 1, 1, 1, 1, 8, 8}},
    {KGEN_CONV, {96, 96, 3, 8, 3, 3, 2, 2, 0, 0, 48, 48}},
    {KGEN_CONV, {49, 10, 1, 64, 10, 4, 2, 2, 4, 1, 25, 5}},
    {KGEN_DEPTHWISE, {24, 24, 64, 64, 3, 3, 1, 1, 1, 1, 24, 24}},
    {KGEN_DEPTHWISE, {48, 48, 16, 16, 3, 3, 2, 2, 0, 0, 24, 24}},
    {KGEN_DEPTHWISE, {25, 5, 64, 64, 3, 3, 1, 1, 1, 1, 25, 5}},
    {KGEN_DEPTHWISE, {6, 6, 128, 128, 3, 3, 1, 1, 1, 1, 6, 6}},
    {KGEN_DENSE, {1, 1, 640, 128, 1, 1, 1, 1, 0, 0, 1, 1}},
    {KGEN_AVG_POOL, {6, 6, 128, 128, 6, 6, 6, 6, 0, 0, 1, 1}},
    {KGEN_AVG_POOL, {25, 5, 64, 64, 25, 5, 25, 5, 0, 0, 1, 1}},
};

static void fixed_shape(struct kgen_case *k, int shape)
{
    int n = 0;
    for (size_t i = 0; i < TH_ARRAY_LEN(fixed); i++) {
        if (fixed[i].op != k->op || ++n != shape)
            continue;
        const int *v = fixed[i].v;
        k->in_h = v[0], k->in_w = v[1], k->in_c = v[2], k->out_c = v[3];
        k->kh = v[4], k->kw = v[5], k->sh = v[6], k->sw = v[7], k->pt = v[8], k->pl = v[9];
        k->out_h = v[10], k->out_w = v[11];
        k->dh = k->dw = 1;
    }
}

static void random_shape(struct kgen_case *k, uint64_t *rng)
{
    const bool point = k->op == KGEN_CONV && kgen_below(rng, 3) == 0;
    k->kh = point ? 1 : between(rng, 1, 5);
    k->kw = point ? 1 : between(rng, 1, 5);
    k->sh = between(rng, 1, point ? 2 : 3);
    k->sw = between(rng, 1, point ? 2 : 3);
    k->dh = k->dw = 1;
    if (k->op <= KGEN_DEPTHWISE && kgen_below(rng, 4) == 0) {
        k->dh = between(rng, 1, 2);
        k->dw = between(rng, 1, 2);
    }
    k->in_c = between(rng, 1, kgen_below(rng, 2) ? 7 : 33);
    k->out_c = k->op == KGEN_CONV ? between(rng, 1, 19) : k->in_c;
    if (k->op == KGEN_DEPTHWISE && kgen_below(rng, 4) == 0) {
        k->in_c = kgen_below(rng, 2) ? 1 : k->in_c;
        k->out_c = k->in_c * between(rng, 1, 9);
    }
    k->in_h = between(rng, 1, 9);
    k->in_w = between(rng, 1, kgen_below(rng, 6) ? 9 : 30);
    k->pt = point ? 0 : kgen_below(rng, (k->kh - 1) * k->dh + 1);
    k->pl = point ? 0 : kgen_below(rng, (k->kw - 1) * k->dw + 1);
    /* any number of outputs whose windows touch the input */
    k->out_h = between(rng, 1, (k->in_h - 1 + k->pt) / k->sh + 1);
    k->out_w = between(rng, 1, (k->in_w - 1 + k->pl) / k->sw + 1);
    if (k->op == KGEN_DENSE) {
        *k = (struct kgen_case){.op = k->op, .in_h = 1, .in_w = 1, .kh = 1, .kw = 1, .sh = 1,
                                .sw = 1, .dh = 1, .dw = 1, .out_h = 1, .out_w = 1};
        k->in_c = between(rng, 1, 90);
        k->out_c = between(rng, 1, 21);
        k->batch = between(rng, 1, 3);
    }
}

static void random_views(struct kgen_case *k, uint64_t *rng)
{
    k->by = kgen_below(rng, k->out_h), k->bx = kgen_below(rng, k->out_w);
    k->bh = between(rng, 1, k->out_h - k->by), k->bw = between(rng, 1, k->out_w - k->bx);
    const int first = k->by * k->sh - k->pt;
    const int last = (k->by + k->bh - 1) * k->sh - k->pt + (k->kh - 1) * k->dh;
    const int y0 = first < 0 ? 0 : first >= k->in_h ? k->in_h - 1 : first;
    const int y1 = last >= k->in_h ? k->in_h - 1 : last < y0 ? y0 : last;
    const int ox = k->bx * k->sw - k->pl, x0 = ox < 0 ? 0 : ox >= k->in_w ? k->in_w - 1 : ox;
    const bool pitched = kgen_below(rng, 2), ring = kgen_below(rng, 3) == 0;
    k->in.pixel_pitch = k->in_c + (pitched && kgen_below(rng, 2) ? between(rng, 1, 5) : 0);
    k->in.row_pitch = k->in.pixel_pitch * (k->in_w + (pitched ? kgen_below(rng, 3) : 0));
    k->in.ring_rows = ring ? y1 - y0 + 1 : 0;
    k->in.y0 = ring ? 0 : kgen_below(rng, 2) ? y0 : 0;
    k->in.x0 = kgen_below(rng, 2) ? x0 : 0;
    if (kgen_below(rng, 3) == 0) {       /* a line buffer: the newest row behind the others */
        k->in.tail = true;
        k->in.ring_rows = y1 - y0;
        k->in.y0 = k->in.x0 = 0;
        k->in.tail_y = y1;
        k->in.tail_at = k->in.ring_rows * k->in.row_pitch - x0 * k->in.pixel_pitch;
    }
    k->out.pixel_pitch = k->out_c + (kgen_below(rng, 2) ? between(rng, 1, 5) : 0);
    k->out.row_pitch = k->out.pixel_pitch * (k->out_w + kgen_below(rng, 2));
    k->out.y0 = kgen_below(rng, 2) ? k->by : 0;
    k->out.x0 = kgen_below(rng, 2) ? k->bx : 0;
    if (kgen_below(rng, 4) == 0) {
        k->out.ring_rows = between(rng, k->bh, k->bh + 2);
        k->out.y0 = 0;
    }
}

/* Scales whose outputs use the whole range. A quarter of the channels has the multiplier 2^30,
 * where exact ties are frequent. plain: nothing unusual, for measuring. */
static void random_numbers(struct kgen_case *k, uint64_t *rng, struct th_arena *a, bool plain)
{
    const int taps = k->kh * k->kw * (k->op == KGEN_DEPTHWISE ? 1 : k->in_c);
    int e = 6;
    for (int t = taps; t > 0; t >>= 2)
        e++;
    const size_t nx = (size_t)(k->batch * k->in_h * k->in_w * k->in_c);
    const size_t nw = (size_t)(taps * k->out_c);
    k->zi = between(rng, -128, 127);
    k->zo = between(rng, -128, 127);
    k->lo = -128, k->hi = 127;
    if (kgen_below(rng, 3) == 0) {
        k->lo = between(rng, -128, 0);
        k->hi = between(rng, k->lo, 127);
    }
    k->bias = kgen_below(rng, 5) != 0;
    k->per_channel = k->op != KGEN_DENSE || kgen_below(rng, 2);
    k->scale_in = k->scale_out = 1.0f;
    k->scale_w = TH_NEW_ARRAY(a, float, (size_t)k->out_c);
    k->x = th_arena_alloc(a, nx);
    k->w = th_arena_alloc(a, nw);
    k->b = TH_NEW_ARRAY(a, int32_t, (size_t)k->out_c);
    /* every sixth layer lives in the corners, every twelfth has large factors */
    const bool corners = !plain && kgen_below(rng, 6) == 0;
    const bool great = !plain && kgen_below(rng, 12) == 0;
    for (size_t i = 0; i < nx; i++)
        k->x[i] = (int8_t)(corners ? 127 - 255 * kgen_below(rng, 2) : between(rng, -128, 127));
    for (size_t i = 0; i < nw; i++)
        k->w[i] = (int8_t)(corners ? 127 - 254 * kgen_below(rng, 2) : between(rng, -127, 127));
    if (!plain && kgen_below(rng, 6) == 0)
        k->w[kgen_below(rng, (int)nw)] = -128;
    if (corners && kgen_below(rng, 3) == 0)
        for (size_t i = 0; i < nw; i++)
            k->w[i] = (int8_t)(k->w[i] < 0 ? -128 : 127);
    for (int c = 0; c < k->out_c; c++) {
        const int s = e + kgen_below(rng, 3);
        const float m = c % 4 == 0 ? 0.5f : 0.5f + (float)kgen_below(rng, 1 << 20) / (1 << 21);
        k->scale_w[c] = m / (float)(1 << s);
        k->b[c] = between(rng, -4000, 4000);
        if (corners && kgen_below(rng, 3) == 0) {
            /* sums on both sides of 24 bits, with and without ties */
            k->b[c] = between(rng, -9000000, 9000000);
            k->scale_w[c] = m / (float)(1 << 18);
        }
        if (great && kgen_below(rng, 3) == 0)    /* factors of one half and more: left shifts */
            k->scale_w[c] = m * (float)(1 << kgen_below(rng, 4));
        if (!plain && kgen_below(rng, 30) == 0) {  /* a dead channel: factor 0, or a bias of 30 bits, or one
                                            with which sums wrap */
            static const int32_t large[] = {1 << 30, -(1 << 30), INT32_MAX - 900, INT32_MIN + 900};
            const bool zero = kgen_below(rng, 2);
            k->scale_w[c] = zero ? 1e-12f : 3e-8f;
            k->b[c] = zero ? k->b[c] : large[kgen_below(rng, 4)];
        }
    }
    if (k->op >= KGEN_AVG_POOL)
        k->zo = k->zi;
}

void kgen_make(struct kgen_case *k, enum kgen_op op, uint64_t *rng, int shape,
               struct th_arena *a)
{
    memset(k, 0, sizeof *k);
    k->op = op;
    if (shape)
        fixed_shape(k, shape);
    else
        random_shape(k, rng);
    if (k->batch == 0)
        k->batch = !shape && kgen_below(rng, 6) == 0 ? 2 : 1;
    k->whole = shape || op == KGEN_DENSE || k->batch > 1 || kgen_below(rng, 2);
    if (!k->whole)
        random_views(k, rng);
    if (k->whole) {
        k->bh = k->out_h, k->bw = k->out_w;
        k->in = (struct th_view){.pixel_pitch = k->in_c, .row_pitch = k->in_c * k->in_w};
        k->out = (struct th_view){.pixel_pitch = k->out_c, .row_pitch = k->out_c * k->out_w};
    }
    random_numbers(k, rng, a, shape != 0);
    if (shape)
        k->lo = -128, k->hi = 127;
    static const char *const names[] = {"conv", "depthwise", "dense", "avg_pool", "max_pool"};
    snprintf(k->name, sizeof k->name,
             "%s %dx%dx%dx%d->%dx%dx%d k%dx%d s%d,%d d%d,%d p%d,%d clamp %d..%d%s%s", names[op],
             k->batch, k->in_h, k->in_w, k->in_c, k->out_h, k->out_w, k->out_c, k->kh, k->kw,
             k->sh, k->sw, k->dh, k->dw, k->pt, k->pl, k->lo, k->hi, k->whole ? "" : " box",
             k->in.tail ? " tail" : k->in.ring_rows ? " ring" : "");
}

static int32_t pooled(const struct kgen_case *k, const int8_t *x, int y0, int x0, int c)
{
    int32_t sum = 0, n = 0, best = -128;
    for (int i = 0; i < k->kh * k->kw; i++) {
        const int iy = y0 + i / k->kw, ix = x0 + i % k->kw;
        if (iy < 0 || iy >= k->in_h || ix < 0 || ix >= k->in_w)
            continue;
        const int32_t v = x[(iy * k->in_w + ix) * k->in_c + c];
        sum += v;
        n++;
        best = v > best ? v : best;
    }
    if (n == 0)
        n = 1;
    if (k->op == KGEN_AVG_POOL && k->even)
        return (int32_t)th_mean_even(sum, n, k->zi);
    return k->op == KGEN_MAX_POOL ? best : (sum > 0 ? sum + n / 2 : sum - n / 2) / n;
}

static int32_t convolved(const struct kgen_case *k, const int8_t *x, int y0, int x0, int c)
{
    const bool dw = k->op == KGEN_DEPTHWISE;
    int64_t acc = k->bias ? k->b[c] : 0;
    for (int ky = 0; ky < k->kh; ky++)
        for (int kx = 0; kx < k->kw; kx++) {
            const int iy = y0 + ky * k->dh, ix = x0 + kx * k->dw, t = ky * k->kw + kx;
            if (iy < 0 || iy >= k->in_h || ix < 0 || ix >= k->in_w)
                continue;
            const int8_t *in = x + (iy * k->in_w + ix) * k->in_c;
            if (dw) {
                acc += (in[c / (k->out_c / k->in_c)] - k->zi) * k->w[t * k->out_c + c];
                continue;
            }
            for (int i = 0; i < k->in_c; i++)
                acc += (in[i] - k->zi) * k->w[(c * k->kh * k->kw + t) * k->in_c + i];
        }
    const float sw = k->scale_w[k->per_channel ? c : 0];
    if (k->even) {
        const float both = k->scale_in * sw, factor = both / k->scale_out;
        const float product = (float)(int32_t)acc * factor;
        return (int32_t)th_clamp_i64(th_round_even(product, INT32_MIN, INT32_MAX) + k->zo,
                                     k->lo, k->hi);
    }
    const double real = (double)k->scale_in * (double)sw / (double)k->scale_out;
    const struct th_multiplier m = th_quantize_multiplier(real, k->single);
    return th_mbqm((int32_t)acc, m, k->single) + k->zo;
}

void kgen_expected(const struct kgen_case *k, int8_t *y)
{
    for (int n = 0; n < k->batch; n++) {
        const int8_t *x = k->x + n * k->in_h * k->in_w * k->in_c;
        for (int oy = 0; oy < k->out_h; oy++)
            for (int ox = 0; ox < k->out_w; ox++)
                for (int c = 0; c < k->out_c; c++) {
                    const int y0 = oy * k->sh - k->pt, x0 = ox * k->sw - k->pl;
                    const int32_t v = k->op >= KGEN_AVG_POOL ? pooled(k, x, y0, x0, c)
                                                             : convolved(k, x, y0, x0, c);
                    *y++ = (int8_t)(v < k->lo ? k->lo : v > k->hi ? k->hi : v);
                }
    }
}

void kgen_far_factors(struct kgen_case *k, uint64_t *rng)
{
    if (k->op > KGEN_DENSE || kgen_below(rng, 6))
        return;
    if (kgen_below(rng, 8) == 0)
        k->scale_in = 1e10f;            /* with the first of the factors: infinite */
    for (int c = 0; c < k->out_c; c++) {
        static const float factors[] = {1e30f, 3e9f, 1.0f, 1e-40f, 1.5e-38f, 0x1p-20f};
        static const int32_t large[] = {1 << 30, -(1 << 30), INT32_MAX / 3, INT32_MIN / 3};
        if (kgen_below(rng, 3) == 0)
            k->scale_w[c] = factors[kgen_below(rng, 6)];
        if (kgen_below(rng, 5) == 0)
            k->b[c] = large[kgen_below(rng, 4)];
    }
}

/* Corners stay corners, and some weights become -8. */
void kgen_make_nibbles(struct kgen_case *k)
{
    const int taps = k->kh * k->kw * (k->op == KGEN_DEPTHWISE ? 1 : k->in_c);
    k->nibbles = true;
    for (int i = 0; i < taps * k->out_c; i++)
        k->w[i] = (int8_t)(k->w[i] < -112 && k->w[i] > -120 ? -8 : k->w[i] / 16);
    for (int c = 0; c < k->out_c; c++)
        if (k->b[c] > -9000000 && k->b[c] < 9000000 && k->scale_w[c] < 0.05f)
            k->scale_w[c] *= 8;
}

/* ---- floats ---------------------------------------------------------------------------------- */

void kgen_make_real(struct kgen_case *k)
{
    const int taps = k->kh * k->kw * (k->op == KGEN_DEPTHWISE ? 1 : k->in_c);
    k->real = true;
    for (int i = 0; k->op <= KGEN_DENSE && i < taps * k->out_c; i++)
        k->w[i] = (int8_t)(k->w[i] % 16);
    for (int c = 0; c < k->out_c; c++)
        k->b[c] %= 4096;
    k->zi = 0;
    if (k->lo > -128 || k->hi < 127)
        k->lo *= 16, k->hi *= 16;
}

static float sum_real(const struct kgen_case *k, const int8_t *x, int y0, int x0, int c)
{
    const bool dw = k->op == KGEN_DEPTHWISE;
    int32_t acc = k->bias ? k->b[c] : 0;
    for (int t = 0; t < k->kh * k->kw; t++) {
        const int iy = y0 + t / k->kw * k->dh, ix = x0 + t % k->kw * k->dw;
        if (iy < 0 || iy >= k->in_h || ix < 0 || ix >= k->in_w)
            continue;
        const int8_t *in = x + (iy * k->in_w + ix) * k->in_c;
        for (int i = 0; i < (dw ? 1 : k->in_c); i++)
            acc += dw ? in[c / (k->out_c / k->in_c)] * k->w[t * k->out_c + c]
                      : in[i] * k->w[(c * k->kh * k->kw + t) * k->in_c + i];
    }
    return (float)acc;
}

static float pooled_real(const struct kgen_case *k, const int8_t *x, int y0, int x0, int c)
{
    int32_t sum = 0, n = 0, best = -128;
    for (int i = 0; i < k->kh * k->kw; i++) {
        const int iy = y0 + i / k->kw, ix = x0 + i % k->kw;
        if (iy < 0 || iy >= k->in_h || ix < 0 || ix >= k->in_w)
            continue;
        const int32_t v = x[(iy * k->in_w + ix) * k->in_c + c];
        sum += v;
        n++;
        best = v > best ? v : best;
    }
    if (n == 0)
        return k->op == KGEN_MAX_POOL ? -INFINITY : 0.0f;
    return k->op == KGEN_MAX_POOL ? (float)best : (float)sum / (float)n;
}

void kgen_expected_real(const struct kgen_case *k, float *y)
{
    const bool bounded = k->lo != -128 || k->hi != 127;
    for (int n = 0; n < k->batch; n++)
        for (int p = 0; p < k->out_h * k->out_w; p++)
            for (int c = 0; c < k->out_c; c++) {
                const int8_t *x = k->x + n * k->in_h * k->in_w * k->in_c;
                const int y0 = p / k->out_w * k->sh - k->pt, x0 = p % k->out_w * k->sw - k->pl;
                const float v = k->op >= KGEN_AVG_POOL ? pooled_real(k, x, y0, x0, c)
                                                       : sum_real(k, x, y0, x0, c);
                const float lo = (float)k->lo, hi = (float)k->hi;
                *y++ = !bounded ? v : v < lo ? lo : v > hi ? hi : v;
            }
}
