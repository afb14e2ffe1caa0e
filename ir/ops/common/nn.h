/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the records of convolutions, pooling and dense layers share: window geometry, unpacked
 * operands, rescaling tables. Everything allocated comes from the arena of the call.
 */
#ifndef TH_OPS_NN_H
#define TH_OPS_NN_H

#include <thimble/numeric.h>
#include <thimble/op.h>

/* Contract lists for records: every rounding mode; only those of TensorFlow Lite and float. */
extern const char *const th_contracts_all[];
extern const char *const th_contracts_tflite[];

enum th_rounding { TH_ROUND_DOUBLE, TH_ROUND_SINGLE, TH_ROUND_ONNX };
enum th_rounding th_inst_rounding(const struct th_inst *c);

/* Masks used by many port tables. */
#define TH_DT_ACTS (TH_DT_QUANTS | TH_DT_FLOATS)
#define TH_DT_WEIGHTS                                                                            \
    (TH_DT_INT8S | TH_DT_BIT(TH_DT_S4) | TH_DT_FLOATS | TH_DT_BIT(TH_DT_F16))
#define TH_DT_BIASES (TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_S64) | TH_DT_FLOATS)

/* Attribute rows used by many tables. */
#define TH_ATTR_ROW_ACT                                                                          \
    {"act_min", TH_ATTR_FLOAT, false, 0, 0, 1, 0, 0, -INFINITY, NULL, NULL,                      \
     "lower bound of the fused activation, as a real value"},                                    \
    {"act_max", TH_ATTR_FLOAT, false, 0, 0, 1, 0, 0, INFINITY, NULL, NULL,                       \
     "upper bound of the fused activation, as a real value"}
#define TH_ATTR_ROW_STRIDE                                                                       \
    {"stride", TH_ATTR_INTS, false, 2, 2, 1, 1 << 20, 1, 0, NULL, NULL,                          \
     "steps between windows: rows, columns"}
#define TH_ATTR_ROW_DILATION                                                                     \
    {"dilation", TH_ATTR_INTS, false, 2, 2, 1, 1 << 20, 1, 0, NULL, NULL,                        \
     "distance of neighbouring taps: rows, columns"}
#define TH_ATTR_ROW_PAD                                                                          \
    {"pad", TH_ATTR_INTS, false, 4, 4, 0, 1 << 20, 0, 0, NULL, NULL,                             \
     "padding of the whole input: top, left, bottom, right"}
#define TH_ATTR_ROW_ASYMMETRIC                                                                   \
    {"asymmetric_inputs", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,                     \
     "hybrid form: quantize the float input with a zero point"}
#define TH_ATTR_END {NULL, TH_ATTR_INT, false, 0, 0, 1, 0, 0, 0, NULL, NULL, NULL}

/* ---- operands ------------------------------------------------------------------------------- */
/* Operand i, or NULL when it is absent. */
static inline const struct th_tensor *th_operand(const struct th_inst *c, const struct th_eval *e,
                                                 uint32_t i)
{
    return i < c->n_in ? e->in[i] : NULL;
}
static inline const struct th_type *th_operand_type(const struct th_inst *c, uint32_t i)
{
    return i < c->n_in ? c->in[i] : NULL;
}
/* Element i of an integer tensor minus its zero point (per index of the quantized axis), n
 * elements; NULL when memory is exhausted. */
int32_t *th_ints_centred(struct th_arena *a, const struct th_tensor *t);
/* The plain stored integers of any width. */
int64_t *th_ints_wide(struct th_arena *a, const struct th_tensor *t);
static inline const float *th_floats(const struct th_tensor *t)
{
    return t ? (const float *)t->data : NULL;
}
/* Elements of a float tensor of any width as f32; NULL when memory is exhausted. */
const float *th_floats_wide(struct th_arena *a, const struct th_tensor *t);
/* Data of an 8/16-bit tensor stored with saturation. */
void th_store_clamped(struct th_tensor *t, int64_t i, int64_t v, int32_t lo, int32_t hi);
static inline float th_clampf(float v, float lo, float hi)
{
    v = v < lo ? lo : v;   /* a NaN passes, as with the reference's min and max */
    return hi < v ? hi : v;
}
enum th_status th_out_of_memory(const struct th_inst *c);

/* ---- rescaling accumulators to the output --------------------------------------------------- */
enum th_scale_product {
    TH_PRODUCT_DOUBLE,   /* (double)s_in * (double)s_w / (double)s_out */
    TH_PRODUCT_FLOAT     /* s_in * s_w in float, then divided in double */
};
struct th_rescale {
    enum th_rounding rounding;
    bool wide;                    /* 64-bit accumulator form */
    uint32_t n;                   /* 1 or channels */
    struct th_multiplier *q;      /* [n] */
    float *factor;                /* [n], for TH_ROUND_ONNX */
    int64_t zero;
    int32_t lo, hi;
};
/* From the scales of two factors and the output; bounds from act_min/act_max of the instance. */
enum th_status th_rescale_init(const struct th_inst *c, struct th_arena *a,
                               const struct th_quant *in, const struct th_quant *w,
                               const struct th_type *out, enum th_scale_product product, bool wide,
                               struct th_rescale *r);
