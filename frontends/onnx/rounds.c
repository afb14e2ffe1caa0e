/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops that are written out, round by round: where the shapes in a round hang on its number, where
 * a variable grows, and where one is a sequence. How many rounds there are is known then.
 */
#include <string.h>

#include "import.h"

enum { MOST_ROUNDS = 64, MOST_NODES = 512, MOST_PASSES = 8, MOST_VARIABLES = 32 };

/* ---- whether ------------------------------------------------------------------------------- */

/* Operators whose operands from `first` on decide the shape of the result. */
static const struct { const char *op; size_t first; } deciders[] = {
    {"ConstantOfShape", 0}, {"Range", 0}, {"Slice", 1}, {"Reshape", 1}, {"Expand", 1},
    {"Tile", 1}, {"Pad", 1}, {"Split", 1}, {"TopK", 1}, {"Resize", 1}, {NULL, 0},
};

static bool marked(const struct onx_names *marks, const Onnx__NodeProto *node, size_t first)
{
    for (size_t i = first; i < node->n_input; i++)
        if (onx_names_get(marks, onx_str(node->input[i])) != NULL)
            return true;
    return false;
}

/* The file says what shape the node's result has in every round. */
static bool declared(struct onx_node *n, const Onnx__GraphProto *body, const Onnx__NodeProto *node)
{
    struct th_type type;

    for (size_t i = 0; i < body->n_value_info && node->n_output != 0; i++)
        if (strcmp(onx_str(body->value_info[i]->name), onx_str(node->output[0])) == 0)
            return onx_declared_type(n->scope->im, body->value_info[i], &type) == 1;
    return false;
}

static bool decides(struct onx_node *n, const Onnx__GraphProto *body, const Onnx__NodeProto *node,
                    const struct onx_names *marks)
{
    for (size_t i = 0; deciders[i].op != NULL; i++)
        if (strcmp(onx_str(node->op_type), deciders[i].op) == 0)
            return marked(marks, node, deciders[i].first) && !declared(n, body, node);
    return false;
}

/* Variable k is lengthened: what it becomes is a Concat of itself. */
static bool grows(const Onnx__GraphProto *body, size_t k)
{
    for (size_t i = 0; i < body->n_node; i++) {
        const Onnx__NodeProto *node = body->node[i];
        if (strcmp(onx_str(node->op_type), "Concat") != 0 || node->n_output != 1 ||
            strcmp(onx_str(node->output[0]), onx_str(body->output[1 + k]->name)) != 0)
            continue;
        for (size_t j = 0; j < node->n_input; j++)
            if (strcmp(onx_str(node->input[j]), onx_str(body->input[2 + k]->name)) == 0)
                return true;
    }
    return false;
}

static const struct onx_slot *operand(struct onx_node *n, size_t i)
{
    return onx_has_in(n, i) ? onx_lookup(n->scope, &n->loc, n->proto->input[i]) : NULL;
}

/* Marks what hangs on the number of the round or on variables that begin as constants, such as
 * counters, and looks for a shape that does. */
static bool shapes_differ(struct onx_node *n, const Onnx__GraphProto *body, size_t own)
{
    static const char yes = 1;
    struct onx_names marks;
    bool more = body->n_node <= MOST_NODES;

    onx_names_init(&marks, n->scope->im->arena);
    if (!onx_names_set(&marks, onx_str(body->input[0]->name), (void *)&yes))
        return false;
    for (size_t k = 0; k < own; k++)
        if (onx_in_is_const(n, 2 + k) &&
            !onx_names_set(&marks, onx_str(body->input[2 + k]->name), (void *)&yes))
            return false;
    for (int pass = 0; more && pass < MOST_PASSES; pass++) {
        more = false;
        for (size_t i = 0; i < body->n_node; i++) {
            const Onnx__NodeProto *node = body->node[i];
            if (strcmp(onx_str(node->op_type), "Shape") == 0 || !marked(&marks, node, 0))
                continue;
            if (decides(n, body, node, &marks))
                return true;
            for (size_t k = 0; k < node->n_output; k++) {
                const char *name = onx_str(node->output[k]);
                if (*name == '\0' || onx_names_get(&marks, name) != NULL)
                    continue;
                if (!onx_names_set(&marks, name, (void *)&yes))
                    return false;
                more = true;
            }
        }
    }
    return false;
}

bool onx_rounds_differ(struct onx_node *n, const Onnx__GraphProto *body, size_t own, int64_t trips)
{
    if (trips < 1 || trips > MOST_ROUNDS || own > MOST_VARIABLES)
        return false;
    for (size_t k = 0; k < own; k++) {
        const struct onx_slot *s = operand(n, 2 + k);
        if ((s != NULL && s->list != NULL) || grows(body, k))
            return true;
    }
    return shapes_differ(n, body, own);
}

/* ---- how ------------------------------------------------------------------------------------ */

struct written {
    struct onx_node *n;
    const Onnx__GraphProto *body;
    size_t own, n_kept;
    struct onx_slot *vars;
    th_value *kept;                /* element r of result k at [k * MOST_ROUNDS + r] */
};

