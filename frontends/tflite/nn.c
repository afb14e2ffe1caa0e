/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pooling, matrix products, normalizations, reductions, resizing. */
#include <inttypes.h>

#include "import.h"

enum { PADDING_SAME = 0, PADDING_VALID = 1 };

/* Height and width of something that slides over an image. */
struct window {
    int64_t size[2], stride[2], dilation[2], pad[4];
};

/* Padding "same": ceil(in / stride) outputs; what is odd goes to the bottom and right. */
static void same_padding(struct window *w, int axis, int64_t in, int64_t out)
{
    int64_t extent = (w->size[axis] - 1) * w->dilation[axis] + 1;
    int64_t total = (out - 1) * w->stride[axis] + extent - in;

    if (total < 0)
        total = 0;
    w->pad[axis] = total / 2;
    w->pad[axis + 2] = total - total / 2;
}

/* Reads stride and dilation, checks them, and works out the padding for the image x. */
static enum th_status read_window(struct tfl_node *n, const struct th_type *x, struct window *w)
{
    int64_t padding = tfl_option_int(n->op, "padding", PADDING_SAME);

    w->stride[0] = tfl_option_int(n->op, "stride_h", 0);
    w->stride[1] = tfl_option_int(n->op, "stride_w", 0);
    w->dilation[0] = tfl_option_int(n->op, "dilation_h_factor", 1);
    w->dilation[1] = tfl_option_int(n->op, "dilation_w_factor", 1);
    for (int i = 0; i < 2; i++) {
        if (w->stride[i] < 1 || w->dilation[i] < 1 || w->size[i] < 1)
            return tfl_reject(n, NULL, "stride %" PRId64 ", dilation %" PRId64 ", window %" PRId64
                              ": all must be positive", w->stride[i], w->dilation[i], w->size[i]);
    }
    if (padding != PADDING_SAME && padding != PADDING_VALID)
        return tfl_reject(n, "SAME, VALID", "padding %" PRId64 " is unknown", padding);
    for (int i = 0; i < 2 && padding == PADDING_SAME; i++) {
        int64_t in = x->dims[i + 1];
        same_padding(w, i, in, (in + w->stride[i] - 1) / w->stride[i]);
    }
    return TH_OK;
}

static enum th_status need_rank(struct tfl_node *n, th_value v, size_t operand, int32_t rank)
{
    if (v == 0)
        return tfl_reject(n, NULL, "operand %zu is absent", operand);
    if (tfl_type_of(n, v)->rank != rank)
        return tfl_reject(n, NULL, "operand %zu has %d dimensions instead of %d", operand,
                          (int)tfl_type_of(n, v)->rank, (int)rank);
    return TH_OK;
}

static bool is_hybrid(const struct tfl_node *n, th_value x, th_value w)
{
    return tfl_type_of(n, x)->dtype == TH_DT_F32 && th_dtype_is_int(tfl_type_of(n, w)->dtype);
}

static void window_attrs(struct th_attr_list *a, const struct window *w)
{
    th_attr_list_ints(a, "stride", w->stride, 2);
    th_attr_list_ints(a, "dilation", w->dilation, 2);
    /* The IR orders top, left, bottom, right, which is how pad[] is indexed. */
    th_attr_list_ints(a, "pad", w->pad, 4);
}

static enum th_status import_conv(struct tfl_node *n)
{
    th_value in[3] = {tfl_in(n, 0), tfl_in(n, 1), tfl_in(n, 2)};
    struct th_attr_list a = {.n = 0};
    struct window w = {.pad = {0}};
    const struct th_type *wt;

    TH_TRY(tfl_symmetric(n, (const size_t[]){1, 2}, 2));
    TH_TRY(need_rank(n, in[0], 0, 4));
    TH_TRY(need_rank(n, in[1], 1, 4));
    wt = tfl_type_of(n, in[1]);
    w.size[0] = wt->dims[1];
    w.size[1] = wt->dims[2];
    TH_TRY(read_window(n, tfl_type_of(n, in[0]), &w));
    window_attrs(&a, &w);
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    /* Interpreters quantize the activations of a per-channel hybrid convolution with a zero
       point, those of a per-tensor one without. */
    if (is_hybrid(n, in[0], in[1]))
        th_attr_list_bool(&a, "asymmetric_inputs", wt->quant != NULL && wt->quant->n > 1);
    return tfl_finish(n, "conv2d", in, 3, &a);
}

