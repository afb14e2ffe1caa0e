# SPDX-License-Identifier: Apache-2.0
"""Models that must be refused: (name, tree of the file, messages that must all appear)."""
from tflite_model import Model


def plain():
    """A small valid model, whose tree the cases below spoil."""
    m = Model()
    g = m.graph()
    x, y = g.input([1, 4, 4, 2]), g.output([1, 4, 4, 3])
    w = g.tensor([3, 1, 1, 2], data=[1.0] * 6)
    b = g.tensor([3], data=[0.0] * 3)
    g.op("CONV_2D", [x, w, b], [y], "Conv2DOptions", padding="VALID", stride_w=1, stride_h=1)
    return m.tree()


def int8():
    m = Model()
    g = m.graph()
    x, y = g.input([2, 6], "INT8", scale=0.1), g.output([2, 4], "INT8", scale=0.2)
    w = g.tensor([4, 6], "INT8", data=[1] * 24, scale=[0.1] * 4, axis=0)
    b = g.tensor([4], "INT32", data=[1] * 4, scale=[0.01] * 4, axis=0)
    g.op("FULLY_CONNECTED", [x, w, b], [y], "FullyConnectedOptions")
    return m.tree()


def graph(tree):
    return tree["subgraphs"][0]


def spoiled():
    """(name, base, change, messages)"""
    X, Y, W, B = 0, 1, 2, 3      # the tensors of plain() and int8()

    def tensor(i, **fields):
        return lambda t: graph(t)["tensors"][i].update(fields)

    def quant(i, **fields):
        return lambda t: graph(t)["tensors"][i]["quantization"].update(fields)

    def op(**fields):
        return lambda t: graph(t)["operators"][0].update(fields)

    def options(**fields):
        return lambda t: graph(t)["operators"][0]["builtin_options"].update(fields)

    def top(**fields):
        return lambda t: t.update(fields)

    def sub(**fields):
        return lambda t: graph(t).update(fields)

    yield "version", plain, top(version=2), ["schema version 2"]
    yield "no_subgraphs", plain, top(subgraphs=[]), ["no subgraph"]
    yield "no_buffers", plain, top(buffers=[]), ["buffer 0 does not exist"]
    yield "no_codes", plain, top(operator_codes=[]), ["operator code 0 does not exist"]
    yield "no_outputs", plain, sub(outputs=[]), ["no output"]
    yield "input_range", plain, sub(inputs=[9]), ["input 0 is tensor 9"]
    yield "input_twice", plain, sub(inputs=[X, X]), ["input 1 is listed twice"]
    yield "input_constant", plain, sub(inputs=[X, W]), ["input 1 is a constant"]
    yield "output_range", plain, sub(outputs=[-1]), ["output 0 is tensor -1"]
    yield "no_operators", plain, sub(operators=[]), ["is never written"]
    yield "buffer_range", plain, tensor(W, buffer=77), ["buffer 77 does not exist"]
    yield "buffer_size", plain, tensor(W, shape=[3, 1, 1, 3]), ["24 bytes", "need 36"]
    yield "buffer_outside", plain, lambda t: t["buffers"][1].update(
        data=[], offset=1 << 20, size=24), ["outside the file"]
    yield "external_buffer", plain, tensor(W, external_buffer=1), ["in another file"]
    yield "negative_dimension", plain, tensor(W, shape=[3, -1, 1, 2]), ["negative dimension"]
    yield "huge_shape", plain, tensor(Y, shape=[2 ** 31 - 1] * 4), ["more elements"]
    yield "rank", plain, tensor(Y, shape=[1] * 9), ["9 dimensions"]
    yield "type_code", plain, tensor(W, type=99), ["type code 99"]
    yield "type_unsupported", plain, tensor(X, type="COMPLEX64"), ["COMPLEX64"]
    yield "signature_rank", plain, tensor(X, shape_signature=[-1, 4]), ["its signature 2"]
    yield "signature_value", plain, tensor(X, shape_signature=[1, 4, 4, 9]), ["signature 9"]
    yield "variable_data", plain, tensor(W, is_variable=True), ["must not have constant data"]
    yield "sparse", plain, tensor(W, sparsity={"traversal_order": [0]}), ["sparse"]
    yield "scale_negative", int8, quant(W, scale=[0.1, -1.0, 0.1, 0.1]), ["scale 1 is -1"]
    yield "scale_infinite", int8, quant(W, scale=[0.1, 1e39, 0.1, 0.1]), ["scale 1 is inf"]
    yield "scale_count", int8, quant(W, scale=[0.1] * 3, zero_point=[0]), ["3 quantization"]
    yield "zero_count", int8, quant(W, zero_point=[0] * 3), ["different numbers"]
    yield "zero_range", int8, quant(X, zero_point=[500]), ["zero point 500"]
    yield "weights_zero_point", int8, quant(W, zero_point=[0, 0, 5, 0]), ["symmetric weights"]
    yield "bias_zero_point", int8, quant(B, zero_point=[0, 0, 0, 1]), ["operand 2 has zero point"]
    yield "quant_axis", int8, quant(W, quantized_dimension=2), ["along dimension 2"]
    yield "range_lengths", int8, quant(X, min=[0.0]), ["without a maximum"]
    yield "blockwise", int8, quant(W, details_type="BlockwiseQuantization",
                                   details={"scales": 1, "block_size": 32}), [
                                       "BlockwiseQuantization", "one scale a channel"]
    yield "opcode_range", plain, op(opcode_index=5), ["operator code 5"]
    yield "operand_range", plain, op(inputs=[X, W, 44]), ["input 2 is tensor 44"]
    yield "operand_negative", plain, op(inputs=[X, W, -2]), ["input 2 is tensor -2"]
    yield "operand_absent", plain, op(inputs=[X, -1, B]), ["operand 1 is absent"]
    yield "operands_missing", plain, op(inputs=[X]), ["operand 1 is absent"]
    yield "operands_none", plain, op(inputs=[]), ["operand 0 is absent"]
    yield "result_absent", plain, op(outputs=[-1]), ["output 0 is tensor -1"]
    yield "results_none", plain, op(outputs=[]), ["never written"]
    yield "result_constant", plain, op(outputs=[W]), ["already has a value"]
    yield "own_result", plain, op(inputs=[Y, W, B]), ["before anything writes it"]
    yield "foreign_options", plain, op(builtin_options_type="SoftmaxOptions",
                                       builtin_options={"beta": 1.0}), [
        "belong to another operator"]
    yield "stride_zero", plain, options(stride_w=0), ["must be positive"]
    yield "stride_huge", plain, options(stride_w=2 ** 31 - 1, stride_h=2 ** 31 - 1), ["stride"]
    yield "dilation_negative", plain, options(dilation_h_factor=-3), ["must be positive"]
    yield "padding_unknown", plain, options(padding=7), ["padding 7 is unknown"]
    yield "activation_unknown", plain, options(fused_activation_function=4), [
        "fused activation 4", "nearest supported form"]
    yield "shape_contradicts", plain, tensor(Y, shape=[1, 4, 4, 4]), [r"declares f32\[1,4,4,4\]"]
    yield "channels", plain, tensor(X, shape=[1, 4, 4, 5]), ["conv2d|CONV_2D"]
    yield "bias_length", plain, lambda t: (tensor(B, shape=[2])(t), t["buffers"][2].update(
        data=[0] * 8)), ["CONV_2D"]
    yield "result_type", plain, tensor(Y, type="INT32"), ["CONV_2D"]
    yield "external_path", plain, top(signature_defs=[{"signature_key": "k", "subgraph_index": 3}]
                                      ), ["subgraph 3"]
    yield "signature_ports", plain, top(signature_defs=[
        {"signature_key": "k", "inputs": [{"name": "x", "tensor_index": 2}]}]), [
            "no input of its subgraph", "0 outputs"]
    yield "open_dimension", plain, tensor(X, shape=[2, 4, 4, 2], shape_signature=[-1, 4, 4, 2]), [
        r"dimension 0 of input '(\w+)' is open; give it with --input-dim \1\.0=N"]


