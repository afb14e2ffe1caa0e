/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is quantized. FakeQuantize: values between two bounds are rounded to one of `levels` steps.
 * Where the bounds are those of an 8-bit type with a whole zero point it is a quantize and a
 * dequantize, which the passes understand; anything else is the arithmetic that defines it.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

struct bounds {
    double in_low, in_high, out_low, out_high;
};

/* The four bounds, if each is one number. */
static bool one_each(const struct ov_node *n, const th_value *in, struct bounds *b)
{
    double *to[4] = {&b->in_low, &b->in_high, &b->out_low, &b->out_high};

    for (int i = 0; i < 4; i++) {
        const struct th_tensor *c = th_value_const(n->scope->graph, in[1 + i]);
        if (c == NULL || th_type_elems(&c->type) != 1 || !th_dtype_is_float(c->type.dtype))
            return false;
        *to[i] = th_tensor_real(c, 0);
        if (!isfinite(*to[i]))
            return false;
    }
    return true;
}

/* Scale and zero point of stored values that begin at -128; false: the zero lies between steps. */
static bool as_integers(const struct bounds *b, int64_t levels, float *scale, int64_t *zero)
{
    double step = (b->in_high - b->in_low) / (double)(levels - 1), at, off;

    if (levels > 256 || b->in_low != b->out_low || b->in_high != b->out_high || !(step > 1e-30))
        return false;
    at = -b->in_low / step;
    /* bounds are single precision: what is whole in the reals is nearly so here */
    off = fabs(at - nearbyint(at));
    if (!(at > -0.5 && at < (double)levels - 0.5) || off > 1e-4)
        return false;
    *scale = (float)step;
    *zero = (int64_t)nearbyint(at) - 128;
    return true;
}

