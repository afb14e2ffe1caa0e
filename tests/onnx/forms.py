#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Forms of operators that ONNX's own cases leave out, against the definitions in plain Python.

  forms.py THIMBLE FOLDER
"""
import itertools
import math
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import case
import make
from case import at, count, indices, single

CASES = case.Cases(*sys.argv[1:3])
check, network = CASES.check, CASES.network
RANDOM = random.Random(1)


def reals(dims):
    return [single(RANDOM.uniform(-2, 2)) for _ in range(count(dims))]


def einsum(name, equation, *shapes):
    terms, result = equation.replace(" ", "").split("->")
    terms = terms.split(",")
    size = {}
    for t, s in zip(terms, shapes):
        size.update(zip(t, s))
    labels = sorted(size)
    data = [reals(s) for s in shapes]
    out = [size[c] for c in result]
    want = [0.0] * count(out)
    for index in indices([size[c] for c in labels]):
        place = dict(zip(labels, index))
        product = 1.0
        for t, s, d in zip(terms, shapes, data):
            product *= d[at(s, [place[c] for c in t])]
        want[at(out, [place[c] for c in result])] += product
    check(name, "Einsum", [(s, 1, d) for s, d in zip(shapes, data)],
          [make.attr("equation", equation)], out, want)


def lp_pool():
    x, p = reals((1, 2, 5, 4)), 3
    want = []
    for c, oy, ox in indices((2, 2, 3)):
        total = 0.0
        for ky, kx in indices((3, 2)):
            y, xx = oy * 2 - 1 + ky, ox + kx
            if 0 <= y < 5 and xx < 4:
                total += abs(x[at((2, 5, 4), (c, y, xx))]) ** p
        want.append(total ** (1 / p))
    check("lp_pool", "LpPool", [((1, 2, 5, 4), 1, x)],
          [make.attr("kernel_shape", [3, 2]), make.attr("strides", [2, 1]),
           make.attr("pads", [1, 0, 0, 0]), make.attr("p", p)], (1, 2, 2, 3), want)


def average_volume(include):
    x = reals((1, 1, 4, 3, 5))
    want = []
    for o in indices((2, 3, 2)):
        total, inside = 0.0, 0
        for k in indices((2, 3, 2)):
            z, y, xx = o[0] * 2 + k[0], o[1] + k[1] - 1, o[2] * 3 + k[2]
            if y in range(3):
                total += x[at((4, 3, 5), (z, y, xx))]
                inside += 1
        want.append(total / (12 if include else inside))
    check("average_%d" % include, "AveragePool", [((1, 1, 4, 3, 5), 1, x)],
          [make.attr("kernel_shape", [2, 3, 2]), make.attr("strides", [2, 1, 3]),
           make.attr("pads", [0, 1, 0, 0, 1, 0]), make.attr("count_include_pad", include)],
          (1, 1, 2, 3, 2), want)


def conv_integer():
    x = [RANDOM.randrange(256) for _ in range(40 * 9)]
    w = [RANDOM.randrange(256) for _ in range(2 * 40 * 9)]
    want = [sum((a - 7) * (b - 250) for a, b in zip(x, w[o * 360:])) for o in range(2)]
    check("conv_integer", "ConvInteger",
          [((1, 40, 3, 3), 2, x), ((2, 40, 3, 3), 2, w), ((), 2, [7]), ((), 2, [250])], [],
          (1, 2, 1, 1), want, kind=6)


def gru():
    steps, hidden, size = 3, 2, 4
    x, w, r, b = reals((steps, 1, size)), reals((6, size)), reals((6, hidden)), reals((12,))
    h, want = [0.0] * hidden, [0.0] * (steps * hidden)
    sigmoid = lambda v: 1 / (1 + math.exp(-v))
    for t in reversed(range(steps)):
        xs = [sum(w[k * size + i] * x[t * size + i] for i in range(size)) + b[k] for k in range(6)]
        hs = [sum(r[k * hidden + i] * h[i] for i in range(hidden)) + b[6 + k] for k in range(6)]
        z = [sigmoid(xs[i] + hs[i]) for i in range(2)]
        g = [sigmoid(xs[2 + i] + hs[2 + i]) for i in range(2)]
        new = [math.tanh(xs[4 + i] + g[i] * hs[4 + i]) for i in range(2)]
        h = [(1 - z[i]) * new[i] + z[i] * h[i] for i in range(2)]
        want[t * hidden:(t + 1) * hidden] = h
    check("gru_reverse", "GRU", [((steps, 1, size), 1, x), ((1, 6, size), 1, w),
                                 ((1, 6, hidden), 1, r), ((1, 12), 1, b)],
          [make.attr("hidden_size", hidden), make.attr("direction", "reverse"),
           make.attr("linear_before_reset", 1)], (steps, 1, 1, hidden), want)


def normalised(values, rms=False):
    mean = 0.0 if rms else sum(values) / len(values)
    spread = sum((v - mean) ** 2 for v in values) / len(values)
    return [(v - mean) / math.sqrt(spread + 1e-5) for v in values]


def norms():
    x, w, b = reals((3, 8)), reals((8,)), reals((8,))
    rows = [x[i:i + 8] for i in range(0, 24, 8)]
    inputs = [((3, 8), 1, x), ((8,), 1, w), ((8,), 1, b)]
    check("layer_norm", "LayerNormalization", inputs, [], (3, 8),
          [v * s + o for r in rows for v, s, o in zip(normalised(r), w, b)])
    check("rms_norm", "SimplifiedLayerNormalization", inputs[:2], [], (3, 8),
          [v * s for r in rows for v, s in zip(normalised(r, True), w)])
    x = reals((2, 4, 3))
    for k in (2, 4):      # scale and bias of each group, or of each channel
        w, b = reals((k,)), reals((k,))
        want = [v * w[i % 12 // (12 // k)] + b[i % 12 // (12 // k)]
                for i, v in enumerate(v for g in range(4) for v in normalised(x[6 * g:6 * g + 6]))]
        check("group_norm%d" % k, "GroupNormalization",
              [((2, 4, 3), 1, x), ((k,), 1, w), ((k,), 1, b)], [make.attr("num_groups", 2)],
              (2, 4, 3), want, opset=18 if k == 2 else 21)


def gemms():
    """Axes in front, as MatMul takes them: of the left side, of both, one of one element before a
    constant; a bias for each column, a matrix for all, transposed sides."""
    def gemm(name, a, b, c, attrs=(), constant=False, alpha=1.0, beta=1.0, ta=False, tb=False):
        da, db, dc = reals(a), reals(b), reals(c)
        m, k = (a[-1], a[-2]) if ta else a[-2:]
        n = b[-2] if tb else b[-1]
        front = max(a[:-2], b[:-2], key=len)
        dims, want = front + (m, n), []
        for f, i, j in indices((count(front), m, n)):
            pa, pb = [f % max(count(d[:-2]), 1) * count(d[-2:]) for d in (a, b)]
            s = sum(da[pa + (l * m + i if ta else i * k + l)] *
                    db[pb + (j * k + l if tb else l * n + j)] for l in range(k))
            want.append(alpha * s + beta * dc[at((m, n), (i, j)) if len(c) == 2 else j])
        inputs, constants = [(a, 1, da), (b, 1, db), (c, 1, dc)], []
        names = ["i0", "i1", "i2"]
        if constant:
            inputs, names = inputs[:1], ["i0", "b", "c"]
            constants = [make.tensor("b", b, db), make.tensor("c", c, dc)]
        network("gemm_" + name, [make.node("Gemm", names, ["y"], attrs)], inputs, dims, want,
                tolerance="1e-5,1e-5", constants=constants)

    gemm("left", (2, 3, 4), (4, 5), (5,))
    gemm("left_constant", (2, 3, 4), (4, 5), (5,), constant=True)
    gemm("one_constant", (2, 3, 4), (1, 4, 5), (5,), constant=True)
    gemm("both", (2, 3, 4), (2, 4, 5), (5,))
    gemm("both_constant", (2, 3, 4), (2, 5, 4), (3, 5), [
        make.attr("transB", 1), make.attr("alpha", 0.5), make.attr("beta", -2.0)], True, 0.5, -2.0,
        tb=True)
    gemm("turned", (2, 4, 3), (1, 5, 4), (3, 5), [make.attr("transA", 1), make.attr("transB", 1)],
         True, ta=True, tb=True)
    CASES.refused("gemm_vector", "Gemm", [((4,), 1, reals((4,))), ((4, 5), 1, reals((4, 5)))], [],
                  (5,), "operands have 1 and 2 dimensions, needed are 2 or more")


def swish():
    x = reals((3, 5))
    for name, attrs, alpha in (("default", [], 1.0), ("alpha", [make.attr("alpha", 1.5)], 1.5)):
        check("swish_" + name, "Swish", [((3, 5), 1, x)], attrs, (3, 5),
              [v / (1 + math.exp(-alpha * v)) for v in x], opset=24)


def swiglu():
    a, b = reals((3, 5)), reals((3, 5))
    for name, attrs, alpha in (("default", [], 1.0), ("alpha", [make.attr("alpha", 0.5)], 0.5)):
        check("swiglu_" + name, "SwiGLU", [((3, 5), 1, a), ((3, 5), 1, b)], attrs, (3, 5),
              [v / (1 + math.exp(-alpha * v)) * w for v, w in zip(a, b)], opset=28)


def running_products():
    """Along each axis, whole or without the element itself, from either end."""
    dims = (2, 5, 3)
    for kind, x in ((1, reals(dims)), (6, [RANDOM.randrange(-4, 5) for _ in range(30)])):
        for axis, exclusive, reverse in itertools.product((0, 1, -1), (0, 1), (0, 1)):
            want = []
            for index in indices(dims):
                p, k = 1, index[axis]
                for i in range(dims[axis]):
                    if (i > k if reverse else i < k) or (i == k and not exclusive):
                        place = list(index)
                        place[axis] = i
                        p *= x[at(dims, place)]
                want.append(p)
            attrs = [make.attr("exclusive", exclusive), make.attr("reverse", reverse)]
            name = "products%d_%d%d%d" % (kind, axis % 3, exclusive, reverse)
            if axis == 1 and kind == 1 and exclusive != reverse:
                check(name + "_late", "CumProd", [(dims, kind, x), ((), 7, [axis])], attrs, dims,
                      want, kind=kind, opset=26)
            if axis == 1 or (kind == 1 and exclusive == reverse):
                network(name, [make.node("CumProd", ["i0", "a"], ["y"], attrs)], [(dims, kind, x)],
                        dims, want, kind=kind, opset=26, tolerance="1e-5,1e-5",
                        constants=[make.tensor("a", (), [axis], make.INT64)])


def bits():
    """Integers of one width as they run, other constants."""
    x = [-128, -1, 0, 1, 127]
    check("bits_s8", "BitCast", [((5,), 3, x)], [make.attr("to", 2)], (5,), [v & 255 for v in x],
          kind=2, opset=26)
    x = [-2 ** 31, -1, 0, 1065353216]
    network("bits_float", [make.node("BitCast", ["c"], ["f"], [make.attr("to", 1)]),
                           make.node("BitCast", ["f"], ["b"], [make.attr("to", 6)]),
                           make.node("Sub", ["b", "i0"], ["y"])], [((4,), 6, [1] * 4)], (4,),
            [2 ** 31 - 1, -2, -1, 1065353215], kind=6, opset=26,
            constants=[make.tensor("c", (4,), x, 6)])
    CASES.refused("bits_late", "BitCast", [((4,), 6, x)], [make.attr("to", 1)], (4,),
                  "the bits of floats or booleans that are computed")
    CASES.refused("bits_width", "BitCast", [((4,), 6, x)], [make.attr("to", 7)], (4,),
                  "elements of another width", kind=7)


def causal_conv():
    """Results, and what comes before the next operand, as one tensor."""
    n, c = 2, 3
    for length, k, late in ((5, 3, True), (5, 4, False), (2, 4, True), (4, 1, False)):
        x, w, b = reals((n, c, length)), reals((c, 1, k)), reals((c,))
        past = reals((n, c, k - 1)) if late else [0.0] * (n * c * (k - 1))
        want = []
        for i, j in indices((n, c)):
            line = past[(i * c + j) * (k - 1):][:k - 1] + x[(i * c + j) * length:][:length]
            y = [sum(line[t + m] * w[j * k + m] for m in range(k)) + b[j] for t in range(length)]
            want += [v / (1 + math.exp(-v)) for v in y] + line[length:]
        names = ["i0", "i1", "i2"] + (["i3"] if late else [])
        inputs = [((n, c, length), 1, x), ((c, 1, k), 1, w), ((c,), 1, b)]
        if late:
            inputs.append(((n, c, k - 1), 1, past))
        network("causal%d_%d" % (length, k),
                [make.node("CausalConvWithState", names, ["o", "p"],
                           [make.attr("activation", "silu")]),
                 make.node("Concat", ["o", "p"], ["y"], [make.attr("axis", 2)])],
                inputs, (n, c, length + k - 1), want, opset=27, tolerance="1e-5,1e-5")


def infinities():
    """Rows that hold nothing finite: their largest and smallest are infinite. Nothing at all is
    the start of its rule."""
    low, high = -math.inf, math.inf
    x = [low, low, low, 1.0, low, high, high, high, low]
    axis = [make.tensor("a", (1,), [1], make.INT64)]
    for name, op, opset, want in (("max", "ReduceMax", 18, [low, high, high]),
                                  ("min", "ReduceMin", 18, [low, low, low])):
        for sign in (1, -1):
            network("infinite_%s%d" % (name, sign),
                    [make.node(op, ["i0", "a"], ["y"], [make.attr("keepdims", 0)])],
                    [((3, 3), 1, [sign * v for v in x])], (3,),
                    want if sign == 1 else [-v for v in
                                            ([low, low, low] if name == "max" else
                                             [low, high, high])], opset=opset, constants=axis)
    rows = [low, low, low, low, 1.0, low, high, 1000.0, high, high, low, low, 0.5, 1.0, -2.0]
    want = [low, 1.0, high, high, math.log(sum(math.exp(v) for v in rows[12:]))]
    for kind, keep, late in ((1, 0, False), (1, 1, False), (1, 1, True), (10, 0, False)):
        network("infinite_log_sum_exp_%d%d%d" % (kind, keep, late),
                [make.node("ReduceLogSumExp", ["i0", "i1" if late else "a"], ["y"],
                           [make.attr("keepdims", keep)])],
                [((5, 3), kind, rows)] + ([((1,), 7, [1])] if late else []),
                (5, 1) if keep else (5,), want, kind=kind, opset=18, constants=axis,
                tolerance="1e-6,1e-6" if kind == 1 else "2e-3,2e-3")
    check("infinite_pool", "MaxPool", [((1, 1, 3, 3), 1, x)],
          [make.attr("kernel_shape", [1, 2])], (1, 1, 3, 2), [low, low, 1.0, high, high, high])


def nothing():
    """Tensors without elements, whose results need no kernel, and reductions over no axes."""
    node, axis = make.node, [make.tensor("a", (1,), [1], make.INT64)]
    empty = lambda *dims, kind=1: (dims, kind, [])
    for kind, low, high in ((1, -math.inf, math.inf), (6, -2 ** 31, 2 ** 31 - 1), (2, 0, 255)):
        for op, want in (("ReduceMax", low), ("ReduceMin", high)):
            network("nothing_%s_%d" % (op, kind), [node(op, ["i0", "a"], ["y"])],
                    [empty(2, 0, 4, kind=kind)], (2, 1, 4), [want] * 8, kind=kind, opset=20,
                    constants=axis)
    network("nothing_log_sum_exp", [node("ReduceLogSumExp", ["i0", "i1"], ["y"])],
            [empty(2, 0, 4), ((1,), 7, [1])], (2, 1, 4), [-math.inf] * 8, opset=18)
    network("nothing_softmax", [node("Softmax", ["i0"], ["y"])], [empty(2, 0)], (2, 0), [])
    network("nothing_conv", [node("Conv", ["i0", "w"], ["y"])], [empty(0, 2, 4, 4)], (0, 3, 2, 2),
            [], constants=[make.tensor("w", (3, 2, 3, 3), [1.0] * 54)])
    network("nothing_pool", [node("MaxPool", ["i0"], ["y"], [make.attr("kernel_shape", [2, 2])])],
            [empty(0, 2, 4, 4)], (0, 2, 3, 3), [])
    network("nothing_resize", [node("Resize", ["i0", "", "s"], ["y"])], [empty(0, 2, 3)], (0, 2, 6),
            [], constants=[make.tensor("s", (3,), [1.0, 1.0, 2.0])])
    network("nothing_joined", [node("Relu", ["i0"], ["r"]),
                               node("Concat", ["r", "i1"], ["y"], [make.attr("axis", 0)])],
            [empty(0, 3), ((2, 3), 1, [1.0] * 6)], (2, 3), [1.0] * 6)
    x = reals((2, 3))
    for op, want in (("ReduceL1", abs), ("ReduceSumSquare", lambda v: v * v),
                     ("ReduceL2", abs), ("ReduceLogSumExp", float), ("ReduceSum", float)):
        check("no_axes_" + op, op, [((2, 3), 1, x)], [make.attr("noop_with_empty_axes", 1)], (2, 3),
              [want(v) for v in x], opset=18)


def lp_norm():
    """Where the norm is zero the result is."""
    x = [3.0, 4.0, 0.0, 0.0, -5.0, 0.0]
    for p, want in ((2, [0.6, 0.8, 0.0, 0.0, -1.0, 0.0]), (1, [3 / 7, 4 / 7, 0, 0, -1.0, 0.0])):
        for opset in (17, 22):
            check("lp_norm%d_%d" % (p, opset), "LpNormalization", [((3, 2), 1, x)],
                  [make.attr("axis", 1), make.attr("p", p)], (3, 2), want, opset=opset)


def spectra():
    """The inverse of a onesided transform is real; an axis that is an operand; lengths."""
    def dft(rows, inverse):
        n, sign = len(rows), 1 if inverse else -1
        each = 1 / n if inverse else 1
        return [each * sum(v * complex(math.cos(2 * math.pi * i * k / n),
                                       sign * math.sin(2 * math.pi * i * k / n))
                           for i, v in enumerate(rows)) for k in range(n)]

    def parts(columns):
        """Columns of complex numbers, [bins][columns][2]."""
        return [p for row in zip(*columns) for v in row for p in (v.real, v.imag)]

    inverse = [make.attr("inverse", 1), make.attr("onesided", 1)]
    for n, bins, length in ((6, 4, False), (6, 4, True), (5, 3, True), (8, 3, True), (5, 4, True)):
        data = reals((bins, 2, 2))
        columns = [[complex(data[4 * k + 2 * c], data[4 * k + 2 * c + 1]) for k in range(bins)]
                   for c in range(2)]
        want = []
        for c in columns:      # the other half is the conjugate of the first
            half = (c + [0j] * n)[:n // 2 + 1]
            half[0] = complex(half[0].real)
            if n % 2 == 0:
                half[-1] = complex(half[-1].real)
            want.append(dft(half + [v.conjugate() for v in half[1:n - n // 2][::-1]], True))
        flat = [v.real for row in zip(*want) for v in row]
        name = "irfft_%d_%d_%d" % (n, bins, length)
        given = ["i0", "n"] if length else ["i0"]
        count_of = [make.tensor("n", (), [n], make.INT64)]
        network(name, [make.node("DFT", given, ["y"], [make.attr("axis", 1)] + inverse)],
                [((1, bins, 2, 2), 1, data)], (1, n, 2, 1), flat, opset=19, tolerance="1e-5,1e-5",
                constants=count_of)
        network(name + "_axis", [make.node("DFT", (given + [""])[:2] + ["a"], ["y"], inverse)],
                [((1, bins, 2, 2), 1, data)], (1, n, 2, 1), flat, opset=20, tolerance="1e-5,1e-5",
                constants=count_of + [make.tensor("a", (), [-3], make.INT64)])
    x = reals((3, 3))
    down = [dft(x[c::3], False) for c in range(3)]
    across = [dft(x[3 * r:3 * r + 3], False) for r in range(3)]
    for axis, want in ((-3, parts(down)), (0, parts(down)),
                       (1, [p for r in across for v in r for p in (v.real, v.imag)])):
        network("dft_late%d" % axis, [make.node("DFT", ["i0", "", "i1"], ["y"])],
                [((3, 3, 1), 1, x), ((), 7, [axis])], (3, 3, 2), want, opset=20,
                tolerance="1e-5,1e-5")


def center_crop_pad():
    """Cut and padded around the middle; the shape a constant or, where declared, an operand."""
    x = reals((5, 4, 3))
    dims, axes = (2, 7, 3), [0, -2]
    want = []
    for i, j, k in indices(dims):
        at_axis = j - (7 - 4) // 2
        want.append(x[at((5, 4, 3), (i + (5 - 2) // 2, at_axis, k))] if 0 <= at_axis < 4 else 0.0)
    for name, given, sizes, attrs in (("axes", ["i0", "s"], [2, 7], [make.attr("axes", axes)]),
                                      ("all", ["i0", "s"], [2, 7, 3], [])):
        network("center_" + name, [make.node("CenterCropPad", given, ["y"], attrs)],
                [((5, 4, 3), 1, x)], dims, want, opset=18,
                constants=[make.tensor("s", (len(sizes),), sizes, make.INT64)])
    check("center_late", "CenterCropPad", [((5, 4, 3), 1, x), ((2,), 7, [2, 7])],
          [make.attr("axes", axes)], dims, want, opset=18)


def col2im():
    """Every element of a column added where its tap lies; what lies in the padding is dropped."""
    def case_of(name, image, block, strides, dilations, pads):
        n, c, space = 2, 2, len(image)
        windows = [(image[i] + pads[i] + pads[space + i] - dilations[i] * (block[i] - 1) - 1) //
                   strides[i] + 1 for i in range(space)]
        dims = (n, c * count(block), count(windows))
        x, want = reals(dims), [0.0] * (n * c * count(image))
        for b, k in indices((n, c)):
            for tap in indices(block):
                for w in indices(windows):
                    p = [w[i] * strides[i] + tap[i] * dilations[i] - pads[i] for i in range(space)]
                    if all(0 <= p[i] < image[i] for i in range(space)):
                        want[at((n, c) + image, (b, k) + tuple(p))] += x[at(
                            dims, (b, k * count(block) + at(block, tap), at(windows, w)))]
        attrs = [make.attr("strides", strides), make.attr("dilations", dilations),
                 make.attr("pads", pads)]
        network("col2im_" + name, [make.node("Col2Im", ["i0", "s", "b"], ["y"], attrs)],
                [(dims, 1, x)], (n, c) + image, want, opset=18, tolerance="1e-5,1e-5", constants=[
                    make.tensor("s", (space,), list(image), make.INT64),
                    make.tensor("b", (space,), list(block), make.INT64)])
        check("col2im_late_" + name, "Col2Im",
              [(dims, 1, x), ((space,), 7, list(image)), ((space,), 7, list(block))], attrs,
              (n, c) + image, want, opset=18)

    case_of("plain", (4, 5), (2, 3), [1, 1], [1, 1], [0, 0, 0, 0])
    case_of("uneven", (5, 6), (2, 3), [2, 1], [1, 2], [1, 0, 0, 2])
    case_of("square", (5, 5), (1, 5), [1, 1], [1, 1], [0, 0, 0, 0])
    case_of("square_turned", (5, 5), (5, 1), [1, 1], [1, 1], [0, 0, 0, 0])
    case_of("volume", (3, 2, 4), (2, 1, 2), [1, 1, 2], [1, 1, 1], [0, 0, 0, 0, 0, 0])
    case_of("one_axis", (6,), (3,), [1], [2], [1, 1])


def affine_grid():
    for space, corners in itertools.product(((3, 4), (2, 3, 4)), (0, 1)):
        axes = len(space)
        theta, want = reals((2, axes, axes + 1)), []
        for b in range(2):
            for p in indices(space):
                place = [2 * i / (d - 1) - 1 if corners else (2 * i + 1) / d - 1
                         for i, d in zip(p, space)][::-1] + [1]
                want += [sum(theta[at((2, axes, axes + 1), (b, r, k))] * v
                             for k, v in enumerate(place)) for r in range(axes)]
        size, attrs = [2, 5] + list(space), [make.attr("align_corners", corners)]
        name, given = "affine%d_%d" % (axes, corners), ((2, axes, axes + 1), 1, theta)
        network(name, [make.node("AffineGrid", ["i0", "s"], ["y"], attrs)], [given],
                (2,) + space + (axes,), want, opset=20, tolerance="1e-5,1e-5",
                constants=[make.tensor("s", (len(size),), size, make.INT64)])
        check(name + "_late", "AffineGrid", [given, ((len(size),), 7, size)], attrs,
              (2,) + space + (axes,), want, opset=20)


def pads():
    """Pads of some axes, of which pads or axes are known only when the network runs."""
    x = reals((2, 3, 4))
    want = [x[at((2, 3, 4), (i, j - 1, k - 2))] if 1 <= j < 4 and 2 <= k < 6 else 7.0
            for i, j, k in indices((2, 6, 7))]
    axes, sizes = [2, -2], [2, 1, 1, 2]
    lists = {"p": ((4,), 7, sizes), "a": ((2,), 7, axes)}
    for late in ("p", "a", "pa", ""):
        names = {k: "i%d" % (i + 1) for i, k in enumerate(late)}
        constants = [make.tensor("v", (), [7.0])] + [
            make.tensor(k, v[0], v[2], make.INT64) for k, v in lists.items() if k not in late]
        network("pad_axes_" + late,
                [make.node("Pad", ["i0", names.get("p", "p"), "v", names.get("a", "a")], ["y"])],
                [((2, 3, 4), 1, x)] + [lists[k] for k in late], (2, 6, 7), want, opset=19,
                constants=constants)


def sequences():
    """Elements that change places, at positions that the file or only the network's user knows."""
    dims, node = (2, 3), make.node
    x = [reals(dims) for _ in range(3)]
    given = [(dims, 1, v) for v in x]

    def join(name, nodes, order, position=None):
        inputs = given + ([] if position is None else [((), 7, [position])])
        nodes = [node("SequenceConstruct", ["i0", "i1", "i2"], ["s"])] + nodes + \
                [node("ConcatFromSequence", ["t"], ["y"], [make.attr("axis", 0)])]
        constants = [make.tensor("one", (), [1], make.INT64),
                     make.tensor("back", (), [-2], make.INT64)]
        network("sequence_" + name, nodes, inputs, (2 * len(order), 3),
                sum((x[k] for k in order), []), constants=constants)

    join("plain", [node("Identity", ["s"], ["t"])], [0, 1, 2])
    join("erase", [node("SequenceErase", ["s", "one"], ["t"])], [0, 2])
    join("erase_last", [node("SequenceErase", ["s"], ["t"])], [0, 1])
    join("insert", [node("SequenceInsert", ["s", "i0", "back"], ["t"])], [0, 0, 1, 2])
    join("append", [node("SequenceInsert", ["s", "i0"], ["t"])], [0, 1, 2, 0])
    for p in (-3, 0, 2):
        rest = [k for k in range(3) if k != p % 3]
        join("erase_at%d" % p, [node("SequenceErase", ["s", "i3"], ["t"])], rest, p)
        front = [0, 1, 2]
        front.insert(p % 3, 1)
        join("insert_at%d" % p, [node("SequenceInsert", ["s", "i1", "i3"], ["t"])], front, p)
        network("sequence_at%d" % p, [node("SequenceConstruct", ["i0", "i1", "i2"], ["s"]),
                                      node("SequenceAt", ["s", "i3"], ["y"])],
                given + [((), 7, [p])], dims, x[p])
    join("insert_end", [node("SequenceInsert", ["s", "i1", "i3"], ["t"])], [0, 1, 2, 1], 3)
    long, size = reals((5, 2)), make.tensor("n", (), [2], make.INT64)
    sizes = make.tensor("n", (3,), [1, 0, 4], make.INT64)
    for name, n, k, rows in (("chunks", size, 2, [4]), ("sizes", sizes, 2, [1, 2, 3, 4])):
        network("split_" + name, [node("SplitToSequence", ["i0", "n"], ["s"]),
                                  node("SequenceAt", ["s", "k"], ["y"])], [((5, 2), 1, long)],
                (len(rows), 2), sum((long[2 * r:2 * r + 2] for r in rows), []),
                constants=[n, make.tensor("k", (), [k], make.INT64)])


