/* SPDX-License-Identifier: Apache-2.0 */
/* Writing kernels from a query's constants. */
#ifndef TH_BACKENDS_C99_GENERATE_H
#define TH_BACKENDS_C99_GENERATE_H

#include <thimble/thimble.h>

/* Why a query is too large for 32-bit indices, or NULL. */
const char *th_gen_too_large(const struct th_query *q);

/*
 * The kernel's name is made of the op, its types and a digest of the text, so that equal kernels
 * have one name. params and body: as in `static void NAME(params)` and the lines between its
 * braces.
 */
enum th_status th_gen_function(const struct th_query *q, struct th_call *c, const char *params,
                               const char *body);

/* Loops over the output around the body, in which '@' stands for the indentation: it finds the
 * operands in locals a, b, c of type `local` (NULL: their own) and leaves the result in v. Appends
 * operands and output to the call. */
enum th_status th_gen_elementwise(const struct th_query *q, struct th_call *c, const char *local,
                                  const struct th_str *body);

/* The same with constant tables as further parameters t0, t1, and the innermost loop written out
 * `unroll` times where its extent allows. */
struct th_gen_table {
    const char *what;
    enum th_dtype dtype;
    const void *data;
    size_t count;
};
enum th_status th_gen_with_tables(const struct th_query *q, struct th_call *c, const char *local,
                                  const struct th_str *body, const struct th_gen_table *tables,
                                  uint32_t n_tables, int unroll);

/* A kernel being written: parameters and call arguments grow together. */
struct th_gen {
    const struct th_query *q;
    struct th_call *call;
    struct th_str params, body;
};
void th_gen_begin(struct th_gen *g, const struct th_query *q, struct th_call *call);
/* The next parameter: an operand, a result, constant data. */
void th_gen_operand(struct th_gen *g, uint32_t i, const char *name);
void th_gen_result(struct th_gen *g, uint32_t i, const char *name);
void th_gen_data(struct th_gen *g, const char *name, const char *what, enum th_dtype dt,
                 const void *data, size_t count);
/* Scratch of `count` elements. */
void th_gen_scratch(struct th_gen *g, const char *name, enum th_dtype dt, size_t count);
enum th_status th_gen_end(struct th_gen *g);
/* The C type of an operand's elements. */
const char *th_gen_in_type(const struct th_gen *g, uint32_t i);

/* One strided copy with literal numbers from x0, x1... to y, at the first level of indentation;
 * shared: source and result may overlap. */
void th_gen_move(struct th_str *s, const struct th_move *given, const char *type, bool shared);

/* `indent` levels of indentation. */
void th_gen_indent(struct th_str *s, int indent);
/* " + 3 * i0" and the like; nothing for step 0. */
void th_gen_index(struct th_str *s, int64_t step, const char *var, int32_t i);

#endif
