/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/call.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

/* ---- constant data --------------------------------------------------------------------------- */
static uint64_t hash_bytes(const void *data, size_t n)
{
    const unsigned char *p = data;
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 1099511628211u;
    return h;
}

int32_t th_program_add_data(struct th_program *p, const char *what, enum th_dtype dt,
                            const void *data, size_t count, size_t align, bool copy)
{
    const struct th_type type = th_type_make(dt, 1, &(int64_t){(int64_t)count});
    const size_t bytes = (size_t)th_type_size(&type);
    const uint64_t hash = hash_bytes(data, bytes);
    for (uint32_t i = 0; i < p->n_data; i++) {
        struct th_data *d = p->data[i];
        if (p->data_hash[i] == hash && d->dtype == dt && d->bytes == bytes &&
            !memcmp(d->data, data, bytes)) {
            if (align > d->align)
                d->align = align;
            return (int32_t)i;
        }
    }
    struct th_data *d = TH_NEW(p->arena, struct th_data);
    uint32_t cap = p->cap_data;
    if (!d || !th_grow(&p->data, p->n_data, &cap, sizeof *p->data) ||
        !th_grow(&p->data_hash, p->n_data, &p->cap_data, sizeof *p->data_hash))
        return -1;
    const size_t element = th_dtype_bits(dt) >= 8 ? th_dtype_bits(dt) / 8 : 1;
    *d = (struct th_data){what, dt, data, count, bytes, align > element ? align : element};
    if (copy && !(d->data = th_arena_memdup(p->arena, data, bytes)))
        return -1;
    p->data_hash[p->n_data] = hash;
    p->data[p->n_data] = d;
    return (int32_t)p->n_data++;
}

uint32_t th_program_data_count(const struct th_program *p)
{
    return p->n_data;
}

const struct th_data *th_program_data(const struct th_program *p, uint32_t i)
{
    return p->data[i];
}

void th_program_clear_data(struct th_program *p)
{
    p->n_data = 0;
}

/* ---- calls ----------------------------------------------------------------------------------- */
static struct th_arg *add_arg(struct th_call *c, enum th_arg_kind kind, const char *ctype)
{
    if (c->n_args == c->cap_args) {
        const uint32_t cap = c->cap_args ? c->cap_args * 2 : 8;
        struct th_arg *a = TH_NEW_ARRAY(c->program->arena, struct th_arg, cap);
        if (!a) {
            c->failed = true;
            return &c->spare;
        }
        if (c->n_args)
            memcpy(a, c->args, c->n_args * sizeof *a);
        c->args = a;
        c->cap_args = cap;
    }
    struct th_arg *a = &c->args[c->n_args++];
    *a = (struct th_arg){.kind = kind};
    if (ctype && !(a->ctype = th_arena_strdup(c->program->arena, ctype)))
        c->failed = true;
    return a;
}

void th_call_input(struct th_call *c, uint32_t i, const char *ctype)
{
    const struct th_inst *inst = c->inst;
    if (i >= inst->n_in || !inst->in[i]) {
        add_arg(c, TH_ARG_NULL, NULL);
        return;
    }
    const struct th_tensor *k = inst->in_const[i];
    if (!k) {
        add_arg(c, TH_ARG_INPUT, ctype)->index = i;
        return;
    }
    const int32_t d = th_program_add_data(c->program, "constant", k->type.dtype, k->data,
                                          (size_t)th_type_elems(&k->type), 0, false);
    c->failed = c->failed || d < 0;
    add_arg(c, TH_ARG_DATA, ctype)->index = (uint32_t)(d < 0 ? 0 : d);
}

void th_call_output(struct th_call *c, uint32_t i, const char *ctype)
{
    add_arg(c, TH_ARG_OUTPUT, ctype)->index = i;
}

void th_call_scratch(struct th_call *c, size_t bytes, size_t align, const char *ctype)
{
    if (!bytes) {
        add_arg(c, TH_ARG_NULL, NULL);
        return;
    }
    c->scratch_bytes = bytes;
    c->scratch_align = align ? align : 1;
    add_arg(c, TH_ARG_SCRATCH, ctype);
}

