/* SPDX-License-Identifier: 0BSD */
/*
 * Fourier transforms of real numbers, for one element type. Complex numbers are pairs (real,
 * imaginary). n = 2^bits complex numbers; stages have radix 4, the first one radix 2 when bits is
 * odd. Each stage divides by its radix (integers), and what is stored wraps to FFT_T.
 */

/* Where number i stands in digit-reversed order. */
static inline int32_t FFT_FN(place)(int32_t bits, int32_t i)
{
    int32_t j = 0;
    while (bits > 0) {
        const int32_t step = bits > 1 ? 2 : 1;
        bits -= step;
        j += (i & (((int32_t)1 << step) - 1)) << bits;
        i >>= step;
    }
    return j;
}

/* z *= w */
static inline void FFT_FN(mul)(FFT_T *z, const FFT_T *w)
{
    const FFT_WIDE a = z[0], b = z[1], c = w[0], d = w[1];
    z[0] = (FFT_T)FFT_ROUND(a * c - b * d);
    z[1] = (FFT_T)FFT_ROUND(a * d + b * c);
}

static inline void FFT_FN(shrink2)(FFT_T *z)
{
    z[0] = (FFT_T)FFT_SHRINK(z[0], 2);
    z[1] = (FFT_T)FFT_SHRINK(z[1], 2);
}

static inline void FFT_FN(shrink4)(FFT_T *z)
{
    z[0] = (FFT_T)FFT_SHRINK(z[0], 4);
    z[1] = (FFT_T)FFT_SHRINK(z[1], 4);
}

/* Pairs of neighbours. */
static inline void FFT_FN(stage2)(int32_t n, const FFT_T *roots, FFT_T *z)
{
    for (FFT_T *a = z, *const end = z + 2 * n; a < end; a += 4) {
        FFT_T *const b = a + 2;
        FFT_FN(shrink2)(a);
        FFT_FN(shrink2)(b);
        FFT_FN(mul)(b, roots);
        for (int32_t i = 0; i < 2; i++) {
            const FFT_WIDE u = a[i], v = b[i];
            b[i] = (FFT_T)(u - v);
            a[i] = (FFT_T)(u + v);
        }
    }
}

/* Four numbers m apart; turn is 1 forward and -1 back. */
static inline void FFT_FN(butterfly)(int32_t m, int32_t turn, const FFT_T *w1, const FFT_T *w2,
                                     const FFT_T *w3, FFT_T *a)
{
    FFT_T *const b = a + 2 * m, *const c = b + 2 * m, *const d = c + 2 * m;
    FFT_T even[2], odd[2], sum[2], diff[2];
    FFT_FN(shrink4)(a);
    FFT_FN(shrink4)(b);
    FFT_FN(shrink4)(c);
    FFT_FN(shrink4)(d);
    FFT_FN(mul)(b, w1);
    FFT_FN(mul)(c, w2);
    FFT_FN(mul)(d, w3);
    for (int32_t i = 0; i < 2; i++) {
        even[i] = (FFT_T)((FFT_WIDE)a[i] + c[i]);
        odd[i] = (FFT_T)((FFT_WIDE)a[i] - c[i]);
        sum[i] = (FFT_T)((FFT_WIDE)b[i] + d[i]);
        diff[i] = (FFT_T)((FFT_WIDE)b[i] - d[i]);
        a[i] = (FFT_T)((FFT_WIDE)even[i] + sum[i]);
        c[i] = (FFT_T)((FFT_WIDE)even[i] - sum[i]);
    }
    const FFT_WIDE s = (FFT_WIDE)turn * diff[1], t = (FFT_WIDE)turn * diff[0];
    b[0] = (FFT_T)(odd[0] + s);
    b[1] = (FFT_T)(odd[1] - t);
    d[0] = (FFT_T)(odd[0] - s);
    d[1] = (FFT_T)(odd[1] + t);
}

/* z in digit-reversed order becomes its transform. */
static inline void FFT_FN(stages)(int32_t bits, int32_t turn, const FFT_T *roots, FFT_T *z)
{
    const int32_t n = (int32_t)1 << bits;
    int32_t m = 1;
    if (bits % 2) {
        FFT_FN(stage2)(n, roots, z);
        m = 2;
    }
    for (; m < n; m *= 4) {
        const int32_t step = 2 * (n / (4 * m));
        for (int32_t g = 0; g < n; g += 4 * m)
            for (int32_t k = 0; k < m; k++)
                FFT_FN(butterfly)(m, turn, roots + k * step, roots + 2 * k * step,
                                  roots + 3 * k * step, z + 2 * (g + k));
    }
}

