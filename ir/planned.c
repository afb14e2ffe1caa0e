/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/planned_run.h"
#include "ir/tile.h"

#include <stdlib.h>
#include <string.h>

#define GUARD 64
#define GUARD_BYTE 0xa7
#define JUNK_BYTE 0xc5
#define MAX_OPERANDS 64

static enum th_status run_graph(struct th_planned *r, struct th_graph *g);

/* ---- memory ---------------------------------------------------------------------------------- */
size_t th_planned_bytes(const struct th_graph *g, th_value v)
{
    return (size_t)th_type_size(th_value_type(g, v));
}

void th_planned_wrong(struct th_planned *r, const struct th_graph *g, th_node n, const char *fmt,
                      ...)
{
    struct th_loc loc = n ? *th_node_loc(g, n) : TH_LOC_NONE;
    va_list ap;
    if (n && !loc.op)
        loc.op = th_node_op_name(g, n);
    va_start(ap, fmt);
    if (!r->failed)
        th_report(th_program_ctx(r->program), TH_SEV_ERROR, n ? &loc : NULL, 4008, fmt, ap);
    va_end(ap);
    r->failed = true;
}

unsigned char *th_planned_at(struct th_planned *r, const struct th_graph *g, th_node n,
                             struct th_place at, int64_t bytes)
{
    const struct th_plan_totals *t = th_program_plan(r->program);
    if (at.region >= 0 && (uint32_t)at.region < r->n_regions && at.offset >= 0 &&
        bytes <= t->regions[at.region].bytes && at.offset <= t->regions[at.region].bytes - bytes)
        return r->region[at.region] + at.offset;
    th_planned_wrong(r, g, n, "%lld bytes at %lld do not lie inside region %d", (long long)bytes,
                     (long long)at.offset, at.region);
    return NULL;
}

static unsigned char *value_at(struct th_planned *r, const struct th_graph *g, th_node n,
                               th_value v)
{
    return th_planned_at(r, g, n, th_value_place(g, v), (int64_t)th_planned_bytes(g, v));
}

const unsigned char *th_planned_read(struct th_planned *r, const struct th_graph *g, th_node n,
                                     th_value v)
{
    const struct th_tensor *k = th_value_const(g, v);
    return k ? k->data : value_at(r, g, n, v);
}

void th_planned_junk(struct th_planned *r, const struct th_graph *g, th_node n)
{
    const struct th_kernel_note *note = th_node_note_const(g, n);
    unsigned char *at = note->scratch_bytes > 0
                            ? th_planned_at(r, g, n, note->scratch, note->scratch_bytes) : NULL;
    if (at)
        memset(at, JUNK_BYTE, (size_t)note->scratch_bytes);
}

static void move(struct th_planned *r, th_node n, struct th_graph *to, th_value w,
                 struct th_graph *from, th_value v)
{
    unsigned char *a = value_at(r, to, n, w);
    const unsigned char *b = th_planned_read(r, from, n, v);
    if (a && b)
        memmove(a, b, th_planned_bytes(to, w));
}

/* ---- one call -------------------------------------------------------------------------------- */
enum th_status th_planned_eval(const struct th_graph *g, th_node n, struct th_arena *arena,
                               const struct th_tensor *const *in, struct th_tensor **out)
{
    struct th_inst *c = th_node_inst(g, n, arena);
    if (!c)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_out; i++)
        if (!(out[i] = th_tensor_new(arena, &c->out[i])))
            return TH_ERR_INTERNAL;
    const struct th_eval e = {.arena = arena, .in = in, .out = out};
    return c->op->eval(c, (struct th_eval *)(uintptr_t)&e);
}

struct call {
    struct th_planned *r;
    struct th_graph *g;
    th_node n;
    struct th_inst *c;
    const struct th_tensor *in[MAX_OPERANDS];     /* as read at the start */
    struct th_tensor *out[TH_MAX_OUTPUTS];
    const unsigned char *mem[MAX_OPERANDS];       /* of operands that an output lies across */
};

static void expect(struct call *k, uint32_t i, int64_t at, int64_t bytes)
{
    if (memcmp(k->mem[i] + at, (const unsigned char *)k->in[i]->data + at, (size_t)bytes))
        th_planned_wrong(k->r, k->g, k->n, "operand %u is overwritten at byte %lld while it is "
                         "still wanted", i, (long long)at);
}