static enum th_status import_depthwise(struct tfl_node *n)
{
    th_value in[3] = {tfl_in(n, 0), tfl_in(n, 1), tfl_in(n, 2)};
    struct th_attr_list a = {.n = 0};
    struct window w = {.pad = {0}};
    const struct th_type *x, *wt;
    int64_t said = tfl_option_int(n->op, "depth_multiplier", 0), multiplier;

    TH_TRY(tfl_symmetric(n, (const size_t[]){1, 2}, 2));
    TH_TRY(need_rank(n, in[0], 0, 4));
    TH_TRY(need_rank(n, in[1], 1, 4));
    x = tfl_type_of(n, in[0]);
    wt = tfl_type_of(n, in[1]);
    if (x->dims[3] < 1 || wt->dims[3] % x->dims[3] != 0)
        return tfl_reject(n, NULL, "%" PRId64 " weight channels are no multiple of %" PRId64
                          " input channels", wt->dims[3], x->dims[3]);
    multiplier = wt->dims[3] / x->dims[3];
    if (said > 0 && said != multiplier)
        return tfl_reject(n, NULL, "%" PRId64 " weight channels, but %" PRId64
                          " input channels x multiplier %" PRId64 " = %" PRId64, wt->dims[3],
                          x->dims[3], said, x->dims[3] * said);
    w.size[0] = wt->dims[1];
    w.size[1] = wt->dims[2];
    TH_TRY(read_window(n, x, &w));
    window_attrs(&a, &w);
    th_attr_list_int(&a, "multiplier", multiplier);
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    if (is_hybrid(n, in[0], in[1]))
        th_attr_list_bool(&a, "asymmetric_inputs", wt->quant != NULL && wt->quant->n > 1);
    return tfl_finish(n, "depthwise_conv2d", in, 3, &a);
}

/* The output's shape: operand 0, or, if that is computed elsewhere, what the file declares. */
static enum th_status transpose_conv_shape(struct tfl_node *n, int64_t *shape)
{
    const struct tfl_tensor *out = &n->scope->sg->tensors[n->op->outputs[0]];
    th_value v = tfl_in(n, 0);
    struct th_type declared;
    size_t count = out->rank;

    if (v != 0 && th_value_const(n->scope->graph, v) == NULL) {
        if (!tfl_tensor_type(n->scope->im, out, &declared))
            return TH_ERR_INPUT;
        if (declared.rank != 4 || n->scope->im->reshaped)
            return tfl_reject(n, "a constant output shape", "the output shape depends on data");
        for (size_t i = 0; i < 4; i++)
            shape[i] = declared.dims[i];
    } else if (!tfl_in_ints(n, 0, "output shape", shape, 4, &count)) {
        return TH_ERR_INPUT;
    }
    if (count != 4 || shape[1] < 1 || shape[2] < 1 || shape[1] > INT32_MAX || shape[2] > INT32_MAX)
        return tfl_reject(n, NULL, "the output shape is no image");
    return TH_OK;
}

/* Operands: output shape, weights, input, bias. The padding is that of the convolution which
   would turn the output into the input. */
static enum th_status import_transpose_conv(struct tfl_node *n)
{
    th_value in[3] = {tfl_in(n, 2), tfl_in(n, 1), tfl_in(n, 3)};
    struct th_attr_list a = {.n = 0};
    struct window w = {.pad = {0}};
    int64_t shape[4];
    const struct th_type *x, *wt;

