# SPDX-License-Identifier: Apache-2.0
"""One model per operator and number format: (name, model, IR operators that must appear)."""
from tflite_model import Model, flexmap

QUANT = {
    "FLOAT32": {}, "INT32": {}, "INT64": {}, "BOOL": {},
    "INT8": {"scale": 0.05, "zero": -3}, "UINT8": {"scale": 0.05, "zero": 120},
    "INT16": {"scale": 0.001, "zero": 0},
}
# Output parameters that an operator's contract demands.
FIXED = {
    ("LOGISTIC", "INT8"): {"scale": 1 / 256, "zero": -128},
    ("LOGISTIC", "INT16"): {"scale": 1 / 32768, "zero": 0},
    ("TANH", "INT8"): {"scale": 1 / 128, "zero": 0},
    ("TANH", "INT16"): {"scale": 1 / 32768, "zero": 0},
    ("SOFTMAX", "INT8"): {"scale": 1 / 256, "zero": -128},
    ("SOFTMAX", "UINT8"): {"scale": 1 / 256, "zero": 0},
    ("SOFTMAX", "INT16"): {"scale": 1 / 32768, "zero": 0},
    ("L2_NORMALIZATION", "INT8"): {"scale": 1 / 128, "zero": 0},
    ("LOG_SOFTMAX", "INT8"): {"scale": 16 / 256, "zero": 127},
}
F, B, I16, I32, U8 = "FLOAT32", "INT8", "INT16", "INT32", "UINT8"

# operator, IR operator, formats, options table, options
UNARY = [
    ("ABS", "abs", [F, B, I16], "AbsOptions", {}),
    ("NEG", "neg", [F, B], "NegOptions", {}),
    ("EXP", "exp", [F, B], "ExpOptions", {}),
    ("LOG", "log", [F], None, {}),
    ("SIN", "sin", [F], None, {}),
    ("COS", "cos", [F], "CosOptions", {}),
    ("SQRT", "sqrt", [F], None, {}),
    ("RSQRT", "rsqrt", [F, B, I16], None, {}),
    ("SQUARE", "square", [F], "SquareOptions", {}),
    ("CEIL", "ceil", [F], None, {}),
    ("FLOOR", "floor", [F], None, {}),
    ("ROUND", "round", [F], None, {}),
    ("SIGN", "sign", [F], "SignOptions", {}),
    ("ELU", "elu", [F, B], None, {}),
    ("LOGISTIC", "logistic", [F, B, I16], None, {}),
    ("TANH", "tanh", [F, B, I16], None, {}),
    ("HARD_SWISH", "hard_swish", [F, B], "HardSwishOptions", {}),
    ("GELU", "gelu", [F], "GeluOptions", {"approximate": True}),
    ("RELU", "clamp", [F, B, U8, I16], None, {}),
    ("RELU6", "clamp", [F, B, U8, I16], None, {}),
    ("RELU_N1_TO_1", "clamp", [F], None, {}),
    ("RELU_0_TO_1", "clamp", [F], None, {}),
    ("LEAKY_RELU", "leaky_relu", [F, B, I16], "LeakyReluOptions", {"alpha": 0.3}),
    ("SOFTMAX", "softmax", [F, B, U8, I16], "SoftmaxOptions", {"beta": 1.0}),
    ("LOG_SOFTMAX", "log_softmax", [F, B], "LogSoftmaxOptions", {}),
    ("L2_NORMALIZATION", "l2_norm", [F, B], "L2NormOptions", {}),
    ("LOGICAL_NOT", "logical_not", ["BOOL"], "LogicalNotOptions", {}),
]
ACT = {"fused_activation_function": "RELU6"}
BINARY = [
    ("ADD", "add", [F, B, U8, I16, I32], "AddOptions", ACT),
    ("SUB", "sub", [F, B, U8, I16, I32], "SubOptions", {}),
    ("MUL", "mul", [F, B, U8, I16, I32], "MulOptions", {}),
    ("DIV", "div", [F, B, I32], "DivOptions", ACT),
    ("MAXIMUM", "maximum", [F, B, I16, I32, "INT64"], "MaximumMinimumOptions", {}),
    ("MINIMUM", "minimum", [F, B, I16, I32, "INT64"], "MaximumMinimumOptions", {}),
    ("POW", "pow", [F], "PowOptions", {}),
    ("FLOOR_DIV", "floor_div", [F, I32], "FloorDivOptions", {}),
    ("FLOOR_MOD", "floor_mod", [F, I32], "FloorModOptions", {}),
    ("SQUARED_DIFFERENCE", "squared_difference", [F, B, I16, I32], "SquaredDifferenceOptions", {}),
    ("ATAN2", "atan2", [F], "ATan2Options", {}),
    ("LOGICAL_AND", "logical_and", ["BOOL"], "LogicalAndOptions", {}),
    ("LOGICAL_OR", "logical_or", ["BOOL"], "LogicalOrOptions", {}),
]
COMPARE = [
    ("EQUAL", "equal", "EqualOptions"), ("NOT_EQUAL", "not_equal", "NotEqualOptions"),
    ("LESS", "less", "LessOptions"), ("LESS_EQUAL", "less_equal", "LessEqualOptions"),
    ("GREATER", "greater", "GreaterOptions"),
    ("GREATER_EQUAL", "greater_equal", "GreaterEqualOptions"),
]