def scaled_thirds():
    """A scale that is 5/3 as a float: three elements become five, not four."""
    x, third = reals((1, 1, 3)), single(5 / 3)
    scales = make.tensor("s", (3,), [1.0, 1.0, third])
    want = [x[int(k * 3 / 5)] for k in range(5)]
    network("scaled_thirds9", [make.node("Upsample", ["i0", "s"], ["y"])], [((1, 1, 3), 1, x)],
            (1, 1, 5), want, opset=9, constants=[scales])
    network("scaled_thirds13", [make.node("Resize", ["i0", "", "s"], ["y"], [
        make.attr("coordinate_transformation_mode", "asymmetric"),
        make.attr("nearest_mode", "floor")])], [((1, 1, 3), 1, x)], (1, 1, 5), want, opset=13,
            constants=[scales])


def mask():
    """The places of a constant mask are known, whatever the file declares."""
    x, bits = reals((3, 4)), make.num(2, 9) + make.num(1, 4) + make.msg(8, "m")
    network("mask", [make.node("NonZero", ["m"], ["p"]),
                     make.node("Squeeze", ["p", "zero"], ["k"]),
                     make.node("Gather", ["i0", "k"], ["y"], [make.attr("axis", 1)])],
            [((3, 4), 1, x)], (3, 2), [x[4 * r + c] for r in range(3) for c in (1, 3)],
            constants=[bits + make.msg(9, b"\0\1\0\1"),
                       make.tensor("zero", (1,), [0], make.INT64)])
    network("mask_places", [make.node("NonZero", ["w"], ["p"]),
                            make.node("Add", ["p", "i0"], ["y"])],
            [((1,), 7, [10])], (2, 3), [10, 11, 11, 12, 10, 11], kind=7,
            constants=[make.tensor("w", (2, 3), [0.0, 0.0, -1.5, 0.5, 3.0, 0.0])])


