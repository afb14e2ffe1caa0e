/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/image_glue.h"

#include <inttypes.h>

#include "driver/image_memory.h"

/* ---- memory ---------------------------------------------------------------------------------- */

static uint32_t n_io(const struct th_image_entry *e)
{
    return e->n_inputs + e->n_outputs;
}

/* The bench keeps it itself. */
static bool kept(const struct th_image_entry *e, uint32_t i)
{
    return e->caller_io || i + 1 == e->fed;
}

/* "thg_0_input_1": where entry k's input or output i lies when the bench keeps it. */
static void add_io_name(struct th_str *s, uint32_t k, const struct th_image_entry *e, uint32_t i)
{
    if (i < e->n_inputs)
        th_str_addf(s, "thg_%" PRIu32 "_input_%" PRIu32, k, i);
    else
        th_str_addf(s, "thg_%" PRIu32 "_output_%" PRIu32, k, i - e->n_inputs);
}

static uint64_t io_bytes(const struct th_image_entry *e, uint32_t i)
{
    return i < e->n_inputs ? e->input_bytes[i] : e->output_bytes[i - e->n_inputs];
}

static void declare_memory(struct th_str *s, const struct th_image_request *r, const char *macros)
{
    uint32_t i, k;

    if (!r->n_memories)
        th_str_addf(s, "THB_REGION(thg_region_0, %s_ARENA_BYTES);\n", macros);
    for (i = 0; i < r->n_memories; i++) {
        const struct th_image_memory *m = &r->memories[i];

        th_str_add(s, "THB_REGION_IN(");
        th_image_memory_symbol(s, r->memories, i);
        th_str_addf(s, ", %" PRIu32 "u, %" PRIu64 "u, %" PRIu32 "u, ", m->before, m->bytes, m->after);
        if (m->placed && m->section)
            th_str_addf(s, "%s);\n", m->section);
        else
            th_str_addf(s, "\".bss.%s\");\n", m->placed ? m->name : "thb_arena");
    }
    for (k = 0; k < r->n_entries; k++)
        for (i = 0; i < n_io(&r->entries[k]); i++) {
            if (!kept(&r->entries[k], i))
                continue;
            th_str_add(s, "THB_REGION(");
            add_io_name(s, k, &r->entries[k], i);
            th_str_addf(s, ", %" PRIu64 "u);\n", io_bytes(&r->entries[k], i));
        }
}

/* Without a list of memories there is one, of the size the header says. Returns their number. */
static uint32_t list_memory(struct th_str *s, const struct th_image_request *r, const char *macros)
{
    uint32_t n = r->n_memories ? r->n_memories : 1, i, k;

    th_str_add(s, "static const struct thb_region thg_regions[] = {\n");
    if (!r->n_memories)
        th_str_addf(s, "    { thg_region_0, %s_ARENA_BYTES, %s_STATE_BYTES, THB_ARENA, "
                    "THB_GUARD_BYTES,\n      THB_GUARD_BYTES },\n", macros, macros);
    for (i = 0; i < r->n_memories; i++) {
        const struct th_image_memory *m = &r->memories[i];

        th_str_add(s, "    { ");
        th_image_memory_symbol(s, r->memories, i);
        th_str_addf(s, ", %" PRIu64 "u, %" PRIu64 "u, THB_ARENA, %" PRIu32 "u, %" PRIu32 "u },\n",
                    m->bytes, m->state_bytes, m->before, m->after);
    }
    for (k = 0; k < r->n_entries; k++)
        for (i = 0; i < n_io(&r->entries[k]); i++) {
            if (!kept(&r->entries[k], i))
                continue;
            n++;
            th_str_add(s, "    { ");
            add_io_name(s, k, &r->entries[k], i);
            th_str_addf(s, ", %" PRIu64 "u, 0, %s, THB_GUARD_BYTES, THB_GUARD_BYTES },\n",
                        io_bytes(&r->entries[k], i),
                        i < r->entries[k].n_inputs ? "THB_INPUT" : "THB_OUTPUT");
        }
    th_str_add(s, "};\n");
    return n;
}

/* The block that region i is part of, at its offset. */
static void add_region(struct th_str *s, const struct th_image_request *r, uint32_t i)
{
    const struct th_image_region *g = &r->regions[i];

    th_str_add(s, "        ");
    th_image_memory_symbol(s, r->memories, g->memory);
    th_str_addf(s, " + %" PRIu64 "u,\n", r->memories[g->memory].before + g->offset);
}

