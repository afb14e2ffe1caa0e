/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "driver/verify.h"

static void print_output(const struct th_verify_output *o, struct th_str *out)
{
    th_str_add(out, "  output '");
    th_str_add_escaped(out, o->name && *o->name ? o->name : "(unnamed)");
    th_str_add(out, "'");
    if (strcmp(o->function, "run") != 0)
        th_str_addf(out, " of %s", o->function);
    if (o->n_compared == 0)
        th_str_add(out, ": not compared\n");
    else if (o->n_different == 0 && o->worst.unequal == 0)
        th_str_addf(out, ": equal in %" PRIu32 " cases\n", o->n_compared);
    else if (o->n_different == 0) {
        th_str_add(out, ": within tolerance (");
        th_tolerance_print(out, &o->worst.bound);
        th_str_addf(out, ") in %" PRIu32 " cases, largest difference %g\n", o->n_compared,
                    o->worst.largest);
    } else {
        th_str_addf(out, ": DIFFERS in %" PRIu32 " of %" PRIu32 " cases; in the worst, %" PRId64
                    " of %" PRId64 " elements by more than ", o->n_different, o->n_compared,
                    o->worst.different, o->worst.elements);
        th_tolerance_print(out, &o->worst.bound);
        th_str_addf(out, ", first at %" PRId64 ", largest difference %g\n", o->worst.first,
                    o->worst.largest);
    }
}

static void print_count(const struct th_verify_result *result, struct th_str *out)
{
    if (result->least_count == result->most_count)
        th_str_addf(out, "%" PRIu64, result->most_count);
    else
        th_str_addf(out, "%" PRIu64 "..%" PRIu64, result->least_count, result->most_count);
    th_str_addf(out, " %s per inference, %" PRIu64 " for init\n", result->run.unit,
                result->run.init_count);
}

void th_verify_print(const struct th_verify_request *r, const struct th_verify_result *result,
                     struct th_str *out)
{
    const struct th_image *i = &result->image;
    uint32_t k;

