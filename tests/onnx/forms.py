#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Forms of operators that ONNX's own cases leave out, against the definitions in plain Python.

  forms.py THIMBLE FOLDER
"""
import itertools
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import case
import make
from case import at, count

CASES = case.Cases(*sys.argv[1:3])
check, network = CASES.check, CASES.network
RANDOM = random.Random(1)


def reals(dims):
    return [struct.unpack("<f", struct.pack("<f", RANDOM.uniform(-2, 2)))[0]
            for _ in range(count(dims))]


def indices(dims):
    return itertools.product(*[range(d) for d in dims])


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


def cubic_weight(d, a=-0.75):
    d = abs(d)
    if d <= 1:
        return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    return a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a if d < 2 else 0.0


def resize():
    """Cubic along one axis by sizes, half_pixel."""
    x, n, m = reals((1, 1, 6)), 6, 10
    want = []
    for o in range(m):
        p = (o + 0.5) * n / m - 0.5
        low = math.floor(p)
        want.append(sum(cubic_weight(p - k) * x[min(max(k, 0), n - 1)]
                        for k in range(low - 1, low + 3)))
    network("resize",
            [make.node("Resize", ["i0", "", "", "s"], ["y"], [make.attr("mode", "cubic")])],
            [((1, 1, n), 1, x)], (1, 1, m), want, tolerance="1e-5,1e-5",
            constants=[make.tensor("s", (3,), [1, 1, m], make.INT64)])
    empty = ((0,), 1, [])
    CASES.refused("resize_aspect", "Resize",
                  [((1, 1, n), 1, x), empty, empty, ((3,), 7, [1, 1, m])],
                  [make.attr("keep_aspect_ratio_policy", "not_larger")], (1, 1, m),
                  "keep_aspect_ratio_policy 'not_larger'")


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
    check("infinite_pool", "MaxPool", [((1, 1, 3, 3), 1, x)],
          [make.attr("kernel_shape", [1, 2])], (1, 1, 3, 2), [low, low, 1.0, high, high, high])


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
resize()
infinities()
lp_norm()
spectra()
center_crop_pad()
col2im()
affine_grid()
pads()
sequences()
print("forms.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