def elementwise():
    for op, ir, kinds, table, options in UNARY:
        for kind in kinds:
            m = Model()
            g = m.graph()
            x = g.input([1, 2, 3, 4], kind, **QUANT[kind])
            y = g.output([1, 2, 3, 4], kind, **FIXED.get((op, kind), QUANT[kind]))
            g.op(op, [x], [y], table, **options)
            yield "%s_%s" % (op, kind), m, [ir]
    for op, ir, kinds, table, options in BINARY:
        for kind in kinds:
            m = Model()
            g = m.graph()
            a, b = g.input([2, 3, 4], kind, **QUANT[kind]), g.input([3, 1], kind, **QUANT[kind])
            y = g.output([2, 3, 4], kind, **QUANT[kind])
            g.op(op, [a, b], [y], table, **(options if kind != I32 else {}))
            yield "%s_%s" % (op, kind), m, [ir]
    for op, ir, table in COMPARE:
        for kind in [F, B, I16, I32, "INT64"] + ["BOOL"] * (op in ["EQUAL", "NOT_EQUAL"]):
            m = Model()
            g = m.graph()
            a, b = g.input([2, 3], kind, **QUANT[kind]), g.input([3], kind, **QUANT[kind])
            g.op(op, [a, b], [g.output([2, 3], "BOOL")], table)
            yield "%s_%s" % (op, kind), m, [ir]


def weights(g, shape, kind, per_channel, axis):
    n = 1
    for d in shape:
        n *= d
    if kind == F:
        return g.tensor(shape, F, data=[0.5] * n)
    scale = [0.01 * (i + 1) for i in range(shape[axis])] if per_channel else 0.02
    zero = 7 if kind == U8 else 0
    return g.tensor(shape, kind, data=[3] * n, scale=scale, zero=zero, axis=axis)


def bias(g, n, kind, wscale, axis=0):
    if kind == F:
        return g.tensor([n], F, data=[1.0] * n)
    # Converters copy the axis of depthwise weights, which a vector does not have.
    return g.tensor([n], "INT64" if kind == I16 else I32, data=[5] * n, scale=wscale, axis=axis)


