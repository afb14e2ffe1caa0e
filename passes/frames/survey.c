/* SPDX-License-Identifier: Apache-2.0 */
/* Which values move with time, which of their rows are needed, and where that ends. */
#include "passes/frames/frames.h"

#include <inttypes.h>
#include <string.h>

static const char *text(const struct frames *f, const char *fmt, int64_t a, int64_t b)
{
    const char *s = th_arena_printf(f->arena, fmt, a, b);
    return s ? s : "";
}

static int64_t rows_of(const struct fr_value *v)
{
    return v->type.dims[v->axis];
}

static const struct fr_value *operand(const struct frames *f, th_node n, uint32_t i)
{
    return &f->values[th_node_input(f->g, n, i)];
}

static const struct fr_value *result(const struct frames *f, th_node n)
{
    return &f->values[th_node_output(f->g, n, 0)];
}

/* ---- windows ------------------------------------------------------------------------------ */
struct reach {
    bool known;
    struct th_window w;
};

static struct th_box row_box(const struct th_type *t, int32_t axis, int64_t from, int64_t to)
{
    struct th_box box = {{0}, {0}};
    for (int32_t a = 0; a < t->rank; a++)
        box.hi[a] = t->dims[a];
    box.lo[axis] = from;
    box.hi[axis] = to;
    return box;
}

static struct reach reach_of(const struct th_inst *c, int32_t axis, int64_t row, uint32_t i)
{
    struct reach r = {false, {{{0}, {0}}, {0}, {0}}};
    const struct th_box box = row_box(&c->out[0], axis, row, row + 1);
    r.known = c->op->window(c, &box, i, &r.w);
    return r;
}

static bool same_reach(const struct reach *a, const struct reach *b, int32_t rank)
{
    const size_t n = (size_t)rank * sizeof(int64_t);
    return a->known == b->known &&
           (!a->known || (!memcmp(a->w.box.lo, b->w.box.lo, n) &&
                          !memcmp(a->w.box.hi, b->w.box.hi, n) &&
                          !memcmp(a->w.clip_lo, b->w.clip_lo, n) &&
                          !memcmp(a->w.clip_hi, b->w.clip_hi, n)));
}

/* The axis of the result along which the operand's time moves, -1: none or several. */
static int32_t moving_axis(const struct th_inst *c, uint32_t i, int32_t time)
{
    int32_t found = -1;
    for (int32_t a = 0; a < c->out[0].rank; a++) {
        if (c->out[0].dims[a] < 2)
            continue;
        const struct reach x = reach_of(c, a, 0, i), y = reach_of(c, a, c->out[0].dims[a] - 1, i);
        if (!x.known || !y.known)
            return -1;
        if (x.w.box.lo[time] - x.w.clip_lo[time] == y.w.box.lo[time] - y.w.clip_lo[time] &&
            x.w.box.hi[time] + x.w.clip_hi[time] == y.w.box.hi[time] + y.w.clip_hi[time])
            continue;
        if (found >= 0)
            return -1;
        found = a;
    }
    /* one row is left of time: it keeps its place */
    if (found < 0 && time < c->out[0].rank && c->out[0].rank == c->in[i]->rank &&
        c->out[0].dims[time] == 1)
        return time;
    return found;
}

/* Of a view, the axis of the same extent with as much in front of it. */
static int32_t view_axis(const struct th_inst *c, int32_t time)
{
    int64_t before = 1, have = 1;
    for (int32_t a = 0; a < time; a++)
        before *= c->in[0]->dims[a];
    for (int32_t a = 0; a < c->out[0].rank; a++) {
        if (have == before && c->out[0].dims[a] == c->in[0]->dims[time])
            return a;
        have *= c->out[0].dims[a];
    }
    return -1;
}

static bool unclipped(const struct th_window *w, int32_t time)
{
    return w->clip_lo[time] == 0 && w->clip_hi[time] == 0 && w->box.hi[time] > w->box.lo[time];
}

