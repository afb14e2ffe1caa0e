/* SPDX-License-Identifier: 0BSD */
/*
 * Convolution with the lanes of a vector running over output channels; activations are scalars.
 *
 * The weights are a stream: for each block of THK_BLOCK channels, bias (a word a channel) and the
 * contract's constants (thk_rvv.h), then THK_BLOCK weights for each product, in the order of the
 * input. Biases hold bias - in_zero * sum(w), so that a tap outside the input reads `zeros`, in_c
 * bytes of in_zero. A field of THK_PIXELS pixels is described by pointers to its runs of bytes that
 * follow each other, in scratch. The file that includes this one sets THK_NAME, THK_BLOCK,
 * THK_PIXELS (3 or 6), the multipliers THK_A, THK_H, THK_B of 32, 16 and 8 bit vectors, and
 * THK_CONTRACT, which names the contract's rescaling.
 */
#if THK_PIXELS == 6
#define THK_MORE(...) __VA_ARGS__
#else
#define THK_MORE(...)
#endif
#define THK_FN_(name, part) name##part
#define THK_FN(name, part) THK_FN_(name, part)
#define THK_ACC THK_TYPE(vint32, THK_A)

#define THK_STEP(u)                                                                              \
    do {                                                                                         \
        const THK_TYPE(vint16, THK_H) v =                                                        \
            THK_L(vsext_vf2_i16, THK_H)(THK_L(vle8_v_i8, THK_B)(w, vl), vl);                     \
        w += THK_BLOCK;                                                                          \
        a0 = THK_L(vwmacc_vx_i32, THK_A)(a0, x0[u], v, vl);                                      \
        a1 = THK_L(vwmacc_vx_i32, THK_A)(a1, x1[u], v, vl);                                      \
        a2 = THK_L(vwmacc_vx_i32, THK_A)(a2, x2[u], v, vl);                                      \
        THK_MORE(a3 = THK_L(vwmacc_vx_i32, THK_A)(a3, x3[u], v, vl);                             \
                 a4 = THK_L(vwmacc_vx_i32, THK_A)(a4, x4[u], v, vl);                             \
                 a5 = THK_L(vwmacc_vx_i32, THK_A)(a5, x5[u], v, vl);)                            \
    } while (0)
#define THK_ADVANCE(n)                                                                           \
    do {                                                                                         \
        x0 += (n);                                                                               \
        x1 += (n);                                                                               \
        x2 += (n);                                                                               \
        THK_MORE(x3 += (n); x4 += (n); x5 += (n);)                                               \
    } while (0)
#define THK_PUT(acc, i)                                                                          \
    do {                                                                                         \
        THK_CONTRACT(CONSTANTS)(THK_A, qp + THK_BLOCK, THK_BLOCK, vl)                            \
        THK_CONTRACT(RESCALE)(THK_A, t_, acc, vl)                                                \
        THK_RVV_STORE(THK_A, THK_H, THK_B, t_, p->out_zero, p->lo, p->hi,                        \
                      out + (i) * (ptrdiff_t)p->out.pixel, vl);                                  \
    } while (0)