def weighted():
    window = {"stride_w": 1, "stride_h": 2, "fused_activation_function": "RELU"}
    for kind, wkind, per in [(F, F, False), (B, B, True), (B, B, False), (U8, U8, False),
                             (I16, B, True), (F, B, False), (F, B, True)]:
        name = "%s_%s%s" % (kind, wkind, "_channels" if per else "")
        bkind = F if kind == F else kind
        # CONV_2D, one of them dilated
        m = Model()
        g = m.graph()
        x = g.input([1, 8, 8, 3], kind, **QUANT[kind])
        y = g.output([1, 4, 8, 5], kind, **QUANT[kind])
        w = weights(g, [5, 3, 3, 3], wkind, per, 0)
        g.op("CONV_2D", [x, w, bias(g, 5, bkind, 0.001)], [y], "Conv2DOptions", padding="SAME",
             **window)
        yield "CONV_2D_" + name, m, ["conv2d"]
        m = Model()
        g = m.graph()
        x = g.input([1, 8, 8, 3], kind, **QUANT[kind])
        y = g.output([1, 4, 8, 6], kind, **QUANT[kind])
        w = weights(g, [1, 3, 3, 6], wkind, per, 3)
        b = bias(g, 6, bkind, [0.001] * 6, 3) if per else bias(g, 6, bkind, 0.001)
        g.op("DEPTHWISE_CONV_2D", [x, w, b], [y], "DepthwiseConv2DOptions", padding="SAME",
             depth_multiplier=2, **window)
        yield "DEPTHWISE_CONV_2D_" + name, m, ["depthwise_conv2d"]
        m = Model()
        g = m.graph()
        x = g.input([2, 6], kind, **QUANT[kind])
        y = g.output([2, 4], kind, **QUANT[kind])
        w = weights(g, [4, 6], wkind, per, 0)
        g.op("FULLY_CONNECTED", [x, w, bias(g, 4, bkind, 0.001)], [y], "FullyConnectedOptions",
             fused_activation_function="NONE")
        yield "FULLY_CONNECTED_" + name, m, ["fully_connected"]
        if kind == F and wkind == B:
            continue
        m = Model()
        g = m.graph()
        x = g.input([1, 4, 4, 3], kind, **QUANT[kind])
        y = g.output([1, 8, 8, 5], kind, **QUANT[kind])
        w = weights(g, [5, 3, 3, 3], wkind, per, 0)
        if kind != U8:
            g.op("TRANSPOSE_CONV", [g.ints([1, 8, 8, 5]), w, x, bias(g, 5, bkind, 0.001)], [y],
                 "TransposeConvOptions", padding="SAME", stride_w=2, stride_h=2)
            yield "TRANSPOSE_CONV_" + name, m, ["transpose_conv2d"]
    # 4-bit weights are widened: 24 of them in 12 bytes.
    m = Model()
    g = m.graph()
    x, y = g.input([2, 6], B, **QUANT[B]), g.output([2, 4], B, **QUANT[B])
    w = g.tensor([4, 6], "INT4", scale=[0.1] * 4, axis=0)
    g.tensors[w]["buffer"] = m.buffer([0x8f, 0x70, 0x21] * 4)
    g.op("FULLY_CONNECTED", [x, w, bias(g, 4, B, 0.001)], [y], "FullyConnectedOptions")
    yield "FULLY_CONNECTED_INT4", m, ["fully_connected", r"s8[4,6]"]
    for kind in [F, B, I16]:
        m = Model()
        g = m.graph()
        a, b = g.input([2, 3, 4], kind, **QUANT[kind]), g.input([2, 5, 4], kind, **QUANT[kind])
        g.op("BATCH_MATMUL", [a, b], [g.output([2, 3, 5], kind, **QUANT[kind])],
             "BatchMatMulOptions", adj_y=True)
        yield "BATCH_MATMUL_" + kind, m, ["batch_matmul"]
    for op, ir, kinds in [("AVERAGE_POOL_2D", "avg_pool2d", [F, B, U8, I16]),
                          ("MAX_POOL_2D", "max_pool2d", [F, B, U8, I16]),
                          ("L2_POOL_2D", "l2_pool2d", [F])]:
        for kind in kinds:
            m = Model()
            g = m.graph()
            x = g.input([1, 5, 5, 3], kind, **QUANT[kind])
            g.op(op, [x], [g.output([1, 3, 3, 3], kind, **QUANT[kind])], "Pool2DOptions",
                 padding="SAME", stride_w=2, stride_h=2, filter_width=2, filter_height=3)
            yield "%s_%s" % (op, kind), m, [ir]
    for kind in [F, B, I16]:
        m = Model()
        g = m.graph()
        x = g.input([1, 3, 3, 4], kind, **QUANT[kind])
        alpha = g.tensor([1, 1, 4], kind, data=[1, 2, 3, 4], **QUANT[kind])
        g.op("PRELU", [x, alpha], [g.output([1, 3, 3, 4], kind, **QUANT[kind])])
        yield "PRELU_" + kind, m, ["prelu"]
    for op, ir in [("RESIZE_BILINEAR", "resize_bilinear"),
                   ("RESIZE_NEAREST_NEIGHBOR", "resize_nearest")]:
        for kind in [F, B]:
            m = Model()
            g = m.graph()
            x = g.input([1, 3, 3, 2], kind, **QUANT[kind])
            g.op(op, [x, g.ints([6, 5])], [g.output([1, 6, 5, 2], kind, **QUANT[kind])],
                 "ResizeBilinearOptions" if "BI" in op else "ResizeNearestNeighborOptions",
                 half_pixel_centers=True)
            yield "%s_%s" % (op, kind), m, [ir]


