/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that survive an inference. */
#include <string.h>

#include "import.h"

static struct ov_variable *find_variable(struct ov_import *im, const char *id)
{
    for (uint32_t i = 0; i < im->n_variables; i++) {
        if (strcmp(im->variables[i].id, id) == 0)
            return &im->variables[i];
    }
    return NULL;
}

static bool add_variable(struct ov_node *n, const char *id, const struct th_type *type,
                         struct th_blob *initial, th_state *out)
{
    struct ov_import *im = n->scope->im;
    struct ov_variable *all = TH_NEW_ARRAY(im->arena, struct ov_variable, im->n_variables + 1u);

    *out = all != NULL ? th_program_add_state(im->program, id, type, TH_STATE_MODEL, initial) : 0;
    if (*out == 0)
        return false;
    if (im->n_variables != 0)
        memcpy(all, im->variables, im->n_variables * sizeof *all);
    all[im->n_variables++] = (struct ov_variable){id, *out};
    im->variables = all;
    return true;
}

/* The type and first value: those of the constant operand, or zeros of the declared type. */
static bool make_variable(struct ov_node *n, const char *id, th_state *out)
{
    const char *element = ov_attr_text(n, "variable_type");
    const char *shape = ov_attr_text(n, "variable_shape");
    struct th_type type = {.dtype = element != NULL ? ov_dtype(element) : TH_DT_NONE};
    th_value v = ov_in(n, 0);
    int64_t bytes;

    if (v != 0) {
        struct th_blob *blob = th_value_blob(n->scope->graph, v);
        if (blob == NULL) {
            ov_reject(n, "the first value of variable '%.40s' must be constant", id);
            return false;
        }
        return add_variable(n, id, ov_type(n, v), th_blob_ref(blob), out);
    }
    bool known = type.dtype != TH_DT_NONE && shape != NULL &&
                 ov_scan_shape(shape, type.dims, &type.rank);
    for (int32_t i = 0; known && i < type.rank; i++)
        known = type.dims[i] >= 0;
    if (!known || !th_type_bytes(&type, &bytes)) {
        ov_reject(n, "the type or shape of variable '%.40s' is not known", id);
        return false;
    }
    return add_variable(n, id, &type, NULL, out);
}

static enum th_status import_read(struct ov_node *n)
{
    const char *id = ov_attr_text(n, "variable_id");
    struct th_attr_list a = {.n = 0};
    const struct ov_variable *var;
    th_state s;
    th_value y = 0;

    if (id == NULL)
        return ov_reject(n, "the variable has no name");
    var = find_variable(n->scope->im, id);
    s = var != NULL ? var->state : 0;
    if (s == 0 && !make_variable(n, id, &s))
        return TH_ERR_INPUT;
    th_attr_list_state(&a, "state", s);
    const struct th_node_desc d = {.op = "state_read", .contract = OV_CONTRACT, .attrs = a.at,
                                   .n_attrs = a.n,
                                   .out = th_state_type(n->scope->im->program, s), .n_out = 1,
                                   .loc = n->loc};
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_assign(struct ov_node *n)
{
    const char *id = ov_attr_text(n, "variable_id");
    const struct ov_variable *var = id != NULL ? find_variable(n->scope->im, id) : NULL;
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (var == NULL)
        return ov_reject(n, "variable '%.40s' is assigned but never read before",
                         id != NULL ? id : "");
    th_attr_list_state(&a, "state", var->state);
    const struct th_node_desc d = {.op = "state_write", .contract = OV_CONTRACT, .in = &x,
                                   .n_in = 1, .attrs = a.at, .n_attrs = a.n, .loc = n->loc};
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, NULL));
    return n->layer->n_outputs != 0 ? ov_bind(n, 0, x) : TH_OK;
}

const struct ov_row ov_rows_state[] = {
    {"ReadValue", import_read, NULL},
    {"Assign", import_assign, NULL},
    {NULL, NULL, NULL},
};