/* Bytes of operand i that box `b` of the output wants, row by row of its last axis. */
static void expect_box(struct call *k, uint32_t i, const struct th_box *b)
{
    const struct th_type *t = k->c->in[i];
    const int64_t element = (int64_t)th_dtype_bits(t->dtype) / 8;
    struct th_window w = {0};
    int64_t at[TH_MAX_RANK];
    if (!k->c->op->window || !k->c->op->window(k->c, b, i, &w)) {
        expect(k, i, 0, th_type_size(t));
        return;
    }
    for (int32_t a = 0; a < t->rank; a++) {
        at[a] = w.box.lo[a];
        if (w.box.lo[a] >= w.box.hi[a])
            return;
    }
    const int32_t last = t->rank - 1;
    for (bool more = true; more;) {
        int64_t flat = 0;
        for (int32_t a = 0; a < t->rank; a++)
            flat = flat * t->dims[a] + at[a];
        expect(k, i, flat * element, (w.box.hi[last] - w.box.lo[last]) * element);
        int32_t a = last - 1;
        for (; a >= 0 && ++at[a] == w.box.hi[a]; a--)
            at[a] = w.box.lo[a];
        more = a >= 0;
    }
}

/* Pixel by pixel; `ahead` pixels are written before a pixel's operands were read for good. */
static void write_rows(struct call *k, unsigned char *out, int32_t group)
{
    const struct th_type *t = &k->c->out[0];
    const int64_t channels = t->rank ? t->dims[t->rank - 1] : 1;
    const int64_t pixel = channels * (int64_t)(th_dtype_bits(t->dtype) / 8);
    const int64_t n = channels ? th_type_elems(t) / channels : 0, ahead = group < 0 ? -group : 0;
    int64_t written = 0;
    for (int64_t p = 0; p < n; p++) {
        struct th_box b = {{0}, {0}};
        int64_t rest = p;
        b.hi[t->rank - 1] = channels;
        for (int32_t a = t->rank - 2; a >= 0; a--) {
            b.lo[a] = rest % t->dims[a];
            b.hi[a] = b.lo[a] + 1;
            rest /= t->dims[a];
        }
        for (; written < p + ahead && written < n; written++)
            memcpy(out + written * pixel, (unsigned char *)k->out[0]->data + written * pixel,
                   (size_t)pixel);
        for (uint32_t i = 0; i < k->c->n_in; i++)
            if (k->mem[i])
                expect_box(k, i, &b);
    }
    memcpy(out, k->out[0]->data, (size_t)th_type_size(t));
}

/* Groups of channels: read completely, then written. */
static void write_planes(struct call *k, unsigned char *out, int32_t group)
{
    const struct th_type *t = &k->c->out[0];
    const int64_t size = (int64_t)th_dtype_bits(t->dtype) / 8, channels = t->dims[t->rank - 1];
    const int64_t pixels = channels ? th_type_elems(t) / channels : 0, step = group > 0 ? group : 1;
    for (int64_t c = 0; c < channels; c += step) {
        const int64_t n = c + step < channels ? step : channels - c;
        for (uint32_t i = 0; i < k->c->n_in; i++) {
            const struct th_type *x = k->c->in[i];
            if (!k->mem[i] || x->rank < 1 || x->dims[x->rank - 1] != channels)
                continue;
            const int64_t s = (int64_t)th_dtype_bits(x->dtype) / 8;
            for (int64_t p = 0; p < th_type_elems(x) / channels; p++)
                expect(k, i, (p * channels + c) * s, n * s);
        }
        for (int64_t p = 0; p < pixels; p++)
            memcpy(out + (p * channels + c) * size,
                   (unsigned char *)k->out[0]->data + (p * channels + c) * size,
                   (size_t)(n * size));
    }
}

static void write_elements(struct call *k, unsigned char *out, uint32_t o)
{
    const struct th_type *t = &k->c->out[o];
    const int64_t n = th_type_elems(t), size = (int64_t)th_dtype_bits(t->dtype) / 8;
    for (int64_t e = 0; e < n; e++) {
        for (uint32_t i = 0; i < k->c->n_in; i++) {
            const int64_t s = k->mem[i] ? (int64_t)th_dtype_bits(k->c->in[i]->dtype) / 8 : 0;
            if (k->mem[i] && th_type_elems(k->c->in[i]) == n)
                expect(k, i, e * s, s);
            else if (k->mem[i])
                expect(k, i, 0, th_type_size(k->c->in[i]));
        }
        memcpy(out + e * size, (unsigned char *)k->out[o]->data + e * size, (size_t)size);
    }
}