def reductions():
    for op, kinds in [("MEAN", [F, B, I16]), ("SUM", [F, B, I16]), ("REDUCE_MAX", [F, B]),
                      ("REDUCE_MIN", [F, B, I32]), ("REDUCE_PROD", [F]), ("REDUCE_ANY", ["BOOL"]),
                      ("REDUCE_ALL", ["BOOL"])]:
        for kind in kinds:
            m = Model()
            g = m.graph()
            x = g.input([2, 3, 4, 5], kind, **QUANT[kind])
            y = g.output([2, 1, 1, 5], kind, **QUANT[kind])
            g.op(op, [x, g.ints([1, -2])], [y], "ReducerOptions", keep_dims=True)
            yield "%s_%s" % (op, kind), m, [op.lower()]
    for op, ir in [("ARG_MAX", "arg_max"), ("ARG_MIN", "arg_min")]:
        for kind in [F, B, I32]:
            m = Model()
            g = m.graph()
            x = g.input([2, 3], kind, **QUANT[kind])
            g.op(op, [x, g.ints([-1], shape=[])], [g.output([2], I32)], op.title().replace(
                "_", "") + "Options", output_type="INT32")
            yield "%s_%s" % (op, kind), m, [ir]
    for kind in [F, B, I32]:
        m = Model()
        g = m.graph()
        g.op("CUMSUM", [g.input([2, 3], kind, **QUANT[kind]), g.ints([1], shape=[])],
             [g.output([2, 3], kind, **QUANT[kind])], "CumsumOptions", exclusive=True)
        yield "CUMSUM_" + kind, m, ["cumsum"]
    m = Model()
    g = m.graph()
    g.op("TOPK_V2", [g.input([2, 5]), g.ints([3], shape=[])],
         [g.output([2, 3]), g.output([2, 3], I32)], "TopKV2Options")
    yield "TOPK_V2", m, ["top_k"]


# operator, shapes in, integer operands (as constants, in operand order), shape out, table, options
MOVES = [
    ("RESHAPE", [[2, 6]], [[3, -1]], [3, 4], "ReshapeOptions", {}, ["reshape"]),
    ("TRANSPOSE", [[2, 3, 4]], [[2, 0, 1]], [4, 2, 3], "TransposeOptions", {}, ["transpose"]),
    ("SQUEEZE", [[1, 3, 1]], [], [3], "SqueezeOptions", {"squeeze_dims": [0, -1]}, ["reshape"]),
    ("EXPAND_DIMS", [[2, 3]], [[-1]], [2, 3, 1], "ExpandDimsOptions", {}, ["reshape"]),
    ("SLICE", [[4, 5]], [[1, 0], [2, -1]], [2, 5], "SliceOptions", {}, ["slice"]),
    ("STRIDED_SLICE", [[4, 5]], [[1, 4], [4, 0], [2, -2]], [2, 2], "StridedSliceOptions", {},
     ["slice"]),
    ("STRIDED_SLICE", [[4, 5, 6]], [[0, 1], [0, 2], [1, 1]], [4, 5], "StridedSliceOptions",
     {"ellipsis_mask": 1, "shrink_axis_mask": 2}, None),
    ("TILE", [[2, 3]], [[2, 1]], [4, 3], "TileOptions", {}, ["tile"]),
    ("BROADCAST_TO", [[3, 1]], [[2, 3, 4]], [2, 3, 4], "BroadcastToOptions", {},
     ["broadcast_to"]),
    ("REVERSE_V2", [[2, 3]], [[1]], [2, 3], "ReverseV2Options", {}, ["reverse"]),
    ("PAD", [[2, 3]], [[1, 0, 0, 2]], [3, 5], "PadOptions", {}, ["pad"]),
    ("MIRROR_PAD", [[3, 3]], [[1, 1, 2, 0]], [5, 5], "MirrorPadOptions", {"mode": "SYMMETRIC"},
     ["mirror_pad"]),
    ("SPACE_TO_DEPTH", [[1, 4, 4, 2]], [], [1, 2, 2, 8], "SpaceToDepthOptions",
     {"block_size": 2}, ["space_to_depth"]),
    ("DEPTH_TO_SPACE", [[1, 2, 2, 8]], [], [1, 4, 4, 2], "DepthToSpaceOptions",
     {"block_size": 2}, ["depth_to_space"]),
    ("SPACE_TO_BATCH_ND", [[1, 4, 5, 2]], [[2, 2], [0, 0, 1, 0]], [4, 2, 3, 2],
     "SpaceToBatchNDOptions", {}, ["space_to_batch"]),
    ("BATCH_TO_SPACE_ND", [[4, 2, 3, 2]], [[2, 2], [0, 0, 1, 0]], [1, 4, 5, 2],
     "BatchToSpaceNDOptions", {}, ["batch_to_space"]),
    ("CONCATENATION", [[2, 3], [2, 4]], [], [2, 7], "ConcatenationOptions", {"axis": -1},
     ["concat"]),
    ("PACK", [[2, 3], [2, 3]], [], [2, 2, 3], "PackOptions", {"axis": 1, "values_count": 2},
     ["concat"]),
    ("GATHER", [[5, 3]], [[4, 0]], [2, 3], "GatherOptions", {"axis": 0}, ["gather"]),
]
# Integer operands that are no plain vectors.
OPERAND_SHAPES = {"PAD": [[2, 2]], "MIRROR_PAD": [[2, 2]], "EXPAND_DIMS": [[]],
                  "SPACE_TO_BATCH_ND": [[2], [2, 2]], "BATCH_TO_SPACE_ND": [[2], [2, 2]]}