def one(name, inputs, results, table=None, before=(), **options):
    """A model of one operator; inputs and results are (shape, type, data or None)."""
    m = Model()
    g = m.graph()
    ins = [g.input(s, k) if d is None else g.tensor(s, k, data=d) for s, k, d in inputs]
    g.op(name, ins, [g.output(s, k) for s, k in results], table, **options)
    return m.tree()


F, I = "FLOAT32", "INT32"


def forms():
    x = ([2, 6], F, None)
    yield "reshape", one("RESHAPE", [x, ([2], I, [5, 2])], [([5, 2], F)]), ["12 elements"]
    yield "reshape_two_open", one("RESHAPE", [x, ([2], I, [-1, -1])], [([12], F)]), [
        "not possible"]
    yield "reshape_negative", one("RESHAPE", [x, ([2], I, [-3, -4])], [([12], F)]), [
        "not possible"]
    yield "reshape_data", one("RESHAPE", [x, ([2], I, None)], [([], F)]), ["depends on data"]
    yield "transpose_length", one("TRANSPOSE", [x, ([3], I, [0, 1, 2])], [([2, 6], F)]), [
        "3 entries for 2"]
    yield "transpose_twice", one("TRANSPOSE", [x, ([2], I, [0, 0])], [([2, 2], F)]), ["TRANSPOSE"]
    yield "transpose_axis", one("TRANSPOSE", [x, ([2], I, [0, 7])], [([2, 6], F)]), ["axis 7"]
    yield "split", one("SPLIT", [([1], I, [1]), ([2, 5], F, None)], [([2, 2], F), ([2, 3], F)],
                       "SplitOptions", num_splits=2), ["2 equal parts", "SPLIT_V"]
    yield "split_v", one("SPLIT_V", [x, ([2], I, [4, 4]), ([], I, [1])],
                         [([2, 4], F), ([2, 4], F)], "SplitVOptions", num_splits=2), [
                             "larger than dimension 1"]
    yield "slice", one("SLICE", [x, ([2], I, [0, 4]), ([2], I, [2, 4])], [([2, 4], F)],
                       "SliceOptions"), ["elements 4 to 8"]
    yield "slice_overflow", one("SLICE", [x, ([2], I, [0, 2 ** 31 - 1]), ([2], I, [-1, -1])],
                                [([2, 4], F)], "SliceOptions"), ["of dimension 1"]
    yield "strided_zero", one("STRIDED_SLICE", [x, ([2], I, [0, 0]), ([2], I, [2, 6]),
                                                ([2], I, [1, 0])], [([2, 6], F)],
                              "StridedSliceOptions"), ["stride 0"]
    yield "strided_many", one("STRIDED_SLICE", [x] + [([3], I, [1, 1, 1])] * 3, [([2, 6], F)],
                              "StridedSliceOptions"), ["more dimensions"]
    yield "strided_shrink", one("STRIDED_SLICE", [x, ([1], I, [2]), ([1], I, [3]), ([1], I, [1])],
                                [([6], F)], "StridedSliceOptions", shrink_axis_mask=1), [
                                    "element 2 of dimension 0"]
    yield "pad_length", one("PAD", [x, ([1, 2], I, [1, 1])], [([4, 6], F)]), ["2 paddings"]
    yield "pad_negative", one("PAD", [x, ([2, 2], I, [-1, 0, 0, 0])], [([1, 6], F)]), ["PAD"]
    yield "pad_huge", one("PAD", [x, ([2, 2], I, [2 ** 31 - 1] * 4)], [([], F)]), ["PAD"]
    yield "gather_axis", one("GATHER", [x, ([1], I, [0])], [([1, 6], F)], "GatherOptions",
                             axis=5), ["axis 5"]
    yield "gather_batch", one("GATHER", [x, ([1], I, [0])], [([1, 6], F)], "GatherOptions",
                              batch_dims=-9), ["batch dimensions"]
    yield "concat_axis", one("CONCATENATION", [x, x], [([2, 12], F)], "ConcatenationOptions",
                             axis=2), ["axis 2"]
    yield "tile_overflow", one("TILE", [x, ([2], I, [2 ** 31 - 1] * 2)], [([], F)]), ["TILE"]
    yield "broadcast", one("ADD", [x, ([4], F, None)], [([2, 6], F)], "AddOptions"), ["ADD"]
    yield "broadcast_huge", one("BROADCAST_TO", [([1], F, None), ([4], I, [2 ** 31 - 1] * 4)],
                                [([], F)]), ["BROADCAST_TO"]
    yield "fill_huge", one("FILL", [([3], I, [2 ** 31 - 1] * 3), ([], F, [0.0])], [([], F)]), [
        "FILL"]
    yield "range_endless", one("RANGE", [([], I, [0]), ([], I, [2 ** 31 - 1]), ([], I, [1])],
                               [([], I)]), ["a range of"]
    yield "range_zero", one("RANGE", [([], I, [0]), ([], I, [5]), ([], I, [0])], [([], I)]), [
        "steps of zero"]
    yield "one_hot_depth", one("ONE_HOT", [([3], I, None), ([], I, [-4]), ([], F, [1.0]),
                                           ([], F, [0.0])], [([3, 4], F)]), ["ONE_HOT"]
    yield "space_to_depth", one("SPACE_TO_DEPTH", [([1, 3, 4, 1], F, None)], [([1, 2, 2, 4], F)],
                                "SpaceToDepthOptions", block_size=2), ["SPACE_TO_DEPTH"]
    yield "block_zero", one("DEPTH_TO_SPACE", [([1, 2, 2, 4], F, None)], [([1, 4, 4, 1], F)]), [
        "block size 0"]
    yield "reduce_axis", one("MEAN", [x, ([1], I, [4])], [([2], F)], "ReducerOptions"), ["axis 4"]
    yield "pool_window", one("MAX_POOL_2D", [([1, 4, 4, 1], F, None)], [([1, 4, 4, 1], F)],
                             "Pool2DOptions", stride_w=1, stride_h=1), ["window 0"]
    yield "pool_rank", one("AVERAGE_POOL_2D", [x], [([2, 6], F)], "Pool2DOptions", stride_w=1,
                           stride_h=1, filter_width=1, filter_height=1), ["2 dimensions"]
    yield "no_parameters", one("QUANTIZE", [x], [([2, 6], "INT8")]), ["no quantization"]
    yield "no_state", one("SVDF", [([1, 4], F, None), ([6, 4], F, [0.1] * 24),
                                   ([6, 2], F, [0.2] * 12), ([3], F, [0.0] * 3),
                                   ([1, 12], F, [0.0] * 12)], [([1, 3], F)], "SVDFOptions",
                          rank=2), ["must be a variable"]
    yield "custom", one("custom:Nobody", [x], [([2, 6], F)]), ["Nobody", "no plugin imports"]
    yield "argmax_64", one("ARG_MAX", [x, ([], I, [1])], [([2], "INT64")], "ArgMaxOptions",
                           output_type="INT64"), ["output_type INT32"]
    yield "basic_lstm", one("LSTM", [x], [([2, 6], F)], "LSTMOptions", kernel_type="BASIC"), [
        "the full kernel type"]
    # Every problem is told, not the first.
    m = Model()
    g = m.graph()
    x = g.input([1, 4, 4, 4, 1])
    a, b, c = g.tensor([1, 4, 4, 4, 1]), g.tensor([1, 4, 4, 4, 1]), g.output([1, 4, 4, 4, 1])
    g.op("CONV_3D", [x, x], [a], "Conv3DOptions")
    g.op("custom:Strange", [a], [b])
    g.op("RFFT2D", [b], [c], "Rfft2dOptions")
    yield "several", m.tree(), ["CONV_3D.*CONV_2D on each slice", "Strange", "RFFT2D"]
    m = Model()
    g = m.graph()
    x, y = g.input([2]), g.output([2])
    g.op("STABLEHLO_SLICE", [x], [y], "StablehloSliceOptions", second=True, start_indices=[0])
    yield "stablehlo", m.tree(), ["STABLEHLO_SLICE"]