static void write_output(struct call *k, uint32_t o)
{
    const struct th_kernel *row = th_node_note_const(k->g, k->n)->row;
    const th_value v = th_node_output(k->g, k->n, o);
    const size_t bytes = th_planned_bytes(k->g, v);
    unsigned char *out = value_at(k->r, k->g, k->n, v);
    bool across = false;
    for (uint32_t i = 0; i < k->c->n_in && out; i++) {
        const th_value x = th_node_input(k->g, k->n, i);
        k->mem[i] = NULL;
        if (!x || th_value_is_const(k->g, x))
            continue;
        const unsigned char *in = value_at(k->r, k->g, k->n, x);
        if (in && in < out + bytes && out < in + th_planned_bytes(k->g, x)) {
            k->mem[i] = in;
            across = true;
        }
    }
    if (!out)
        return;
    const bool wide = th_dtype_bits(k->c->out[o].dtype) >= 8;
    const bool exact = row && row->order == TH_ORDER_IN_PLACE && k->c->n_in == 1 &&
                       k->mem[0] == out;
    const bool pixels = across && wide && row && o == 0 && k->c->out[o].rank > 0;
    if (pixels && row->order == TH_ORDER_ROWS && row->group) {
        write_rows(k, out, row->group);
    } else if (pixels && row->order == TH_ORDER_PLANES) {
        write_planes(k, out, row->group);
    } else if (across && wide && row && row->order == TH_ORDER_ELEMENT) {
        write_elements(k, out, o);
    } else {
        if (across && exact)
            expect(k, 0, 0, (int64_t)bytes);
        else if (across)
            th_planned_wrong(k->r, k->g, k->n, "output %u lies across an operand, but its kernel "
                             "writes in any order", o);
        memcpy(out, k->out[o]->data, bytes);
    }
}

/* The result takes the place of scratch as it is written, as the kernel promises. */
static bool lies_over_scratch(const struct th_graph *g, th_node n)
{
    const struct th_kernel_note *note = th_node_note_const(g, n);
    if (!note->row || !note->row->over_scratch)
        return false;
    const struct th_place out = th_value_place(g, th_node_output(g, n, 0));
    return out.region == note->scratch.region && out.offset <= note->scratch.offset;
}

static enum th_status run_call(struct th_planned *r, struct th_graph *g, th_node n,
                               struct th_arena *a)
{
    struct call k = {.r = r, .g = g, .n = n, .c = th_node_inst(g, n, a)};
    if (!k.c || k.c->n_in > MAX_OPERANDS)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < k.c->n_in; i++) {
        const th_value v = th_node_input(g, n, i);
        const unsigned char *from = v ? th_planned_read(r, g, n, v) : NULL;
        struct th_tensor *x = v ? th_tensor_new(a, th_value_type(g, v)) : NULL;
        if (v && !x)
            return TH_ERR_INTERNAL;
        if (from)
            memcpy(x->data, from, th_planned_bytes(g, v));
        k.in[i] = x;
    }
    TH_TRY(th_planned_eval(g, n, a, k.in, k.out));
    th_planned_junk(r, g, n);
    for (uint32_t i = 0; i < k.c->n_in; i++) {
        const th_value v = th_node_input(g, n, i);
        const unsigned char *now = v ? th_planned_read(r, g, n, v) : NULL;
        if (now && memcmp(now, k.in[i]->data, th_planned_bytes(g, v)))
            th_planned_wrong(r, g, n, "scratch lies across operand %u", i);
    }
    for (uint32_t o = 0; o < k.c->n_out; o++)
        write_output(&k, o);
    if (!lies_over_scratch(g, n))
        th_planned_junk(r, g, n);
    for (uint32_t o = 0; o < k.c->n_out; o++) {
        const th_value v = th_node_output(g, n, o);
        const unsigned char *now = value_at(r, g, n, v);
        if (now && memcmp(now, k.out[o]->data, th_planned_bytes(g, v)))
            th_planned_wrong(r, g, n, "scratch or another output lies across output %u", o);
    }
    return TH_OK;
}