    th_str_addf(out, "%s on %s (%s, %s %s): %" PRIu32 " cases, outputs %s\n", r->name,
                r->target->name, r->target->board.name,
                r->command ? r->command : i->compiler->command, r->optimise ? r->optimise : "-O2",
                result->n_cases, result->n_different ? "DIFFER" : "equal");
    for (k = 0; k < result->n_outputs; k++)
        print_output(&result->outputs[k], out);
    th_str_add(out, "  ");
    print_count(result, out);
    th_str_addf(out, "  arena %" PRIu64 " bytes, of which state %" PRIu64 ", guard zones intact in "
                "%" PRIu32 " cases\n", result->run.arena, result->run.state, result->run.guarded);
    for (k = 0; k < i->n_memories; k++)
        if (i->memories[k].placed)
            th_str_addf(out, "  memory '%s': %" PRIu64 " of %" PRIu64 " bytes at 0x%08" PRIx64
                        ", guard zones of %" PRIu32 " and %" PRIu32 " bytes\n", i->memories[k].name,
                        i->memories[k].bytes, i->memories[k].capacity, i->memories[k].base,
                        i->memories[k].before, i->memories[k].after);
    th_str_addf(out, "  stack %" PRIu64 " bytes measured", result->run.most_stack);
    if (i->stack_bound >= 0 && !i->stack_unknown)
        th_str_addf(out, ", %" PRId64 " at most by the call graph", i->stack_bound);
    if (i->stack_bound >= 0 && i->stack_unknown)
        th_str_addf(out, "; no bound: nothing tells the frame of %s%s, all others take %" PRId64
                    " at most", i->stack_names ? i->stack_names : "a function",
                    i->stack_unknown > 3 ? " and others" : "", i->stack_bound);
    th_str_addf(out, "\n  model: text %" PRIu64 ", constants %" PRIu64 ", data %" PRIu64
                "; linked with start-up and libraries: text %" PRIu64 ", constants %" PRIu64
                ", data %" PRIu64 ", bss %" PRIu64 "\n", i->model.text, i->model.rodata,
                i->model.data + i->model.bss, i->image.text, i->image.rodata, i->image.data,
                i->image.bss);
    if (i->warnings)
        th_str_addf(out, "  %" PRIu32 " files with compiler warnings\n", i->warnings);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_int(struct json_object *o, const char *key, uint64_t v)
{
    json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static void put_text(struct json_object *o, const char *key, const char *v)
{
    json_object_object_add(o, key, v ? json_object_new_string(v) : NULL);
}

static struct json_object *sizes_object(const struct th_sizes *s)
{
    struct json_object *o = json_object_new_object();

    put_int(o, "text", s->text);
    put_int(o, "rodata", s->rodata);
    put_int(o, "data", s->data);
    put_int(o, "bss", s->bss);
    return o;
}

static struct json_object *memories_array(const struct th_image *i)
{
    struct json_object *list = json_object_new_array();
    uint32_t k;

    for (k = 0; k < i->n_memories; k++) {
        const struct th_image_memory *m = &i->memories[k];
        struct json_object *o = json_object_new_object();
        char base[24];

        put_text(o, "name", m->name);
        put_int(o, "bytes", m->bytes);
        if (m->placed) {
            snprintf(base, sizeof base, "0x%08" PRIx64, m->base);
            put_text(o, "address", base);
            put_int(o, "capacity", m->capacity);
        }
        put_int(o, "guard_before", m->before);
        put_int(o, "guard_after", m->after);
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *outputs_array(const struct th_verify_result *result)
{
    struct json_object *list = json_object_new_array();
    uint32_t k;

    for (k = 0; k < result->n_outputs; k++) {
        const struct th_verify_output *v = &result->outputs[k];
        struct json_object *o = json_object_new_object();

        put_text(o, "function", v->function);
        put_text(o, "name", v->name);
        put_int(o, "cases", v->n_compared);
        put_int(o, "cases_different", v->n_different);
        put_int(o, "elements", (uint64_t)v->worst.elements);
        put_int(o, "elements_different", (uint64_t)v->worst.different);
        put_int(o, "elements_unequal", (uint64_t)v->worst.unequal);
        /* JSON has no infinity */
        json_object_object_add(o, "largest_difference", isfinite(v->worst.largest)
                               ? json_object_new_double(v->worst.largest) : NULL);
        json_object_array_add(list, o);
    }
    return list;
}

void th_verify_print_json(const struct th_verify_request *r,
                          const struct th_verify_result *result, struct th_str *out)
{
    const struct th_image *i = &result->image;
    struct json_object *o = json_object_new_object(), *counts = json_object_new_object();
    struct json_object *stack = json_object_new_object();

    put_text(o, "name", r->name);
    put_text(o, "target", r->target->name);
    put_text(o, "board", r->target->board.name);
    put_text(o, "compiler", r->command ? r->command : i->compiler->command);
    put_text(o, "optimise", r->optimise ? r->optimise : "-O2");
    put_int(o, "cases", result->n_cases);
    json_object_object_add(o, "equal", json_object_new_boolean(result->n_different == 0));
    json_object_object_add(o, "outputs", outputs_array(result));
    put_text(o, "unit", result->run.unit);
    json_object_object_add(o, "count", counts);
    put_int(counts, "least", result->least_count);
    put_int(counts, "median", result->median_count);
    put_int(counts, "most", result->most_count);
    put_int(counts, "init", result->run.init_count);
    put_int(o, "arena", result->run.arena);
    put_int(o, "state", result->run.state);
    put_int(o, "guards_intact", result->run.guarded);
    json_object_object_add(o, "memories", memories_array(i));
    json_object_object_add(o, "stack", stack);
    put_int(stack, "measured", result->run.most_stack);
    if (i->stack_bound >= 0 && !i->stack_unknown)
        put_int(stack, "bound", (uint64_t)i->stack_bound);
    else
        put_text(stack, "bound", NULL);
    put_int(stack, "functions_without_frame", i->stack_unknown);
    json_object_object_add(o, "model", sizes_object(&i->model));
    json_object_object_add(o, "linked", sizes_object(&i->image));
    put_int(o, "files_with_warnings", i->warnings);
    th_str_addf(out, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
    json_object_put(o);
}
