/* SPDX-License-Identifier: Apache-2.0 */
/* From the operators of an ONNX graph to the nodes of a graph of the IR. */
#include <string.h>

#include "import.h"

static const struct onx_row *const families[] = {
    onx_rows_elementwise, onx_rows_conv, onx_rows_pool,  onx_rows_gemm, onx_rows_shape,
    onx_rows_index,       onx_rows_reduce, onx_rows_norm, onx_rows_quant, onx_rows_rnn,
    onx_rows_control,     onx_rows_choose, onx_rows_loss,
    onx_rows_resize,
    onx_rows_vision, onx_rows_place, onx_rows_position, onx_rows_pad,
    onx_rows_late,
    onx_rows_einsum,
    onx_rows_signal,
    onx_rows_attention,
    onx_rows_optim,
    onx_rows_sets,
    onx_rows_sequence,
};

const struct onx_row *onx_row_find(const char *name)
{
    for (size_t f = 0; f < TH_ARRAY_LEN(families); f++)
        for (const struct onx_row *r = families[f]; r->name != NULL; r++)
            if (strcmp(r->name, name) == 0)
                return r;
    return NULL;
}

static bool default_domain(const char *domain)
{
    return domain == NULL || *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
}

const char *onx_full_name(struct onx_import *im, const Onnx__NodeProto *node)
{
    const char *name = default_domain(node->domain)
                           ? onx_str(node->op_type)
                           : th_arena_printf(im->arena, "%s:%s", node->domain,
                                             onx_str(node->op_type));

    return name != NULL ? name : "";
}

/* ---- scopes ---------------------------------------------------------------------------------- */

static struct onx_slot *new_slot(struct onx_scope *s, const char *name)
{
    struct onx_slot *slot = TH_NEW(s->im->arena, struct onx_slot);

    return slot != NULL && onx_names_set(&s->names, name, slot) ? slot : NULL;
}

/* What an outer graph defines, seen from a body: constants are repeated there; all that varies was
 * made an input of the body when the body began. */
static struct onx_slot *from_outer(struct onx_scope *s, const struct th_loc *loc, const char *name)
{
    struct onx_slot *outer = onx_lookup(s->outer, loc, name), *slot;
    th_value v;

    if (outer == NULL || outer->bad || s->graph == s->outer->graph)
        return outer;
    slot = new_slot(s, name);
    if (slot == NULL)
        return NULL;
    *slot = *outer;
    v = outer->value;
    if (v == 0 && outer->list == NULL)
        return slot;
    slot->list = NULL;
    slot->value = 0;
    slot->bad = true;
    if (v != 0 && th_value_is_const(s->outer->graph, v)) {
        slot->value = th_graph_add_const(s->graph, name, th_value_type(s->outer->graph, v),
                                         th_blob_ref(th_value_blob(s->outer->graph, v)));
        if (slot->value != 0 && !onx_narrow_copy(s->im, s->outer->graph, v, s->graph, slot->value))
            slot->value = 0;
        slot->bad = slot->value == 0;
    } else {
        th_error(s->im->ctx, loc, ONX_MSG_DAMAGED, "'%s' cannot be seen from this body", name);
    }
    return slot;
}

struct onx_slot *onx_lookup(struct onx_scope *s, const struct th_loc *loc, const char *name)
{
    struct onx_slot *slot = onx_names_get(&s->names, name);

    if (slot != NULL)
        return slot;
    if (s->outer != NULL)
        return from_outer(s, loc, name);
    th_error(s->im->ctx, loc, ONX_MSG_DAMAGED, "nothing computes '%s'", name);
    slot = new_slot(s, name);
    if (slot != NULL)
        slot->bad = true;
    return slot;
}

th_value onx_resolve(struct onx_scope *s, const struct th_loc *loc, const char *name)
{
    struct onx_slot *slot = onx_lookup(s, loc, name);

    if (slot == NULL || slot->bad)
        return 0;
    if (slot->list != NULL) {
        th_error(s->im->ctx, loc, ONX_MSG_UNKNOWN, "'%s' is a sequence; nearest supported form: "
                 "its elements, taken with SequenceAt or ConcatFromSequence", name);
        return 0;
    }
    if (slot->value == 0 && slot->tensor != NULL)
        slot->value = onx_constant(s->im, s->graph, loc, name, slot->tensor);
    else if (slot->value == 0 && slot->sparse != NULL)
        slot->value = onx_sparse_constant(s->im, s->graph, loc, name, slot->sparse);
    slot->bad = slot->value == 0;
    return slot->value;
}