static enum th_status enter(struct written *w, struct onx_scope *s, int64_t round)
{
    struct onx_node *n = w->n;
    th_value v;

    TH_TRY(onx_scope_init(s, n->scope->im, n->scope->graph, n->scope, w->body));
    TH_TRY(onx_scalar(n, TH_DT_S64, (double)round, &v));
    TH_TRY(onx_define(s, &n->loc, onx_str(w->body->input[0]->name), v));
    TH_TRY(onx_scalar(n, TH_DT_BOOL, 1, &v));
    TH_TRY(onx_define(s, &n->loc, onx_str(w->body->input[1]->name), v));
    for (size_t k = 0; k < w->own; k++) {
        const char *name = onx_str(w->body->input[2 + k]->name);
        if (w->vars[k].list != NULL)
            TH_TRY(onx_define_list(s, &n->loc, name, w->vars[k].list));
        else
            TH_TRY(onx_define(s, &n->loc, name, w->vars[k].value));
    }
    return TH_OK;
}

static enum th_status leave(struct written *w, struct onx_scope *s, int64_t round, bool *more)
{
    struct onx_node *n = w->n;
    const struct th_tensor *go_on;
    th_value v;

    for (size_t i = 1; i <= w->own + w->n_kept; i++) {
        const char *name = onx_str(w->body->output[i]->name);
        const struct onx_slot *slot = onx_lookup(s, &n->loc, name);
        int64_t dims[TH_MAX_RANK] = {1};
        const struct th_type *t;

        if (slot != NULL && slot->list != NULL && i <= w->own) {
            w->vars[i - 1] = *slot;
            continue;
        }
        v = onx_resolve(s, &n->loc, name);
        if (v == 0)
            return TH_ERR_INPUT;
        if (i <= w->own) {
            w->vars[i - 1] = (struct onx_slot){.value = v};
            continue;
        }
        t = onx_type(n, v);
        if (t->rank == TH_MAX_RANK)
            return onx_reject(n, NULL, "a result has too many axes");
        memcpy(dims + 1, t->dims, (size_t)t->rank * sizeof *dims);
        TH_TRY(onx_reshape(n, v, t->rank + 1, dims,
                           &w->kept[(i - 1 - w->own) * MOST_ROUNDS + (size_t)round]));
    }
    v = onx_resolve(s, &n->loc, onx_str(w->body->output[0]->name));
    go_on = v != 0 ? onx_const(n, v) : NULL;
    if (go_on == NULL || th_type_elems(&go_on->type) != 1)
        return onx_reject(n, "a condition that is known, or shapes that are alike in all rounds",
                          "its condition is computed when the network runs, and its rounds have "
                          "different shapes");
    *more = th_tensor_int(go_on, 0) != 0;
    return TH_OK;
}

enum th_status onx_write_out(struct onx_node *n, const Onnx__GraphProto *body, size_t own,
                             int64_t trips)
{
    struct th_arena *arena = n->scope->im->arena;
    const size_t kept = onx_n_out(n) > own ? onx_n_out(n) - own : 0;
    struct written w = {.n = n, .body = body, .own = own, .n_kept = kept};
    const size_t names = 1 + (body->n_initializer + body->n_value_info + body->n_input +
                              body->n_output) / 4;
    int64_t rounds = 0;
    bool more = true;

    w.vars = TH_NEW_ARRAY(arena, struct onx_slot, own + 1);
    w.kept = TH_NEW_ARRAY(arena, th_value, (kept + 1) * MOST_ROUNDS);
    if (w.vars == NULL || w.kept == NULL)
        return TH_ERR_INTERNAL;
    for (size_t k = 0; k < own; k++) {
        const struct onx_slot *s = operand(n, 2 + k);
        if (s == NULL)
            return onx_reject(n, NULL, "operand %zu is absent", 2 + k);
        w.vars[k] = *s;
        if (s->list == NULL)
            w.vars[k] = (struct onx_slot){.value = onx_in(n, 2 + k)};
    }
    for (; rounds < trips && more; rounds++) {
        struct onx_scope s;
        size_t *left = &n->scope->im->ops_left;
        *left -= names < *left ? names : *left;     /* a round takes memory, whatever it holds */
        if (*left == 0)
            return onx_reject(n, NULL, "the rounds of its loops multiply");
        TH_TRY(enter(&w, &s, rounds));
        TH_TRY(onx_import_nodes(&s));
        TH_TRY(leave(&w, &s, rounds, &more));
    }
    for (size_t i = 0; i < onx_n_out(n); i++) {
        th_value v;
        if (!onx_has_out(n, i))
            continue;
        if (i < own && w.vars[i].list != NULL) {
            TH_TRY(onx_define_list(n->scope, &n->loc, n->proto->output[i], w.vars[i].list));
            continue;
        }
        v = i < own ? w.vars[i].value : w.kept[(i - own) * MOST_ROUNDS];
        if (i >= own && rounds > 1)
            TH_TRY(onx_concat(n, &w.kept[(i - own) * MOST_ROUNDS], (size_t)rounds, 0, &v));
        TH_TRY(onx_bind(n, i, v));
    }
    return TH_OK;
}
