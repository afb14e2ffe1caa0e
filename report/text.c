/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

static void add_name(struct th_str *s, const struct th_report_layer *l)
{
    if (l->model_node >= 0)
        th_str_addf(s, "node #%" PRId64 " '", l->model_node);
    else
        th_str_addf(s, "step %u '", l->step);
    th_str_add_escaped(s, l->name);
    th_str_addf(s, "' (%s)", l->op);
}

static void add_share(struct th_str *s, int64_t part, int64_t whole)
{
    if (whole > 0)
        th_str_addf(s, " (%.1f%%)", 100.0 * (double)part / (double)whole);
}

const char *th_report_placement(const struct th_report *r)
{
    return r->by_heat ? "values read most for each of their bytes lie in the fastest memory, as "
                        "far as it goes"
                      : "no memory holds all; sorted by reads they do not fit, so as they fit";
}

/* "speed 0: each byte read or written 18 to 144 times" */
static void add_heat(const struct th_report *r, uint32_t region, struct th_str *s)
{
    double least, most;
    if (r->region_of[region])
        th_str_addf(s, ", speed %" PRIu32, r->region_of[region]->speed);
    if (th_report_heat(r, region, &least, &most))
        th_str_addf(s, ": each byte read or written %.0f to %.0f times", least, most);
}

static void add_memory(const struct th_report *r, struct th_str *s)
{
    th_str_addf(s, "arena     %10" PRId64 " bytes: state %" PRId64 ", transient %" PRId64
                "; lower bound of this order %" PRId64 "\n",
                r->arena_bytes, r->state_bytes, r->transient_bytes, r->lower_bound);
    th_str_addf(s, "in, out   %10" PRId64 " bytes: inputs %" PRId64 ", outputs %" PRId64 ", %s\n",
                r->input_bytes + r->output_bytes, r->input_bytes, r->output_bytes,
                r->caller_io ? "in the caller's memory" : "inside the arena");
    if (r->pushed_bytes)
        th_str_addf(s, "pushed    %10" PRId64 " bytes of input by rows, not stored\n",
                    r->pushed_bytes);
    if (r->caller_io)
        th_str_addf(s, "together  %10" PRId64 " bytes: arena, inputs and outputs\n",
                    r->arena_bytes + r->input_bytes + r->output_bytes);
    for (uint32_t i = 0; i < r->n_regions; i++) {
        const struct th_plan_region *g = &r->regions[i];
        if (!g->bytes || (i == TH_REGION_STATE && r->n_regions <= 2 && !r->spread))
            continue;
        th_str_addf(s, "  region  %10" PRId64 " bytes in '%s'", g->bytes,
                    g->memory ? g->memory : g->name);
        if (r->region_of[i] && r->region_of[i]->bytes) {
            th_str_addf(s, " of %" PRIu64, r->region_of[i]->bytes);
            add_share(s, g->bytes, (int64_t)r->region_of[i]->bytes);
        }
        if (i == TH_REGION_STATE)
            th_str_add(s, ": state");
        else if (r->spread)
            add_heat(r, i, s);
        th_str_addc(s, '\n');
    }
    if (r->spread)
        th_str_addf(s, "  why     %s\n", th_report_placement(r));
    if (r->peak) {
        th_str_addf(s, "peak      %10" PRId64 " bytes live at ", r->peak_live);
        add_name(s, r->peak);
        th_str_addf(s, ": in %" PRId64 " + out %" PRId64, r->peak->in_bytes, r->peak->out_bytes);
        if (r->peak->scratch_bytes)
            th_str_addf(s, " + scratch %" PRId64, r->peak->scratch_bytes);
        th_str_addc(s, '\n');
    }
}

/* Layers that were to become integers and did not. */
static void add_floats(const struct th_quantized *q, struct th_str *s)
{
    const struct th_quantized_layer *first = NULL;
    uint32_t n = 0;
    for (uint32_t i = 0; i < q->n_layers; i++)
        if (q->layers[i].why) {
            first = first ? first : &q->layers[i];
            n++;
        }
    if (n == 0)
        return;
    th_str_addf(s, "in floats %7" PRIu32 " of %" PRIu32 " layers, first #%" PRId64 " '", n,
                q->n_layers, first->model_node);
    th_str_add_escaped(s, first->name);
    th_str_addf(s, "' (%s): %s\n", first->op, first->why);
}

static void add_scores(const struct th_quantized *q, struct th_str *s)
{
    if (q->labelled)
        th_str_addf(s, "accuracy  %9.2f%% before, %.2f%% quantized, on %" PRId64 " samples\n",
                    q->right_before, q->right_after, q->judged);
    if (q->judged)
        th_str_addf(s, "agreement %9.2f%% of %" PRId64 " samples keep their top class; output "
                    "%.1f dB above its error\n", q->agree, q->judged, q->snr_db);
    add_floats(q, s);
}