def calls():
    def loop(cond, body, more=0):
        m = Model()
        g = m.graph()
        x, y = g.input([], I), g.output([], I)
        g.op("WHILE", [x], [y], "WhileOptions", cond_subgraph_index=cond,
             body_subgraph_index=body)
        c = m.graph("cond")
        c.op("LESS", [c.input([], I), c.ints([10], shape=[])], [c.output([], "BOOL")])
        b = m.graph("body")
        v, w = b.input([], I), b.output([], I)
        b.op("NEG", [v], [w], "NegOptions")
        return m
    yield "while_range", loop(1, 7).tree(), ["calls subgraph 7"]
    yield "while_negative", loop(-1, 2).tree(), ["calls subgraph -1"]
    yield "while_itself", loop(1, 0).tree(), ["calls itself"]
    yield "while_condition", loop(2, 2).tree(), ["no single boolean"]
    for name, target, message in [("range", 7, "calls subgraph 7"), ("itself", 0, "calls itself"),
                                  ("counts", 1, "its decomposition has 0 inputs and 1 outputs")]:
        m = Model()
        g, body = m.graph(), m.graph("decomposition")
        g.op("STABLEHLO_COMPOSITE", [g.input([2])], [g.output([2])], "StableHLOCompositeOptions",
             second=True, decomposition_subgraph_index=target)
        body.op("NEG", [body.tensor([2], data=[1.0, 2.0])], [body.output([2])], "NegOptions")
        yield "composite_" + name, m.tree(), [message]
    m = loop(1, 2)
    m.graphs[2].outputs = []
    yield "while_results", m.tree(), ["its body has 1 inputs and 0 outputs"]
    m = Model()
    for i in range(40):
        g = m.graph()
        x, y = g.input([], I), g.output([], I)
        if i < 39:
            test = g.tensor([], "BOOL", data=[1])
            g.op("IF", [test, x], [y], "IfOptions", then_subgraph_index=i + 1,
                 else_subgraph_index=i + 1)
        else:
            g.op("NEG", [x], [y], "NegOptions")
    yield "deep", m.tree(), ["nest"]
    # Each level uses the next one several times: small file, endless program.
    m = Model()
    for i in range(12):
        g = m.graph()
        test, x, last = g.input([], "BOOL"), g.input([], I), None
        for k in range(10 if i < 11 else 1):
            last = g.output([], I) if k == (9 if i < 11 else 0) else g.tensor([], I)
            if i < 11:
                g.op("IF", [test, test, x], [last], "IfOptions", then_subgraph_index=i + 1,
                     else_subgraph_index=i + 1)
            else:
                g.op("NEG", [x], [last], "NegOptions")
            x = last
    yield "multiplies", m.tree(), ["multiplies in size"]
    for op, table in [("TRANSPOSE_CONV", "TransposeConvOptions"), ("ADD", "AddOptions"),
                      ("RESHAPE", "ReshapeOptions"), ("SPLIT", "SplitOptions"), ("QUANTIZE", None),
                      ("SVDF", "SVDFOptions"), ("LSTM", "LSTMOptions"), ("SHAPE", None)]:
        m = Model()
        g = m.graph()
        x, y = g.input([1, 2, 2, 1], I), g.output([1, 2, 2, 1], I)
        g.op(op, [x, x, x, x], [], table)
        g.op("ABS", [x], [y], "AbsOptions")
        yield "no_result_" + op, m.tree(), ["it has no result"]
    m = Model()
    g = m.graph()
    x = g.input([2])
    g.op("ABS", [x], [g.tensor([2]), g.output([2])], "AbsOptions")
    yield "two_results", m.tree(), ["2 results"]
    m = Model()
    g = m.graph()
    x = g.input([2])
    g.op("SOFTMAX", [x], [g.tensor([2]), g.output([2])], "SoftmaxOptions", beta=1.0)
    yield "unknown_result", m.tree(), ["number 1 is not known"]
    # Many large constants from few bytes.
    m = Model()
    g = m.graph()
    start, limit, step = (g.ints([v], "INT64", shape=[]) for v in [0, 1000000, 1])
    for i in range(40):
        g.op("RANGE", [start, limit, step], [g.output([1000000], "INT64")], "RangeOptions")
    yield "constants", m.tree(), ["too many for its size"]
    m = Model()
    g, start = m.graph(), m.graph("start")
    x, y = g.input([2]), g.output([2])
    g.op("CALL_ONCE", [], [], "CallOnceOptions", init_subgraph_index=1)
    g.op("NEG", [x], [y], "NegOptions")
    handle, v = start.tensor([], "RESOURCE"), start.tensor([2])
    start.op("VAR_HANDLE", [], [handle], "VarHandleOptions", shared_name="v")
    start.op("READ_VARIABLE", [handle], [v], "ReadVariableOptions")
    start.op("ASSIGN_VARIABLE", [handle, v], [], "AssignVariableOptions")
    yield "unset_variable", m.tree(), ["before it is set"]


def models():
    for name, base, change, messages in spoiled():
        tree = base()
        change(tree)
        yield name, tree, messages
    for family in [forms, calls]:
        yield from family()