/* The pair of bins k and n - k of a half-length transform: a = sum, w = turned difference. */
static inline void FFT_FN(pair)(const FFT_T *p, const FFT_T *q, const FFT_T *root, FFT_T *a,
                                FFT_T *w)
{
    FFT_T b[2] = {q[0], (FFT_T)-(FFT_WIDE)q[1]};
    a[0] = p[0];
    a[1] = p[1];
    FFT_FN(shrink2)(a);
    FFT_FN(shrink2)(b);
    for (int32_t i = 0; i < 2; i++) {
        w[i] = (FFT_T)((FFT_WIDE)a[i] - b[i]);
        a[i] = (FFT_T)((FFT_WIDE)a[i] + b[i]);
    }
    FFT_FN(mul)(w, root);
}

/* In place: the n bins of a complex transform become the n + 1 bins of a real one. */
static inline void FFT_FN(split)(int32_t n, const FFT_T *pairs, FFT_T *y)
{
    const FFT_WIDE re = FFT_SHRINK(y[0], 2), im = FFT_SHRINK(y[1], 2);
    y[0] = (FFT_T)(re + im);
    y[2 * n] = (FFT_T)(re - im);
    y[1] = y[2 * n + 1] = 0;
    for (int32_t k = 1; k <= n / 2; k++) {
        FFT_T *const p = y + 2 * k, *const q = y + 2 * (n - k);
        FFT_T a[2], w[2];
        FFT_FN(pair)(p, q, pairs + 2 * (k - 1), a, w);
        p[0] = (FFT_T)FFT_HALF((FFT_WIDE)a[0] + w[0]);
        p[1] = (FFT_T)FFT_HALF((FFT_WIDE)a[1] + w[1]);
        q[0] = (FFT_T)FFT_HALF((FFT_WIDE)a[0] - w[0]);
        q[1] = (FFT_T)FFT_HALF((FFT_WIDE)w[1] - a[1]);
    }
}

/* The n + 1 bins x become the n complex numbers whose transform back they are, digit-reversed. */
static inline void FFT_FN(join)(int32_t bits, const FFT_T *pairs, const FFT_T *x, FFT_T *z)
{
    const int32_t n = (int32_t)1 << bits;
    z[0] = (FFT_T)((FFT_WIDE)x[0] + x[2 * n]);
    z[1] = (FFT_T)((FFT_WIDE)x[0] - x[2 * n]);
    FFT_FN(shrink2)(z);
    for (int32_t k = 1; k <= n / 2; k++) {
        FFT_T *const p = z + 2 * FFT_FN(place)(bits, k);
        FFT_T *const q = z + 2 * FFT_FN(place)(bits, n - k);
        FFT_T a[2], w[2];
        FFT_FN(pair)(x + 2 * k, x + 2 * (n - k), pairs + 2 * (k - 1), a, w);
        p[0] = (FFT_T)((FFT_WIDE)a[0] + w[0]);
        p[1] = (FFT_T)((FFT_WIDE)a[1] + w[1]);
        q[0] = (FFT_T)((FFT_WIDE)a[0] - w[0]);
        q[1] = (FFT_T)-(FFT_WIDE)(FFT_T)((FFT_WIDE)a[1] - w[1]);
    }
}

/* `length` <= 2n samples of each row, then zeros; 2n + 2 numbers of y. */
static inline void FFT_FN(forward)(int32_t bits, int32_t rows, int32_t length, const FFT_T *x,
                                   const FFT_T *roots, const FFT_T *pairs, FFT_T *y)
{
    const int32_t n = (int32_t)1 << bits;
    for (; rows > 0; rows--, x += length, y += 2 * n + 2) {
        for (int32_t i = 0; i < 2 * n; i += 2) {
            FFT_T *const z = y + 2 * FFT_FN(place)(bits, i / 2);
            z[0] = i < length ? x[i] : 0;
            z[1] = i + 1 < length ? x[i + 1] : 0;
        }
        FFT_FN(stages)(bits, 1, roots, y);
        FFT_FN(split)(n, pairs, y);
    }
}

/* length = 2n + 2 numbers of each row; 2n samples of y. */
static inline void FFT_FN(back)(int32_t bits, int32_t rows, int32_t length, const FFT_T *x,
                                const FFT_T *roots, const FFT_T *pairs, FFT_T *y)
{
    for (; rows > 0; rows--, x += length, y += length - 2) {
        FFT_FN(join)(bits, pairs, x, y);
        FFT_FN(stages)(bits, -1, roots, y);
    }
}

#undef FFT_T
#undef FFT_WIDE
#undef FFT_FN
#undef FFT_ROUND
#undef FFT_SHRINK
#undef FFT_HALF
