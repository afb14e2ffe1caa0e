/* SPDX-License-Identifier: Apache-2.0 */
/* thimble ops: the operators as their records describe them. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "driver/verbs.h"
#include "plugins/kernels.h"

static void add_dtypes(struct th_str *s, uint32_t mask)
{
    if (!mask)
        th_str_add(s, "any");
    const char *sep = "";
    for (int t = TH_DT_NONE + 1; t < TH_DT_COUNT; t++)
        if (mask & TH_DT_BIT(t)) {
            th_str_addf(s, "%s%s", sep, th_dtype_name((enum th_dtype)t));
            sep = "|";
        }
}

static struct json_object *text(const char *s)
{
    return s ? json_object_new_string(s) : NULL;
}

static struct json_object *ports(const struct th_port *p)
{
    struct json_object *list = json_object_new_array();
    for (; p && p->name; p++) {
        struct json_object *o = json_object_new_object();
        struct json_object *types = json_object_new_array();
        for (int t = TH_DT_NONE + 1; t < TH_DT_COUNT; t++)
            if (p->dtypes & TH_DT_BIT(t))
                json_object_array_add(types, text(th_dtype_name((enum th_dtype)t)));
        json_object_object_add(o, "name", text(p->name));
        json_object_object_add(o, "dtypes", types);    /* empty: any */
        json_object_object_add(o, "optional",
                               json_object_new_boolean((p->flags & TH_PORT_OPTIONAL) != 0));
        json_object_object_add(o, "constant",
                               json_object_new_boolean((p->flags & TH_PORT_CONST) != 0));
        json_object_object_add(o, "variadic",
                               json_object_new_boolean((p->flags & TH_PORT_VARIADIC) != 0));
        json_object_object_add(o, "doc", text(p->doc));
        json_object_array_add(list, o);
    }
    return list;
}

static const char *kind_name(enum th_attr_kind k)
{
    static const char *const names[] = {
        [TH_ATTR_INT] = "int", [TH_ATTR_BOOL] = "bool", [TH_ATTR_FLOAT] = "float",
        [TH_ATTR_STRING] = "string", [TH_ATTR_INTS] = "ints", [TH_ATTR_FLOATS] = "floats",
        [TH_ATTR_DTYPE] = "dtype", [TH_ATTR_ENUM] = "enum", [TH_ATTR_STATE] = "state"};
    return names[k];
}

static struct json_object *attr_default(const struct th_attr_spec *a)
{
    switch (a->kind) {
    case TH_ATTR_BOOL: return json_object_new_boolean(a->def_i != 0);
    case TH_ATTR_FLOAT:
    case TH_ATTR_FLOATS: return json_object_new_double(a->def_f);
    case TH_ATTR_STRING: return text(a->def_s);
    case TH_ATTR_DTYPE: return text(th_dtype_name((enum th_dtype)a->def_i));
    case TH_ATTR_ENUM: return a->names ? text(a->names[a->def_i]) : NULL;
    default: return json_object_new_int64(a->def_i);
    }
}

static struct json_object *attrs(const struct th_attr_spec *a)
{
    struct json_object *list = json_object_new_array();
    for (; a && a->name; a++) {
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "name", text(a->name));
        json_object_object_add(o, "kind", text(kind_name(a->kind)));
        json_object_object_add(o, "required", json_object_new_boolean(a->required));
        if (!a->required)
            json_object_object_add(o, "default", attr_default(a));
        if (a->min <= a->max && (a->min != 0 || a->max != 0)) {
            json_object_object_add(o, "min", json_object_new_double(a->min));
            json_object_object_add(o, "max", json_object_new_double(a->max));
        }
        if (a->names) {
            struct json_object *names = json_object_new_array();
            for (const char *const *n = a->names; *n; n++)
                json_object_array_add(names, text(*n));
            json_object_object_add(o, "values", names);
        }
        json_object_object_add(o, "doc", text(a->doc));
        json_object_array_add(list, o);
    }
    return list;
}