static void call_init(struct th_str *s, const struct th_image_request *r, const char *macros)
{
    uint32_t i;

    if (r->n_regions) {
        th_str_add(s, "    void *const memory[] = {\n");
        for (i = 0; i < r->n_regions; i++)
            add_region(s, r, i);
        th_str_add(s, "    };\n    static const size_t bytes[] = {\n");
        for (i = 0; i < r->n_regions; i++)
            th_str_addf(s, "        %" PRIu64 "u,\n", r->regions[i].bytes);
        th_str_addf(s, "    };\n    int status = %s_init_regions(&thg_ctx, memory, bytes, %" PRIu32
                    "u);\n\n", r->name, r->n_regions);
    } else if (r->n_memories) {
        /* header and plan agree, or this does not compile */
        th_str_addf(s, "    enum { THG_AGREE = 1 / (%s_ARENA_BYTES == %" PRIu64 "u) };\n", macros,
                    r->memories[0].bytes);
        th_str_addf(s, "    int status = %s_init(&thg_ctx, ", r->name);
        th_image_memory_symbol(s, r->memories, 0);
        th_str_addf(s, " + %" PRIu32 "u, %" PRIu64 "u);\n\n", r->memories[0].before,
                    r->memories[0].bytes);
    } else {
        th_str_addf(s, "    int status = %s_init(&thg_ctx, THB_REGION_BASE(thg_region_0),\n"
                    "                   %s_ARENA_BYTES);\n\n", r->name, macros);
    }
}

static void add_init(struct th_str *s, const struct th_image_request *r, const char *macros)
{
    uint32_t i, k;

    th_str_add(s, "\nstatic int thg_init(void)\n{\n");
    call_init(s, r, macros);
    for (k = 0; k < r->n_entries; k++)
        for (i = 0; i < n_io(&r->entries[k]); i++) {
            const struct th_image_entry *e = &r->entries[k];
            const bool input = i < e->n_inputs;

            if (!e->caller_io)
                continue;
            th_str_addf(s, "    if (!status)\n        status = %s(&thg_ctx, %" PRIu32
                        ", THB_REGION_BASE(", input ? e->input : e->output,
                        input ? i : i - e->n_inputs);
            add_io_name(s, k, e, i);
            th_str_add(s, "));\n");
        }
    th_str_add(s, "    return status;\n}\n");
}

/* ---- entry points ---------------------------------------------------------------------------- */

/* The header's own macros where the entry has a prefix for them: the firmware then refuses cases of
 * another size, so header and program must agree. */
static void add_sizes(struct th_str *s, const char *what, uint32_t entry,
                      const struct th_image_entry *e, bool inputs)
{
    const uint32_t n = inputs ? e->n_inputs : e->n_outputs;
    const uint64_t *bytes = inputs ? e->input_bytes : e->output_bytes;
    uint32_t i;

    th_str_addf(s, "static const size_t thg_%" PRIu32 "_%s[] = { ", entry, what);
    for (i = 0; i < n; i++) {
        if (e->macros)
            th_str_addf(s, "%s_%s_%" PRIu32 "_BYTES, ", e->macros, inputs ? "INPUT" : "OUTPUT", i);
        else
            th_str_addf(s, "%" PRIu64 "u, ", bytes[i]);
    }
    th_str_add(s, n ? "};\n" : "0 };\n");
}

/* Where input or output i lies: the model knows, unless the bench keeps it. */
static void add_pointer(struct th_str *s, uint32_t k, const struct th_image_entry *e, bool input)
{
    const uint32_t n = input ? e->n_inputs : e->n_outputs;
    uint32_t i;

    th_str_addf(s, "static %svoid *thg_%" PRIu32 "_%s(int i)\n{\n", input ? "" : "const ", k,
                input ? "input" : "output");
    if (n && !e->caller_io) {
        if (input && e->fed) {
            th_str_addf(s, "    if (i == %" PRIu32 ")\n        return THB_REGION_BASE(", e->fed - 1);
            add_io_name(s, k, e, e->fed - 1);
            th_str_add(s, ");\n");
        }
        th_str_addf(s, "    return %s(&thg_ctx, i);\n}\n", input ? e->input : e->output);
        return;
    }
    th_str_add(s, "    switch (i) {\n");
    for (i = 0; i < n; i++) {
        th_str_addf(s, "    case %" PRIu32 ":\n        return THB_REGION_BASE(", i);
        add_io_name(s, k, e, input ? i : e->n_inputs + i);
        th_str_add(s, ");\n");
    }
    th_str_add(s, "    default:\n        return 0;\n    }\n}\n");
}

