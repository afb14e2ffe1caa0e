/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

const struct th_port th_mv_in[] = {{"x", 0, 0, "operand"}, {NULL, 0, 0, NULL}};
const struct th_port th_mv_out[] = {{"y", 0, 0, "result, of the operand's type"},
                                    {NULL, 0, 0, NULL}};
const char *const th_mv_contracts[] = {"tflite", "tflite-single-rounding", "onnx", "float", NULL};

void th_mv_strides(const struct th_type *t, int64_t stride[TH_MAX_RANK])
{
    int64_t s = 1;
    for (int32_t i = t->rank - 1; i >= 0; i--) {
        stride[i] = s;
        s *= t->dims[i];
    }
}

void th_mv_like(struct th_inst *c, int32_t rank, const int64_t *dims)
{
    struct th_type *y = &c->out[0];
    y->dtype = c->in[0]->dtype;
    y->quant = c->in[0]->quant;
    y->rank = rank;
    for (int32_t i = 0; i < rank; i++)
        y->dims[i] = dims[i];
}

struct th_move *th_mv_new(const struct th_inst *c, struct th_moves *m, uint32_t n)
{
    struct th_move *list = TH_NEW_ARRAY(c->arena, struct th_move, n);
    memset(m, 0, sizeof(*m));
    m->list = list;
    m->n = n;
    return list;
}

int64_t *th_mv_part_list(const struct th_inst *c, struct th_attr *a, const char *name)
{
    const uint32_t n = (uint32_t)c->out[0].rank;
    int64_t *list = TH_NEW_ARRAY(c->arena, int64_t, n);
    *a = (struct th_attr){.name = name, .kind = TH_ATTR_INTS, .n = n, .v.ints = list};
    return list;
}

void th_mv_axes(struct th_move *m, const struct th_type *t)
{
    m->rank = t->rank;
    th_mv_strides(t, m->in_stride);
    th_mv_strides(t, m->out_stride);
    for (int32_t i = 0; i < t->rank; i++)
        m->dims[i] = t->dims[i];
}

bool th_mv_axis(int64_t axis, int32_t rank, int32_t *out)
{
    if (axis < -(int64_t)rank || axis >= rank)
        return false;
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}

int32_t th_mv_axis_of(const struct th_inst *c)
{
    int32_t axis = 0;
    th_mv_axis(th_inst_int(c, "axis"), c->in[0]->rank, &axis);
    return axis;
}

enum th_status th_mv_bad_axis(const struct th_inst *c, int64_t axis, int32_t rank)
{
    return th_inst_error(c, "axis %lld, but the operand has %d axes", (long long)axis, rank);
}

enum th_status th_mv_blocks(const struct th_inst *c, struct th_moves *m, bool wide_in)
{
    const int64_t b = th_inst_int(c, "block");
    const struct th_type *wide = wide_in ? c->in[0] : &c->out[0];
    const struct th_type *deep = wide_in ? &c->out[0] : c->in[0];
    struct th_move *v = th_mv_new(c, m, 1);
    int64_t s[TH_MAX_RANK], d[TH_MAX_RANK];