static void add_frames(const struct th_frames *f, struct th_str *s)
{
    th_str_addf(s, "frames    %10" PRId64 " a step, of a window of %" PRId64 "; outputs are ready "
                "after %" PRId64 "; %u of %u layers along time compute new rows only\n", f->hop,
                f->window, f->warm_up, f->streamed, f->timed);
    for (uint32_t i = 0; i < f->n_ends; i++) {
        if (f->ends[i].model_node >= 0)
            th_str_addf(s, "  whole windows from node #%" PRId64 " '", f->ends[i].model_node);
        else
            th_str_add(s, "  whole windows from '");
        th_str_add_escaped(s, f->ends[i].name);
        th_str_addf(s, "' (%s) on: %s\n", f->ends[i].op, f->ends[i].why);
    }
    th_str_addf(s, "  step    %10" PRId64 " MACs, a whole window has %" PRId64 "\n", f->macs_step,
                f->macs_window);
}

/* ---- where and why --------------------------------------------------------------------------- */

bool th_report_heat(const struct th_report *r, uint32_t region, double *least, double *most)
{
    bool any = false;
    for (uint32_t i = 0; r->spread && i < r->n_blocks; i++) {
        const double h = r->blocks[i].heat;
        if (r->blocks[i].region != (int32_t)region)
            continue;
        *least = any && *least < h ? *least : h;
        *most = any && *most > h ? *most : h;
        any = true;
    }
    return any;
}

/* Hottest first, within a region and an entry point. */
static int hotter(const void *a, const void *b)
{
    const struct th_report_block *x = a, *y = b;
    if (x->region != y->region)
        return x->region < y->region ? -1 : 1;
    if (x->heat != y->heat)
        return x->heat > y->heat ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* What lies in which memory: every value and scratch with its reads a byte. */
static void add_placement(const struct th_report *r, struct th_str *s)
{
    struct th_report_block *list = r->n_blocks ? malloc(r->n_blocks * sizeof *list) : NULL;
    if (!list)
        return;
    memcpy(list, r->blocks, r->n_blocks * sizeof *list);
    qsort(list, r->n_blocks, sizeof *list, hotter);
    th_str_addf(s, "\n%-14s %9s %9s %10s  %s\n", "memory", "offset", "bytes", "reads/byte",
                "what, from step to step");
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        const struct th_report_block *b = &list[i];
        const struct th_plan_region *g = &r->regions[b->region];
        th_str_addf(s, "%-14s %9" PRId64 " %9" PRId64 " %10.1f  %s'",
                    g->memory ? g->memory : g->name, b->offset, b->bytes, b->heat,
                    b->scratch ? "scratch of " : b->region == TH_REGION_STATE ? "state " : "");
        th_str_add_escaped(s, b->name ? b->name : "");
        th_str_addf(s, "', %u to %u\n", b->first, b->last);
    }
    free(list);
}

void th_report_summary(const struct th_report *r, struct th_str *s)
{
    if (r->frames)
        add_frames(r->frames, s);
    if (r->quantized)
        add_scores(r->quantized, s);
    if (r->n_regions)
        add_memory(r, s);
    th_str_addf(s, "data      %10" PRId64 " bytes: weights, tables and constants%s\n",
                r->data_bytes, r->packed ? ", as emitted" : ", as in the model");
    if (r->foot.kernels) {
        th_str_addf(s, "code      %10" PRId64 " bytes at most: %u kernel%s, their calls, the "
                    "interface", r->foot.code, r->foot.kernels, r->foot.kernels == 1 ? "" : "s");
        if (r->foot.unmeasured)
            th_str_addf(s, "; %u of them not measured", r->foot.unmeasured);
        th_str_addf(s, "\nflash     %10" PRId64 " bytes at most: data and code, without the C "
                    "library's functions\n", r->data_bytes + r->foot.code);
        th_str_addf(s, "stack     %10" PRId64 " bytes at most, from a call of the model on\n",
                    r->foot.stack);
    }
    th_str_addf(s, "work      %10" PRId64 " MACs", r->macs);
    if (r->cycles > 0)
        th_str_addf(s, ", %.0f cycles estimated", r->cycles);
    th_str_addc(s, '\n');
}

/* ---- the model ------------------------------------------------------------------------------- */

static void add_tensors(struct th_str *s, const char *what, const struct th_report_tensor *t,
                        uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        th_str_addf(s, "  %-8s  '", what);
        th_str_add_escaped(s, t[i].name);
        th_str_add(s, "' ");
        th_type_print(s, t[i].type);
        const struct th_quant *q = t[i].type->quant;
        if (q && q->n == 1)
            th_str_addf(s, " scale %.9g zero point %" PRId64, (double)th_quant_scale(q, 0),
                        th_quant_zero(q, 0));
        th_str_addf(s, ", %" PRId64 " bytes\n", t[i].bytes);
    }
}

static void add_source(const struct th_report *r, struct th_str *s)
{
    th_str_add(s, "model     ");
    th_str_add_escaped(s, r->source);
    if (r->format[0])
        th_str_addf(s, ", %s", r->format);
    if (r->sha256[0])
        th_str_addf(s, ", sha256 %s", r->sha256);
    th_str_addc(s, '\n');
    for (uint32_t i = 0; i < r->n_functions; i++) {
        const struct th_report_function *f = &r->functions[i];
        th_str_add(s, "entry     '");
        th_str_add_escaped(s, f->name);
        th_str_addf(s, "', %u nodes\n", f->n_steps);
        add_tensors(s, "input", f->in, f->n_in);
        add_tensors(s, "output", f->out, f->n_out);
    }
    for (uint32_t i = 0; i < r->n_states; i++) {
        th_str_add(s, "state     '");
        th_str_add_escaped(s, r->state_names[i]);
        th_str_add(s, "' ");
        th_type_print(s, r->states[i]);
        th_str_addc(s, '\n');
    }
}