def batch_statistics():
    """Further results (up to set 13) or training_mode: the batch's own mean and variance."""
    x, s, o, m, v = reals((2, 2, 3)), reals((2,)), reals((2,)), reals((2,)), [0.5, 1.5]
    sides = [[x[at((2, 2, 3), (b, c, i))] for b in range(2) for i in range(3)] for c in range(2)]
    want = [normalised(sides[c])[3 * b + i] * s[c] + o[c] for b, c, i in indices((2, 2, 3))]
    means = [0.9 * a + 0.1 * sum(side) / 6 for a, side in zip(m, sides)]
    spreads = [0.9 * a + 0.1 * (sum(e * e for e in side) / 6 - (sum(side) / 6) ** 2)
               for a, side in zip(v, sides)]
    for opset, attrs, more in ((9, [], ["d", "e"]), (13, [], ["d", "e"]),
                               (15, [make.attr("training_mode", 1)], [])):
        for k, dims, right in ((0, (2, 2, 3), want), (1, (2,), means), (2, (2,), spreads)):
            outs = ["a", "b", "c"] + more
            outs[k] = "y"
            network("batch_statistics%d_%d" % (opset, k),
                    [make.node("BatchNormalization", ["i%d" % i for i in range(5)], outs, attrs)],
                    [((2, 2, 3), 1, x)] + [((2,), 1, p) for p in (s, o, m, v)], dims, right,
                    opset=opset, tolerance="1e-5,1e-5")


