/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/entry.h"

#define CODE_USAGE 9001

enum th_status th_entry_find(const struct th_options *o, const struct th_program *p,
                             uint32_t *index)
{
    const uint32_t n = th_program_function_count(p);
    if (!n) {
        th_error(o->ctx, NULL, 2002, "the model has no function");
        return TH_ERR_INPUT;
    }
    *index = 0;
    if (!o->signature)
        return TH_OK;
    const struct th_graph *f = th_program_function_by_name(p, o->signature);
    for (uint32_t i = 0; f && i < n; i++)
        if (th_program_function(p, i) == f)
            *index = i;
    if (f)
        return TH_OK;
    struct th_str names;
    th_str_init(&names);
    for (uint32_t i = 0; i < n; i++) {
        th_str_add(&names, i ? ", '" : "'");
        th_str_add_escaped(&names, th_graph_name(th_program_function(p, i)));
        th_str_addc(&names, '\'');
    }
    th_error(o->ctx, NULL, CODE_USAGE, "the model has no entry point '%s'", o->signature);
    th_help(o->ctx, CODE_USAGE, "it has %s", names.s);
    th_str_release(&names);
    return TH_ERR_USAGE;
}

static void note_value(struct th_ctx *ctx, const struct th_graph *f, bool in, uint32_t i)
{
    struct th_str s;
    th_str_init(&s);
    th_str_addf(&s, "%sput %u '", in ? "in" : "out", i);
    th_str_add_escaped(&s, in ? th_graph_input_name(f, i) : th_graph_output_name(f, i));
    th_str_add(&s, "': ");
    th_type_print(&s, th_value_type(f, in ? th_graph_input(f, i) : th_graph_output(f, i)));
    th_note(ctx, NULL, "%s", s.s);
    th_str_release(&s);
}

enum th_status th_entry_cases(const struct th_options *o, struct th_program *p, uint32_t index,
                              struct th_verify_case **cases, uint32_t *n)
{
    const struct th_graph *f = th_program_function(p, index);
    const enum th_case_order order = o->sequence ? TH_CASES_SEQUENCE
                                     : o->reset  ? TH_CASES_FRESH
                                                 : TH_CASES_CARRY;
    const enum th_status s = th_verify_cases_read(o->ctx, p, index, o->inputs.list, o->inputs.n,
                                                  o->expects.list, o->expects.n, order, cases, n);
    if (s == TH_ERR_USAGE) {
        for (uint32_t i = 0; i < th_graph_input_count(f); i++)
            note_value(o->ctx, f, true, i);
        for (uint32_t i = 0; o->expects.n && i < th_graph_output_count(f); i++)
            note_value(o->ctx, f, false, i);
        th_help(o->ctx, CODE_USAGE, "give --input FILE for each, again for further cases");
    }
    return s;
}
