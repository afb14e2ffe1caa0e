/* SPDX-License-Identifier: Apache-2.0 */
/* What rewriting passes share. Private to passes/. */
#ifndef TH_PASSES_UTIL_H
#define TH_PASSES_UTIL_H

#include <thimble/match.h>
#include <thimble/op.h>
#include <thimble/pass.h>
#include <thimble/thimble.h>

/* Whether every use of `from` may use `to` instead without changing what the program's outputs
 * are made of: an output must stay a computed value of its own. */
bool th_can_forward(const struct th_graph *g, th_value from, th_value to);
/* Forwards when allowed and the types are equal; *done tells. */
enum th_status th_forward(struct th_graph *g, th_value from, th_value to, bool *done);

/* Adds a node with one output before `at`, at whose location it stands. out NULL: inferred. */
enum th_status th_insert_node(struct th_graph *g, th_node at, const char *op, const th_value *in,
                              uint32_t n_in, const struct th_attr *attrs, uint32_t n_attrs,
                              const struct th_type *out, th_value *v);
/* The same as `th_insert_node`, taking attributes and contract from `like`. */
enum th_status th_insert_like(struct th_graph *g, th_node at, th_node like, const th_value *in,
                              uint32_t n_in, const struct th_type *out, th_value *v);
/* Replaces output 0 of n by v, keeping its name when v has none. */
void th_supersede(struct th_graph *g, th_node n, th_value v);

/* Input i takes `type`, that of its users' only results, and stands for them; the users go. */
enum th_status th_input_past_users(struct th_graph *g, uint32_t i, const struct th_type *type,
                                   struct th_arena *a);
/* Output i becomes the operand of the node that makes it, if that is of this op and the operand
 * a computed value that is no output yet. */
bool th_output_past_maker(struct th_graph *g, uint32_t i, const char *op);

/* infer, without telling the user when it fails: the question was only whether there is such an
 * operator. */
bool th_infers(struct th_inst *c);

static inline struct th_attr th_attr_of_ints(const char *name, const int64_t *v, uint32_t n)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INTS, .n = n, .v.ints = v};
}
static inline struct th_attr th_attr_of_int(const char *name, int64_t v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INT, .v.i = v};
}

/* Every element of constant v equals x (stored units). */
bool th_const_is_all(const struct th_graph *g, th_value v, double x);
/* The fused activation of a node leaves every value as it is. */
bool th_act_is_none(const struct th_graph *g, th_node n);
/* What the padded elements of a pad hold, in stored units. */
double th_pad_value(const struct th_graph *g, th_node pad);
/* The op's table knows this attribute. */
bool th_op_has_attr(const struct th_op *op, const char *name);
/* The node's type as it is stored, operand i; NULL when absent. */
const struct th_type *th_operand_type(const struct th_graph *g, th_node n, uint32_t i);
/* The op's eval implements the node's contract. */
bool th_can_eval(const struct th_graph *g, th_node n);

/* Runs rows, then the rows that plugins added to the pass, until nothing changes. `user` of a
 * row is the pass context. */
enum th_status th_run_rewrites(struct th_pass_ctx *pc, struct th_graph *g,
                               const struct th_rewrite *rows, size_t n);

#endif