/* One block of channels of `left` pixels; returns the stream behind the block. */
static inline const int8_t *THK_FN(THK_NAME, _block)(const struct thk_window2d *p,
                                                     const int8_t *const *field, int32_t runs,
                                                     int32_t run, const int8_t *w, int8_t *out,
                                                     size_t vl, int32_t left)
{
    const int32_t *const qp = (const int32_t *)(const void *)w;
    const THK_ACC bias = THK_L(vle32_v_i32, THK_A)(qp, vl);
    THK_ACC a0 = bias, a1 = bias, a2 = bias;
    THK_MORE(THK_ACC a3 = bias; THK_ACC a4 = bias; THK_ACC a5 = bias;)
    w += THK_CONTRACT(HEAD) * THK_BLOCK;
    for (int32_t r = 0; r < runs; r++, field += THK_PIXELS) {
        const int8_t *x0 = field[0], *x1 = field[1], *x2 = field[2];
        THK_MORE(const int8_t *x3 = field[3]; const int8_t *x4 = field[4];
                 const int8_t *x5 = field[5];)
        const int8_t *const four = x0 + (run & ~3), *const end = x0 + run;
#pragma clang loop unroll(disable)
        while (x0 != four) {
            THK_STEP(0);
            THK_STEP(1);
            THK_STEP(2);
            THK_STEP(3);
            THK_ADVANCE(4);
        }
#pragma clang loop unroll(disable)
        while (x0 != end) {
            THK_STEP(0);
            THK_ADVANCE(1);
        }
    }
    THK_PUT(a0, 0);
    if (left > 1)
        THK_PUT(a1, 1);
    if (left > 2)
        THK_PUT(a2, 2);
    THK_MORE(if (left > 3) THK_PUT(a3, 3); if (left > 4) THK_PUT(a4, 4);
             if (left > 5) THK_PUT(a5, 5);)
    return w;
}

/* Pointers to the runs of THK_PIXELS fields; true when whole window rows are runs. */
static inline int THK_FN(THK_NAME, _field)(const struct thk_window2d *p, int32_t oy, int32_t ox,
                                           int32_t left, const int8_t *x, const int8_t *zeros,
                                           const int8_t **field)
{
    const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    const int32_t last = x0 + (THK_PIXELS - 1) * p->stride_w + p->kernel_w;
    const int inside = p->dilation_w == 1 && p->in.pixel == p->in_c && x0 >= 0 &&
                       last <= p->in_w && y0 >= 0 &&
                       y0 + (p->kernel_h - 1) * p->dilation_h < p->in_h && left >= THK_PIXELS;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const int32_t iy = y0 + ky * p->dilation_h;
        const int there = iy >= 0 && iy < p->in_h;
        if (inside) {
            const int8_t *from = x + thk_view_at(&p->in, iy, x0);
            for (int32_t i = 0; i < THK_PIXELS; i++, from += p->stride_w * p->in.pixel)
                *field++ = from;
            continue;
        }
        for (int32_t kx = 0; kx < p->kernel_w; kx++)
            for (int32_t i = 0; i < THK_PIXELS; i++) {
                const int32_t ix = x0 + i * p->stride_w + kx * p->dilation_w;
                *field++ = there && i < left && ix >= 0 && ix < p->in_w
                               ? x + thk_view_at(&p->in, iy, ix)
                               : zeros;
            }
    }
    return inside;
}

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, const int8_t *zeros, int8_t *y, const int8_t **field)
{
    thk_rvv_round_up();
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox += THK_PIXELS) {
            const int32_t left = b->x + b->w - ox;
            const int rows = THK_FN(THK_NAME, _field)(p, oy, ox, left, x, zeros, field);
            const int32_t runs = rows ? p->kernel_h : p->kernel_h * p->kernel_w;
            const int32_t run = rows ? p->kernel_w * p->in_c : p->in_c;
            int8_t *out = y + thk_view_at(&p->out, oy, ox);
            const int8_t *w = stream;
            for (int32_t c = 0; c < p->out_c; c += THK_BLOCK, out += THK_BLOCK) {
                const int32_t n = p->out_c - c < THK_BLOCK ? p->out_c - c : THK_BLOCK;
                w = THK_FN(THK_NAME, _block)(p, field, runs, run, w, out, (size_t)n, left);
            }
        }
}
#undef THK_MORE
#undef THK_FN_
#undef THK_FN
#undef THK_ACC
#undef THK_STEP
#undef THK_ADVANCE
#undef THK_PUT
#undef THK_NAME
#undef THK_CONTRACT
#undef THK_BLOCK
#undef THK_PIXELS
#undef THK_A
#undef THK_H
#undef THK_B