    TH_TRY(tfl_symmetric(n, (const size_t[]){1, 3}, 2));
    TH_TRY(transpose_conv_shape(n, shape));
    TH_TRY(need_rank(n, in[0], 2, 4));
    TH_TRY(need_rank(n, in[1], 1, 4));
    x = tfl_type_of(n, in[0]);
    wt = tfl_type_of(n, in[1]);
    w.size[0] = wt->dims[1];
    w.size[1] = wt->dims[2];
    TH_TRY(read_window(n, &(struct th_type){.dims = {1, shape[1], shape[2], 1}}, &w));
    for (int i = 0; i < 2; i++) {
        if (tfl_option_int(n->op, "padding", PADDING_SAME) == PADDING_SAME)
            same_padding(&w, i, shape[i + 1], x->dims[i + 1]);
    }
    th_attr_list_ints(&a, "stride", w.stride, 2);
    th_attr_list_ints(&a, "pad", w.pad, 4);
    th_attr_list_ints(&a, "out_size", shape + 1, 2);
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    return tfl_finish(n, "transpose_conv2d", in, 3, &a);
}

static enum th_status import_pool(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    struct th_attr_list a = {.n = 0};
    struct window w = {.pad = {0}};

    TH_TRY(need_rank(n, x, 0, 4));
    w.size[0] = tfl_option_int(n->op, "filter_height", 0);
    w.size[1] = tfl_option_int(n->op, "filter_width", 0);
    TH_TRY(read_window(n, tfl_type_of(n, x), &w));
    th_attr_list_ints(&a, "filter", w.size, 2);
    th_attr_list_ints(&a, "stride", w.stride, 2);
    th_attr_list_ints(&a, "pad", w.pad, 4);
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    return tfl_finish(n, n->row->ir, &x, 1, &a);
}

static enum th_status import_fully_connected(struct tfl_node *n)
{
    th_value in[3] = {tfl_in(n, 0), tfl_in(n, 1), tfl_in(n, 2)};
    struct th_attr_list a = {.n = 0};

    if (in[0] == 0)
        return tfl_reject(n, NULL, "operand 0 is absent");
    TH_TRY(need_rank(n, in[1], 1, 2));
    /* One zero point for all weights is fine here. */
    TH_TRY(tfl_symmetric(n, (const size_t[]){2, 1}, tfl_in_tensor(n, 1)->quant.count > 1 ? 2 : 1));
    if (tfl_option_int(n->op, "weights_format", 0) != 0)
        return tfl_reject(n, "the default weights format", "weights are shuffled");
    th_attr_list_bool(&a, "keep_dims", tfl_option_int(n->op, "keep_num_dims", 0) != 0);
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    if (is_hybrid(n, in[0], in[1]))
        th_attr_list_bool(&a, "asymmetric_inputs",
                          tfl_option_int(n->op, "asymmetric_quantize_inputs", 0) != 0);
    return tfl_finish(n, "fully_connected", in, 3, &a);
}

static enum th_status import_batch_matmul(struct tfl_node *n)
{
    th_value in[2] = {tfl_in(n, 0), tfl_in(n, 1)};
    struct th_attr_list a = {.n = 0};

    if (in[0] == 0 || in[1] == 0)
        return tfl_reject(n, NULL, "an operand is absent");
    th_attr_list_bool(&a, "adj_a", tfl_option_int(n->op, "adj_x", 0) != 0);
    th_attr_list_bool(&a, "adj_b", tfl_option_int(n->op, "adj_y", 0) != 0);
    if (is_hybrid(n, in[0], in[1]))
        th_attr_list_bool(&a, "asymmetric_inputs",
                          tfl_option_int(n->op, "asymmetric_quantize_inputs", 0) != 0);
    return tfl_finish(n, "batch_matmul", in, 2, &a);
}

static enum th_status import_softmax(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    struct th_attr_list a = {.n = 0};

    th_attr_list_float(&a, "beta", (double)tfl_option_float(n->op, "beta", 0.0f));
    return tfl_finish(n, "softmax", &x, 1, &a);
}

static enum th_status import_l2_norm(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);

    if (tfl_option_int(n->op, "fused_activation_function", 0) != 0)
        return tfl_reject(n, "an activation of its own", "has a fused activation");
    return tfl_finish(n, "l2_norm", &x, 1, NULL);
}