def moves():
    for i, (op, shapes, lists, out, table, options, ir) in enumerate(MOVES):
        for kind in [F, B, U8, I16, I32, "INT64", "BOOL"]:
            m = Model()
            g = m.graph()
            ins = [g.input(s, kind, **QUANT[kind]) for s in shapes]
            forms = OPERAND_SHAPES.get(op, [None] * len(lists))
            ins += [g.ints(v, shape=f) for v, f in zip(lists, forms)]
            g.op(op, ins, [g.output(out, kind, **QUANT[kind])], table, **options)
            yield "%s_%d_%s" % (op, i, kind), m, ir or ["slice", "reshape"]
    for kind in [F, B]:
        q = QUANT[kind]
        m = Model()
        g = m.graph()
        g.op("SPLIT", [g.ints([1], shape=[]), g.input([2, 6], kind, **q)],
             [g.output([2, 3], kind, **q), g.output([2, 3], kind, **q)], "SplitOptions",
             num_splits=2)
        yield "SPLIT_" + kind, m, ["slice", "slice"]
        m = Model()
        g = m.graph()
        g.op("SPLIT_V", [g.input([2, 6], kind, **q), g.ints([2, -1]), g.ints([1], shape=[])],
             [g.output([2, 2], kind, **q), g.output([2, 4], kind, **q)], "SplitVOptions",
             num_splits=2)
        yield "SPLIT_V_" + kind, m, ["slice", "slice"]
        m = Model()
        g = m.graph()
        g.op("UNPACK", [g.input([2, 3], kind, **q)],
             [g.output([3], kind, **q), g.output([3], kind, **q)], "UnpackOptions", num=2, axis=0)
        yield "UNPACK_" + kind, m, ["slice", "reshape"]
        m = Model()
        g = m.graph()
        fill = g.tensor([1], kind, data=[9], **q)
        g.op("PADV2", [g.input([2, 3], kind, **q), g.ints([1, 0, 0, 2], shape=[2, 2]), fill],
             [g.output([3, 5], kind, **q)], "PadV2Options")
        yield "PADV2_" + kind, m, ["pad"]
        m = Model()
        g = m.graph()
        g.op("GATHER_ND", [g.input([3, 4], kind, **q), g.ints([0, 1, 2, 3], shape=[2, 2])],
             [g.output([2], kind, **q)], "GatherNdOptions")
        yield "GATHER_ND_" + kind, m, ["gather_nd"]
        m = Model()
        g = m.graph()
        g.op("SELECT_V2", [g.input([2, 1], "BOOL"), g.input([2, 3], kind, **q),
                           g.input([3], kind, **q)], [g.output([2, 3], kind, **q)],
             "SelectV2Options")
        yield "SELECT_V2_" + kind, m, ["select"]
        m = Model()
        g = m.graph()
        g.op("DYNAMIC_UPDATE_SLICE", [g.input([4, 4], kind, **q), g.input([2, 2], kind, **q),
                                      g.input([2], I32)], [g.output([4, 4], kind, **q)],
             "DynamicUpdateSliceOptions")
        yield "DYNAMIC_UPDATE_SLICE_" + kind, m, ["dynamic_update_slice"]
        m = Model()
        g = m.graph()
        table = g.tensor([4, 3], kind, data=list(range(12)), **q)
        g.op("EMBEDDING_LOOKUP", [g.input([2], I32), table], [g.output([2, 3], kind, **q)])
        yield "EMBEDDING_LOOKUP_" + kind, m, ["gather"]
    m = Model()
    g = m.graph()
    g.op("SCATTER_ND", [g.ints([1, 0], shape=[2, 1]), g.input([2, 3]), g.ints([4, 3])],
         [g.output([4, 3])], "ScatterNdOptions")
    yield "SCATTER_ND", m, ["scatter_nd"]
    m = Model()
    g = m.graph()
    on, off = g.tensor([], F, data=[1.0]), g.tensor([], F, data=[0.0])
    g.op("ONE_HOT", [g.input([3], I32), g.ints([4], shape=[]), on, off], [g.output([3, 4])],
         "OneHotOptions", axis=-1)
    yield "ONE_HOT", m, ["one_hot"]
    for n, kind in [(1, F), (2, F), (3, F), (1, B), (2, B)]:
        q = QUANT[kind]
        m = Model()
        g = m.graph()
        g.op("ADD_N", [g.input([2, 3], kind, **q) for _ in range(n)],
             [g.output([2, 3], kind, **q)], "AddNOptions")
        yield "ADD_N_%d_%s" % (n, kind), m, ["copy"] if n == 1 else ["add"] * (n - 1)


