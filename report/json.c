/* SPDX-License-Identifier: Apache-2.0 */
/* The report for programs. Field names are part of the interface: they are only added to. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "report/report.h"

static void put(struct json_object *o, const char *key, struct json_object *v)
{
    json_object_object_add(o, key, v);
}

static void put_int(struct json_object *o, const char *key, int64_t v)
{
    put(o, key, json_object_new_int64(v));
}

/* Names from a model may hold bytes that are not UTF-8, which JSON does not allow. */
static void put_text(struct json_object *o, const char *key, const char *s)
{
    if (!s) {
        put(o, key, NULL);
        return;
    }
    for (const unsigned char *p = (const unsigned char *)s; *p; p++)
        if (*p >= 0x80) {
            struct th_str safe;
            th_str_init(&safe);
            th_str_add_escaped(&safe, s);
            put(o, key, json_object_new_string(safe.s));
            th_str_release(&safe);
            return;
        }
    put(o, key, json_object_new_string(s));
}

static struct json_object *shape(const struct th_type *t)
{
    struct json_object *a = json_object_new_array();
    for (int32_t i = 0; i < t->rank; i++)
        json_object_array_add(a, json_object_new_int64(t->dims[i]));
    return a;
}

static struct json_object *tensors(const struct th_report_tensor *t, uint32_t n)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < n; i++) {
        struct json_object *o = json_object_new_object();
        put_text(o, "name", t[i].name);
        put_text(o, "dtype", th_dtype_name(t[i].type->dtype));
        put(o, "shape", shape(t[i].type));
        put_int(o, "bytes", t[i].bytes);
        const struct th_quant *q = t[i].type->quant;
        if (q && q->n == 1) {
            put(o, "scale", json_object_new_double((double)th_quant_scale(q, 0)));
            put_int(o, "zero_point", th_quant_zero(q, 0));
        }
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *functions(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_functions; i++) {
        const struct th_report_function *f = &r->functions[i];
        struct json_object *o = json_object_new_object();
        put_text(o, "name", f->name);
        put(o, "inputs", tensors(f->in, f->n_in));
        put(o, "outputs", tensors(f->out, f->n_out));
        put_int(o, "first_step", f->first_step);
        put_int(o, "steps", f->n_steps);
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *layers(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_layers; i++) {
        const struct th_report_layer *l = &r->layers[i];
        struct json_object *o = json_object_new_object();
        put_int(o, "step", l->step);
        put_int(o, "depth", l->depth);
        put_int(o, "node", l->model_node);
        put_text(o, "name", l->name);
        put_text(o, "op", l->op);
        put_text(o, "dtype", l->out ? th_dtype_name(l->out->dtype) : NULL);
        put(o, "shape", l->out ? shape(l->out) : NULL);
        put_int(o, "macs", l->macs);
        put_int(o, "ops", l->ops);
        put_int(o, "weight_bytes", l->weight_bytes);
        put_int(o, "input_bytes", l->in_bytes);
        put_int(o, "output_bytes", l->out_bytes);
        put_text(o, "kernel", l->kernel);
        if (l->kernel) {
            put(o, "cycles_estimated", json_object_new_double(l->cycles));
            put_int(o, "scratch_bytes", l->scratch_bytes);
            put_int(o, "code_bytes_bound", l->code_bytes);
            put_int(o, "stack_bytes_bound", l->stack_bytes);
        }
        if (l->place.region >= 0 && (uint32_t)l->place.region < r->n_places) {
            put_text(o, "region", r->regions[l->place.region].name);
            put_int(o, "offset", l->place.offset);
        }
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *regions(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_regions; i++) {
        struct json_object *o = json_object_new_object();
        put_text(o, "name", r->regions[i].name);
        put_int(o, "bytes", r->regions[i].bytes);
        put_int(o, "align", r->regions[i].align);
        put_int(o, "lower_bound", r->regions[i].lower_bound);
        if (r->regions[i].memory)
            put_text(o, "memory", r->regions[i].memory);
        if (r->region_of[i]) {
            char base[24];
            snprintf(base, sizeof base, "0x%08" PRIx64, r->region_of[i]->base);
            put_int(o, "capacity", (int64_t)r->region_of[i]->bytes);
            put_int(o, "speed", r->region_of[i]->speed);
            put_text(o, "base", base);
        }
        double least, most;
        if (i != TH_REGION_STATE && th_report_heat(r, i, &least, &most)) {
            put(o, "least_reads_per_byte", json_object_new_double(least));
            put(o, "most_reads_per_byte", json_object_new_double(most));
        }
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *memory(const struct th_report *r)
{
    struct json_object *o = json_object_new_object();
    put_int(o, "arena_bytes", r->arena_bytes);
    put_int(o, "state_bytes", r->state_bytes);
    put_int(o, "transient_bytes", r->transient_bytes);
    put_int(o, "lower_bound", r->lower_bound);
    put_int(o, "align", r->align);
    put_int(o, "input_bytes", r->input_bytes);
    put_int(o, "output_bytes", r->output_bytes);
    put_int(o, "pushed_bytes", r->pushed_bytes);
    put_text(o, "io_buffers", r->caller_io ? "caller" : "arena");
    put_int(o, "arena_and_io_bytes",
            r->arena_bytes + (r->caller_io ? r->input_bytes + r->output_bytes : 0));
    put(o, "regions", regions(r));
    if (r->spread)
        put_text(o, "placement", r->by_heat ? "most reads per byte in the fastest" : "as it fits");
    if (r->peak) {
        struct json_object *p = json_object_new_object();
        put_int(p, "live_bytes", r->peak_live);
        put_int(p, "step", r->peak->step);
        put_int(p, "node", r->peak->model_node);
        put_text(p, "name", r->peak->name);
        put_text(p, "op", r->peak->op);
        put(o, "peak", p);
    }
    return o;
}

static struct json_object *operators(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_ops; i++) {
        struct json_object *o = json_object_new_object();
        put_text(o, "op", r->ops[i].op);
        put_int(o, "nodes", r->ops[i].count);
        put_int(o, "macs", r->ops[i].macs);
        put_int(o, "weight_bytes", r->ops[i].weight_bytes);
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *states(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_states; i++) {
        struct json_object *o = json_object_new_object();
        put_text(o, "name", r->state_names[i]);
        put_text(o, "dtype", th_dtype_name(r->states[i]->dtype));
        put(o, "shape", shape(r->states[i]));
        put_int(o, "bytes", th_type_size(r->states[i]));
        json_object_array_add(list, o);
    }
    return list;
}

/* What the page draws: who lies where, when. */
static struct json_object *blocks(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        const struct th_report_block *b = &r->blocks[i];
        struct json_object *o = json_object_new_object();
        put_text(o, "name", b->name);
        put_text(o, "region", r->regions[b->region].name);
        put_int(o, "function", b->function);
        put_int(o, "offset", b->offset);
        put_int(o, "bytes", b->bytes);
        put_int(o, "first_step", b->first);
        put_int(o, "last_step", b->last);
        put(o, "scratch", json_object_new_boolean(b->scratch));
        if (r->spread)
            put(o, "reads_per_byte", json_object_new_double(b->heat));
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *front(const struct th_report *r)
{
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < r->n_front; i++) {
        struct json_object *o = json_object_new_object();
        put_int(o, "bytes", r->front[i].bytes);
        put_int(o, "macs", r->front[i].macs);
        put_int(o, "cycles_permille", r->front[i].cycles);
        put_text(o, "spelling", r->front[i].spelling);
        put(o, "chosen", json_object_new_boolean(r->front[i].chosen));
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *sides(const int64_t v[2])
{
    struct json_object *a = json_object_new_array();
    for (int i = 0; i < 2; i++)
        json_object_array_add(a, json_object_new_int64(v[i]));
    return a;
}

static struct json_object *patches(const struct th_advice *a)
{
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();
    put_int(o, "stage_nodes", a->n_nodes);
    put_int(o, "patches_per_axis", a->patches);
    put(o, "stage_output", sides(a->map));
    put(o, "patch_input", sides(a->patch));
    put(o, "patch_input_without_halo", sides(a->least));
    put_int(o, "peak_bytes", a->peak);
    put_int(o, "peak_bytes_by_layers", a->layer_peak);
    put(o, "stage_overhead", json_object_new_double(a->overhead));
    put(o, "overall_overhead", json_object_new_double(a->overall));
    put(o, "patch_input_redistributed", sides(a->patch_redistributed));
    put(o, "stage_overhead_redistributed", json_object_new_double(a->overhead_redistributed));
    for (uint32_t i = 0; i < a->n_layers; i++) {
        const struct th_advice_layer *l = &a->layers[i];
        struct json_object *x = json_object_new_object();
        put_text(x, "name", l->name);
        put_text(x, "op", l->op);
        put_int(x, "node", l->model_node);
        put(x, "kernel", sides(l->kernel));
        put(x, "stride", sides(l->stride));
        put(x, "patch_input_as_1x1", sides(l->patch));
        put(x, "stage_overhead_as_1x1", json_object_new_double(l->overhead));
        json_object_array_add(list, x);
    }
    put(o, "layers", list);
    return o;
}

static void put_number(struct json_object *o, const char *key, double v)
{
    put(o, key, json_object_new_double(v));
}

static struct json_object *quantization(const struct th_quantized *q)
{
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();
    put_text(o, "kind", q->kind);
    put_text(o, "calibrator", q->calibrator);
    put_int(o, "samples", q->samples);
    put_int(o, "constant_bytes_before", q->weights_before);
    put_int(o, "constant_bytes_after", q->weights_after);
    if (q->labelled) {
        put_number(o, "accuracy_float", q->right_before);
        put_number(o, "accuracy_quantized", q->right_after);
    }
    if (q->judged) {
        put_int(o, "judged_samples", q->judged);
        put_number(o, "top_class_agreement", q->agree);
        put_number(o, "output_snr_db", q->snr_db);
    }
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_quantized_layer *l = &q->layers[i];
        struct json_object *e = json_object_new_object();
        put_int(e, "node", l->model_node);
        put_text(e, "name", l->name);
        put_text(e, "op", l->op);
        put_text(e, "kind", l->kind);
        if (l->why)
            put_text(e, "why_float", l->why);
        if (l->measured) {
            put_number(e, "snr_db_alone", l->snr_db);
            put_number(e, "top_class_flips_alone", l->flips);
        }
        json_object_array_add(list, e);
    }
    put(o, "layers", list);
    return o;
}

static struct json_object *frames(const struct th_frames *f)
{
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();
    put_int(o, "step_frames", f->hop);
    put_int(o, "window_frames", f->window);
    put_int(o, "warm_up_frames", f->warm_up);
    put_int(o, "axis", f->axis);
    put_int(o, "macs_step", f->macs_step);
    put_int(o, "macs_window", f->macs_window);
    put_int(o, "layers_along_time", f->timed);
    put_int(o, "layers_streamed", f->streamed);
    for (uint32_t i = 0; i < f->n_ends; i++) {
        struct json_object *e = json_object_new_object();
        put_int(e, "node", f->ends[i].model_node);
        put_text(e, "name", f->ends[i].name);
        put_text(e, "op", f->ends[i].op);
        put_text(e, "why", f->ends[i].why);
        json_object_array_add(list, e);
    }
    put(o, "whole_windows_from", list);
    return o;
}

static struct json_object *whole(const struct th_report *r)
{
    struct json_object *o = json_object_new_object(), *m = json_object_new_object();
    put_text(o, "thimble", th_version());
    put_text(o, "name", r->name);
    put_text(m, "file", r->source);
    put_text(m, "format", r->format);
    put_text(m, "sha256", r->sha256);
    put(o, "model", m);
    put_text(o, "target", r->target);
    put_text(o, "options", r->options);
    put_text(o, "passes", r->passes);
    put(o, "functions", functions(r));
    put(o, "states", states(r));
    put_int(o, "macs", r->macs);
    put_int(o, "ops", r->elementary);
    put_int(o, "largest_activation_pair_bytes", r->largest_pair);
    put_int(o, "data_bytes", r->data_bytes);
    put_int(o, "copied_data_bytes", r->copied_bytes);
    put(o, "data_as_emitted", json_object_new_boolean(r->packed));
    if (r->foot.kernels) {
        put(o, "cycles_estimated", json_object_new_double(r->cycles));
        put_int(o, "kernels", r->foot.kernels);
        put_int(o, "kernels_not_measured", r->foot.unmeasured);
        put_int(o, "code_bytes_bound", r->foot.code);
        put_int(o, "stack_bytes_bound", r->foot.stack);
    }
    if (r->n_regions) {
        put(o, "memory", memory(r));
        put(o, "blocks", blocks(r));
    }
    if (r->n_front)
        put(o, "front", front(r));
    if (r->advice.n_nodes)
        put(o, "patches", patches(&r->advice));
    if (r->frames)
        put(o, "frames", frames(r->frames));
    if (r->quantized)
        put(o, "quantization", quantization(r->quantized));
    put(o, "operators", operators(r));
    put(o, "layers", layers(r));
    return o;
}

enum th_status th_report_json(const struct th_report *r, struct th_str *out)
{
    struct json_object *o = whole(r);
    const char *text = json_object_to_json_string_ext(
        o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text)
        th_str_addf(out, "%s\n", text);
    json_object_put(o);
    return text && !out->failed ? TH_OK : TH_ERR_INTERNAL;
}