/* One row, then two, then many at a time; anything but 0 in between says that rows are missing. So
 * it is after a whole step of frames during the warm-up. */
static void add_pushes(struct th_str *s, uint32_t k, const struct th_image_entry *e)
{
    const uint64_t row = e->input_bytes[e->fed - 1] / e->frame_rows;

    th_str_addf(s, "\nstatic int thg_%" PRIu32 "_invoke(void)\n{\n    size_t done = 0, n = 1;\n"
                "    int status = 0;\n\n"
                "    for (; done < %" PRIu64 "u; done += n, n = n < 3 ? n + 1 : 7) {\n"
                "        if (n > %" PRIu64 "u - done)\n            n = %" PRIu64 "u - done;\n"
                "        status = %s(&thg_ctx, (const void *)((const unsigned char *)THB_REGION_BASE(",
                k, e->frame_rows, e->frame_rows, e->frame_rows, e->invoke);
    add_io_name(s, k, e, e->fed - 1);
    th_str_addf(s, ") + done * %" PRIu64 "u), n);\n        thg_pushed += n;\n"
                "        if ((status == 0) != (done + n == %" PRIu64 "u && thg_pushed >= %" PRIu64
                "u))\n            return 99;\n    }\n", row, e->frame_rows, e->warm_up);
    if (e->warm_up)
        th_str_addf(s, "    if (status == %s_MORE)\n        return 0;\n", e->macros);
    th_str_add(s, "    return status;\n}\n");
}

static void add_entry(struct th_str *s, uint32_t k, const struct th_image_entry *e)
{
    if (e->fed)
        add_pushes(s, k, e);
    else
        th_str_addf(s, "\nstatic int thg_%" PRIu32 "_invoke(void)\n{\n    return %s(&thg_ctx);\n}\n",
                    k, e->invoke);
    add_pointer(s, k, e, true);
    add_pointer(s, k, e, false);
    add_sizes(s, "inputs", k, e, true);
    add_sizes(s, "outputs", k, e, false);
}

void th_image_glue(struct th_str *s, const struct th_image_request *r, const char *macros)
{
    uint32_t i, n_memory;
    bool fed = false;

    th_str_addf(s, "#include \"thb_bench.h\"\n#include \"%s.h\"\n\nstatic struct %s thg_ctx;\n",
                r->name, r->name);
    for (i = 0; i < r->n_entries; i++)
        fed = fed || r->entries[i].fed;
    if (fed)
        th_str_add(s, "static size_t thg_pushed;\n");
    declare_memory(s, r, macros);
    n_memory = list_memory(s, r, macros);
    add_init(s, r, macros);
    th_str_addf(s, "\nstatic int thg_reset(void)\n{\n%s    return %s_reset(&thg_ctx);\n}\n",
                fed ? "    thg_pushed = 0;\n" : "", r->name);
    for (i = 0; i < r->n_entries; i++)
        add_entry(s, i, &r->entries[i]);
    th_str_add(s, "\nstatic const struct thb_entry thg_entries[] = {\n");
    for (i = 0; i < r->n_entries; i++)
        th_str_addf(s, "    { \"%u\", thg_%u_invoke, thg_%u_input, thg_%u_output, %u, %u, "
                    "thg_%u_inputs, thg_%u_outputs },\n", (unsigned)i, (unsigned)i, (unsigned)i,
                    (unsigned)i, (unsigned)r->entries[i].n_inputs,
                    (unsigned)r->entries[i].n_outputs, (unsigned)i, (unsigned)i);
    th_str_addf(s, "};\nconst struct thb_model thb_model = {\n"
                "    \"%s\", thg_init, thg_reset, %u, %u, thg_regions, thg_entries\n};\n", r->name,
                (unsigned)n_memory, (unsigned)r->n_entries);
}