static enum th_status as_pair(const struct ov_node *n, th_value x, const struct bounds *b,
                              int64_t levels, float scale, int64_t zero, th_value *y)
{
    struct th_type t = *ov_type(n, x);

    /* fewer steps than the type has */
    if (levels != 256) {
        if (levels % 2 != 0 && zero + 128 == (levels - 1) / 2)
            zero = 0;
        TH_TRY(ov_clamp(n, x, b->in_low, b->in_high, &x));
    }
    t.dtype = TH_DT_S8;
    t.quant = th_quant_new(th_program_arena(n->scope->im->program), 1, &scale, &zero, -1);
    if (t.quant == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(ov_add_typed(n, "quantize", &x, 1, NULL, &t, y));
    return ov_dequantize(n, *y, y);
}

/* Whether each lower input bound is constant and below the upper one. */
static bool in_order(const struct ov_node *n, const th_value *in)
{
    const struct th_tensor *low = th_value_const(n->scope->graph, in[1]);
    const struct th_tensor *high = th_value_const(n->scope->graph, in[2]);

    if (low == NULL || high == NULL)
        return false;
    int64_t n_low = th_type_elems(&low->type), n_high = th_type_elems(&high->type);
    bool same = low->type.rank == high->type.rank;
    for (int32_t i = 0; same && i < low->type.rank; i++)
        same = low->type.dims[i] == high->type.dims[i];
    if (!same && n_low != 1 && n_high != 1)
        return false;
    for (int64_t i = 0; i < n_low || i < n_high; i++) {
        if (!(th_tensor_real(low, n_low == 1 ? 0 : i) < th_tensor_real(high, n_high == 1 ? 0 : i)))
            return false;
    }
    return true;
}

/* Where the lower bound may be the upper one or above it: what is not above the smaller becomes
 * out_low, what is above the larger out_high. y is what the rounding gave. */
static enum th_status at_ends(const struct ov_node *n, const th_value *in, th_value *y)
{
    th_value least, most, below, above;

    TH_TRY(ov_binary(n, "minimum", in[1], in[2], &least));
    TH_TRY(ov_binary(n, "maximum", in[1], in[2], &most));
    TH_TRY(ov_binary(n, "less_equal", in[0], least, &below));
    TH_TRY(ov_binary(n, "greater", in[0], most, &above));
    const th_value upper[3] = {above, in[4], *y};
    TH_TRY(ov_add(n, "select", upper, 3, NULL, y));
    const th_value lower[3] = {below, in[3], *y};
    return ov_add(n, "select", lower, 3, NULL, y);
}

/* round((clamp(x) - in_low) * steps / (in_high - in_low)) * (out_high - out_low) / steps + out_low,
 * the bounds with one entry for all or for each channel */
static enum th_status as_arithmetic(const struct ov_node *n, const th_value *in, int64_t levels,
                                    th_value *y)
{
    bool ordered = in_order(n, in);
    th_value range, to;

    TH_TRY(ov_binary(n, "sub", in[2], in[1], &range));
    TH_TRY(ov_with_number(n, "mul", range, 1 / (double)(levels - 1), &range));
    TH_TRY(ov_binary(n, "sub", in[4], in[3], &to));
    TH_TRY(ov_with_number(n, "mul", to, 1 / (double)(levels - 1), &to));
    *y = in[0];
    if (ordered) {
        TH_TRY(ov_binary(n, "maximum", *y, in[1], y));
        TH_TRY(ov_binary(n, "minimum", *y, in[2], y));
    }
    TH_TRY(ov_binary(n, "sub", *y, in[1], y));
    TH_TRY(ov_binary(n, "div", *y, range, y));
    TH_TRY(ov_unary(n, "round", *y, y));
    TH_TRY(ov_binary(n, "mul", *y, to, y));
    TH_TRY(ov_binary(n, "add", *y, in[3], y));
    return ordered ? TH_OK : at_ends(n, in, y);
}

/* ---- weights --------------------------------------------------------------------------------- */

/* Scales of axis 0 (one for all: axis -1) from a constant of this many elements; false: none. */
static bool axis_of(const struct th_type *w, const struct th_type *scale, int32_t *axis)
{
    int64_t count = th_type_elems(scale);

    *axis = -1;
    if (count == 1)
        return true;
    *axis = 0;
    return scale->rank == w->rank && w->rank > 0 && scale->dims[0] == w->dims[0] &&
           count == w->dims[0];
}

/* s8 data of w's shape with scales, dequantized. */
static enum th_status as_weights(const struct ov_node *n, const struct th_type *shape,
                                 struct th_blob *data, const float *scales, int32_t axis,
                                 th_value *y)
{
    struct th_type t = *shape;
    uint32_t count = axis < 0 ? 1 : (uint32_t)t.dims[axis];

    t.dtype = TH_DT_S8;
    t.quant = th_quant_new(th_program_arena(n->scope->im->program), count, scales, NULL, axis);
    if (t.quant == NULL || data == NULL) {
        th_blob_unref(data);
        return TH_ERR_INTERNAL;
    }
    th_value kept = th_graph_add_const(n->scope->graph, n->layer->name, &t, data);
    return kept != 0 ? ov_dequantize(n, kept, y) : TH_ERR_INTERNAL;
}

static bool is_layer(const struct ov_layer *l, const char *type)
{
    return strcmp(l->type, type) == 0;
}

enum th_status ov_scaled_weights(struct ov_node *n, bool *done)
{
    const struct ov_layer *l = n->layer, *convert, *stored;
    th_value factor = ov_in(n, 1), w, y;
    const struct th_tensor *scale;
    int32_t axis;

    *done = false;
    if (l->n_inputs != 2 || factor == 0)
        return TH_OK;
    convert = l->inputs[0].layer;
    stored = is_layer(convert, "Convert") && convert->n_inputs == 1 ? convert->inputs[0].layer
                                                                    : NULL;
    scale = th_value_const(n->scope->graph, factor);
    if (stored == NULL || strncmp(stored->type, "Const", 5) != 0 || scale == NULL ||
        scale->type.dtype != TH_DT_F32)
        return TH_OK;
    w = n->scope->slots[stored->index][0].value;
    if (w == 0 || ov_type(n, w)->dtype != TH_DT_S8 || ov_type(n, w)->rank < 2 ||
        !axis_of(ov_type(n, w), &scale->type, &axis))
        return TH_OK;
    for (int64_t i = 0; i < th_type_elems(&scale->type); i++) {
        double s = th_tensor_real(scale, i);
        if (!(s > 1e-30 && s < 1e30))
            return TH_OK;
    }
    *done = true;
    TH_TRY(as_weights(n, ov_type(n, w), th_blob_ref(th_value_blob(n->scope->graph, w)),
                      scale->data, axis, &y));
    return ov_bind(n, 0, y);
}

/* One bound of each channel of w, or one for all. */
static bool bounds_of(const struct ov_node *n, const th_value *in, int64_t channel, bool one,
                      struct bounds *b)
{
    double *to[4] = {&b->in_low, &b->in_high, &b->out_low, &b->out_high};

    for (int i = 0; i < 4; i++) {
        const struct th_tensor *c = th_value_const(n->scope->graph, in[1 + i]);
        *to[i] = th_tensor_real(c, one || th_type_elems(&c->type) == 1 ? 0 : channel);
        if (!isfinite(*to[i]))
            return false;
    }
    return true;
}

/* The axis that any of the four bounds follows; false: not constant, or another axis. */
static bool bounds_axis(const struct ov_node *n, const th_value *in, int32_t *axis)
{
    *axis = -1;
    for (int i = 1; i < 5; i++) {
        const struct th_tensor *c = th_value_const(n->scope->graph, in[i]);
        int32_t own;
        if (c == NULL || c->type.dtype != TH_DT_F32 ||
            !axis_of(ov_type(n, in[0]), &c->type, &own))
            return false;
        *axis = own > *axis ? own : *axis;
    }
    return true;
}

/* Constant weights whose steps lie around zero become integers; *y stays 0 if they cannot. */
static enum th_status weights_as_integers(const struct ov_node *n, const th_value *in,
                                          int64_t levels, th_value *y)
{
    const struct th_tensor *w = th_value_const(n->scope->graph, in[0]);
    int32_t axis;

    *y = 0;
    if (w == NULL || w->type.dtype != TH_DT_F32 || w->type.rank < 2 || levels > 256 ||
        th_type_elems(&w->type) < 1 || !bounds_axis(n, in, &axis))
        return TH_OK;
    int64_t count = th_type_elems(&w->type), channels = axis < 0 ? 1 : w->type.dims[0];
    float *scales = TH_NEW_ARRAY(n->scope->im->arena, float, (size_t)channels);
    int8_t *data = th_arena_alloc(n->scope->im->arena, (size_t)count);
    if (scales == NULL || data == NULL ||
        !ov_charge(n->scope->im, &n->loc, (uint64_t)count))
        return TH_ERR_INTERNAL;
    for (int64_t c = 0; c < channels; c++) {
        struct bounds b;
        int64_t zero;
        if (!bounds_of(n, in, c, axis < 0, &b) || !as_integers(&b, levels, &scales[c], &zero) ||
            zero + 128 != levels / 2)
            return TH_OK;
        for (int64_t i = c * (count / channels); i < (c + 1) * (count / channels); i++) {
            double v = fmin(fmax(th_tensor_real(w, i), b.in_low), b.in_high);
            double q = nearbyint((v - b.in_low) / (b.in_high - b.in_low) * (double)(levels - 1));
            data[i] = (int8_t)((int64_t)q - levels / 2);
        }
    }
    return as_weights(n, &w->type, th_blob_copy(data, (size_t)count), scales, axis, y);
}

/* ---- biases ---------------------------------------------------------------------------------- */

/* The layer that computes v behind transposes and reshapes of its own, if it has integer weights
 * and no bias yet. */
static th_node weighted_layer(const struct ov_node *n, th_value v)
{
    struct th_graph *g = n->scope->graph;
    th_node d = th_value_def(g, v);

    while (d != 0 && (th_node_is(g, d, "transpose") || th_node_is(g, d, "reshape")))
        d = th_value_def(g, th_node_input(g, d, 0));
    if (d == 0 || th_node_input_count(g, d) != 3 || th_node_input(g, d, 2) != 0 ||
        !(th_node_is(g, d, "conv2d") || th_node_is(g, d, "depthwise_conv2d") ||
          th_node_is(g, d, "fully_connected")))
        return 0;
    return ov_stored(n, th_node_input(g, d, 1)) != 0 ? d : 0;
}

/* bias: one number for each of the channels, which lie on axis 1, or last behind a dense layer. */
static bool lies_on_channels(const struct th_type *bias, const struct th_type *y, int32_t axis,
                             int64_t channels)
{
    int32_t at = axis - (y->rank - bias->rank);

    return bias->dtype == TH_DT_F32 && bias->rank <= y->rank && at >= 0 &&
           bias->dims[at] == channels && y->dims[axis] == channels &&
           th_type_elems(bias) == channels;
}

enum th_status ov_layer_bias(struct ov_node *n, bool *done)
{
    struct th_graph *g = n->scope->graph;

    *done = false;
    for (uint32_t i = 0; n->layer->n_inputs == 2 && i < 2; i++) {
        const struct ov_port *p = &n->layer->inputs[i];
        th_value v = ov_in(n, i), b = ov_in(n, 1 - i);
        /* layers of the file between, as a Transpose, may put other axes where the channels are */
        bool direct = is_layer(p->layer, "Convolution") || is_layer(p->layer, "MatMul") ||
                      is_layer(p->layer, "GroupConvolution");
        th_node layer = direct && v != 0 && b != 0 ? weighted_layer(n, v) : 0;
        if (layer == 0 || p->layer->outputs[p->output].users != 1 || !th_value_is_const(g, b))
            continue;
        const struct th_type *t = th_value_type(g, th_node_output(g, layer, 0));
        const struct th_type *y = ov_type(n, v);
        int64_t channels = t->dims[t->rank - 1];
        int32_t axis = th_node_is(g, layer, "fully_connected") ? y->rank - 1 : 1;
        if (!lies_on_channels(ov_type(n, b), y, axis, channels))
            continue;
        TH_TRY(ov_reshape(n, b, 1, &channels, &b));
        th_node_set_input(g, layer, 2, b);
        *done = true;
        return ov_bind(n, 0, v);
    }
    return TH_OK;
}

/* ---- the layer ------------------------------------------------------------------------------- */

static enum th_status import_fake_quantize(struct ov_node *n)
{
    static const char *const modes[] = {"numpy", "none", "pdpd", "explicit", NULL};
    struct bounds b;
    th_value in[5], y;
    int64_t levels, zero;
    float scale;
    int mode;

    TH_TRY(ov_operands(n, in, 5));
    if (!ov_attr_int(n, "levels", 0, &levels))
        return TH_ERR_INPUT;
    if (levels < 2 || levels > 65536)
        return ov_reject(n, "%" PRId64 " levels", levels);
    if (!ov_attr_choice(n, "auto_broadcast", modes, 0, &mode))
        return TH_ERR_INPUT;
    for (int i = 1; i < 5 && mode == 2; i++) {
        if (ov_type(n, in[i])->rank != ov_type(n, in[0])->rank &&
            th_type_elems(ov_type(n, in[i])) != 1)
            return ov_reject(n, "bounds of %d dimensions with auto_broadcast pdpd; nearest "
                             "supported form: numpy", (int)ov_type(n, in[i])->rank);
    }
    TH_TRY(weights_as_integers(n, in, levels, &y));
    if (y != 0)
        return ov_bind(n, 0, y);
    if (ov_type(n, in[0])->dtype == TH_DT_F32 && one_each(n, in, &b) &&
        as_integers(&b, levels, &scale, &zero))
        TH_TRY(as_pair(n, in[0], &b, levels, scale, zero, &y));
    else
        TH_TRY(as_arithmetic(n, in, levels, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_quant[] = {
    {"FakeQuantize", import_fake_quantize, NULL},
    {NULL, NULL, NULL},
};
