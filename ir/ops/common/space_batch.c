/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/space_batch.h"

enum th_status th_sb_check(const struct th_inst *c, int64_t *total)
{
    const struct th_type *x = c->in[0];
    const uint32_t n = th_inst_ints_len(c, "block");
    *total = 1;
    if (n == 0 || n > (uint32_t)x->rank - 1 || x->rank < 2)
        return th_inst_error(c, "%u spatial axes in an operand of %d axes", n, x->rank);
    if (th_inst_ints_len(c, "before") != n || th_inst_ints_len(c, "after") != n)
        return th_inst_error(c, "'before' and 'after' need %u entries each", n);
    for (uint32_t i = 0; i < n; i++)
        if (!th_mul_i64(*total, th_inst_ints(c, "block", i), total) || *total > 4096)
            return th_inst_error(c, "blocks of this size are not supported");
    return TH_OK;
}

/* First and end index p of a phase for which p * block + phase - before lies in [0, dim). */
static void valid(int64_t phase, int64_t block, int64_t before, int64_t dim, int64_t positions,
                  int64_t *first, int64_t *end)
{
    const int64_t lo = before - phase, hi = dim + before - phase;
    *first = lo <= 0 ? 0 : (lo + block - 1) / block;
    *end = hi <= 0 ? 0 : (hi + block - 1) / block;
    if (*end > positions)
        *end = positions;
}

enum th_status th_sb_moves(const struct th_inst *c, struct th_moves *m,
                           const struct th_type *batched, const struct th_type *space,
                           bool to_space)
{
    const int32_t axes = (int32_t)th_inst_ints_len(c, "block");
    int64_t total, sb[TH_MAX_RANK], ss[TH_MAX_RANK];
    TH_TRY(th_sb_check(c, &total));
    struct th_move *list = th_mv_new(c, m, (uint32_t)total);
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(batched, sb);
    th_mv_strides(space, ss);
    m->n = 0;
    for (int64_t k = 0; k < total; k++) {
        struct th_move v = {.rank = space->rank};
        int64_t rest = k, base_b = k * space->dims[0] * sb[0], base_s = 0;
        int64_t step_b[TH_MAX_RANK], step_s[TH_MAX_RANK];
        bool empty = false;
        for (int32_t i = space->rank - 1; i >= 0; i--) {
            v.dims[i] = space->dims[i];
            step_b[i] = sb[i];
            step_s[i] = ss[i];
            if (i < 1 || i > axes)
                continue;
            const int64_t b = th_inst_ints(c, "block", (uint32_t)i - 1), phase = rest % b;
            const int64_t before = th_inst_ints(c, "before", (uint32_t)i - 1);
            int64_t first, end;
            rest /= b;
            valid(phase, b, before, space->dims[i], batched->dims[i], &first, &end);
            empty = empty || end <= first;
            v.dims[i] = end - first;
            base_b += first * sb[i];
            base_s += (first * b + phase - before) * ss[i];
            step_s[i] = ss[i] * b;
        }
        if (empty)
            continue;
        v.in_base = to_space ? base_b : base_s;
        v.out_base = to_space ? base_s : base_b;
        for (int32_t i = 0; i < space->rank; i++) {
            v.in_stride[i] = to_space ? step_b[i] : step_s[i];
            v.out_stride[i] = to_space ? step_s[i] : step_b[i];
        }
        list[m->n++] = v;
    }
    return TH_OK;
}