/* Step, begin and length of the windows from one that touches no padding and a neighbour. */
static bool measure(const struct th_inst *c, int32_t axis, uint32_t i, int32_t time,
                    struct fr_operand *o)
{
    const int64_t rows = c->out[0].dims[axis];
    int64_t at = 0;
    struct reach r = reach_of(c, axis, 0, i);
    while (at < rows && !unclipped(&r.w, time) && ++at < rows)
        r = reach_of(c, axis, at, i);
    if (at == rows)
        return false;
    const int64_t lo = r.w.box.lo[time];
    o->span = r.w.box.hi[time] - lo;
    o->step = 1;
    if (rows > 1) {
        const int64_t next = at + 1 < rows ? at + 1 : at - 1, way = next - at;
        const struct reach q = reach_of(c, axis, next, i);
        if (q.w.clip_lo[time] == 0)
            o->step = (q.w.box.lo[time] - lo) * way;
        else
            o->step = (q.w.box.hi[time] - r.w.box.hi[time]) * way;
    }
    o->from = lo - at * o->step;
    return o->step > 0;
}

/* Every row's window is where the measured one says, clipped. */
static bool regular(const struct th_inst *c, int32_t axis, uint32_t i, int32_t time,
                    const struct fr_operand *o)
{
    const int64_t size = c->in[i]->dims[time];
    for (int64_t y = 0; y < c->out[0].dims[axis]; y++) {
        const struct reach r = reach_of(c, axis, y, i);
        const int64_t lo = o->from + y * o->step, hi = lo + o->span;
        const int64_t a = th_clamp_i64(lo, 0, size), b = th_clamp_i64(hi, 0, size);
        if (!r.known || (a < b && (r.w.box.lo[time] != a || r.w.box.hi[time] != b)) ||
            (a >= b && r.w.box.lo[time] < r.w.box.hi[time]))
            return false;
    }
    return true;
}

/* What does not move with time must be the same for every row. */
static bool fixed(const struct th_inst *c, int32_t axis, uint32_t i)
{
    const struct reach first = reach_of(c, axis, 0, i);
    for (int64_t y = 1; y < c->out[0].dims[axis]; y++) {
        const struct reach r = reach_of(c, axis, y, i);
        if (!same_reach(&first, &r, c->in[i]->rank))
            return false;
    }
    return true;
}

/* ---- time axes ---------------------------------------------------------------------------- */
static const char *survey_view(struct frames *f, th_node n, struct fr_node *r, struct fr_value *out)
{
    const struct fr_value *x = operand(f, n, 0);
    out->axis = view_axis(r->inst, x->axis);
    out->rate = x->rate;
    r->in[0] = (struct fr_operand){true, 0, 1, 1};
    return out->axis < 0 ? "it puts time and other axes into one" : NULL;
}

/* Fills the operands and the result's time axis; returns why it cannot. */
static const char *survey_windows(struct frames *f, th_node n, struct fr_node *r,
                                  struct fr_value *out)
{
    const struct th_inst *c = r->inst;
    int32_t axis = -1;
    for (uint32_t i = 0; i < c->n_in; i++) {
        if (!c->in[i] || operand(f, n, i)->axis < 0)
            continue;
        const int32_t a = moving_axis(c, i, operand(f, n, i)->axis);
        if (a < 0 || (axis >= 0 && a != axis))
            return "every result depends on all of time";
        axis = a;
    }
    for (uint32_t i = 0; i < c->n_in; i++) {
        const struct fr_value *x = operand(f, n, i);
        struct fr_operand *o = &r->in[i];
        if (!c->in[i])
            continue;
        o->timed = x->axis >= 0;
        if (!o->timed && !fixed(c, axis, i))
            return "an operand that does not move with time has rows of its own";
        if (!o->timed)
            continue;
        if (!measure(c, axis, i, x->axis, o) || !regular(c, axis, i, x->axis, o))
            return "its windows along time are not all alike, or none is without padding";
        if (out->rate && out->rate != x->rate * o->step)
            return "its operands move at different rates";
        if (!th_mul_i64(x->rate, o->step, &out->rate))
            return "its stride is too long";
    }
    out->axis = axis;
    return NULL;
}

