/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/affine.h"

#include <math.h>

bool th_affine_type(const struct th_type *t)
{
    return th_dtype_is_int(t->dtype) && t->quant && t->quant->n == 1;
}

void th_affine_quantize(const struct th_tensor *reals, int64_t first, struct th_tensor *out)
{
    const float scale = th_quant_scale(out->type.quant, 0);
    const int64_t zero = th_quant_zero(out->type.quant, 0), n = th_type_elems(&out->type);
    int64_t i;

    for (i = 0; i < n; i++) {
        const float steps = roundf((float)th_tensor_real(reals, first + i) / scale);
        /* far outside of every type, and where the cast is safe */
        const float limit = 4294967296.0f;

        if (isnan(steps))
            th_tensor_set_int(out, i, zero);
        else
            th_tensor_set_int(out, i, (int64_t)fmaxf(-limit, fminf(limit, steps)) + zero);
    }
}

struct th_tensor *th_affine_reals(struct th_arena *arena, const struct th_tensor *t)
{
    const double scale = (double)th_quant_scale(t->type.quant, 0);
    const int64_t zero = th_quant_zero(t->type.quant, 0), n = th_type_elems(&t->type);
    struct th_type type = t->type;
    struct th_tensor *out;
    int64_t i;

    type.dtype = TH_DT_F32;
    type.quant = NULL;
    out = th_tensor_new(arena, &type);
    for (i = 0; out && i < n; i++)
        th_tensor_set_real(out, i, scale * (double)(th_tensor_int(t, i) - zero));
    return out;
}
