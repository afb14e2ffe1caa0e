/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of programs and graphs, for ir/ only. */
#ifndef IR_GRAPH_H
#define IR_GRAPH_H

#include "ir/call.h"
#include "ir/notes.h"

#include <thimble/op.h>

/* Records are allocated one by one in the program's arena, so borrowed pointers stay valid. */
struct th_value_rec {
    const char *name;
    struct th_type type;
    th_node def;
    bool input;
    struct th_blob *blob;
    struct th_tensor tensor;     /* of a constant */
    th_node *users;              /* one entry a use, in order of creation */
    uint32_t n_users, cap_users, n_out_uses;
    bool has_range;
    float lo, hi;
    struct th_place place;
};

struct th_node_rec {
    const struct th_op *op;
    const char *contract;
    th_value *in, *out;
    uint32_t n_in, n_out, n_bodies;
    struct th_graph **bodies;
    struct th_attrs attrs;
    struct th_loc loc;
    th_node prev, next;
    bool live;
    struct th_kernel_note note;
};

struct th_graph {
    struct th_program *program;
    const char *name;
    bool body;
    struct th_node_rec **nodes;  /* [0] unused */
    uint32_t n_nodes, cap_nodes, n_live;
    struct th_value_rec **values;
    uint32_t n_values, cap_values;
    th_node first, last;
    th_value *inputs, *outputs;
    const char **output_names;
    uint32_t n_inputs, cap_inputs, n_outputs, cap_outputs;
    struct th_share *shares;
    uint32_t n_shares, cap_shares;
};

struct th_state_rec {
    const char *name;
    struct th_type type;
    enum th_state_kind kind;
    struct th_blob *initial;
    int64_t offset;
};

struct th_program {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const char *source, *format, *sha256;
    struct th_graph **functions, **bodies;
    uint32_t n_functions, cap_functions, n_bodies, cap_bodies;
    struct th_state_rec **states;
    uint32_t n_states, cap_states;
    struct th_plan_totals plan;
    struct th_front_point *front;
    uint32_t n_front;
    const struct th_quantized *quantized;    /* in the arena */
    struct th_frames frames;
    struct th_data **data;       /* packed constants, ir/call.h */
    uint64_t *data_hash;
    uint32_t n_data, cap_data;
};

/* Grows a heap array of `size`-byte entries so that one more fits. */
bool th_grow(void *array_pointer, uint32_t n, uint32_t *cap, size_t size);

th_value th_graph_new_value(struct th_graph *g, const char *name, const struct th_type *type,
                            th_node def);
bool th_value_add_user(struct th_graph *g, th_value v, th_node n);
/* Links a node into the order before `before` (0: at the end). */
void th_graph_link(struct th_graph *g, th_node n, th_node before);

/* Fills an instance over given operand values; used before a node exists. */
struct th_inst *th_make_inst(const struct th_graph *g, const struct th_op *op,
                             const char *contract, const struct th_attrs *attrs,
                             const th_value *in, uint32_t n_in, struct th_type *out,
                             uint32_t n_out, struct th_graph *const *bodies, uint32_t n_bodies,
                             const struct th_loc *loc, struct th_arena *arena);
/* Ports, dtypes, constness and attributes against the op's tables; reports all problems. */
enum th_status th_check_tables(const struct th_inst *c, bool outputs);
/* Body signatures of a region node against its operands. */
enum th_status th_check_region(const struct th_inst *c);

#endif