def conversions():
    for kind in [B, U8, I16]:
        m = Model()
        g = m.graph()
        g.op("QUANTIZE", [g.input([2, 3])], [g.output([2, 3], kind, **QUANT[kind])],
             "QuantizeOptions")
        yield "QUANTIZE_" + kind, m, ["quantize"]
        m = Model()
        g = m.graph()
        g.op("DEQUANTIZE", [g.input([2, 3], kind, **QUANT[kind])], [g.output([2, 3])],
             "DequantizeOptions")
        yield "DEQUANTIZE_" + kind, m, ["dequantize"]
        m = Model()
        g = m.graph()
        g.op("QUANTIZE", [g.input([2, 3], kind, **QUANT[kind])],
             [g.output([2, 3], B, scale=0.3, zero=1)], "QuantizeOptions")
        yield "REQUANTIZE_" + kind, m, ["requantize"]
    for a, b in [(B, I16), (B, I32), (I16, B), (I16, I32), (I32, B), (I32, I16), (U8, B), (B, U8)]:
        m = Model()
        g = m.graph()
        g.op("QUANTIZE", [g.input([2, 3], a, scale=0.02)], [g.output([2, 3], b, scale=0.01)],
             "QuantizeOptions")
        yield "REQUANTIZE_%s_%s" % (a, b), m, ["requantize"]
    for a, b in [(F, I32), (I32, F), (B, F), (F, B), (I32, "INT64"), ("BOOL", F)]:
        m = Model()
        g = m.graph()
        g.op("CAST", [g.input([2, 3], a)], [g.output([2, 3], b)], "CastOptions",
             in_data_type=a, out_data_type=b)
        yield "CAST_%s_%s" % (a, b), m, ["cast"]
    # Weights stored as halves are plain reals after the import.
    m = Model()
    g = m.graph()
    x, y = g.input([1, 4]), g.output([1, 2])
    half = g.tensor([2, 4], "FLOAT16", data=[1.5, -2.0, 6e-8, 65504, 0, -0.0, 0.1, 1 / 3])
    wide = g.tensor([2, 4])
    g.op("DEQUANTIZE", [half], [wide], "DequantizeOptions")
    g.op("FULLY_CONNECTED", [x, wide, -1], [y], "FullyConnectedOptions")
    yield "DEQUANTIZE_FLOAT16", m, ["fully_connected"]


def folded():
    """Arithmetic on shapes must leave nothing but the operator that used its result."""
    m = Model()
    g = m.graph()
    x, y = g.input([2, 3, 4]), g.output([4, 6])
    shape, last, rest = g.tensor([3], I32), g.tensor([1], I32), g.tensor([], I32)
    g.op("SHAPE", [x], [shape], "ShapeOptions", out_type="INT32")
    g.op("STRIDED_SLICE", [shape, g.ints([-1]), g.ints([3]), g.ints([1])], [last],
         "StridedSliceOptions")
    g.op("REDUCE_PROD", [shape, g.ints([0])], [rest], "ReducerOptions")
    rows, packed = g.tensor([1], I32), g.tensor([2], I32)
    g.op("RESHAPE", [rest, g.ints([1])], [rows], "ReshapeOptions")
    columns = g.tensor([1], I32)
    g.op("FLOOR_DIV", [rows, last], [columns], "FloorDivOptions")
    g.op("CONCATENATION", [last, columns], [packed], "ConcatenationOptions", axis=0)
    g.op("RESHAPE", [x, packed], [y], "ReshapeOptions")
    yield "shape_arithmetic", m, ["reshape", "-concat", "-floor_div", "-slice"]
    m = Model()
    g = m.graph()
    x, y = g.input([3]), g.output([3])
    filled, zeros = g.tensor([3]), g.tensor([3])
    g.op("FILL", [g.ints([3]), g.tensor([], F, data=[2.0])], [filled], "FillOptions")
    g.op("ZEROS_LIKE", [x], [zeros], "ZerosLikeOptions")
    total = g.tensor([3])
    g.op("ADD", [filled, zeros], [total], "AddOptions")
    g.op("MUL", [x, total], [y], "MulOptions")
    yield "fill_zeros", m, ["mul", "-add", "-broadcast_to"]
    m = Model()
    g = m.graph()
    x, y = g.input([3], I32), g.output([3], I32)
    numbers, rank, shape = g.tensor([3], I32), g.tensor([], I32), g.tensor([1], I32)
    g.op("RANGE", [g.ints([7], shape=[]), g.ints([1], shape=[]), g.ints([-2], shape=[])],
         [numbers], "RangeOptions")
    g.op("RANK", [x], [rank], "RankOptions")
    g.op("BROADCAST_ARGS", [g.ints([3]), g.ints([1])], [shape])
    scaled, wide = g.tensor([3], I32), g.tensor([3], I32)
    g.op("MUL", [numbers, rank], [scaled], "MulOptions")
    g.op("BROADCAST_TO", [scaled, shape], [wide], "BroadcastToOptions")
    g.op("ADD", [x, wide], [y], "AddOptions")
    yield "range_rank", m, ["add", "-mul", "-broadcast_to"]