/* The slot of a name that gets its value now; NULL if it has one. */
static struct onx_slot *defined(struct onx_scope *s, const struct th_loc *loc, const char *name)
{
    struct onx_slot *slot = onx_names_get(&s->names, name);

    if (slot != NULL && !slot->bad) {
        th_error(s->im->ctx, loc, ONX_MSG_DAMAGED, "'%s' is defined twice", name);
        return NULL;
    }
    return slot != NULL ? slot : new_slot(s, name);
}

enum th_status onx_define(struct onx_scope *s, const struct th_loc *loc, const char *name,
                          th_value v)
{
    struct onx_slot *slot = defined(s, loc, name);

    if (slot == NULL)
        return TH_ERR_INPUT;
    slot->value = v;
    slot->bad = v == 0;
    return TH_OK;
}

enum th_status onx_define_list(struct onx_scope *s, const struct th_loc *loc, const char *name,
                               const struct onx_list *list)
{
    struct onx_slot *slot = defined(s, loc, name);

    if (slot == NULL)
        return TH_ERR_INPUT;
    slot->list = list;
    slot->bad = false;
    return TH_OK;
}

enum th_status onx_bind_list(struct onx_node *n, const struct onx_list *list)
{
    if (!onx_has_out(n, 0))
        return TH_OK;
    return onx_define_list(n->scope, &n->loc, n->proto->output[0], list);
}

static enum th_status declare(struct onx_scope *s, Onnx__ValueInfoProto *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!onx_names_set(&s->declared, onx_str(list[i]->name), list[i]))
            return TH_ERR_INTERNAL;
    return TH_OK;
}

enum th_status onx_scope_init(struct onx_scope *s, struct onx_import *im, struct th_graph *g,
                              struct onx_scope *outer, const Onnx__GraphProto *graph)
{
    *s = (struct onx_scope){.im = im, .graph = g, .outer = outer, .opset = im->opset};
    onx_names_init(&s->names, im->arena);
    onx_names_init(&s->declared, im->arena);
    if (outer != NULL) {
        s->opset = outer->opset;
        s->call = outer->call;
        s->caller = outer->caller;
        s->depth = outer->depth + 1;
    }
    if (graph == NULL)
        return TH_OK;
    s->nodes = graph->node;
    s->n_nodes = graph->n_node;
    for (size_t i = 0; i < graph->n_initializer; i++) {
        struct onx_slot *slot = new_slot(s, onx_str(graph->initializer[i]->name));
        if (slot == NULL)
            return TH_ERR_INTERNAL;
        slot->tensor = graph->initializer[i];
    }
    for (size_t i = 0; i < graph->n_sparse_initializer; i++) {
        const Onnx__SparseTensorProto *t = graph->sparse_initializer[i];
        struct onx_slot *slot = new_slot(s, t->values != NULL ? onx_str(t->values->name) : "");
        if (slot == NULL)
            return TH_ERR_INTERNAL;
        slot->sparse = t;
    }
    TH_TRY(declare(s, graph->value_info, graph->n_value_info));
    TH_TRY(declare(s, graph->input, graph->n_input));
    return declare(s, graph->output, graph->n_output);
}

/* ---- names that a graph takes from outside --------------------------------------------------- */

struct free_names {
    struct onx_import *im;
    struct onx_names seen;
    const char **list;
    size_t n, cap;
};

static bool add_free(struct free_names *f, const char *name)
{
    if (*name == '\0' || onx_names_get(&f->seen, name) != NULL)
        return true;
    if (f->n == f->cap) {
        size_t cap = f->cap != 0 ? f->cap * 2 : 16;
        const char **list = TH_NEW_ARRAY(f->im->arena, const char *, cap);
        if (list == NULL)
            return false;
        if (f->n != 0)
            memcpy(list, f->list, f->n * sizeof *list);
        f->list = list;
        f->cap = cap;
    }
    f->list[f->n++] = name;
    return onx_names_set(&f->seen, name, f);
}