def same_steps():
    """Layers alike in shape and place become one function of the object file. It writes, whatever
    a compiler finds out about its addresses."""
    dims = (4, 8, 8)
    x = reals(dims)
    want, nodes = list(x), []
    for i in range(3):
        h, part = "h%d" % i if i else "i0", []
        for k in range(0, len(want), 8):
            powers = [math.exp(v) for v in want[k:k + 8]]
            part += [p / sum(powers) for p in powers]
        want = [want[at(dims, (a, b, c))] + part[at(dims, (a, c, b))] for a, b, c in indices(dims)]
        nodes += [make.node("Softmax", [h], ["s%d" % i], [make.attr("axis", 2)]),
                  make.node("Transpose", ["s%d" % i], ["t%d" % i], [make.attr("perm", (0, 2, 1))]),
                  make.node("Add", [h, "t%d" % i], ["h%d" % (i + 1) if i < 2 else "y"])]
    network("same_steps", nodes, [(dims, 1, x)], dims, want, tolerance="1e-5,1e-5")


def rotary():
    """Pairs of numbers of a token turned by the angles of its position."""
    batch, heads, tokens, depth, most = 2, 3, 4, 6, 9

    def form(name, turned=0, interleaved=0, flat=False, late=None, opset=23):
        """late: positions are an operand of the network, constants, or there are none."""
        half = (turned or depth) // 2
        dims = (batch, tokens, heads * depth) if flat else (batch, heads, tokens, depth)
        x, ids = reals(dims), [[RANDOM.randrange(most) for _ in range(tokens)]
                               for _ in range(batch)]
        angles = (batch, tokens, half) if late is None else (most, half)
        cosine, sine = reals(angles), reals(angles)
        want = []
        for i in indices(dims):
            b, s, k = i[0], i[1 if flat else 2], i[-1] % depth
            other = (k ^ 1) if interleaved else (k + half) % (2 * half)
            first = k % 2 == 0 if interleaved else k < half
            pair = k // 2 if interleaved else k % half
            if k >= 2 * half:
                want.append(x[at(dims, i)])
                continue
            a = at(angles, (b, s, pair) if late is None else (ids[b][s], pair))
            y = x[at(dims, i[:-1] + (i[-1] - k + other,))]
            want.append(x[at(dims, i)] * cosine[a] + (-y if first else y) * sine[a])
        attrs = [make.attr("interleaved", interleaved), make.attr("rotary_embedding_dim", turned)]
        given, flat_ids, constants = ["i0", "i1", "i2"], sum(ids, []), []
        inputs = [(dims, 1, x), (angles, 1, cosine), (angles, 1, sine)]
        if late:
            inputs.append(((batch, tokens), 7, flat_ids))
            given.append("i3")
        elif late is not None:
            given, inputs = ["i0", "c", "s", "p"], inputs[:1]
            constants = [make.tensor("c", angles, cosine), make.tensor("s", angles, sine),
                         make.tensor("p", (batch, tokens), flat_ids, make.INT64)]
        network("rotary_" + name, [make.node("RotaryEmbedding", given, ["y"], attrs + (
            [make.attr("num_heads", heads)] if flat else []))], inputs, dims, want, opset=opset,
                tolerance="1e-5,1e-5", constants=constants)

    for late, interleaved in itertools.product((None, False, True), (0, 1)):
        form("%s_%d" % (late, interleaved), interleaved=interleaved, late=late)
        form("%s_%d_flat" % (late, interleaved), 4, interleaved, True, late)
    for name, attrs, dims, angles, why in (
            ("odd", [make.attr("rotary_embedding_dim", 3)], (1, 2, 3, 4), (1, 3, 2), "3 numbers"),
            ("wide", [make.attr("rotary_embedding_dim", 6)], (1, 2, 3, 4), (1, 3, 2), "6 numbers"),
            ("heads", [], (1, 3, 8), (1, 3, 2), "in 0 heads"),
            ("uneven", [make.attr("num_heads", 3)], (1, 3, 8), (1, 3, 2), "in 3 heads"),
            ("angles", [], (1, 2, 3, 4), (1, 3, 4), "angles of 3 axes, 4 for a token"),
            ("tokens", [], (1, 2, 3, 4), (1, 2, 2), "1 by 3 tokens"),
            ("rank", [], (3, 4), (1, 3, 2), "an operand of 2 axes")):
        CASES.refused("rotary_" + name, "RotaryEmbedding", [
            (d, 1, [0.0] * count(d)) for d in (dims, angles, angles)], attrs, dims, why)