def cell(g, kind, rows, names):
    return [g.tensor([rows] if n == 1 else [rows, n], kind, data=[0.1] * rows * n)
            for n in names]


def stateful():
    m = Model()
    g = m.graph()
    x, y = g.input([1, 4]), g.output([1, 3])
    state = g.tensor([1, 12], is_variable=True)
    g.op("SVDF", [x, g.tensor([6, 4], data=[0.1] * 24), g.tensor([6, 2], data=[0.2] * 12),
                  g.tensor([3], data=[0.0] * 3), state], [y], "SVDFOptions", rank=2,
         fused_activation_function="RELU")
    yield "SVDF_FLOAT32", m, ["state_read", "svdf", "state_write"]
    m = Model()
    g = m.graph()
    x, y = g.input([1, 4], B, scale=0.1), g.output([1, 3], B, scale=0.2)
    state = g.tensor([1, 12], I16, scale=0.01, is_variable=True)
    g.op("SVDF", [x, g.tensor([6, 4], B, data=[1] * 24, scale=0.1),
                  g.tensor([6, 2], I16, data=[2] * 12, scale=0.02),
                  g.tensor([3], I32, data=[0] * 3, scale=0.0002), state], [y], "SVDFOptions",
         rank=2, fused_activation_function="RELU")
    yield "SVDF_INT8", m, ["state_read", "svdf", "state_write"]
    for op, time in [("UNIDIRECTIONAL_SEQUENCE_LSTM", [5]), ("LSTM", [])]:
        m = Model()
        g = m.graph()
        x, y = g.input([1] + time + [3]), g.output([1] + time + [2])
        ins = [x] + [g.tensor([2, 3], data=[0.1] * 6) for _ in range(4)]
        ins += [g.tensor([2, 2], data=[0.1] * 4) for _ in range(4)] + [-1] * 3
        ins += [g.tensor([2], data=[0.0] * 2) for _ in range(4)] + [-1] * 2
        ins += [g.tensor([1, 2], is_variable=True) for _ in range(2)]
        g.op(op, ins, [y], "LSTMOptions" if not time else "UnidirectionalSequenceLSTMOptions",
             fused_activation_function="TANH")
        yield op + "_FLOAT32", m, ["state_read", "lstm", "state_write"]
    # A variable that an initialiser sets, read, changed and written.
    m = Model()
    g, start = m.graph(), m.graph("start")
    x, y = g.input([2]), g.output([2])
    handle, value = g.tensor([], "RESOURCE"), g.tensor([2])
    g.op("CALL_ONCE", [], [], "CallOnceOptions", init_subgraph_index=1)
    g.op("VAR_HANDLE", [], [handle], "VarHandleOptions", shared_name="v")
    g.op("READ_VARIABLE", [handle], [value], "ReadVariableOptions")
    g.op("ADD", [x, value], [y], "AddOptions")
    g.op("ASSIGN_VARIABLE", [handle, y], [], "AssignVariableOptions")
    inner, twice = start.tensor([], "RESOURCE"), start.tensor([2])
    start.op("VAR_HANDLE", [], [inner], "VarHandleOptions", shared_name="v")
    first = start.tensor([2], data=[1.0, 2.0])
    start.op("ADD", [first, first], [twice], "AddOptions")
    start.op("ASSIGN_VARIABLE", [inner, twice], [], "AssignVariableOptions")
    yield "variables", m, ["state_read", "add", "state_write"]


def custom():
    """The reader's own plugin imports TestScale as x * factor + bias."""
    m = Model()
    g = m.graph()
    o = g.op("custom:TestScale", [g.input([3])], [g.output([3])])
    o["custom_options"] = flexmap({"factor": 3, "bias": 0.5})
    yield "custom", m, ["mul", "add", "0x1.8p+1", "0x1p-1"]
    # Without options, and with bytes that are no map, the defaults hold.
    for name, options in [("none", None), ("noise", [1, 2, 3, 255, 255, 36, 1])]:
        m = Model()
        g = m.graph()
        o = g.op("custom:TestScale", [g.input([3])], [g.output([3])])
        if options:
            o["custom_options"] = options
        yield "custom_" + name, m, ["mul", "-add"]


