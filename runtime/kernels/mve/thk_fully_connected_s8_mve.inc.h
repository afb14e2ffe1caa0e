/* SPDX-License-Identifier: 0BSD */
/*
 * int8 fully connected, four outputs at a time. Stream of four outputs: for each 16 inputs, 16
 * weights of each output; then bias[4] with the zero point folded in, m[4], -e[4]. Outputs and
 * inputs are padded with zeros; up to 15 bytes beyond the input are read.
 *
 * THK_NAME: the kernel, THK_REQUANT(sums, m, -e): the contract's rounding.
 */
#include "mve/thk_mve.h"
#include "thk_nn.h"

static void THK_NAME(const struct thk_dense *p, const int8_t *x, const int8_t *stream, int8_t *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        const int8_t *w = stream;
        for (int32_t c = 0; c < p->out; c += 4) {
            int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            for (int32_t i = 0; i < p->in; i += 16, w += 64) {
                const int8x16_t v = vldrbq_s8(x + i);
                s0 = vmladavaq_s8(s0, v, vldrbq_s8(w));
                s1 = vmladavaq_s8(s1, v, vldrbq_s8(w + 16));
                s2 = vmladavaq_s8(s2, v, vldrbq_s8(w + 32));
                s3 = vmladavaq_s8(s3, v, vldrbq_s8(w + 48));
            }
            const int32_t *const q = (const int32_t *)(const void *)w;
            int32x4_t acc = vldrwq_s32(q);
            acc = vsetq_lane_s32(vgetq_lane_s32(acc, 0) + s0, acc, 0);
            acc = vsetq_lane_s32(vgetq_lane_s32(acc, 1) + s1, acc, 1);
            acc = vsetq_lane_s32(vgetq_lane_s32(acc, 2) + s2, acc, 2);
            acc = vsetq_lane_s32(vgetq_lane_s32(acc, 3) + s3, acc, 3);
            acc = THK_REQUANT(acc, vldrwq_s32(q + 4), vldrwq_s32(q + 8));
            acc = vqaddq_n_s32(acc, p->out_zero);
            acc = vminq_s32(vmaxq_s32(acc, vdupq_n_s32(p->lo)), vdupq_n_s32(p->hi));
            vstrbq_p_s32(y + c, acc, vctp32q((uint32_t)(p->out - c)));
            w += 48;
        }
    }
}
#undef THK_NAME
#undef THK_REQUANT
