/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern text to a small tree, and trying it at a node. */
#include <ctype.h>
#include <string.h>

#include <thimble/match.h>
#include <thimble/op.h>
#include <thimble/thimble.h>

enum term_kind { TERM_NODE, TERM_ANY, TERM_VALUE, TERM_OPTIONAL, TERM_CONST };

#define MAX_ALTERNATIVES 16
#define MAX_ARGS 16

struct term {
    enum term_kind kind;
    bool shared;                        /* TERM_NODE: other uses allowed */
    uint32_t binding;                   /* index into names */
    uint32_t n_ops, n_args;
    const char *ops[MAX_ALTERNATIVES];
    struct term *args[MAX_ARGS];
};

struct th_pattern {
    struct term *root;
    const char *names[TH_MATCH_MAX];
    uint32_t n_names, n_nodes;
};

/* ---- parsing --------------------------------------------------------------------------------- */

struct parser {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const char *text, *at;
    struct th_pattern *pattern;
};

static bool fail(struct parser *p, const char *what)
{
    th_error(p->ctx, NULL, 3103, "pattern \"%s\", column %d: %s", p->text,
             (int)(p->at - p->text) + 1, what);
    return false;
}

static void skip_space(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t')
        p->at++;
}

static const char *parse_word(struct parser *p)
{
    const char *start = p->at;
    while (isalnum((unsigned char)*p->at) || *p->at == '_')
        p->at++;
    if (p->at == start)
        return NULL;
    return th_arena_strndup(p->arena, start, (size_t)(p->at - start));
}

static bool bind(struct parser *p, struct term *t, const char *name)
{
    struct th_pattern *pat = p->pattern;
    for (uint32_t i = 0; i < pat->n_names; i++)
        if (strcmp(pat->names[i], name) == 0) {
            t->binding = i;
            return true;
        }
    if (pat->n_names == TH_MATCH_MAX)
        return fail(p, "too many bindings");
    t->binding = pat->n_names;
    pat->names[pat->n_names++] = name;
    return true;
}

static bool check_op(struct parser *p, const char *name)
{
    if (th_op_find(p->ctx, name))
        return true;
    uint32_t n = th_op_count(p->ctx);
    const char **names = TH_NEW_ARRAY(p->arena, const char *, n + 1);
    const char *near = NULL;
    if (names) {
        for (uint32_t i = 0; i < n; i++)
            names[i] = th_op_at(p->ctx, i)->name;
        near = th_nearest_name(name, names, n);
    }
    th_error(p->ctx, NULL, 3103, "pattern \"%s\": no op is named '%s'", p->text, name);
    if (near)
        th_help(p->ctx, 0, "did you mean '%s'?", near);
    return false;
}

static struct term *parse_term(struct parser *p, int depth);

static bool parse_node(struct parser *p, struct term *t, const char *first, int depth)
{
    t->kind = TERM_NODE;
    if (p->pattern->n_nodes++ == TH_MATCH_MAX)
        return fail(p, "too many nodes");
    const char *word = first;
    for (;;) {
        if (!check_op(p, word))
            return false;
        if (t->n_ops == MAX_ALTERNATIVES)
            return fail(p, "too many alternatives");
        t->ops[t->n_ops++] = word;
        if (*p->at != '|')
            break;
        p->at++;
        word = parse_word(p);
        if (!word)
            return fail(p, "an op name must follow '|'");
    }
    if (*p->at != '(')
        return fail(p, "'(' expected");
    p->at++;
    skip_space(p);
    while (*p->at != ')') {
        if (t->n_args == MAX_ARGS)
            return fail(p, "too many operands");
        struct term *arg = parse_term(p, depth + 1);
        if (!arg)
            return false;
        t->args[t->n_args++] = arg;
        skip_space(p);
        if (*p->at == ',') {
            p->at++;
            skip_space(p);
        } else if (*p->at != ')') {
            return fail(p, "',' or ')' expected");
        }
    }
    p->at++;
    return true;
}