def detection():
    options = {"max_detections": 5, "max_classes_per_detection": 1, "num_classes": 3,
               "nms_score_threshold": 0.25, "nms_iou_threshold": 0.5, "y_scale": 10.0,
               "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
    for name, kind, more, words in [
            ("float", F, {}, ["-regular"]), ("uint8", U8, {}, ["dequantize"]),
            ("regular", F, {"use_regular_nms": 1, "detections_per_class": 7},
             ["regular", "per_class"])]:
        m = Model()
        g = m.graph()
        q = QUANT[kind]
        anchors = g.tensor([8, 4], kind, data=[1] * 32, **q)
        o = g.op("custom:TFLite_Detection_PostProcess",
                 [g.input([1, 8, 4], kind, **q), g.input([1, 8, 4], kind, **q), anchors],
                 [g.output(shape) for shape in ([1, 5, 4], [1, 5], [1, 5], [1])])
        o["custom_options"] = flexmap(dict(options, **more))
        yield "detection_" + name, m, ["detection_postprocess"] + words


def control():
    m = Model()
    g, cond, body = m.graph(), m.graph("cond"), m.graph("body")
    x, y = g.input([], I32), g.output([], I32)
    g.op("WHILE", [x], [y], "WhileOptions", cond_subgraph_index=1, body_subgraph_index=2)
    cond.op("LESS", [cond.input([], I32), cond.ints([10], shape=[])], [cond.output([], "BOOL")])
    body.op("ADD", [body.input([], I32), body.ints([3], shape=[])], [body.output([], I32)],
            "AddOptions")
    yield "WHILE", m, ["loop", "less", "add"]
    m = Model()
    g, cond, body = m.graph(), m.graph("cond"), m.graph("body")
    xs, ys = [g.input([], I32) for _ in range(12)], [g.output([], I32) for _ in range(12)]
    g.op("WHILE", xs, ys, "WhileOptions", cond_subgraph_index=1, body_subgraph_index=2)
    tests = [cond.input([], I32) for _ in range(12)]
    cond.op("LESS", [tests[3], cond.ints([10])], [cond.output([1], "BOOL")])
    values = [body.input([], I32) for _ in range(12)]
    body.outputs = values[1:] + values[:1]
    yield "WHILE_wide", m, ["loop", "less"]
    for known in [False, True]:
        m = Model()
        g, then, other = m.graph(), m.graph("then"), m.graph("other")
        test = g.tensor([], "BOOL", data=[1]) if known else g.input([], "BOOL")
        x, y = g.input([2]), g.output([2])
        g.op("IF", [test, x], [y], "IfOptions", then_subgraph_index=1, else_subgraph_index=2)
        then.op("NEG", [then.input([2])], [then.output([2])], "NegOptions")
        other.op("ABS", [other.input([2])], [other.output([2])], "AbsOptions")
        yield "IF_known" if known else "IF", m, ["neg", "-if", "-abs"] if known else [
            "if", "neg", "abs"]
    m = Model()
    g, body = m.graph(), m.graph("decomposition")
    xs, ys = [g.input([2]), g.input([2])], [g.output([2]), g.output([2])]
    g.op("STABLEHLO_COMPOSITE", xs, ys, "StableHLOCompositeOptions", second=True,
         decomposition_subgraph_index=1)
    a, b = body.input([2]), body.input([2])
    body.op("NEG", [a], [body.output([2])], "NegOptions")
    body.op("ADD", [a, b], [body.output([2])], "AddOptions")
    yield "STABLEHLO_COMPOSITE", m, ["neg", "add"]
    m = Model()
    for op in ["ADD", "SUB"]:
        g = m.graph(op.lower())
        x, y = g.input([2]), g.output([2])
        g.op(op, [x, g.tensor([2], data=[1.0, 2.0])], [y], op.title() + "Options")
    m.more["signature_defs"] = [
        {"signature_key": key, "subgraph_index": i,
         "inputs": [{"name": "x", "tensor_index": 0}],
         "outputs": [{"name": "sum", "tensor_index": 1}]} for i, key in enumerate(["plus",
                                                                                   "minus"])]
    yield "signatures", m, ["add", "sub", "plus", "minus"]
    m = Model()
    g = m.graph()
    x = g.input([1, 1, 3], shape_signature=[-1, -1, 3])
    g.op("ABS", [x], [g.output([1, 1, 3], shape_signature=[-1, -1, 3])], "AbsOptions")
    yield "open_dimensions", m, ["abs"]


def models():
    for family in [elementwise, weighted, reductions, moves, conversions, folded, stateful,
                   control, custom, detection]:
        yield from family()