static enum th_status survey_node(struct frames *f, th_node n)
{
    struct fr_node *r = &f->nodes[n];
    struct th_inst *c = th_node_inst(f->g, n, f->arena);
    const struct th_type **in;
    bool depends = false;
    if (!c || !(r->in = TH_NEW_ARRAY(f->arena, struct fr_operand, (size_t)c->n_in + 1)) ||
        !(in = TH_NEW_ARRAY(f->arena, const struct th_type *, (size_t)c->n_in + 1)))
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_in; i++) {
        const struct fr_value *x = operand(f, n, i);
        in[i] = c->in[i] ? &x->type : NULL;
        depends |= c->in[i] && x->depends;
        r->timed |= c->in[i] && x->axis >= 0;
    }
    c->in = in;
    r->inst = c;
    for (uint32_t i = 0; i < c->n_out; i++)
        f->values[th_node_output(f->g, n, i)].depends = depends;
    if (!r->timed)
        return TH_OK;
    struct fr_value *out = &f->values[th_node_output(f->g, n, 0)];
    if (c->n_out != 1 || c->n_bodies)
        r->why = "it has several results, or a body";
    else if (c->op->traits & TH_TRAIT_VIEW)
        r->why = survey_view(f, n, r, out);
    else if (!c->op->window)
        r->why = "every result depends on all of time";
    else
        r->why = survey_windows(f, n, r, out);
    r->uniform = r->why == NULL;
    if (!r->uniform)
        out->axis = -1;
    return TH_OK;
}

/* ---- parts -------------------------------------------------------------------------------- */
void th_frames_rows(const struct fr_node *n, uint32_t i, int64_t from, int64_t to, int64_t *lo,
                    int64_t *hi)
{
    const struct fr_operand *o = &n->in[i];
    *lo = o->from + from * o->step;
    *hi = o->from + (to - 1) * o->step + o->span;
}

void th_frames_computed(const struct fr_node *n, const struct fr_value *out, int64_t *from,
                        int64_t *to)
{
    *to = out->hi;
    *from = n->streamed ? out->hi - out->fresh : out->lo;
}

/* The operator's attributes, those of the part in their place. */
static bool part_attrs(const struct frames *f, const struct th_inst *c, const struct th_box *box,
                       int32_t axis, struct th_attrs *out)
{
    struct th_attr changed[TH_PART_ATTRS];
    const uint32_t n = c->op->part ? c->op->part(c, box, axis, changed) : 0;
    struct th_attr *list = TH_NEW_ARRAY(f->arena, struct th_attr, (size_t)c->attrs->n + n + 1);
    uint32_t count = c->attrs->n;
    if (!list)
        return false;
    if (count)
        memcpy(list, c->attrs->list, count * sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = 0;
        while (k < count && strcmp(list[k].name, changed[i].name))
            k++;
        list[k] = changed[i];
        count += k == count;
    }
    *out = (struct th_attrs){list, count};
    return true;
}

/* Each row of the part reads what the row of the whole reads. */
static bool same_windows(const struct frames *f, th_node node, const struct th_inst *part,
                         int64_t from, int64_t to)
{
    const struct fr_node *n = &f->nodes[node];
    const int32_t axis = result(f, node)->axis;
    if (part->op->traits & TH_TRAIT_VIEW)
        return true;
    for (uint32_t i = 0; i < part->n_in; i++) {
        if (!n->in[i].timed)
            continue;
        const int32_t time = operand(f, node, i)->axis;
        int64_t lo, hi;
        th_frames_rows(n, i, from, to, &lo, &hi);
        lo = lo < 0 ? 0 : lo;
        for (int64_t y = from; y < to; y++) {
            struct reach whole = reach_of(n->inst, axis, y, i);
            const struct reach piece = reach_of(part, axis, y - from, i);
            if (whole.w.box.lo[time] >= whole.w.box.hi[time] && piece.known &&
                piece.w.box.lo[time] >= piece.w.box.hi[time])
                continue;
            whole.w.box.lo[time] -= lo;
            whole.w.box.hi[time] -= lo;
            if (!same_reach(&whole, &piece, part->in[i]->rank))
                return false;
        }
    }
    return true;
}

