/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kernel rows of all backends share: geometry of windowed ops, multipliers, folded biases,
 * and the parameter structs of runtime/kernels/thk_types.h. Compiled into each backend module.
 */
#ifndef TH_BACKENDS_ROWS_H
#define TH_BACKENDS_ROWS_H

#include <thimble/numeric.h>
#include <thimble/thimble.h>

/* One family of rows, and the embedded sources of one backend. */
struct th_row_family {
    const struct th_kernel *rows;
    size_t n;
};
struct th_row_sources {
    const struct th_source *files;
    size_t n;
};
/* Registers a backend, its sources, then every family (list ends with NULL). */
enum th_status th_rows_register(struct th_reg *reg, const struct th_backend *backend,
                                const struct th_row_sources *sources,
                                const struct th_row_family *const *families);

/* ---- instance shortcuts ---------------------------------------------------------------------- */
const struct th_type *th_row_in(const struct th_query *q, uint32_t i);    /* NULL: absent */
const struct th_tensor *th_row_const(const struct th_query *q, uint32_t i); /* NULL: not constant */
bool th_row_has(const struct th_query *q, uint32_t i);
/* Zero point of an operand that has one (0 without quantization). */
int32_t th_row_zero(const struct th_type *t);
/* Product of dims [from, to); types are known to be valid. */
int64_t th_row_dims(const struct th_type *t, int32_t from, int32_t to);

/* ---- windowed ops: conv2d, depthwise_conv2d, transpose_conv2d, *_pool2d ---------------------- */
struct th_row_window {
    int64_t batch, in_h, in_w, in_c, out_h, out_w, out_c;
    int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int64_t groups;
    int32_t in_zero, weight_zero, out_zero, lo, hi;   /* integers only */
    float act_lo, act_hi;                             /* float kernels */
    struct th_view in, out;                           /* made dense when the query says nothing */
    int64_t box_y, box_x, box_c, box_h, box_w, box_n;
    bool dense_in, dense_out;       /* pixels follow each other without gaps, no ring */
};
/* NULL when every number fits the parameter struct, else why not (static text). */
const char *th_row_window(const struct th_query *q, struct th_row_window *w);
/* A whole dense 1x1 convolution without stride or padding becomes one long row: pixels at the ends
 * of rows then fill the kernel's tiles too. */
void th_row_flatten(const struct th_query *q, struct th_row_window *w);
/* Views of operand 0 and of the result (rank 4), dense where the query says nothing. False: the
 * query is for a part of the channels, of the batch, or does not fit 32 bits. */
bool th_row_views(const struct th_query *q, struct th_view *in, struct th_view *out);
/* Appends `struct thk_box` for the query. */
void th_row_call_box(struct th_call *c, const struct th_query *q);
/* Appends a `struct thk_view` to the open struct. */
void th_row_field_view(struct th_call *c, const char *name, const struct th_view *v);
/* Appends `struct thk_window2d` and `struct thk_box`. */
void th_row_call_window(struct th_call *c, const struct th_row_window *w);
/* Appends the float window: `struct thk_window2d` (bounds unused), box, act_lo, act_hi follow as
 * floats. */
void th_row_call_window_f32(struct th_call *c, const struct th_row_window *w);
/* Makes the call once per batch entry; in_mask as th_call_batch. */
void th_row_call_batch(struct th_call *c, const struct th_row_window *w);
/* Multiply-accumulates of the box, for cost functions. */
double th_row_window_macs(const struct th_query *q, const struct th_row_window *w);

/* ---- fully connected ------------------------------------------------------------------------- */
struct th_row_dense {
    int64_t rows, in, out;
    int32_t in_zero, weight_zero, out_zero, lo, hi;
    float act_lo, act_hi;
    bool per_channel;
};
const char *th_row_dense(const struct th_query *q, struct th_row_dense *d);
/* Appends `struct thk_dense`. */
void th_row_call_dense(struct th_call *c, const struct th_row_dense *d);

/* ---- requantization -------------------------------------------------------------------------- */
/* Multipliers of n output channels: in scale * weight scale[c] / out scale. float_product: the
 * first product is rounded to float (per-tensor fully connected, 8-bit unsigned). NULL on
 * exhaustion. */
struct th_multiplier *th_row_multipliers(const struct th_query *q, struct th_arena *a,
                                         uint32_t in, uint32_t weight, int64_t n,
                                         bool float_product);
/* Whether the contract multiplies in float first for this instance's weights. */
bool th_row_float_product(const struct th_query *q, uint32_t weight);
/* Appends n {m, s} pairs as one constant "requant". */
enum th_status th_row_call_requant(struct th_call *c, const struct th_multiplier *m, int64_t n);

/* Folded form for kernels that treat padding taps as the input zero point:
 * bias[c] - zi * sum(w[c]), and the largest |accumulator| any input can give. taps are the
 * products per output; element (c, t) of the weights is w[c * c_step + t * t_step]. */
struct th_row_fold {
    int64_t bias;            /* folded */
    int64_t lo, hi;          /* bounds of the complete sum */
};
void th_row_fold_channel(const struct th_tensor *w, const struct th_tensor *bias, int64_t channel,
                         int64_t first, int64_t t_step, int64_t taps, int32_t zi,
                         int64_t in_lo, int64_t in_hi, struct th_row_fold *out);
/* Whether a channel gives the same output whatever the input (weights too small to matter; such
 * channels often have biases of 30 bits): its weights need not be kept. *v: before the zero point
 * is added and the clamp. */
bool th_row_fixed_channel(const struct th_row_fold *f, struct th_multiplier m, bool single,
                          int32_t *v);
/* The same under the contract "onnx": m holds the bits of a float. */
bool th_row_fixed_even(const struct th_row_fold *f, struct th_multiplier m, int32_t *v);

#endif
