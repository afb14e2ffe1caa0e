/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching and rewriting: a pattern is a small tree of op names over operands, written as text:
 *   "conv2d(pad(x, ?), w, ?b)"
 * name(args) matches a node of that op whose first operands match the args (further operands are
 * free); an identifier binds a value (the same identifier twice: the same value); "?" matches any
 * operand, absent ones included; "?b" binds an operand that may be absent; "#c" binds a constant.
 * "a|b(...)" matches either op. Inner nodes must have no other use unless written with a leading
 * "*": "add(*relu(x), y)".
 */
#ifndef THIMBLE_MATCH_H
#define THIMBLE_MATCH_H

#include <thimble/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TH_MATCH_MAX 16

struct th_match {
    th_node node[TH_MATCH_MAX];        /* matched nodes, outermost first, in text order */
    uint32_t n_node;
    const char *name[TH_MATCH_MAX];    /* bindings in order of first appearance */
    th_value value[TH_MATCH_MAX];
    uint32_t n_value;
};
struct th_pattern;
/* Compiles pattern text into the arena, where it lives; reports errors of syntax and unknown ops
 * and returns NULL. */
TH_API struct th_pattern *th_pattern_new(struct th_ctx *ctx, struct th_arena *a,
                                         const char *text);
/* Tries the pattern with its outermost op at node n; *m is filled on success, its names belong to
 * the pattern. */
TH_API bool th_pattern_match(const struct th_pattern *p, const struct th_graph *g, th_node n,
                             struct th_match *m);
/* The value bound to a name, 0 if absent or unknown. */
TH_API th_value th_match_value(const struct th_match *m, const char *name);

/* A rewrite: called for each match; returns TH_OK and sets *done when it changed the graph. */
struct th_rewrite {
    const char *name;                  /* remark and report */
    const char *pattern;
    enum th_status (*apply)(struct th_graph *g, const struct th_match *m, bool *done,
                            void *user);
};
/* Applies rows until none fires (bounded by a step budget of 64 x nodes + 1024; exceeding it is
 * an internal error naming the row). Dead nodes left behind are removed. changed may be NULL. */
TH_API enum th_status th_rewrite_run(struct th_graph *g, const struct th_rewrite *rows, size_t n,
                                     void *user, bool *changed);
/* Removes nodes without effect or use; returns how many. */
TH_API uint32_t th_graph_sweep(struct th_graph *g);
/* Removes n if it is without effect and use, then what only it used; returns how many. A node
 * that is gone already counts as removed before. */
TH_API uint32_t th_graph_sweep_node(struct th_graph *g, th_node n);

#ifdef __cplusplus
}
#endif
#endif