/* ---- regions and state ----------------------------------------------------------------------- */
static enum th_status run_loop(struct th_planned *r, struct th_graph *g, th_node n)
{
    const int64_t count = th_attr_int(th_node_attrs(g, n), "count", -1);
    struct th_graph *cond = count < 0 ? th_node_body(g, n, 0) : NULL;
    struct th_graph *body = th_node_body(g, n, count < 0 ? 1 : 0);
    const uint32_t carried = th_graph_input_count(body);
    for (uint32_t i = 0; i < carried; i++)
        move(r, n, body, th_graph_input(body, i), g, th_node_input(g, n, i));
    for (int64_t t = 0; (count < 0 || t < count) && !r->failed; t++) {
        if (cond) {
            TH_TRY(run_graph(r, cond));
            const unsigned char *go = th_planned_read(r, cond, 0, th_graph_output(cond, 0));
            if (!go || !*go)
                break;
        }
        TH_TRY(run_graph(r, body));
        for (uint32_t i = 0; i < carried; i++)
            move(r, n, body, th_graph_input(body, i), body, th_graph_output(body, i));
    }
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        move(r, n, g, th_node_output(g, n, i), body, th_graph_input(body, i));
    return TH_OK;
}

static enum th_status run_if(struct th_planned *r, struct th_graph *g, th_node n)
{
    const unsigned char *c = th_planned_read(r, g, n, th_node_input(g, n, 0));
    struct th_graph *body = th_node_body(g, n, c && *c ? 0 : 1);
    for (uint32_t i = 0; i < th_graph_input_count(body); i++)
        move(r, n, body, th_graph_input(body, i), g, th_node_input(g, n, i + 1));
    TH_TRY(run_graph(r, body));
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        move(r, n, g, th_node_output(g, n, i), body, th_graph_output(body, i));
    return TH_OK;
}

static void run_state(struct th_planned *r, struct th_graph *g, th_node n, bool write)
{
    const th_state s = (th_state)th_attr_int(th_node_attrs(g, n), "state", 0);
    const size_t bytes = (size_t)th_type_size(th_state_type(r->program, s));
    const struct th_place place = {TH_REGION_STATE, th_state_offset(r->program, s)};
    unsigned char *var = th_planned_at(r, g, n, place, (int64_t)bytes);
    unsigned char *to = write ? var : value_at(r, g, n, th_node_output(g, n, 0));
    const unsigned char *from = write ? th_planned_read(r, g, n, th_node_input(g, n, 0)) : var;
    if (to && from)
        memmove(to, from, bytes);
}

static enum th_status run_node(struct th_planned *r, struct th_graph *g, th_node n)
{
    const struct th_op *op = th_node_op(g, n);
    if (op->region == TH_REGION_LOOP)
        return run_loop(r, g, n);
    if (op->region == TH_REGION_IF)
        return run_if(r, g, n);
    if (op->region == TH_REGION_TILE_LOOP)
        return th_planned_tiles(r, g, n);
    if (op->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE)) {
        run_state(r, g, n, op->traits & TH_TRAIT_STATE_WRITE);
        return TH_OK;
    }
    if (op->traits & TH_TRAIT_VIEW) {
        move(r, n, g, th_node_output(g, n, 0), g, th_node_input(g, n, 0));
        return TH_OK;
    }
    struct th_arena *a = th_arena_new(0);
    const enum th_status s = a ? run_call(r, g, n, a) : TH_ERR_INTERNAL;
    th_arena_free(a);
    return s;
}

static enum th_status run_graph(struct th_planned *r, struct th_graph *g)
{
    for (th_node n = th_graph_first(g); n && !r->failed; n = th_graph_next(g, n))
        TH_TRY(run_node(r, g, n));
    return TH_OK;
}

/* ---- the program ----------------------------------------------------------------------------- */
void th_planned_reset(struct th_planned *r)
{
    for (th_state s = 1; s <= th_program_state_count(r->program); s++) {
        const struct th_type *t = th_state_type(r->program, s);
        const struct th_blob *b = th_state_initial(r->program, s);
        const size_t bytes = (size_t)th_type_size(t);
        const struct th_place place = {TH_REGION_STATE, th_state_offset(r->program, s)};
        struct th_tensor x = {*t, th_planned_at(r, NULL, 0, place, (int64_t)bytes)};
        if (x.data && b)
            memcpy(x.data, th_blob_data(b), bytes);
        /* without initial value: real zeros */
        for (int64_t i = 0; x.data && !b && i < th_type_elems(t); i++)
            th_tensor_set_int(&x, i, th_quant_zero(t->quant, 0));
    }
}