void th_call_accumulator(struct th_call *c, const char *ctype)
{
    add_arg(c, TH_ARG_ACCUMULATOR, ctype);
}

void th_call_phase(struct th_call *c)
{
    add_arg(c, TH_ARG_PHASE, NULL);
}

void th_call_int(struct th_call *c, int64_t v)
{
    add_arg(c, TH_ARG_INT, NULL)->i = v;
}

void th_call_float(struct th_call *c, float v)
{
    add_arg(c, TH_ARG_FLOAT, NULL)->f = v;
}

void th_call_text(struct th_call *c, const char *c_expression)
{
    struct th_arg *a = add_arg(c, TH_ARG_TEXT, NULL);
    if (!(a->text = th_arena_strdup(c->program->arena, c_expression)))
        c->failed = true;
}

void th_call_data(struct th_call *c, const char *what, enum th_dtype dt, const void *data,
                  size_t count, size_t align)
{
    const char *name = th_arena_strdup(c->program->arena, what);
    const int32_t d = name ? th_program_add_data(c->program, name, dt, data, count, align, true)
                           : -1;
    c->failed = c->failed || d < 0;
    add_arg(c, TH_ARG_DATA, NULL)->index = (uint32_t)(d < 0 ? 0 : d);
}

void th_call_struct_begin(struct th_call *c, const char *struct_name)
{
    c->open = true;
    th_str_clear(&c->text);
    c->struct_name = th_arena_strdup(c->program->arena, struct_name);
    c->failed = c->failed || !c->struct_name;
}

static void begin_field(struct th_call *c, const char *field)
{
    th_str_addf(&c->text, "%s.%s = ", c->text.len ? ", " : "", field);
}

void th_call_field_int(struct th_call *c, const char *field, int64_t v)
{
    begin_field(c, field);
    if (v == INT32_MIN)
        th_str_add(&c->text, "(-2147483647 - 1)");
    else
        th_str_addf(&c->text, "%lld", (long long)v);
}

void th_call_field_float(struct th_call *c, const char *field, float v)
{
    begin_field(c, field);
    if (isfinite(v))
        th_str_addf(&c->text, "%af", (double)v);
    else
        th_str_add(&c->text, isnan(v) ? "NAN" : v > 0 ? "INFINITY" : "-INFINITY");
}

void th_call_field_text(struct th_call *c, const char *field, const char *text)
{
    begin_field(c, field);
    th_str_add(&c->text, text);
}

void th_call_struct_end(struct th_call *c)
{
    struct th_arg *a = add_arg(c, TH_ARG_STRUCT, NULL);
    a->ctype = c->struct_name;
    a->text = th_arena_strdup(c->program->arena, c->text.s);
    c->failed = c->failed || !a->text || c->text.failed;
    c->open = false;
}

void th_call_batch(struct th_call *c, int64_t n, uint32_t in_mask)
{
    c->batch = n;
    c->batch_in = in_mask;
}

struct th_arena *th_call_arena(struct th_call *c)
{
    return c->inst->arena;
}

void th_call_generated(struct th_call *c, const char *symbol, const char *text)
{
    c->symbol = th_arena_strdup(c->program->arena, symbol);
    c->generated = th_arena_strdup(c->program->arena, text);
    c->failed = c->failed || !c->symbol || !c->generated;
}

enum th_status th_call_bind(struct th_program *p, const struct th_kernel *row,
                            const struct th_query *q, struct th_call **out)
{
    struct th_call *c = TH_NEW(p->arena, struct th_call);
    if (!c)
        return TH_ERR_INTERNAL;
    c->program = p;
    c->inst = q->inst;
    c->symbol = row->symbol;
    c->batch = 1;
    th_str_init(&c->text);
    enum th_status s = row->bind(q, c);
    th_str_release(&c->text);
    c->inst = NULL;
    if (s == TH_OK && (c->failed || c->open))
        s = TH_ERR_INTERNAL;
    if (s == TH_ERR_INTERNAL)
        th_error(p->ctx, NULL, 0, "kernel '%s' could not be bound", row->symbol);
    *out = c;
    return s;
}
