/* SPDX-License-Identifier: 0BSD */
/* Elementwise sum or difference of two int8 maps of one shape, four elements at a time. */
#include "mve/thk_mve.h"

struct thk_add_mve {
    int32_t n, a_zero, b_zero, a_m, a_e, b_m, b_e, out_m, out_e, out_zero, lo, hi, minus;
};

static inline int32x4_t thk_add_term__mve(int32x4_t q, int32_t zero, int32_t m, int32_t e)
{
    q = vqrdmulhq_n_s32(vshlq_n_s32(vsubq_n_s32(q, zero), 20), m);
    if (e > 0)
        q = vrshlq_s32(vaddq_s32(q, vshrq_n_s32(q, 31)), vdupq_n_s32(-e));
    return q;
}

static void thk_add_s8__mve(const struct thk_add_mve *p, const int8_t *a, const int8_t *b,
                            int8_t *y)
{
    for (int32_t i = 0; i < p->n; i += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(p->n - i));
        const int32x4_t s = thk_add_term__mve(vldrbq_z_s32(a + i, some), p->a_zero, p->a_m, p->a_e);
        const int32x4_t t = thk_add_term__mve(vldrbq_z_s32(b + i, some), p->b_zero, p->b_m, p->b_e);
        int32x4_t u = p->minus ? vsubq_s32(s, t) : vaddq_s32(s, t);
        u = thk_mve_requant(u, vdupq_n_s32(p->out_m), vdupq_n_s32(-p->out_e));
        u = vaddq_n_s32(u, p->out_zero);
        u = vminq_s32(vmaxq_s32(u, vdupq_n_s32(p->lo)), vdupq_n_s32(p->hi));
        vstrbq_p_s32(y + i, u, some);
    }
}