    if (v == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(wide, s);
    th_mv_strides(deep, d);
    /* n, y, x, block row, block column, channel */
    const int64_t dims[6] = {deep->dims[0], deep->dims[1], deep->dims[2], b, b, wide->dims[3]};
    const int64_t in_wide[6] = {s[0], s[1] * b, s[2] * b, s[1], s[2], 1};
    const int64_t in_deep[6] = {d[0], d[1], d[2], b * wide->dims[3], wide->dims[3], 1};
    v->rank = 6;
    memcpy(v->dims, dims, sizeof dims);
    memcpy(v->in_stride, wide_in ? in_wide : in_deep, sizeof in_wide);
    memcpy(v->out_stride, wide_in ? in_deep : in_wide, sizeof in_deep);
    return TH_OK;
}

void th_mv_whole(const struct th_type *t, struct th_window *w)
{
    memset(w, 0, sizeof(*w));
    for (int32_t i = 0; i < t->rank; i++)
        w->box.hi[i] = t->dims[i];
}

void th_mv_clip(struct th_window *w, int32_t axis, int64_t lo, int64_t hi, int64_t dim)
{
    w->box.lo[axis] = th_clamp_i64(lo, 0, dim);
    w->box.hi[axis] = th_clamp_i64(hi, 0, dim);
    w->clip_lo[axis] = w->box.lo[axis] - lo > 0 ? w->box.lo[axis] - lo : 0;
    w->clip_hi[axis] = hi - w->box.hi[axis] > 0 ? hi - w->box.hi[axis] : 0;
}

void th_move_simplify(struct th_move *m)
{
    int32_t n = 0;
    for (int32_t i = 0; i < m->rank; i++) {
        if (m->dims[i] == 1)
            continue;
        if (n > 0 && m->in_stride[n - 1] == m->in_stride[i] * m->dims[i] &&
            m->out_stride[n - 1] == m->out_stride[i] * m->dims[i]) {
            m->dims[n - 1] *= m->dims[i];
            m->in_stride[n - 1] = m->in_stride[i];
            m->out_stride[n - 1] = m->out_stride[i];
            continue;
        }
        m->dims[n] = m->dims[i];
        m->in_stride[n] = m->in_stride[i];
        m->out_stride[n] = m->out_stride[i];
        n++;
    }
    if (n == 0) {
        m->dims[0] = 1;
        m->in_stride[0] = m->out_stride[0] = 1;
        n = 1;
    }
    m->rank = n;
}

void th_mv_copy(struct th_tensor *to, int64_t o, const struct th_tensor *from, int64_t i)
{
    const size_t bytes = th_dtype_bits(to->type.dtype) / 8;
    if (bytes > 0)
        memcpy((char *)to->data + (size_t)o * bytes, (const char *)from->data + (size_t)i * bytes,
               bytes);
    else
        th_tensor_set_int(to, o, th_tensor_int(from, i));
}

static void run_move(const struct th_move *m, const struct th_tensor *from, struct th_tensor *to)
{
    int64_t index[TH_MOVE_RANK] = {0}, i = m->in_base, o = m->out_base, total = 1;
    /* nothing moves; the other dims need not fit a product then */
    for (int32_t a = 0; a < m->rank; a++)
        if (m->dims[a] == 0)
            return;
    for (int32_t a = 0; a < m->rank; a++)
        total *= m->dims[a];
    for (int64_t k = 0; k < total; k++) {
        th_mv_copy(to, o, from, i);
        for (int32_t a = m->rank - 1; a >= 0; a--) {
            i += m->in_stride[a];
            o += m->out_stride[a];
            if (++index[a] < m->dims[a])
                break;
            i -= m->in_stride[a] * m->dims[a];
            o -= m->out_stride[a] * m->dims[a];
            index[a] = 0;
        }
    }
}

enum th_status th_mv_eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_moves m;
    struct th_inst ci = *c;
    ci.arena = e->arena;
    TH_TRY(c->op->moves(&ci, &m));
    if (m.fill) {
        const int64_t n = th_type_elems(&e->out[0]->type);
        const bool real = th_dtype_is_float(e->out[0]->type.dtype);
        for (int64_t i = 0; i < n; i++) {
            if (real)
                th_tensor_set_real(e->out[0], i, m.fill_value);
            else
                th_tensor_set_int(e->out[0], i, (int64_t)m.fill_value);
        }
    }
    for (uint32_t i = 0; i < m.n; i++)
        run_move(&m.list[i], e->in[m.list[i].in], e->out[0]);
    return TH_OK;
}

void th_mv_shifted(const struct th_box *out, int32_t axis, int64_t by, int64_t size,
                   struct th_window *w)
{
    *w = (struct th_window){.box = *out};
    w->box.lo[axis] = th_clamp_i64(out->lo[axis] + by, 0, size);
    w->box.hi[axis] = th_clamp_i64(out->hi[axis] + by, 0, size);
}

enum th_status th_mv_all(const struct th_inst *c, struct th_moves *m)
{
    struct th_move *list = th_mv_new(c, m, 1);
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_axes(list, c->in[0]);
    return TH_OK;
}

uint32_t th_mv_alias_exact(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = 0, .exact = true};
    return max ? 1 : 0;
}