static bool collect_node(struct free_names *f, const struct onx_names *own,
                         const Onnx__NodeProto *node);

static bool collect_graph(struct free_names *f, const Onnx__GraphProto *g)
{
    struct onx_names own;
    struct free_names inner = {.im = f->im};
    bool ok = true;

    onx_names_init(&own, f->im->arena);
    onx_names_init(&inner.seen, f->im->arena);
    for (size_t i = 0; ok && i < g->n_input; i++)
        ok = onx_names_set(&own, onx_str(g->input[i]->name), f);
    for (size_t i = 0; ok && i < g->n_initializer; i++)
        ok = onx_names_set(&own, onx_str(g->initializer[i]->name), f);
    for (size_t i = 0; ok && i < g->n_sparse_initializer; i++)
        if (g->sparse_initializer[i]->values != NULL)
            ok = onx_names_set(&own, onx_str(g->sparse_initializer[i]->values->name), f);
    for (size_t i = 0; ok && i < g->n_node; i++)
        for (size_t k = 0; ok && k < g->node[i]->n_output; k++)
            ok = onx_names_set(&own, onx_str(g->node[i]->output[k]), f);
    for (size_t i = 0; ok && i < g->n_node; i++)
        ok = collect_node(&inner, &own, g->node[i]);
    for (size_t i = 0; ok && i < g->n_output; i++)
        ok = onx_names_get(&own, onx_str(g->output[i]->name)) != NULL ||
             add_free(&inner, onx_str(g->output[i]->name));
    for (size_t i = 0; ok && i < inner.n; i++)
        ok = add_free(f, inner.list[i]);
    return ok;
}

/* Names of the node's operands and of its bodies, without those of `own`. */
static bool collect_node(struct free_names *f, const struct onx_names *own,
                         const Onnx__NodeProto *node)
{
    struct free_names inner = {.im = f->im};
    bool ok = true;

    onx_names_init(&inner.seen, f->im->arena);
    for (size_t i = 0; ok && i < node->n_input; i++)
        ok = add_free(&inner, onx_str(node->input[i]));
    for (size_t i = 0; ok && i < node->n_attribute; i++) {
        const Onnx__AttributeProto *a = node->attribute[i];
        if (a->g != NULL)
            ok = collect_graph(&inner, a->g);
        for (size_t k = 0; ok && k < a->n_graphs; k++)
            ok = collect_graph(&inner, a->graphs[k]);
    }
    for (size_t i = 0; ok && i < inner.n; i++)
        if (own == NULL || onx_names_get(own, inner.list[i]) == NULL)
            ok = add_free(f, inner.list[i]);
    return ok;
}

const char **onx_free_names(struct onx_import *im, const Onnx__GraphProto *g, size_t *count)
{
    struct free_names f = {.im = im};

    onx_names_init(&f.seen, im->arena);
    f.list = TH_NEW_ARRAY(im->arena, const char *, 1);
    f.cap = 1;
    if (f.list == NULL || !collect_graph(&f, g))
        return NULL;
    *count = f.n;
    return f.list;
}

/* ---- what cannot be imported at all ---------------------------------------------------------- */

static struct th_loc node_loc(struct onx_import *im, const Onnx__NodeProto *node, size_t index)
{
    struct th_loc loc = TH_LOC_NONE;

    loc.file = im->request->base_name;
    loc.node = (int64_t)index;
    loc.name = onx_str(node->name);
    if (*loc.name == '\0' && node->n_output != 0)
        loc.name = onx_str(node->output[0]);
    if (*loc.name == '\0')
        loc.name = NULL;
    loc.op = onx_full_name(im, node);
    return loc;
}

struct support {
    struct onx_import *im;
    struct onx_names told;
    size_t depth;
};

static void check_nodes(struct support *c, Onnx__NodeProto *const *nodes, size_t n);

