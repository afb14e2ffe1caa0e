/* SPDX-License-Identifier: 0BSD */
/*
 * Fully connected: lanes run over 32 outputs, inputs are scalars. Stream of 32 outputs: bias with
 * in_zero folded in [32], the contract's constants (thk_rvv.h), then 32 weights for each input.
 * THK_NAME: the kernel, THK_CONTRACT: names of the rescaling.
 */
#include "thk_nn.h"
#include "rvv/thk_rvv.h"

static void THK_NAME(const struct thk_dense *p, const int8_t *x, const int8_t *stream, int8_t *y)
{
    thk_rvv_round_up();
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        const int8_t *w = stream;
        for (int32_t c = 0; c < p->out; c += 32) {
            const size_t vl = (size_t)(p->out - c < 32 ? p->out - c : 32);
            const int32_t *const qp = (const int32_t *)(const void *)w;
            vint32m8_t acc = __riscv_vle32_v_i32m8(qp, vl);
            w += THK_CONTRACT(HEAD) * 32;
            for (int32_t i = 0; i < p->in; i++, w += 32) {
                const vint16m4_t v = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(w, vl), vl);
                acc = __riscv_vwmacc_vx_i32m8(acc, x[i], v, vl);
            }
            THK_CONTRACT(CONSTANTS)(m8, qp + 32, 32, vl)
            THK_CONTRACT(RESCALE)(m8, t, acc, vl)
            THK_RVV_STORE(m8, m4, m2, t, p->out_zero, p->lo, p->hi, y + c, vl);
        }
    }
}
#undef THK_NAME
#undef THK_CONTRACT