static struct term *parse_term(struct parser *p, int depth)
{
    struct term *t = TH_NEW(p->arena, struct term);
    if (!t || depth > TH_MATCH_MAX) {
        fail(p, "nested too deeply");
        return NULL;
    }
    skip_space(p);
    char lead = *p->at;
    if (lead == '?' || lead == '#' || lead == '*')
        p->at++;
    const char *word = parse_word(p);
    t->shared = lead == '*';
    if (lead == '?' && !word) {
        t->kind = TERM_ANY;
        return t;
    }
    if (!word) {
        fail(p, "a name or '?' expected");
        return NULL;
    }
    if (*p->at == '(' || *p->at == '|') {
        if (lead == '?' || lead == '#') {
            fail(p, "an op cannot be optional or constant");
            return NULL;
        }
        return parse_node(p, t, word, depth) ? t : NULL;
    }
    if (lead == '*') {
        fail(p, "'*' belongs before an op");
        return NULL;
    }
    t->kind = lead == '?' ? TERM_OPTIONAL : lead == '#' ? TERM_CONST : TERM_VALUE;
    return bind(p, t, word) ? t : NULL;
}

struct th_pattern *th_pattern_new(struct th_ctx *ctx, struct th_arena *a, const char *text)
{
    struct th_pattern *pat = TH_NEW(a, struct th_pattern);
    if (!pat)
        return NULL;
    struct parser p = {ctx, a, text, text, pat};
    pat->root = parse_term(&p, 0);
    if (!pat->root)
        return NULL;
    skip_space(&p);
    if (*p.at) {
        fail(&p, "text after the end");
        return NULL;
    }
    if (pat->root->kind != TERM_NODE) {
        fail(&p, "a pattern begins with an op");
        return NULL;
    }
    return pat;
}

/* ---- matching -------------------------------------------------------------------------------- */

static bool bind_value(struct th_match *m, uint32_t binding, th_value v, bool *bound)
{
    if (bound[binding])
        return m->value[binding] == v;
    bound[binding] = true;
    m->value[binding] = v;
    return true;
}

/* Uses of all outputs of a node together. */
static uint32_t node_uses(const struct th_graph *g, th_node n)
{
    uint32_t uses = 0, outs = th_node_output_count(g, n);
    for (uint32_t i = 0; i < outs; i++)
        uses += th_value_use_count(g, th_node_output(g, n, i));
    return uses;
}

struct state {
    struct th_match *m;
    bool bound[TH_MATCH_MAX];
};

static bool match_term(const struct term *t, const struct th_graph *g, th_value v,
                       struct state *s);

static bool match_at(const struct term *t, const struct th_graph *g, th_node n, struct state *s)
{
    uint32_t i;
    for (i = 0; i < t->n_ops; i++)
        if (th_node_is(g, n, t->ops[i]))
            break;
    if (i == t->n_ops)
        return false;
    s->m->node[s->m->n_node++] = n;
    uint32_t n_in = th_node_input_count(g, n);
    for (i = 0; i < t->n_args; i++)
        if (!match_term(t->args[i], g, i < n_in ? th_node_input(g, n, i) : 0, s))
            return false;
    return true;
}

static bool match_term(const struct term *t, const struct th_graph *g, th_value v,
                       struct state *s)
{
    switch (t->kind) {
    case TERM_ANY:
        return true;
    case TERM_OPTIONAL:
        return bind_value(s->m, t->binding, v, s->bound);
    case TERM_VALUE:
        return v && bind_value(s->m, t->binding, v, s->bound);
    case TERM_CONST:
        return v && th_value_is_const(g, v) && bind_value(s->m, t->binding, v, s->bound);
    case TERM_NODE:
        break;
    }
    th_node def = v ? th_value_def(g, v) : 0;
    if (!def || th_node_output(g, def, 0) != v)
        return false;
    if (!t->shared && node_uses(g, def) != 1)
        return false;
    return match_at(t, g, def, s);
}

bool th_pattern_match(const struct th_pattern *p, const struct th_graph *g, th_node n,
                      struct th_match *m)
{
    struct state s = {m, {false}};
    memset(m, 0, sizeof *m);
    for (uint32_t i = 0; i < p->n_names; i++)
        m->name[i] = p->names[i];
    m->n_value = p->n_names;
    return match_at(p->root, g, n, &s);
}

th_value th_match_value(const struct th_match *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_value; i++)
        if (strcmp(m->name[i], name) == 0)
            return m->value[i];
    return 0;
}