struct th_inst *th_frames_part(const struct frames *f, th_node node, int64_t from, int64_t to)
{
    const struct fr_node *n = &f->nodes[node];
    const int32_t axis = result(f, node)->axis;
    struct th_inst *c = th_arena_memdup(f->arena, n->inst, sizeof *c);
    const struct th_type **in = TH_NEW_ARRAY(f->arena, const struct th_type *,
                                             (size_t)n->inst->n_in + 1);
    struct th_attrs *attrs = TH_NEW(f->arena, struct th_attrs);
    struct th_type *out = th_arena_memdup(f->arena, &n->inst->out[0], sizeof *out);
    const struct th_box box = row_box(&n->inst->out[0], axis, from, to);
    if (!c || !in || !attrs || !out || !part_attrs(f, n->inst, &box, axis, attrs))
        return NULL;
    for (uint32_t i = 0; i < c->n_in; i++) {
        struct th_type *t = th_arena_memdup(f->arena, c->in[i] ? c->in[i] : out, sizeof *t);
        int64_t lo, hi;
        in[i] = c->in[i];
        if (!t || !n->in[i].timed)
            continue;
        const struct fr_value *x = operand(f, node, i);
        th_frames_rows(n, i, from, to, &lo, &hi);
        t->dims[x->axis] = th_clamp_i64(hi, 0, rows_of(x)) - th_clamp_i64(lo, 0, rows_of(x));
        if (t->dims[x->axis] < 1)
            return NULL;
        in[i] = t;
    }
    c->in = in;
    c->attrs = attrs;
    c->out = out;
    out->dims[axis] = to - from;
    const struct th_type wanted = *out;
    return th_infers(c) && th_type_same_shape(out, &wanted) && same_windows(f, node, c, from, to)
               ? c : NULL;
}

/* ---- what is needed ----------------------------------------------------------------------- */
static void need(struct fr_value *v, int64_t lo, int64_t hi)
{
    if (v->axis >= 0) {
        lo = th_clamp_i64(lo, 0, rows_of(v));
        hi = th_clamp_i64(hi, 0, rows_of(v));
    }
    if (v->lo == v->hi) {
        v->lo = lo;
        v->hi = hi;
        return;
    }
    v->lo = lo < v->lo ? lo : v->lo;
    v->hi = hi > v->hi ? hi : v->hi;
}

static void need_whole(struct fr_value *v)
{
    need(v, 0, v->axis >= 0 ? rows_of(v) : 1);
}

static void need_operands(struct frames *f, th_node n)
{
    struct fr_node *r = &f->nodes[n];
    struct fr_value *out = &f->values[th_node_output(f->g, n, 0)];
    if (r->uniform && out->lo < out->hi && !th_frames_part(f, n, out->lo, out->hi)) {
        r->entire = true;
        need_whole(out);
    }
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
        const th_value v = th_node_input(f->g, n, i);
        int64_t lo, hi;
        if (!v)
            continue;
        if (r->uniform && out->lo == out->hi)
            continue;
        if (r->uniform && !r->entire && r->in[i].timed) {
            th_frames_rows(r, i, out->lo, out->hi, &lo, &hi);
            need(&f->values[v], lo, hi);
        } else {
            need_whole(&f->values[v]);
        }
    }
}

/* ---- what is streamed --------------------------------------------------------------------- */
static const char *padded(const struct frames *f, th_node n)
{
    const struct fr_node *r = &f->nodes[n];
    const struct fr_value *out = result(f, n);
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
        int64_t lo, hi;
        if (!r->in[i].timed)
            continue;
        th_frames_rows(r, i, out->lo, out->hi, &lo, &hi);
        const int64_t size = rows_of(operand(f, n, i));
        if (lo < 0 || hi > size)
            return text(f, "it pads time by %" PRId64 " rows in front and %" PRId64 " behind, and "
                        "results that touch them are wanted", lo < 0 ? -lo : 0,
                        hi > size ? hi - size : 0);
    }
    return NULL;
}

