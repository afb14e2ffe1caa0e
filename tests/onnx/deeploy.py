#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operators of Deeploy's networks, against their formulas in whole numbers of Python.

  deeploy.py THIMBLE FOLDER
  deeploy.py --seeds FOLDER     writes the models that are good, and no more
"""
import math
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import case
import make
from case import count

CASES = case.Cases(*sys.argv[1:3])
RANDOM = random.Random(2)
FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7


def wholes(dims, low, high):
    return [RANDOM.randint(low, high) for _ in range(count(dims))]


def held(x, low, high):
    return min(max(x, low), high)


def cut(a, b):
    """Towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def whole(name, v, dims=()):
    """An attribute as Deeploy's exporters write it: a tensor of one float."""
    return make.tensor_attr(name, make.tensor("", dims, [float(v)]))


def rows(x, length):
    return [x[i:i + length] for i in range(0, len(x), length)]


def check(name, op, inputs, attrs, dims, want, kind=FLOAT, **more):
    CASES.check(name, op, inputs, attrs, dims, want, kind, tolerance="0", **more)


# ---- element by element ----------------------------------------------------

def requant(x, mul, add, div, least, most):
    return held((x * mul + add + div // 2) // div, least, most)


def requant_shift():
    dims = (1, 3, 4, 5)
    x = wholes(dims, -1 << 20, 1 << 20)
    mul, add = wholes((3,), 1 << 14, 1 << 20), wholes((3,), -1 << 23, 1 << 23)

    def want(div, least, most):
        return [requant(v, mul[i // 20], add[i // 20], div, least, most) for i, v in enumerate(x)]

    def inputs(kx, kf):
        return [(dims, kx, x), ((3, 1, 1), kf, mul), ((3, 1, 1), kf, add)]

    def attrs(div, levels, is_signed, name="n_levels_out"):
        return [whole("div", div), whole(name, levels, (1,)), whole("signed", is_signed, (1,))]

    d = 1 << 33
    check("requant", "RequantShift", inputs(FLOAT, FLOAT), attrs(d, 256, 1), dims,
          want(d, -128, 127))
    check("requant_levels", "RequantShift", inputs(FLOAT, FLOAT), attrs(d, 100, 0, "n_levels"),
          dims, want(d, 0, 99), domain="ai.onnx.contrib")
    check("requant_numbers", "RequantShift", inputs(FLOAT, FLOAT),
          [make.attr("div", d), make.attr("n_levels", 256.0), make.attr("signed", 1)], dims,
          want(d, -128, 127), domain="PACTOps")
    check("requant_integers", "RequantShift", inputs(INT32, INT32), attrs(d, 256, 1), dims,
          want(d, -128, 127), INT32)
    check("requant_mixed", "RequantShift", inputs(FLOAT, INT32), attrs(d, 256, 1), dims,
          want(d, -128, 127), INT32)
    check("requant_bytes", "RequantShift", inputs(INT32, FLOAT), attrs(d, 256, 0), dims,
          want(d, 0, 255), UINT8)
    check("requant_wide", "RequantShift", inputs(INT32, INT32), attrs(1 << 9, 1 << 32, 1), dims,
          want(1 << 9, -1 << 31, (1 << 31) - 1), INT64)
    y = wholes((4, 6), -999, 999)
    by_row = wholes((4,), -300, 300)
    check("requant_rows", "RequantShift", [((4, 6), INT32, y), ((4, 1), INT32, by_row),
                                           ((), INT32, [77])], attrs(1, 256, 1), (4, 6),
          [requant(v, by_row[i // 6], 77, 1, -128, 127) for i, v in enumerate(y)], INT32)

    x1 = wholes((1, 3, 7), -999, 999)       # exporters that know pictures only
    check("requant_channels", "RequantShift",
          [((1, 3, 7), FLOAT, x1), ((3, 1, 1), FLOAT, by_row[:3]),
           ((1, 3, 1, 1), FLOAT, by_row[1:])],
          attrs(1 << 8, 256, 1), (1, 3, 7),
          [requant(v, by_row[i // 7], by_row[1 + i // 7], 1 << 8, -128, 127)
           for i, v in enumerate(x1)])

    def refused(name, a, message, kind=FLOAT, given=inputs(FLOAT, FLOAT)):
        CASES.refused("requant_" + name, "RequantShift", given, a, dims, message, kind)

    refused("s8", attrs(d, 256, 0), "from 0 to 255, are to be s8, which does not hold them", INT8)
    refused("none", attrs(d, 256, 1)[::2], "'n_levels_out' is no whole number from 2")
    refused("half", attrs(d, 12.5, 1, "n_levels"), "'n_levels' is no whole number from 2")
    refused("nan", attrs(math.nan, 256, 1), "'div' is no whole number from 1")
    refused("zero", attrs(0, 256, 1), "'div' is no whole number from 1")
    refused("two", attrs(d, 256, 2), "'signed' is no whole number from 0 to 1")
    refused("few", attrs(d, 256, 1), "2 operands and 1 results, expected are 3 and 1",
            given=inputs(FLOAT, FLOAT)[:2])
    refused("shape", attrs(d, 256, 1), "operand 2 has 5 dimensions and 2 elements, which do not "
            "stand beside those of operand 0",
            given=inputs(FLOAT, FLOAT)[:2] + [((1, 1, 1, 1, 2), FLOAT, [1, 2])])


def pointwise():
    dims = (2, 31)
    x = wholes(dims, -128, 127)
    six, three, sixth = 201, 100, 33
    check("hardswish", "iHardswish", [(dims, FLOAT, x)],
          [make.attr("three", three), make.attr("six", six), make.attr("one_over_six", sixth)],
          dims, [v * (held(v + three, 0, six) * sixth) for v in x])
    check("hardswish_integers", "iHardswish", [(dims, INT8, x)],
          [make.attr("three", three), make.attr("six", six), make.attr("one_over_six", sixth)],
          dims, [v * (held(v + three, 0, six) * sixth) for v in x], INT32)
    CASES.refused("hardswish_none", "iHardswish", [(dims, FLOAT, x)],
                  [make.attr("three", three), make.attr("six", six)], dims,
                  "attribute 'one_over_six' is no whole number from 0")
    CASES.refused("hardswish_s8", "iHardswish", [(dims, INT8, x)],
                  [make.attr("three", three), make.attr("six", six), make.attr("one_over_six", 1)],
                  dims, "are to be s8, which does not hold them", INT8)
    delta, eta, eps, y = 1 << 14, 200000, 1, 3
    attrs = [make.attr("Delta", delta), make.attr("eta", eta), make.attr("eps", eps)]
    check("true_div", "TrueIntegerDiv", [(dims, FLOAT, x)], attrs + [make.attr("y", y)], dims,
          [v * (delta * eta // (y * eta + eps)) for v in x])
    CASES.refused("true_div_zero", "TrueIntegerDiv", [(dims, FLOAT, x)],
                  attrs + [make.attr("y", 0)], dims, "attribute 'y' is no whole number from 1")
    b, one = -70, 5000
    want = []
    for v in x:
        sign = (v > 0) - (v < 0)
        want.append(v * ((one + sign * (one - (min(abs(v), -b) + b) ** 2)) // 2))
    for kind, result in ((FLOAT, FLOAT), (INT8, INT32)):
        check("gelu%d" % kind, "iGELU", [(dims, kind, x)],
              [make.attr("b", b), make.attr("one", one)], dims, want, result)


# ---- over the last axis ----------------------------------------------------

def norms():
    dims = (3, 4, 10)
    x, w, b = wholes(dims, -128, 127), wholes((10,), -90000, 90000), wholes((10,), -9999, 9999)
    div = 1 << 10
    layer, rms = [], []
    for r in rows(x, 10):
        mean = cut(sum(r), 10)
        part = [v - mean for v in r]
        spread = math.isqrt(sum(v * v for v in part) // 10 + 1)
        layer += [(cut(v * s, spread) + o) // div for v, s, o in zip(part, w, b)]
        spread = math.isqrt(sum(v * v for v in r) // 10 + 1)
        rms += [held(cut(v * s, spread) // div, -64, 63) for v, s in zip(r, w)]
    inputs = [(dims, FLOAT, x), ((10,), FLOAT, w), ((10,), FLOAT, b)]
    check("layer_norm", "iLayerNorm", inputs, [whole("D", div, (1,)), whole("n_levels", 256)], dims,
          layer)
    attrs = [make.attr("D", div), make.attr("n_levels", 128)]
    check("rms_norm", "iRMSNorm", inputs[:2], attrs, dims, rms)
    check("rms_norm_integers", "iRMSNorm", [(dims, INT8, x), ((10,), INT32, w)], attrs, dims, rms,
          INT8)
    CASES.refused("rms_norm_axis", "iRMSNorm", inputs[:2], attrs + [make.attr("axis", 1)], dims,
                  "axis 1 of 3; only the last is supported")
    CASES.refused("rms_norm_levels", "iRMSNorm", inputs[:2], attrs[:1], dims,
                  "attribute 'n_levels' is no whole number from 2")
    wide, mul = wholes((4, 10), -128, 127), 425
    check("no_norm", "iNoNorm", [(dims, FLOAT, x), ((4, 10), FLOAT, wide), ((10,), FLOAT, b)],
          [whole("D", 1 << 15, (1,)), whole("mul", mul, (1,)), whole("n_levels", 256, (1,))], dims,
          [held((v * wide[i % 40] + b[i % 10]) * mul >> 15, -128, 127) for i, v in enumerate(x)])
    CASES.refused("no_norm_shape", "iNoNorm",
                  [(dims, FLOAT, x), ((3, 10), FLOAT, wholes((3, 10), 0, 9)), ((10,), FLOAT, b)],
                  [whole("D", 1 << 15), whole("mul", mul), whole("n_levels", 256)], dims,
                  "operand 1 has 2 dimensions and 30 elements")


def float_rms_norm():
    dims, eps = (2, 3, 8), 0.25
    x = [v / 64 for v in wholes(dims, -128, 127)]
    w = [v / 64 for v in wholes((8,), -128, 127)]
    want = []
    for r in rows(x, 8):
        root = math.sqrt(sum(v * v for v in r) / 8 + eps)
        want += [v / root * s for v, s in zip(r, w)]
    inputs = [(dims, FLOAT, x), ((8,), FLOAT, w)]
    CASES.check("float_rms_norm", "RMSNorm", inputs, [make.attr("eps", eps)], dims, want)
    for name, attrs, given, message in (
            ("none", [], inputs, "attribute 'eps' is no number from 0 to 1"),
            ("nan", [make.attr("eps", math.nan)], inputs, "'eps' is no number from 0 to 1"),
            ("weights", [make.attr("eps", eps)], [inputs[0], ((4,), FLOAT, w[:4])],
             "4 weights for rows of 8 elements"),
            ("bytes", [make.attr("eps", eps)], [(dims, INT8, wholes(dims, 0, 9)), inputs[1]],
             "operand 0 is no float tensor")):
        CASES.refused("float_rms_norm_" + name, "RMSNorm", given, attrs, dims, message)


def softmaxes():
    dims = (3, 2, 9)
    x = wholes(dims, -128, 127)

    def softmax(r, a, b, c, log2, levels):
        e = []
        for v in r:
            z = (max(r) - v) // log2
            p = v - max(r) + z * log2
            e.append((a * (p + b) ** 2 + c) >> z)
        return [v * (levels - 1) // sum(e) for v in e]

    def attrs(a, b, c, log2, levels):
        return [whole(n, v, (1,)) for n, v in (("coeffA", a), ("coeffB", b), ("coeffC", c),
                                               ("log2", log2), ("n_levels", levels))]

    # log2 3: up to 85 halvings, far more than 31
    for k, n in enumerate(((1, 345, 62395, 255, 256), (2, 60, 1999, 40, 1000), (1, 4, 9, 3, 256))):
        want = sum((softmax(r, *n) for r in rows(x, 9)), [])
        check("softmax%d" % k, "iSoftmax", [(dims, FLOAT, x)], attrs(*n), dims, want)
        check("softmax_integers%d" % k, "iSoftmax", [(dims, INT8, x)], attrs(*n), dims, want, INT32)
    CASES.refused("softmax_zero", "iSoftmax", [(dims, FLOAT, x)], attrs(1, 345, 62395, 0, 256),
                  dims, "attribute 'log2' is no whole number from 1")
    CASES.refused("softmax_large", "iSoftmax", [(dims, FLOAT, x)],
                  attrs(1, 1 << 28, 62395, 255, 256), dims,
                  "the sum of a row of 9 elements can leave 64 bits")
    want = []
    for r in rows(x, 9):
        shift = [max(r) - v + 16 >> 5 for v in r]
        inverse = 255 * 256 // sum(256 >> s for s in shift)
        want += [inverse >> s for s in shift]
    check("ita_max", "ITAMax", [(dims, FLOAT, x)], [whole("n_levels", 256)], dims, want)


def means():
    dims = (4, 6, 5)
    x = wholes(dims, -128, 127)
    four = [(sum(x[i::30]) + 2) // 4 for i in range(30)]
    check("mean_four", "IntegerMean", [(dims, FLOAT, x)],
          [make.attr("axes", [0]), make.attr("keepdims", 1)], (1, 6, 5), four)
    six = []
    for i in range(4):
        for k in range(5):
            s = sum(x[30 * i + k:30 * i + 30:5])
            six.append(cut(s + (3 if s >= 0 else -3), 6))
    check("mean_six", "IntegerMean", [(dims, FLOAT, x)],
          [make.attr("axes", [-2]), make.attr("keepdims", 0)], (4, 5), six)
    for name, axes, message in (("twice", [1, -2], "axis 1 is named twice"),
                                ("outside", [3], "axis 3 of 3")):
        CASES.refused("mean_" + name, "IntegerMean", [(dims, FLOAT, x)],
                      [make.attr("axes", axes)], (4, 5), message)


requant_shift()
pointwise()
norms()
float_rms_norm()
softmaxes()
means()
if not CASES.seeds:
    print("deeploy.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
