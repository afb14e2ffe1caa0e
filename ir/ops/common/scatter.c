/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/scatter.h"

const char *const th_scatter_modes[] = {"replace", "add", "mul", "min", "max", NULL};
const struct th_port th_scatter_in[] = {
    {"x", 0, 0, "operand"},
    {"i", TH_DT_INDEX, 0, "indices; negative ones count from the end"},
    {"u", 0, 0, "updates"},
    {NULL, 0, 0, NULL}};

static float meet_f32(float a, float b, int64_t mode)
{
    switch (mode) {
    case TH_SCATTER_ADD: return a + b;
    case TH_SCATTER_MUL: return a * b;
    case TH_SCATTER_MIN: return b < a ? b : a;
    default: return b > a ? b : a;
    }
}

static double meet_f64(double a, double b, int64_t mode)
{
    switch (mode) {
    case TH_SCATTER_ADD: return a + b;
    case TH_SCATTER_MUL: return a * b;
    case TH_SCATTER_MIN: return b < a ? b : a;
    default: return b > a ? b : a;
    }
}

static int64_t meet_int(int64_t a, int64_t b, int64_t mode)
{
    switch (mode) {
    case TH_SCATTER_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
    case TH_SCATTER_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
    case TH_SCATTER_MIN: return b < a ? b : a;
    default: return b > a ? b : a;
    }
}

void th_scatter_put(struct th_tensor *y, int64_t to, const struct th_tensor *u, int64_t from,
                    int64_t mode)
{
    const enum th_dtype dt = y->type.dtype;
    if (mode == TH_SCATTER_NONE) {
        th_mv_copy(y, to, u, from);
    } else if (dt == TH_DT_F32) {
        float *f = y->data;
        f[to] = meet_f32(f[to], ((const float *)u->data)[from], mode);
    } else if (dt == TH_DT_F64) {
        double *f = y->data;
        f[to] = meet_f64(f[to], ((const double *)u->data)[from], mode);
    } else {
        const int64_t v = meet_int(th_tensor_int(y, to), th_tensor_int(u, from), mode);
        th_tensor_set_int(y, to, th_ew_wrap(dt, v));
    }
}

enum th_status th_scatter_verify(const struct th_inst *c)
{
    const uint32_t numbers = TH_EW_REAL | (TH_EW_ANY_INT & ~TH_DT_BIT(TH_DT_U64));
    const enum th_dtype dt = c->in[0]->dtype;
    if (c->in[2]->dtype != dt)
        return th_inst_error(c, "updates are %s, the operand is %s",
                             th_dtype_name(c->in[2]->dtype), th_dtype_name(dt));
    if (th_inst_int(c, "mode") != TH_SCATTER_NONE &&
        (!(numbers & TH_DT_BIT(dt)) || th_type_quantized(c->in[0])))
        return th_inst_error(c, "%s%s has no rule for '%s'", th_dtype_name(dt),
                             th_type_quantized(c->in[0]) ? " with a scale" : "",
                             th_scatter_modes[th_inst_int(c, "mode")]);
    return TH_OK;
}

uint32_t th_scatter_alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = 0, .exact = false};
    return max ? 1 : 0;
}

int64_t th_scatter_index(int64_t index, int64_t extent)
{
    index += index < 0 ? extent : 0;
    return index < 0 || index >= extent ? -1 : index;
}