def tensor_scatter():
    """Parts of a cache replaced, from another place on for each of the batch."""
    def form(name, dims, axis, length, places=None, mode=None, fixed=False):
        x = reals(dims)
        part = dims[:axis] + (length,) + dims[axis + 1:]
        u, want = reals(part), list(x)
        for i in indices(part):
            to = (places[i[0]] if places else 0) + i[axis]
            want[at(dims, i[:axis] + (to % dims[axis],) + i[axis + 1:])] = u[at(part, i)]
        inputs, constants, names = [(dims, 1, x), (part, 1, u)], [], ["i0", "i1"]
        if fixed:
            constants = [make.tensor("w", (dims[0],), places, make.INT64)]
        elif places:
            inputs.append(((dims[0],), 7, places))
        if places:
            names.append("w" if fixed else "i2")
        network("cache_" + name, [make.node("TensorScatter", names, ["y"], [
            make.attr("axis", axis - len(dims))] + ([make.attr("mode", mode)] if mode else []))],
                inputs, dims, want, opset=24, constants=constants)

    form("start", (2, 3, 5, 2), 2, 3)
    form("one", (1, 3, 5, 2), 2, 2, [3])
    form("each", (2, 3, 5, 2), 2, 2, [3, 1], "linear")
    form("fixed", (2, 5, 2), 1, 2, [0, 3], fixed=True)
    form("around", (2, 3, 5, 2), 2, 3, [4, 12], "circular")
    form("around_one", (1, 4, 2), 1, 3, [2 ** 40 + 3], "circular")
    form("last_axis", (2, 3, 5), 2, 2, [3, 0])
    form("whole", (2, 5, 2), 1, 5)
    for name, attrs, update, places, why in (
            ("axis", [make.attr("axis", 0)], (2, 2, 3), (2,), "along axis 0"),
            ("mode", [make.attr("mode", "ring")], (2, 2, 3), (2,), "mode 'ring'"),
            ("long", [], (2, 5, 3), (2,), "does not fit the cache"),
            ("other", [], (2, 2, 4), (2,), "does not fit the cache"),
            ("places", [], (2, 2, 3), (3,), "3 places for a batch of 2")):
        CASES.refused("cache_bad_" + name, "TensorScatter", [
            ((2, 4, 3), 1, [0.0] * 24), (update, 1, [0.0] * count(update)),
            (places, 7, [0] * count(places))], attrs, (2, 4, 3), why)