/* It takes whole operands, and all they have is new at every step. */
static bool fed(const struct frames *f, th_node n)
{
    bool all = !f->nodes[n].uniform;
    for (uint32_t i = 0; all && i < th_node_input_count(f->g, n); i++) {
        const struct fr_value *x = operand(f, n, i);
        all = !x->depends || x->axis < 0 || (x->streamed && x->fresh == rows_of(x));
    }
    return all;
}

static void decide(struct frames *f, th_node n)
{
    struct fr_node *r = &f->nodes[n];
    struct fr_value *out = &f->values[th_node_output(f->g, n, 0)];
    bool from_streamed = true;
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
        const struct fr_value *x = operand(f, n, i);
        if (r->inst->in[i] && x->depends)
            from_streamed &= x->streamed;
    }
    r->fed = r->timed && fed(f, n);
    if (!r->timed || r->fed || out->lo == out->hi)
        return;
    f->n_timed++;
    if (!r->uniform || !from_streamed)
        return;
    r->why = r->entire ? "it cannot be computed for some of its rows alone" : padded(f, n);
    if (!r->why && f->hop % out->rate)
        r->why = text(f, "a row of it takes %" PRId64 " frames, a step has %" PRId64, out->rate,
                      f->hop);
    if (r->why)
        return;
    const int64_t rows = out->hi - out->lo;
    out->fresh = f->hop / out->rate < rows ? f->hop / out->rate : rows;
    if (!th_frames_part(f, n, out->hi - out->fresh, out->hi)) {
        r->why = "it cannot be computed for some of its rows alone";
        return;
    }
    out->streamed = r->streamed = true;
    f->n_streamed++;
}

/* Where the rows that anybody reads begin. */
static void keep_rows(struct frames *f, th_value v)
{
    struct fr_value *x = &f->values[v];
    x->keep = th_value_is_output(f->g, v) ? x->lo : x->hi - x->fresh;
    for (uint32_t u = 0; u < th_value_user_count(f->g, v); u++) {
        const th_node n = th_value_user(f->g, v, u);
        const struct fr_node *r = &f->nodes[n];
        const struct fr_value *out = result(f, n);
        for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
            int64_t from, to, lo = 0, hi;
            if (th_node_input(f->g, n, i) != v || (r->uniform && out->lo == out->hi))
                continue;
            th_frames_computed(r, out, &from, &to);
            if (r->uniform && !r->entire)
                th_frames_rows(r, i, from, to, &lo, &hi);
            lo = lo < 0 ? 0 : lo;
            x->keep = lo < x->keep ? lo : x->keep;
        }
    }
}

enum th_status th_frames_survey(struct frames *f)
{
    struct th_graph *g = f->g;
    f->values[0].axis = -1;
    for (th_value v = 1; v < th_graph_value_limit(g); v++)
        f->values[v] = (struct fr_value){.type = *th_value_type(g, v), .axis = -1};
    struct fr_value *x = &f->values[f->input];
    x->axis = f->axis;
    x->rate = 1;
    x->depends = true;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        TH_TRY(survey_node(f, n));
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        need_whole(&f->values[th_graph_output(g, i)]);
    for (th_node n = th_graph_last(g); n; n = th_graph_prev(g, n))
        need_operands(f, n);
    /* what arrives is the newest frames, wanted or not */
    x->hi = f->window;
    x->lo = x->lo < x->hi - f->hop ? x->lo : x->hi - f->hop;
    x->streamed = true;
    x->fresh = f->hop;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        decide(f, n);
    for (th_value v = 1; v < th_graph_value_limit(g); v++)
        if (f->values[v].streamed)
            keep_rows(f, v);
    return TH_OK;
}
