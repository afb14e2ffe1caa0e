#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quantization in blocks, of four bits, of sixteen, and of half-precision floats, against the
definitions in plain Python.

  narrow.py THIMBLE FOLDER
"""
import itertools
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import case
import make
from case import at, count, indices

CASES = case.Cases(*sys.argv[1:3])
network, node, tensor, attr = CASES.network, make.node, make.tensor, make.attr
RANDOM = random.Random(1)
RANGE = {2: (0, 255), 3: (-128, 127), 4: (0, 65535), 5: (-32768, 32767), 21: (0, 15), 22: (-8, 7)}
FLOAT, HALF = 1, 10


def as_kind(v, kind):
    return struct.unpack("<" + case.KINDS[kind][1], struct.pack("<" + case.KINDS[kind][1], v))[0]


def reals(dims, kind=FLOAT):
    return [as_kind(RANDOM.uniform(-2, 2), kind) for _ in range(count(dims))]


def steps(dims, kind=FLOAT):
    """Scales that are powers of two, so that no quotient is rounded."""
    return [RANDOM.choice((0.125, 0.25, 0.5)) for _ in range(count(dims))]


def integers(dims, kind):
    return [RANDOM.randint(*RANGE[kind]) for _ in range(count(dims))]


def spread(v, of, dims, axis, block):
    """The number among v, of dims `of`, that counts for each element of dims."""
    if len(v) == 1:
        return v * count(dims)
    out = []
    for index in indices(dims):
        k = list(index)
        if block:
            k[axis] //= block
        out.append(v[at(of, k)] if block else v[k[axis]])
    return out


def blocks(dims, axis, block):
    axis %= len(dims)
    return tuple(-(-d // block) if i == axis else d for i, d in enumerate(dims))


def scale_dims(dims, axis, block):
    if axis is None:
        return ()
    return blocks(dims, axis, block) if block else (dims[axis],)


def attributes(axis, block, more=()):
    return ([attr("axis", axis)] if axis is not None else []) + \
        ([attr("block_size", block)] if block else []) + list(more)


def dequantize(name, dims, kind, axis=None, block=0, zero=True, late=False, scale_kind=FLOAT,
               to=0):
    """Constants; with `late` the integers are an input."""
    x, of = integers(dims, kind), scale_dims(dims, axis, block)
    s = steps(of)
    z = integers(of, kind) if zero else [0] * len(s)
    want = [(a - c) * b for a, b, c in zip(x, spread(s, of, dims, axis, block),
                                           spread(z, of, dims, axis, block))]
    constants = [tensor("s", of, s, scale_kind)] + ([tensor("z", of, z, kind)] if zero else [])
    # an input of floats keeps the constant from being the whole network
    inputs = [(dims, FLOAT, [0.0] * count(dims))]
    if late:
        inputs.append((dims, kind, x))
    else:
        constants.append(tensor("x", dims, x, kind))
    more = [attr("output_dtype", to)] if to else []
    nodes = [node("DequantizeLinear", ["i1" if late else "x", "s"] + (["z"] if zero else []),
                  ["d"], attributes(axis, block, more)),
             node("Cast", ["d"], ["f"], [attr("to", FLOAT)]), node("Add", ["f", "i0"], ["y"])]
    network("dequantize_" + name, nodes, inputs, dims, want, opset=23 if to else 21,
            constants=constants)


def quantize(name, dims, kind, axis=None, block=0, zero=True, late=False, x_kind=FLOAT,
             by_type=False):
    x, of = [3 * v for v in reals(dims, x_kind)], scale_dims(dims, axis, block)
    x = [as_kind(v, x_kind) for v in x]
    s = steps(of)
    z = integers(of, kind) if zero else [0] * len(s)
    lo, hi = RANGE[kind]
    want = [min(max(round(a / b) + c, lo), hi)
            for a, b, c in zip(x, spread(s, of, dims, axis, block),
                               spread(z, of, dims, axis, block))]
    inputs, constants = [(dims, x_kind, x)], []
    if late:
        inputs.append((of, x_kind, s))
    else:
        constants.append(tensor("s", of, s, x_kind))
    if zero:
        constants.append(tensor("z", of, z, kind))
    more = [attr("output_dtype", kind)] if by_type else []
    network("quantize_" + name,
            [node("QuantizeLinear", ["i0", "i1" if late else "s"] + (["z"] if zero else []),
                  ["y"], attributes(axis, block, more))],
            inputs, dims, want, kind=kind, opset=21, constants=constants)


for kind, word in ((make.INT4, "int4"), (make.UINT4, "uint4"), (3, "int8"), (2, "uint8")):
    dequantize(word, (3, 5), kind)
    dequantize(word + "_axis", (3, 5), kind, 0)
    dequantize(word + "_blocks", (3, 7), kind, 1, 3)
dequantize("int4_plain", (3, 3), make.INT4, zero=False)
dequantize("int4_first", (5, 3), make.INT4, 0, 2, zero=False)
dequantize("int4_negative", (2, 6, 3), make.INT4, -2, 4)
dequantize("int4_late", (2, 6, 3), make.INT4, 1, 4, late=True)
dequantize("int8_late", (2, 7), 3, -1, 2, late=True)
dequantize("int16", (2, 7), 5, 1)
dequantize("uint16", (2, 7), 4, 1)
dequantize("uint16_late", (2, 7), 4, late=True)
dequantize("half", (2, 6), make.INT4, 1, 2, scale_kind=HALF)
dequantize("half_axis", (2, 6), 3, 1, scale_kind=HALF)
dequantize("int4_row", (1, 4), make.INT4, 1, 4)
dequantize("int8_row_plain", (1, 4), 3, 1, 6, zero=False)
dequantize("int4_row_late", (1, 4), make.INT4, 1, 4, late=True)
dequantize("wide", (2, 6), make.INT4, 1, 2, scale_kind=HALF, to=FLOAT)
dequantize("short", (2, 6), 3, 0, to=HALF)

quantize("int4", (3, 5), make.INT4)
quantize("uint4_axis", (3, 5), make.UINT4, 1)
quantize("int4_type", (3, 5), make.INT4, zero=False, by_type=True)
quantize("uint4_type", (3, 5), make.UINT4, 0, zero=False, by_type=True)
quantize("int8_type", (3, 5), 3, zero=False, by_type=True)
quantize("int16_type", (3, 5), 5, zero=False, by_type=True)
quantize("uint16", (3, 5), 4, 1)
quantize("blocks", (3, 7), 3, 1, 3)
quantize("blocks_first", (7, 3), make.UINT4, 0, 2)
quantize("blocks_row", (1, 4), 2, 1, 4)
quantize("blocks_row_plain", (1, 4), 2, 1, 4, zero=False)
quantize("blocks_row_late", (1, 4), 3, 1, 4, late=True)
quantize("blocks_late", (2, 5, 3), 2, 1, 2, late=True)
quantize("half", (3, 5), 3, 1, x_kind=HALF)
quantize("half_late", (3, 5), make.INT4, late=True, x_kind=HALF)


def round_trip():
    """A cast to four bits drops the others; so do later operators."""
    x = list(range(-20, 20))
    for kind, lo in ((make.INT4, -8), (make.UINT4, 0)):
        want = [(v - lo) % 16 + lo for v in x]
        network("cast_%d" % kind, [node("Cast", ["i0"], ["y"], [attr("to", kind)])],
                [((40,), 6, x)], (40,), want, kind=kind, opset=21)
        network("cast_like_%d" % kind,
                [node("CastLike", ["i0", "like"], ["c"]),
                 node("Cast", ["c"], ["y"], [attr("to", 1)])],
                [((40,), 6, x)], (40,), want, opset=21,
                constants=[tensor("like", (1,), [0], kind)])


def matmul(name, kind, block, zero=True, quantized=False):
    """Weights of four bits, as exporters write them."""
    m, k, n = 3, 12, 5
    axis = 0 if block else 1
    w, of = integers((k, n), kind), scale_dims((k, n), axis, block)
    s = [0.125 * v for v in steps(of)]
    z = [8] * len(s) if kind == make.UINT4 and zero else [0] * len(s)
    flat = [(a - c) * b for a, b, c in zip(w, spread(s, of, (k, n), axis, block),
                                           spread(z, of, (k, n), axis, block))]
    x = [v / 16 for v in integers((m, k), 3)]
    want = [sum(x[i * k + l] * flat[l * n + j] for l in range(k))
            for i, j in itertools.product(range(m), range(n))]
    constants = [tensor("w", (k, n), w, kind), tensor("s", of, s), tensor("z", of, z, kind),
                 tensor("xs", (), [1 / 16]), tensor("xz", (), [0], 3),
                 tensor("ys", (), [0.25]), tensor("yz", (), [0], 3)]
    nodes = [node("DequantizeLinear", ["w", "s"] + (["z"] if zero else []), ["wf"],
                  attributes(axis, block))]
    if quantized:
        want = [min(max(round(v / 0.25), -128), 127) * 0.25 for v in want]
        nodes += [node("QuantizeLinear", ["i0", "xs", "xz"], ["xq"]),
                  node("DequantizeLinear", ["xq", "xs", "xz"], ["xf"]),
                  node("MatMul", ["xf", "wf"], ["p"]),
                  node("QuantizeLinear", ["p", "ys", "yz"], ["pq"]),
                  node("DequantizeLinear", ["pq", "ys", "yz"], ["y"])]
    else:
        nodes.append(node("MatMul", ["i0", "wf"], ["y"]))
    network("matmul_" + name, nodes, [((m, k), FLOAT, x)], (m, n), want, opset=21,
            tolerance="1e-5,1e-5", constants=constants)


def kept():
    """Four bits stay so wherever elements are only moved, into bodies and out of them, too."""
    x, saturated = [100.0, -100.0, 3.0, 0.0], [7, -8, 4, 1]
    yes = make.num(2, 9) + make.msg(8, "yes") + make.msg(9, b"\1")
    constants = [tensor("s", (), [1.0]), tensor("e", (0,), [], make.INT64),
                 tensor("one", (1,), [1], make.INT64), tensor("zero", (1,), [0], make.INT64),
                 tensor("n", (), [3], make.INT64), tensor("k", (), [0], make.INT64), yes]
    value, last = make.value, [node("QuantizeLinear", ["i0", "s", "z"], ["y"])]

    def quantized(name, nodes, dims=(1,), want=saturated, kind=make.INT4, now=(True, False)):
        """The zero point z is made of w, a constant or an input."""
        for constant in now:
            network("kept_%s%s" % (name, "" if constant else "_late"), nodes,
                    [((4,), FLOAT, x)] + ([] if constant else [(dims, make.INT4, [1])]), (4,),
                    want, kind=kind, opset=21,
                    constants=constants + ([tensor("w", dims, [1], make.INT4)] if constant else []))

    def moved(name, nodes, dims=(1,), end=tuple(last), want=tuple(saturated)):
        quantized(name, nodes + list(end), dims, want, now=(True,))
        quantized(name, [node("Identity", ["i1"], ["w"])] + nodes + list(end), dims, want,
                  now=(False,))

    scalar = [node("Reshape", ["v", "e"], ["z"])]
    moved("reshape", [node("Reshape", ["w", "e"], ["z"])])
    moved("squeeze", [node("Squeeze", ["w"], ["z"])])
    moved("transpose", [node("Transpose", ["w"], ["v"])] + scalar, (1, 1))
    moved("unsqueeze", [node("Unsqueeze", ["w", "zero"], ["v"])] + scalar)
    moved("gather", [node("Gather", ["w", "k"], ["z"])])
    moved("parts", [node("Concat", ["w", "w"], ["c"], [attr("axis", 0)]),
                    node("Slice", ["c", "zero", "one"], ["v"])] + scalar)
    body = lambda name, nodes, inputs, outputs: attr(name, make.graph(nodes, inputs, outputs,
                                                                      name=name))
    test = [node("ReduceMax", ["i0"], ["top"], [attr("keepdims", 0)]),
            node("Cast", ["top"], ["c"], [attr("to", 9)])]
    inner = [node("QuantizeLinear", ["i0", "s", "z"], ["q"])]
    moved("branch", [node("Squeeze", ["w"], ["z"])] + test + [
        node("If", ["c"], ["y"], [body(b + "_branch", inner, [], [value("q", [4], make.INT4)])
                                  for b in ("then", "else")])], end=())
    out = [value("z1", [], make.INT4)]
    moved("of_branch", [node("Squeeze", ["w"], ["o"])] + test + [
        node("If", ["c"], ["z"], [body(b + "_branch", [node("Identity", ["o"], ["z1"])], [], out)
                                  for b in ("then", "else")])])
    head = [value("r", [], 7), value("g", [], 9), value("v", [], make.INT4)]
    loop = [node("Squeeze", ["w"], ["o"]), node("Loop", ["n", "yes", "o"], ["z", "all"], [
        body("body", [node("Identity", ["g"], ["g1"]), node("Identity", ["v"], ["z1"]),
                      node("QuantizeLinear", ["i0", "s", "v"], ["q"])], head,
             [value("g1", [], 9)] + out + [value("q", [4], make.INT4)])])]
    moved("loop", loop)
    moved("collected", loop, end=[node("CastLike", ["i0", "all"], ["y"])], want=[4, -4, 3, 0])
    moved("scan", [node("Scan", ["w"], ["v"], [attr("num_scan_inputs", 1), body(
        "body", [node("Identity", ["e1"], ["e2"])], [value("e1", [], make.INT4)],
        [value("e2", [], make.INT4)])])] + scalar)
    quantized("filled", [node("ConstantOfShape", ["e"], ["z"], [
        make.tensor_attr("value", tensor("", (1,), [1], make.INT4))])] + last, now=(True,))
    quantized("dropped", [node("Cast", ["w"], ["v"], [attr("to", 3)])] + scalar + last,
              want=[101, -99, 4, 1], kind=3, now=(True,))
    quantized("dropped", [node("Cast", ["i1"], ["v"], [attr("to", 3)])] + scalar + last,
              want=[101, -99, 4, 1], kind=3, now=(False,))
    network("kept_like", [node("Transpose", ["l"], ["m"]), node("CastLike", ["i0", "m"], ["y"])],
            [((4,), FLOAT, [9.0, -9.0, 3.0, 0.0])], (4,), [-7, 7, 3, 0], kind=make.INT4, opset=21,
            constants=[tensor("l", (1, 1), [1], make.INT4)])
    pair = ((2,), make.INT4, [7, 1])
    CASES.refused("computed", "Add", [pair, pair], [], (2,), "computing in int4", kind=make.INT4)


round_trip()
kept()
for quantized in (False, True):
    end = "_qdq" if quantized else ""
    matmul("int4_blocks" + end, make.INT4, 4, quantized=quantized)
    matmul("uint4_blocks" + end, make.UINT4, 5, quantized=quantized)
    matmul("int4" + end, make.INT4, 0, quantized=quantized)
    matmul("uint4" + end, make.UINT4, 0, quantized=quantized)
    matmul("int4_no_zero" + end, make.INT4, 0, False, quantized=quantized)
line = ((1, 6), FLOAT, reals((6,)))
CASES.refused("blocks_wrong", "QuantizeLinear", [line, ((1, 2), FLOAT, [1.0, 1.0])],
              [attr("block_size", 2), attr("axis", 1)], (1, 6),
              "do not stand for blocks of 2 elements along axis 1", kind=2)
CASES.refused("two_types", "QuantizeLinear", [line, ((), FLOAT, [1.0]), ((), 2, [3])],
              [attr("output_dtype", 3)], (1, 6), "output_dtype is another type", kind=3)
CASES.refused("type_eight", "QuantizeLinear", [line, ((), FLOAT, [1.0])],
              [attr("output_dtype", 17)], (1, 6), "output_dtype float8e4m3fn", kind=2)
CASES.refused("reals", "DequantizeLinear", [line, ((), FLOAT, [0.5])], [], (1, 6),
              "values of f32; nearest supported form: integers")
CASES.refused("rows", "QuantizeLinear", [((3, 6), FLOAT, reals((18,))), ((1, 1), FLOAT, [1.0])],
              [attr("block_size", 6), attr("axis", 1)], (3, 6), "do not stand for blocks of 6",
              kind=2)
print("narrow.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