/* Gradients and optimizers, in the standard's own domains or not. */
static bool of_training(const Onnx__NodeProto *node)
{
    const char *op = onx_str(node->op_type), *domain = onx_str(node->domain);
    size_t len = strlen(op);

    return strncmp(domain, "ai.onnx.training", 16) == 0 ||
           strncmp(domain, "ai.onnx.preview.training", 24) == 0 || strcmp(op, "SGD") == 0 ||
           (len > 4 && strcmp(op + len - 4, "Grad") == 0);
}

static void check_node(struct support *c, const Onnx__NodeProto *node, size_t index)
{
    struct th_loc loc = node_loc(c->im, node, index);
    bool training = of_training(node);

    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->g != NULL)
            check_nodes(c, node->attribute[i]->g->node, node->attribute[i]->g->n_node);
    if (onx_row_find(loc.op) != NULL || onx_names_get(&c->told, loc.op) != NULL ||
        onx_names_get(&c->im->functions, loc.op) != NULL ||
        th_importer_find(c->im->ctx, "onnx", loc.op) != NULL)
        return;
    if (!onx_names_set(&c->told, loc.op, c))
        return;
    if (training)
        th_error(c->im->ctx, &loc, ONX_MSG_UNKNOWN,
                 "the graph holds nodes of training; export the graph of inference");
    else
        th_error(c->im->ctx, &loc, ONX_MSG_UNKNOWN, "operator is not supported%s",
                 strchr(loc.op, ':') != NULL ? ", and no plugin imports it" : "");
}

static void check_nodes(struct support *c, Onnx__NodeProto *const *nodes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_node(c, nodes[i], i);
}

