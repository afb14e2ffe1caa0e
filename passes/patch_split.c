/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that shall run together, piece by piece, become the body of a tile loop. Results stay what
 * they were: the same operators compute the same elements from the same operands, only the order of
 * elements changes.
 */
#include "passes/patch_split/patch_split.h"

static enum th_status split_forced(struct th_pass_ctx *pc, struct th_program *p, const char *text)
{
    const uint32_t functions = th_program_function_count(p);
    struct th_split_list list;
    enum th_status s = TH_OK;
    TH_TRY(th_split_parse(pc, text, &list));
    for (uint32_t i = 0; i < list.n; i++)
        if (list.groups[i].function >= functions) {
            th_error(th_pass_ctx(pc), NULL, 4010, "patch-split: no function %u, the program has %u",
                     list.groups[i].function, functions);
            return TH_ERR_USAGE;
        }
    for (uint32_t f = 0; f < functions; f++) {
        const enum th_status now = th_split_form(pc, th_program_function(p, f), &list, f);
        s = s == TH_OK ? now : s;
    }
    th_pass_changed(pc);
    if (s == TH_OK)
        th_pass_remark(pc, "groups=%s", text);
    return s;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *groups = th_pass_option(pc, "groups");
    if (th_pass_option_bool(pc, "off") || !groups || !*groups)
        return TH_OK;
    return split_forced(pc, p, groups);
}

static const struct th_option_spec options[] = {
    {.name = "groups", .kind = TH_OPTION_STRING,
     .help = "FIRST-LAST:stream:COLUMNS or FIRST-LAST:strips:ROWSxCOLUMNS@LAST, joined by '+': "
             "these groups of nodes and no others"},
    {.name = "off", .kind = TH_OPTION_BOOL, .def = "no", .help = "leave everything as it is"},
    {.name = NULL}};

const struct th_pass th_pass_patch_split = {
    .struct_size = sizeof(struct th_pass),
    .name = "patch-split",
    .summary = "run groups of operators together, piece by piece",
    .requires_props = TH_PROP_TYPED,
    .provides_props = TH_PROP_TILED,
    .options = options,
    .run = run,
};