void th_report_model(const struct th_report *r, struct th_str *s)
{
    add_source(r, s);
    th_str_addf(s, "\n%-24s %6s %14s %12s\n", "operator", "nodes", "MACs", "weights");
    for (uint32_t i = 0; i < r->n_ops; i++)
        th_str_addf(s, "%-24s %6u %14" PRId64 " %12" PRId64 "\n", r->ops[i].op, r->ops[i].count,
                    r->ops[i].macs, r->ops[i].weight_bytes);
    th_str_addf(s, "%-24s %6u %14" PRId64 " %12" PRId64 "\n\n", "sum", r->n_layers, r->macs,
                r->data_bytes);
    th_str_addf(s, "state     %10" PRId64 " bytes\n", r->state_values);
    th_str_addf(s, "largest   %10" PRId64 " bytes of activations read and written by one node\n",
                r->largest_pair);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static void add_place(const struct th_report *r, struct th_str *s,
                      const struct th_report_layer *l)
{
    if (l->place.region < 0 || (uint32_t)l->place.region >= r->n_places)
        th_str_add(s, "-");
    else
        th_str_addf(s, "%s+%" PRId64, r->regions[l->place.region].name, l->place.offset);
}

static void add_layer(const struct th_report *r, struct th_str *s, const struct th_report_layer *l)
{
    struct th_str place, type;
    char node[24] = "-";
    th_str_init(&place);
    th_str_init(&type);
    add_place(r, &place, l);
    if (l->out)
        th_type_print(&type, l->out);
    if (l->model_node >= 0)
        snprintf(node, sizeof node, "#%" PRId64, l->model_node);
    th_str_addf(s, "%4u %5s %*s%-*s %12" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %8" PRId64
                " %-14s %-20s %-40s '", l->step, node, 2 * (int)l->depth, "",
                22 - 2 * (int)(l->depth < 8 ? l->depth : 8), l->op, l->macs, l->weight_bytes,
                l->in_bytes, l->out_bytes, l->scratch_bytes, place.s, type.s,
                l->kernel ? l->kernel : "-");
    th_str_add_escaped(s, l->name);
    th_str_add(s, "'\n");
    th_str_release(&place);
    th_str_release(&type);
}

static void add_quantized(const struct th_quantized *q, struct th_str *s)
{
    th_str_addf(s, "\nquantized to %s, calibrator %s, %" PRId64 " samples; constants %" PRId64
                " bytes before, %" PRId64 " after\n", q->kind, q->calibrator, q->samples,
                q->weights_before, q->weights_after);
    add_scores(q, s);
    th_str_addf(s, "%5s %-22s %-8s %9s %9s  %s\n", "node", "operator", "kind", "dB alone",
                "flips", "name");
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_quantized_layer *l = &q->layers[i];
        th_str_addf(s, "%5" PRId64 " %-22s %-8s", l->model_node, l->op, l->kind);
        if (l->measured)
            th_str_addf(s, " %9.1f %8.2f%%  '", l->snr_db, l->flips);
        else
            th_str_addf(s, " %9s %9s  '", "-", "-");
        th_str_add_escaped(s, l->name);
        th_str_addf(s, "'%s%s\n", l->why ? ": " : "", l->why ? l->why : "");
    }
}

void th_report_text(const struct th_report *r, struct th_str *s)
{
    th_str_addf(s, "%s%sthimble %s", r->name, r->name[0] ? ": " : "", th_version());
    if (r->target)
        th_str_addf(s, ", target %s", r->target);
    th_str_addf(s, "\noptions   %s\npasses    %s\n", r->options, r->passes);
    add_source(r, s);
    th_str_addc(s, '\n');
    th_report_summary(r, s);
    th_str_addf(s, "\n%4s %5s %-22s %12s %9s %9s %9s %8s %-14s %-20s %-40s %s\n", "step", "node",
                "operator", "MACs", "weights", "in", "out", "scratch", "place", "output", "kernel",
                "name");
    for (uint32_t i = 0; i < r->n_layers; i++)
        add_layer(r, s, &r->layers[i]);
    if (r->copied_bytes)
        th_str_addf(s, "%4s %5s %-22s %12s %9" PRId64 "\n", "", "", "initial, copied", "",
                    r->copied_bytes);
    th_str_addf(s, "%4s %5s %-22s %12" PRId64 " %9" PRId64 "\n", "", "", "sum", r->macs,
                r->data_bytes);
    if (r->spread)
        add_placement(r, s);
    if (r->quantized)
        add_quantized(r->quantized, s);
    if (r->remarks[0])
        th_str_addf(s, "\n%s", r->remarks);
}