void onx_check_support(struct onx_import *im)
{
    struct support c = {.im = im};

    onx_names_init(&c.told, im->arena);
    check_nodes(&c, im->model->graph->node, im->model->graph->n_node);
    for (size_t i = 0; i < im->model->n_functions; i++)
        check_nodes(&c, im->model->functions[i]->node, im->model->functions[i]->n_node);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static bool takes_lists(const struct onx_row *row)
{
    for (const struct onx_row *r = onx_rows_sequence; r->name != NULL; r++)
        if (r == row)
            return true;
    return row != NULL && strcmp(row->name, "Loop") == 0;   /* its variables may be some */
}

/* Operands that are bad were reported where they became so. */
static bool inputs_ready(struct onx_node *n)
{
    bool ready = true, lists = takes_lists(n->row);

    for (size_t i = 0; i < onx_n_in(n); i++) {
        const struct onx_slot *slot =
            lists && onx_has_in(n, i) ? onx_lookup(n->scope, &n->loc, n->proto->input[i]) : NULL;
        if (slot != NULL && slot->list != NULL)
            continue;
        if (onx_has_in(n, i) && onx_in(n, i) == 0)
            ready = false;
    }
    return ready;
}

static enum th_status import_row(struct onx_node *n)
{
    const Onnx__FunctionProto *f = onx_names_get(&n->scope->im->functions, n->loc.op);
    const struct th_importer *custom = th_importer_find(n->scope->im->ctx, "onnx", n->loc.op);

    if (onx_n_out(n) == 0)
        return onx_reject(n, NULL, "it has no result");
    if (n->row != NULL)
        TH_TRY(n->row->import(n));
    else if (custom != NULL)
        TH_TRY(onx_import_custom(n, custom));
    else if (f != NULL)
        TH_TRY(onx_import_function(n, f));
    else
        return TH_ERR_INPUT;            /* onx_check_support() told it */
    for (size_t i = 0; i < onx_n_out(n); i++)
        if (onx_has_out(n, i) && onx_names_get(&n->scope->names, n->proto->output[i]) == NULL)
            return onx_reject(n, NULL, "it has %zu results, number %zu is not known to it",
                              onx_n_out(n), i);
    return TH_OK;
}

static enum th_status import_node(struct onx_scope *s, size_t index)
{
    const Onnx__NodeProto *proto = s->nodes[index];
    struct onx_node n = {.scope = s, .proto = proto, .opset = s->opset};
    enum th_status status = TH_ERR_INPUT;

    n.loc = node_loc(s->im, proto, index);
    n.row = onx_row_find(n.loc.op);
    if (s->im->ops_left == 0) {
        th_error(s->im->ctx, &n.loc, ONX_MSG_DAMAGED,
                 "functions and loops are used so often that the model multiplies in size");
        return TH_ERR_INTERNAL;
    }
    s->im->ops_left--;
    if (inputs_ready(&n))
        status = import_row(&n);
    for (size_t i = 0; i < proto->n_output && status != TH_OK; i++) {
        const char *name = onx_str(proto->output[i]);
        struct onx_slot *slot = onx_names_get(&s->names, name);
        if (*name == '\0')
            continue;
        slot = slot != NULL ? slot : new_slot(s, name);
        if (slot == NULL)
            return TH_ERR_INTERNAL;
        slot->bad = true;
    }
    return status == TH_ERR_INPUT ? TH_OK : status;
}

/* ---- order ----------------------------------------------------------------------------------- */

struct order {
    struct onx_scope *s;
    struct onx_names makers;      /* name to position in `index`, of this graph's nodes */
    size_t *index;
    unsigned char *state;         /* 0 new, 1 waiting for operands, 2 imported */
    const char ***deps;           /* of waiting nodes */
    size_t *n_deps, *next;
    size_t *stack, depth;
};

static enum th_status order_init(struct order *o, struct onx_scope *s)
{
    struct th_arena *a = s->im->arena;
    size_t n = s->n_nodes;

    *o = (struct order){.s = s};
    onx_names_init(&o->makers, a);
    o->index = TH_NEW_ARRAY(a, size_t, n);
    o->state = TH_NEW_ARRAY(a, unsigned char, n);
    o->deps = TH_NEW_ARRAY(a, const char **, n);
    o->n_deps = TH_NEW_ARRAY(a, size_t, n);
    o->next = TH_NEW_ARRAY(a, size_t, n);
    o->stack = TH_NEW_ARRAY(a, size_t, n);
    if (o->index == NULL || o->state == NULL || o->deps == NULL || o->n_deps == NULL ||
        o->next == NULL || o->stack == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < n; i++) {
        o->index[i] = i;
        for (size_t k = 0; k < s->nodes[i]->n_output; k++) {
            const char *name = onx_str(s->nodes[i]->output[k]);
            if (*name != '\0' && onx_names_get(&o->makers, name) == NULL &&
                !onx_names_set(&o->makers, name, &o->index[i]))
                return TH_ERR_INTERNAL;
        }
    }
    return TH_OK;
}

static enum th_status push(struct order *o, size_t i)
{
    struct free_names f = {.im = o->s->im};

    onx_names_init(&f.seen, f.im->arena);
    if (!collect_node(&f, NULL, o->s->nodes[i]))
        return TH_ERR_INTERNAL;
    o->deps[i] = f.list;
    o->n_deps[i] = f.n;
    o->state[i] = 1;
    o->stack[o->depth++] = i;
    return TH_OK;
}

/* Files are meant to be sorted, and some are not. */
static enum th_status import_after_operands(struct order *o, size_t first)
{
    TH_TRY(push(o, first));
    while (o->depth != 0) {
        size_t i = o->stack[o->depth - 1];
        if (o->next[i] < o->n_deps[i]) {
            const size_t *maker = onx_names_get(&o->makers, o->deps[i][o->next[i]++]);
            if (maker != NULL && o->state[*maker] == 0) {
                TH_TRY(push(o, *maker));
            } else if (maker != NULL && o->state[*maker] == 1) {
                struct th_loc loc = node_loc(o->s->im, o->s->nodes[i], i);
                th_error(o->s->im->ctx, &loc, ONX_MSG_DAMAGED, "it needs its own result");
                return TH_ERR_INPUT;
            }
            continue;
        }
        o->depth--;
        o->state[i] = 2;
        TH_TRY(import_node(o->s, i));
    }
    return TH_OK;
}

enum th_status onx_import_nodes(struct onx_scope *s)
{
    struct order o;

    TH_TRY(order_init(&o, s));
    for (size_t i = 0; i < s->n_nodes; i++)
        if (o.state[i] == 0)
            TH_TRY(import_after_operands(&o, i));
    return TH_OK;
}