struct th_planned *th_planned_new(struct th_program *p)
{
    const struct th_plan_totals *t = th_program_plan(p);
    struct th_planned *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct th_planned){.program = p, .n_regions = t->n_regions};
    r->region = calloc((size_t)t->n_regions + 1, sizeof *r->region);
    for (uint32_t i = 0; r->region && i < t->n_regions; i++) {
        const size_t bytes = (size_t)t->regions[i].bytes;
        unsigned char *m = malloc(bytes + 2 * GUARD);
        if (!m) {
            th_planned_free(r);
            return NULL;
        }
        memset(m, GUARD_BYTE, GUARD);
        memset(m + GUARD, JUNK_BYTE, bytes);
        memset(m + GUARD + bytes, GUARD_BYTE, GUARD);
        r->region[i] = m + GUARD;
    }
    if (!r->region) {
        free(r);
        return NULL;
    }
    th_planned_reset(r);
    return r;
}

void th_planned_free(struct th_planned *r)
{
    for (uint32_t i = 0; r && i < r->n_regions; i++)
        if (r->region[i])
            free(r->region[i] - GUARD);
    if (r)
        free(r->region);
    free(r);
}

static void check_guards(struct th_planned *r)
{
    const struct th_plan_totals *t = th_program_plan(r->program);
    for (uint32_t i = 0; i < r->n_regions; i++)
        for (int64_t k = 0; k < GUARD; k++)
            if (r->region[i][-1 - k] != GUARD_BYTE ||
                r->region[i][t->regions[i].bytes + k] != GUARD_BYTE) {
                th_planned_wrong(r, NULL, 0, "bytes outside of region '%s' were written",
                                 t->regions[i].name);
                return;
            }
}

/* Inputs that the caller keeps are only read. */
static void check_inputs(struct th_planned *r, struct th_graph *f,
                         const struct th_tensor *const *in)
{
    const struct th_plan_totals *t = th_program_plan(r->program);
    for (uint32_t i = 0; i < th_graph_input_count(f); i++) {
        const th_value v = th_graph_input(f, i);
        const struct th_place at = th_value_place(f, v);
        const unsigned char *now = v == th_tile_fed_input(f, NULL) ? NULL : value_at(r, f, 0, v);
        if (now && t->regions[at.region].role == TH_ROLE_INPUT &&
            memcmp(now, in[i]->data, th_planned_bytes(f, v)))
            th_planned_wrong(r, f, 0, "input %u of the caller was written", i);
    }
}

enum th_status th_planned_run(struct th_planned *r, struct th_graph *f,
                              const struct th_tensor *const *in, struct th_arena *arena,
                              struct th_tensor **out)
{
    const struct th_plan_totals *t = th_program_plan(r->program);
    r->failed = false;
    for (uint32_t i = 1; i < r->n_regions; i++)
        memset(r->region[i], JUNK_BYTE, (size_t)t->regions[i].bytes);
    const th_value fed = th_tile_fed_input(f, NULL);
    for (uint32_t i = 0; i < th_graph_input_count(f); i++) {
        const bool pushed = th_graph_input(f, i) == fed;
        unsigned char *to = pushed ? NULL : value_at(r, f, 0, th_graph_input(f, i));
        if (pushed)
            r->pushed = in[i]->data;
        if (to)
            memcpy(to, in[i]->data, th_planned_bytes(f, th_graph_input(f, i)));
    }
    TH_TRY(run_graph(r, f));
    if (!r->failed) {
        check_inputs(r, f, in);
        check_guards(r);
    }
    for (uint32_t i = 0; i < th_graph_output_count(f); i++) {
        const th_value v = th_graph_output(f, i);
        const unsigned char *from = th_planned_read(r, f, 0, v);
        if (!(out[i] = th_tensor_new(arena, th_value_type(f, v))))
            return TH_ERR_INTERNAL;
        if (from)
            memcpy(out[i]->data, from, th_planned_bytes(f, v));
    }
    return r->failed ? TH_ERR_DIFFER : TH_OK;
}