static enum th_status import_plain(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);

    if (x == 0)
        return tfl_reject(n, NULL, "operand 0 is absent");
    return tfl_finish(n, n->row->ir, &x, 1, NULL);
}

static enum th_status import_prelu(struct tfl_node *n)
{
    th_value in[2] = {tfl_in(n, 0), tfl_in(n, 1)};

    if (in[0] == 0 || in[1] == 0)
        return tfl_reject(n, NULL, "an operand is absent");
    return tfl_finish(n, "prelu", in, 2, NULL);
}

static enum th_status import_resize(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    struct th_attr_list a = {.n = 0};
    int64_t size[2];
    size_t count;

    TH_TRY(need_rank(n, x, 0, 4));
    if (!tfl_in_ints(n, 1, "size", size, 2, &count))
        return TH_ERR_INPUT;
    if (count != 2 || size[0] < 1 || size[1] < 1)
        return tfl_reject(n, NULL, "the size is no height and width");
    th_attr_list_ints(&a, "size", size, 2);
    th_attr_list_bool(&a, "align_corners", tfl_option_int(n->op, "align_corners", 0) != 0);
    th_attr_list_bool(&a, "half_pixel", tfl_option_int(n->op, "half_pixel_centers", 0) != 0);
    return tfl_finish(n, n->row->ir, &x, 1, &a);
}

static enum th_status import_reduce(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    struct th_attr_list a = {.n = 0};
    int64_t axes[2 * TH_MAX_RANK], unique[TH_MAX_RANK];
    bool reduced[TH_MAX_RANK] = {false};
    size_t count, rank, n_unique = 0;

    if (x == 0 || !tfl_in_ints(n, 1, "axes", axes, TH_ARRAY_LEN(axes), &count))
        return TH_ERR_INPUT;
    rank = (size_t)tfl_type_of(n, x)->rank;
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        if (!tfl_axis(n, axes[i], rank, &axis))
            return TH_ERR_INPUT;
        reduced[axis] = true;
    }
    for (size_t i = 0; i < rank; i++) {
        if (reduced[i])
            unique[n_unique++] = (int64_t)i;
    }
    th_attr_list_ints(&a, "axes", unique, n_unique);
    th_attr_list_bool(&a, "keep_dims", tfl_option_int(n->op, "keep_dims", 0) != 0);
    return tfl_finish(n, n->row->ir, &x, 1, &a);
}

const struct tfl_row tfl_rows_nn[] = {
    {"CONV_2D", import_conv, NULL},
    {"DEPTHWISE_CONV_2D", import_depthwise, NULL},
    {"TRANSPOSE_CONV", import_transpose_conv, NULL},
    {"AVERAGE_POOL_2D", import_pool, "avg_pool2d"},
    {"MAX_POOL_2D", import_pool, "max_pool2d"},
    {"L2_POOL_2D", import_pool, "l2_pool2d"},
    {"FULLY_CONNECTED", import_fully_connected, NULL},
    {"BATCH_MATMUL", import_batch_matmul, NULL},
    {"SOFTMAX", import_softmax, NULL},
    {"LOG_SOFTMAX", import_plain, "log_softmax"},
    {"L2_NORMALIZATION", import_l2_norm, NULL},
    {"PRELU", import_prelu, NULL},
    {"RESIZE_BILINEAR", import_resize, "resize_bilinear"},
    {"RESIZE_NEAREST_NEIGHBOR", import_resize, "resize_nearest"},
    {"MEAN", import_reduce, "mean"},
    {"SUM", import_reduce, "sum"},
    {"REDUCE_MAX", import_reduce, "reduce_max"},
    {"REDUCE_MIN", import_reduce, "reduce_min"},
    {"REDUCE_PROD", import_reduce, "reduce_prod"},
    {"REDUCE_ANY", import_reduce, "reduce_any"},
    {"REDUCE_ALL", import_reduce, "reduce_all"},
    {NULL, NULL, NULL},
};
