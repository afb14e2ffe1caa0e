/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signal operators: one file per operator holds its record, its importer and its kernel rows;
 * kernels lie beside it as thk_*.c. Written as an outside plugin would be: installed headers only.
 */
#ifndef TH_PLUGINS_SIGNAL_H
#define TH_PLUGINS_SIGNAL_H

#include <thimble/thimble.h>

struct signal_op {
    const struct th_op *op;
    const struct th_importer *importer;
    const struct th_kernel *rows;
    size_t n_rows;
};
extern const struct signal_op signal_window, signal_fft_auto_scale, signal_rfft, signal_irfft,
    signal_energy, signal_filter_bank, signal_filter_bank_square_root,
    signal_filter_bank_spectral_subtraction, signal_pcan, signal_filter_bank_log, signal_framer,
    signal_overlap_add, signal_delay, signal_stacker;

/* Embedded kernel sources (generated). */
struct th_row_sources {
    const struct th_source *files;
    size_t n;
};
extern const struct th_row_sources signal_sources;

/* ---- records ------------------------------------------------------------------------------- */
extern const char *const signal_contracts[];
#define SIGNAL_PORT_END {NULL, 0, 0, NULL}
#define SIGNAL_ATTR_END {.name = NULL}
#define SIGNAL_INT(n, low, high, text) \
    {.name = (n), .kind = TH_ATTR_INT, .required = true, .min = (low), .max = (high), .doc = (text)}

/* Operand i must be a vector of n elements (n < 0: any number from 1). */
enum th_status signal_need_vector(const struct th_inst *c, uint32_t i, int64_t n);
enum th_status signal_need_scalar(const struct th_inst *c, uint32_t i);
/* The innermost extent (1 for a scalar), and the product of the others. */
int64_t signal_inner(const struct th_type *t);
int64_t signal_outer(const struct th_type *t);
/* Output o becomes dtype[dims...] without quantization. */
void signal_set(struct th_inst *c, uint32_t o, enum th_dtype dt, int32_t rank,
                const int64_t *dims);
/* Operand 0's shape with another innermost extent. */
void signal_set_inner(struct th_inst *c, uint32_t o, enum th_dtype dt, int64_t inner);
enum th_status signal_no_memory(const struct th_inst *c);
/* Significant bits of x: 0 has none. */
int signal_bits(uint64_t x);

/* ---- importers ----------------------------------------------------------------------------- */
/* Numbers of operands and results, and an option that must be there. */
enum th_status signal_need_ports(const struct th_import *im, uint32_t n_in, uint32_t n_out);
enum th_status signal_option(const struct th_import *im, const char *name, int64_t *v);
/* One node of `op` with integer attributes named like the options (NULL-terminated list). */
enum th_status signal_import(struct th_import *im, const char *op, const char *const *options);
/* A node of `op`: operands in, integer attributes; out[n_out] receives its results. */
enum th_status signal_node(struct th_import *im, const char *op, const th_value *in, uint32_t n_in,
                           const struct th_attr *attrs, uint32_t n_attrs, th_value *out,
                           uint32_t n_out);
/* A variable of the program, initially zero, and its present value; later its new one. */
enum th_status signal_read_state(struct th_import *im, const char *suffix,
                                 const struct th_type *type, th_state *state, th_value *v);
enum th_status signal_write_state(struct th_import *im, th_state state, th_value v);

/* ---- kernel rows --------------------------------------------------------------------------- */
/* "only whole outputs", or NULL. */
const char *signal_whole(const struct th_query *q);
static inline int64_t signal_elems(const struct th_query *q, uint32_t i)
{
    return th_type_elems(q->inst->in[i]);
}
static inline int64_t signal_attr(const struct th_query *q, const char *name)
{
    return th_inst_int(q->inst, name);
}
/* cycles for each element of output 0 */
void signal_cost(const struct th_query *q, double cycles, struct th_kernel_cost *k);

#endif