def rounds():
    """Loops whose rounds have different shapes: parts of different lengths, a variable that grows,
    a sequence that grows; a condition that is a constant of outside, or ends it early."""
    node, value = make.node, make.value
    x = reals((5, 2))
    ints = lambda name, v: make.tensor(name, (len(v),), v, make.INT64)
    scalar = lambda name, v: make.tensor(name, (), [v], make.INT64)
    no = make.num(2, 9) + make.msg(8, "no") + make.msg(9, b"\0")
    yes = make.num(2, 9) + make.msg(8, "yes") + make.msg(9, b"\1")

    def loop(name, nodes, outer, variables, results, dims, want, more="yes"):
        """variables: names (start, in the round, after it); the last result is y."""
        body = make.graph(
            nodes, [value("r", [], 7), value("c", [], 9)] + [value(v[1], []) for v in variables],
            [value(more, [], 9)] + [value(v[2], []) for v in variables] +
            [value(k, []) for k in results], name="body")
        network("rounds_" + name, outer[0] + [
            node("Loop", ["m", "yes"] + [v[0] for v in variables],
                 ["o%d" % k for k in range(len(variables) + len(results))],
                 [make.attr("body", body)])] + outer[1], [((5, 2), 1, x)], dims, want,
            tolerance="1e-6,1e-6",
            constants=[scalar("m", 3), yes, no, ints("first", [0, 1, 1]), ints("last", [1, 1, 5]),
                       ints("zero", [0]), scalar("one", 1), scalar("many", 256),
                       scalar("more", 257)])

    cut = [node("Gather", ["first", "r"], ["f"]), node("Unsqueeze", ["f", "zero"], ["f1"]),
           node("Gather", ["last", "r"], ["l"]), node("Unsqueeze", ["l", "zero"], ["l1"]),
           node("Slice", ["i0", "f1", "l1", "zero"], ["part"])]
    total = [node("ReduceSum", ["part", "zero"], ["t"], [make.attr("keepdims", 0)])]
    sums = [x[0], x[1], 0.0, 0.0, sum(x[2::2]), sum(x[3::2])]
    end = [node("Identity", ["o0"], ["y"])]
    on = [node("Cast", ["yes"], ["on"], [make.attr("to", 9)])]
    loop("parts", cut + total + on, ([], end), [], ["t"], (3, 2), sums, "on")
    loop("stop", cut + total, ([], end), [], ["t"], (1, 2), x[:2], "no")
    loop("grow", [node("Concat", ["v", "i0"], ["w"], [make.attr("axis", 0)])], ([], end),
         [("i0", "v", "w")], [], (20, 2), x * 4)
    add = [node("Add", ["v", "i0"], ["w"])]
    for name, start, way, ends in (      # a cast on the way can turn what is not zero into zero
            ("bytes", "many", (2, 9), 2), ("bytes_on", "more", (2, 9), 4),
            ("truth", "many", (9, 2, 9), 4), ("late_truth", "many", (2, 9, 7, 9), 2)):
        names = [start] + ["u%d" % k for k in range(len(way))]
        casts = [node("Cast", [names[k]], [names[k + 1]], [make.attr("to", to)])
                 for k, to in enumerate(way)]
        loop("cast_" + name, add + casts, ([], end), [("i0", "v", "w")], [], (5, 2),
             [ends * v for v in x], names[-1])
    take = [node("Gather", ["i0", "r"], ["e"]), node("SequenceInsert", ["s", "e"], ["s2"])]
    loop("list", take, ([node("SequenceEmpty", [], ["s0"])], [node(
        "ConcatFromSequence", ["o0"], ["y"], [make.attr("axis", 0), make.attr("new_axis", 1)])]),
        [("s0", "s", "s2")], [], (3, 2), x[:6])


einsum("heads", "bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4))
einsum("values", "bhij,bjhd->bihd", (2, 2, 3, 4), (2, 4, 2, 5))
einsum("chain", "ij,jk,kl->il", (2, 3), (3, 4), (4, 2))
einsum("outer", "i,j->ji", (3,), (4,))
einsum("bilinear", "bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5))
einsum("trace", "iij,j->i", (3, 3, 4), (4,))
lp_pool()
average_volume(0)
average_volume(1)
conv_integer()
gru()
norms()
gemms()
swish()
swiglu()
running_products()
bits()
causal_conv()
infinities()
nothing()
lp_norm()
spectra()
center_crop_pad()
col2im()
affine_grid()
pads()
sequences()
scaled_thirds()
mask()
batch_statistics()
same_steps()
rotary()
tensor_scatter()
rounds()
print("forms.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