int32_t th_rescale_apply(const struct th_rescale *r, int64_t acc, uint32_t channel);

/* ---- dynamic quantization of float inputs (hybrid forms) ------------------------------------ */
/* n values of one batch to int8; scale and zero point come back. Symmetric: zero is 0. */
void th_quantize_symmetric(const float *x, int64_t n, int32_t *q, float *scale);
void th_quantize_asymmetric(const float *x, int64_t n, int32_t *q, float *scale, int32_t *zero);
bool th_all_zero(const float *x, int64_t n);

/* ---- window geometry ------------------------------------------------------------------------ */
struct th_geom {
    int64_t n, in_h, in_w, in_c, out_h, out_w, out_c;
    int64_t k_h, k_w, s_h, s_w, d_h, d_w;
    int64_t top, left, bottom, right;
};
/* Reads stride, dilation, pad of the instance for a kernel of k_h x k_w over input 0 and computes
 * the output size; reports impossible ones. */
enum th_status th_geom_init(const struct th_inst *c, int64_t k_h, int64_t k_w, int64_t out_c,
                            struct th_geom *g);
/* Sets the output type to [n, out_h, out_w, out_c] in the dtype and quantization it declares. */
enum th_status th_geom_set_out(struct th_inst *c, const struct th_geom *g);
/* Interval [lo, hi) of outputs -> inputs read, clipped to [0, size). */
void th_window_axis(struct th_window *w, int axis, int64_t lo, int64_t hi, int64_t stride,
                    int64_t dilation, int64_t kernel, int64_t pad, int64_t size);
/* Axis copied unchanged from the output's box. */
void th_window_same(struct th_window *w, int axis, int64_t lo, int64_t hi);
/* The whole of an axis. */
void th_window_full(struct th_window *w, int axis, int64_t size);
/* Bias entries of output channels [lo, hi); all of a bias that is no vector. */
void th_window_bias(const struct th_inst *c, uint32_t port, int64_t lo, int64_t hi,
                    struct th_window *w);
/* Rows and columns by geometry, batch unchanged; channels are the caller's. */
void th_window_geom(const struct th_geom *g, const struct th_box *out, struct th_window *w);
/* Padding of a part: what its windows reach beyond the map. */
uint32_t th_part_geom(const struct th_inst *c, const struct th_box *out, int32_t axis,
                      struct th_attr *list);

/* ---- small things of infer and verify ------------------------------------------------------- */
/* Output i gets this shape; dtype and quantization stay as declared, those of operand 0 if none
 * were. */
enum th_status th_set_shape(struct th_inst *c, uint32_t i, int32_t rank, const int64_t *dims);
enum th_status th_copy_type(struct th_inst *c, uint32_t i, const struct th_type *from);
/* Reports unless the operand has this rank. */
enum th_status th_need_rank(const struct th_inst *c, uint32_t in, int32_t rank);
/* Per-tensor quantization with finite scale on a quantized operand or output. */
enum th_status th_need_quant(const struct th_inst *c, const struct th_type *t, const char *what);
/* Scales of operand 1: one, or one for each index of `axis`; zero points inside of the type. */
enum th_status th_need_weight_quant(const struct th_inst *c, int32_t axis);
/* Bias of n elements whose dtype fits: s8/u8 -> s32, s16 -> s32 or s64, float and hybrid -> f32. */
enum th_status th_check_bias(const struct th_inst *c, uint32_t port, int64_t n);
/* Activations, weights and output form a known combination; quantization is present, per-channel
 * weights lie along `axis`. */
enum th_status th_check_forms(const struct th_inst *c, int32_t axis);
/* The instance is a hybrid one: float activations, integer weights. */
bool th_is_hybrid(const struct th_inst *c);
bool th_is_quantized(const struct th_type *t);
/* The accumulator is 64 bits wide: s16 activations without an s32 bias. */
bool th_is_wide(const struct th_inst *c, uint32_t bias_port);
/* Rejects contracts that have no integer rule here (float, and onnx unless allowed). */
enum th_status th_check_contract(const struct th_inst *c, bool onnx_allowed);
/* Output of the shape of operand 0; elements (or broadcast ones) depend on their own place. */
enum th_status th_same_infer(struct th_inst *c);
bool th_same_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                    struct th_window *w);
bool th_same_quant(const struct th_inst *c, struct th_quant_rule *rule);
/* Operands and results each with parameters of their own. */
bool th_plain_quant(const struct th_inst *c, struct th_quant_rule *rule);
bool th_same_channels(const struct th_inst *c, uint32_t in, int64_t channel,
                      int64_t *out_channel);
void th_cost_bytes(const struct th_inst *c, struct th_cost *cost);
uint32_t th_alias_first(const struct th_inst *c, struct th_alias *list, uint32_t max);

#endif