/* What passes may ask of it. */
static struct json_object *abilities(const struct th_op *op)
{
    const struct { const char *name; bool has; } list[] = {
        {"pure", op->traits & TH_TRAIT_PURE},
        {"elementwise", op->traits & TH_TRAIT_ELEMENTWISE},
        {"view", op->traits & TH_TRAIT_VIEW},
        {"state", op->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE)},
        {"region", op->traits & TH_TRAIT_REGION},
        {"commutative", op->traits & TH_TRAIT_COMMUTATIVE},
        {"table", op->traits & TH_TRAIT_UNARY_TABLE},
        {"quant", op->quant}, {"window", op->window}, {"reduce", op->reduce},
        {"alias", op->alias}, {"channels", op->channels}, {"grad", op->grad}, {"cost", op->cost},
        {"moves", op->moves}};
    struct json_object *a = json_object_new_array();
    for (size_t i = 0; i < TH_ARRAY_LEN(list); i++)
        if (list[i].has)
            json_object_array_add(a, text(list[i].name));
    return a;
}

static void add_kernel(void *user, const struct th_backend *b, const struct th_kernel *k)
{
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "backend", text(b->name));
    json_object_object_add(o, "symbol", text(k->symbol));
    json_object_object_add(o, "types", text(k->types));
    json_object_object_add(o, "contract", text(k->contract));
    json_object_object_add(o, "feature", text(k->feature));
    json_object_object_add(o, "generated", json_object_new_boolean(k->source == NULL));
    json_object_array_add(user, o);
}

static struct json_object *op_json(const struct th_ctx *ctx, const struct th_op *op)
{
    struct json_object *kernels = json_object_new_array();
    th_kernels_of_op(ctx, op->name, add_kernel, kernels);
    struct json_object *o = json_object_new_object();
    struct json_object *contracts = json_object_new_array();
    for (const char *const *c = op->contracts; c && *c; c++)
        json_object_array_add(contracts, text(*c));
    json_object_object_add(o, "name", text(op->name));
    json_object_object_add(o, "summary", text(op->summary));
    json_object_object_add(o, "inputs", ports(op->inputs));
    json_object_object_add(o, "outputs", ports(op->outputs));
    json_object_object_add(o, "attributes", attrs(op->attrs));
    json_object_object_add(o, "contracts", contracts);
    json_object_object_add(o, "abilities", abilities(op));
    json_object_object_add(o, "kernels", kernels);
    json_object_object_add(o, "doc", text(op->doc));
    return o;
}

static void add_ports(struct th_str *s, const struct th_port *p)
{
    for (const char *sep = ""; p && p->name; p++, sep = ", ") {
        th_str_addf(s, "%s%s%s%s:", sep, p->name, p->flags & TH_PORT_OPTIONAL ? "?" : "",
                    p->flags & TH_PORT_VARIADIC ? "..." : "");
        add_dtypes(s, p->dtypes);
    }
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    const uint32_t n = th_op_count(ctx);
    if (o->json) {
        struct json_object *list = json_object_new_array();
        for (uint32_t i = 0; i < n; i++)
            json_object_array_add(list, op_json(ctx, th_op_at(ctx, i)));
        return th_print_json(ctx, list);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct th_op *op = th_op_at(ctx, i);
        struct th_str s;
        th_str_init(&s);
        add_ports(&s, op->inputs);
        th_str_add(&s, " -> ");
        add_ports(&s, op->outputs);
        printf("%-20s %s\n%-20s   (%s)\n", op->name, op->summary ? op->summary : "", "", s.s);
        th_str_release(&s);
    }
    return TH_OK;
}

const struct th_verb th_verb_ops = {
    .name = "ops",
    .summary = "list the operators",
    .doc = "Lists every operator with its operands and their element types; plugins' included.\v"
           "With --json the whole records are printed: attributes with ranges and defaults, "
           "numeric contracts, what passes may ask of the operator, and its kernels.",
    .run = run,
};
