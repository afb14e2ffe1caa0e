/* SPDX-License-Identifier: Apache-2.0 */
/* <name>_data.c: packed weights, tables and constants. */
#include "backends/emit/emit.h"

#include <string.h>

static void declare(struct th_emit *e, struct th_str *s, uint32_t i)
{
    const struct th_data *d = th_program_data(e->program, i);
    /* C has no empty arrays */
    th_str_addf(s, "extern const %s %s_data%u[%zu];\n", th_dtype_ctype(d->dtype), e->name, i,
                d->count ? (th_dtype_bits(d->dtype) < 8 ? d->bytes : d->count) : 1);
}

/* Where data lie in <name>_weights.bin: in order, each aligned. */
static size_t weights_layout(struct th_emit *e, uint32_t until, size_t *align)
{
    size_t at = 0;
    for (uint32_t i = 0; i < th_program_data_count(e->program); i++) {
        const struct th_data *d = th_program_data(e->program, i);
        const size_t a = d->align ? d->align : 1;
        *align = a > *align ? a : *align;
        at = (at + a - 1) / a * a;
        if (i == until)
            break;
        at += d->bytes;
    }
    return at;
}

void th_emit_weights_size(struct th_emit *e, size_t *bytes, size_t *align)
{
    *align = 1;
    *bytes = weights_layout(e, UINT32_MAX, align);
}

static void weights_macros(struct th_emit *e, struct th_str *s)
{
    size_t align = 1;
    for (uint32_t i = 0; i < th_program_data_count(e->program); i++)
        th_str_addf(s, "#define %s_data%u ((const %s *)(const void *)(%s_WEIGHTS + %zu))\n",
                    e->name, i, th_dtype_ctype(th_program_data(e->program, i)->dtype), e->upper,
                    weights_layout(e, i, &align));
}

/* The bytes as they are here; every target reads them in the same (little-endian) order. */
static enum th_status weights_file(struct th_emit *e)
{
    char *file = th_arena_printf(e->arena, "%s_weights.bin", e->name);
    size_t align = 1;
    if (!file)
        return TH_ERR_INTERNAL;
    struct th_str *s = th_emit_text(e, file);
    for (uint32_t i = 0; i < th_program_data_count(e->program); i++) {
        const struct th_data *d = th_program_data(e->program, i);
        const size_t at = weights_layout(e, i, &align);
        while (s->len < at && !s->failed)
            th_str_addc(s, 0);
        th_str_addn(s, d->data, d->bytes);
    }
    return s->failed ? TH_ERR_INTERNAL : TH_OK;
}

void th_emit_data_decls(struct th_emit *e, struct th_str *s)
{
    if (e->request->weights_bin) {
        weights_macros(e, s);
        return;
    }
    for (uint32_t i = 0; i < th_program_data_count(e->program); i++)
        declare(e, s, i);
}

/* Decimal digits by hand: a model has millions of them, and compiling takes a blink. */
static void add_int(struct th_str *s, int64_t v)
{
    char buf[24];
    size_t at = sizeof buf;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        buf[--at] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        buf[--at] = '-';
    th_str_addn(s, buf + at, sizeof buf - at);
}

static void add_element(struct th_str *s, const struct th_data *d, size_t i)
{
    const struct th_tensor t = {{.dtype = d->dtype}, (void *)(uintptr_t)d->data};
    switch (d->dtype) {
    case TH_DT_F32:
        th_emit_float(s, ((const float *)d->data)[i]);
        break;
    case TH_DT_F64:
        th_str_addf(s, "%a", ((const double *)d->data)[i]);
        break;
    case TH_DT_F16:
    case TH_DT_BF16:
        add_int(s, ((const uint16_t *)d->data)[i]);
        break;
    case TH_DT_S4:
    case TH_DT_B1:
        add_int(s, ((const uint8_t *)d->data)[i]);
        break;
    case TH_DT_S32:
        if (((const int32_t *)d->data)[i] == INT32_MIN)
            th_str_add(s, "INT32_MIN");
        else
            add_int(s, ((const int32_t *)d->data)[i]);
        break;
    case TH_DT_U32:
        add_int(s, ((const uint32_t *)d->data)[i]);
        th_str_addc(s, 'u');
        break;
    case TH_DT_S64:
        if (((const int64_t *)d->data)[i] == INT64_MIN) {
            th_str_add(s, "INT64_MIN");
        } else {
            th_str_add(s, "INT64_C(");
            add_int(s, ((const int64_t *)d->data)[i]);
            th_str_addc(s, ')');
        }
        break;
    case TH_DT_U64:
        th_str_addf(s, "UINT64_C(%llu)", (unsigned long long)((const uint64_t *)d->data)[i]);
        break;
    default:
        add_int(s, th_tensor_int(&t, (int64_t)i));
        break;
    }
}

static void define(struct th_emit *e, struct th_str *s, uint32_t i)
{
    const struct th_data *d = th_program_data(e->program, i);
    const size_t n = th_dtype_bits(d->dtype) < 8 ? d->bytes : d->count;
    th_str_add(s, "/* ");
    th_emit_comment(s, d->what);
    th_str_addf(s, ", %zu bytes */\n", d->bytes);
    th_str_addf(s, "%s_DATA_ATTR %s_DATA_ALIGN(%zu) const %s %s_data%u[%zu] = {", e->upper,
                e->upper, d->align, th_dtype_ctype(d->dtype), e->name, i, n ? n : 1);
    size_t line = s->len;
    if (!n)
        th_str_add(s, "0");
    else
        th_str_add(s, "\n");
    for (size_t k = 0; k < n; k++) {
        add_element(s, d, k);
        th_str_addc(s, ',');
        if (s->len - line > 100) {
            th_str_addc(s, '\n');
            line = s->len;
        }
    }
    th_str_add(s, "};\n");
}

enum th_status th_emit_data(struct th_emit *e)
{
    if (e->request->weights_bin)
        return weights_file(e);
    char *file = th_arena_printf(e->arena, "%s_data.c", e->name);
    if (!file)
        return TH_ERR_INTERNAL;
    struct th_str *s = th_emit_text(e, file);
    th_emit_banner(e, s, "Weights and tables, in the order the kernels read them.");
    th_str_addf(s, "#include \"%s.h\"\n\n#include <math.h>\n#include <stdint.h>\n\n", e->name);
    th_str_addf(s, "#ifndef %s_DATA_ALIGN\n#ifdef __GNUC__\n"
                "#define %s_DATA_ALIGN(n) __attribute__((aligned(n)))\n"
                "#else\n#define %s_DATA_ALIGN(n)\n#endif\n#endif\n\n",
                e->upper, e->upper, e->upper);
    th_emit_data_decls(e, s);
    th_str_addc(s, '\n');
    for (uint32_t i = 0; i < th_program_data_count(e->program); i++)
        define(e, s, i);
    return s->failed ? TH_ERR_INTERNAL : TH_OK;
}
