#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Resize and Pad in all their forms, against the definitions in plain Python.

  resize.py THIMBLE FOLDER
"""
import itertools
import math
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import case
import make
from case import at, count, cubic, indices, single

CASES = case.Cases(*sys.argv[1:3])
RANDOM = random.Random(1)


def reals(dims):
    return [single(RANDOM.uniform(-2, 2)) for _ in range(count(dims))]


def along(x, dims, axis, places):
    """places: for each place of the new axis a function of the old one's elements."""
    new = list(dims)
    new[axis] = len(places)
    out = []
    for index in indices(new):
        line = [x[at(dims, index[:axis] + (k,) + index[axis + 1:])] for k in range(dims[axis])]
        out.append(places[index[axis]](line))
    return out, new


# ---- Resize

def place(mode, o, scale, n, m, roi):
    """Where place o of m lies on an axis of n elements."""
    width = scale * n
    if mode == "asymmetric":
        return o / scale
    if mode == "align_corners":
        return o * (n - 1) / (width - 1) if m > 1 else 0.0
    if mode == "tf_crop_and_resize":
        if m == 1:
            return 0.5 * (roi[0] + roi[1]) * (n - 1)
        return roi[0] * (n - 1) + o * (roi[1] - roi[0]) * (n - 1) / (m - 1)
    if mode == "pytorch_half_pixel" and m == 1:
        return 0.0
    middle = n / 2 * (1 - m / width) if mode == "half_pixel_symmetric" else 0.0
    return middle + (o + 0.5) / scale - 0.5


def nearest(p, rounding):
    return {"floor": math.floor, "ceil": math.ceil,
            "round_prefer_floor": lambda v: math.ceil(v - 0.5),
            "round_prefer_ceil": lambda v: math.floor(v + 0.5)}[rounding](p)


def taken(p, scale, n, a):
    """The function of an axis' elements that gives the place p."""
    if a["mode"] == "nearest":
        k = min(max(nearest(p, a["nearest_mode"]), 0), n - 1)
        return lambda line: line[k]
    if a["coordinate_transformation_mode"] == "tf_crop_and_resize" and not 0 <= p <= n - 1:
        return lambda line: a["extrapolation_value"]
    shrink = min(scale, 1.0) if a["antialias"] else 1.0
    reach = math.ceil(2 / shrink) + 1
    taps = []
    for k in range(math.floor(p) - reach, math.floor(p) + reach + 1):
        d = shrink * (k - p)
        w = cubic(d, a["cubic_coeff_a"]) if a["mode"] == "cubic" else max(0.0, 1 - abs(d))
        if 0 <= k < n or not a["exclude_outside"]:
            taps.append((min(max(k, 0), n - 1), w))
    total = sum(w for _, w in taps)
    return lambda line: sum(w * line[k] for k, w in taps) / total


DEFAULTS = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel",
            "nearest_mode": "round_prefer_floor", "antialias": 0, "exclude_outside": 0,
            "cubic_coeff_a": -0.75, "extrapolation_value": 0.0,
            "keep_aspect_ratio_policy": "stretch"}


def resize(name, dims, scales=None, sizes=None, axes=None, roi=None, late=False, **attrs):
    a = dict(DEFAULTS, **attrs)
    named = [k % len(dims) for k in axes] if axes else list(range(len(dims)))
    if sizes:
        scale = [s / dims[k] for s, k in zip(sizes, named)]
        out = list(sizes)
        if a["keep_aspect_ratio_policy"] != "stretch":
            pick = min if a["keep_aspect_ratio_policy"] == "not_larger" else max
            scale = [pick(scale)] * len(named)
            out = [math.floor(s * dims[k] + 0.5) for s, k in zip(scale, named)]
    else:
        scale = [single(s) for s in scales]
        out = [math.floor(single(s * dims[k])) for s, k in zip(scale, named)]
    x = reals(dims)
    want, new = x, list(dims)
    for i, axis in enumerate(named):
        ends = (single(roi[i]), single(roi[i + len(named)])) if roi else None
        n = new[axis]
        if scale[i] == 1 and not roi:
            continue
        places = [taken(place(a["coordinate_transformation_mode"], o, scale[i], n, out[i], ends),
                        scale[i], n, a) for o in range(out[i])]
        want, new = along(want, new, axis, places)
    given = [make.attr(k, v) for k, v in attrs.items()]
    if axes:
        given.append(make.attr("axes", axes))
    lists = []
    if roi:
        lists.append(("r", 1, roi))
    if scales:
        lists.append(("s", 1, scales))
    if sizes:
        lists.append(("z", 7, sizes))
    for form in ("fixed", "late")[:2 if late else 1]:
        names = {k: k if form == "fixed" else "i%d" % (i + 1)
                 for i, (k, _, _) in enumerate(lists)}
        node = make.node("Resize", ["i0"] + [names.get(k, "") for k in "rsz"], ["y"], given)
        inputs, constants = [(dims, 1, x)], []
        for k, kind, v in lists:
            if form == "late":
                inputs.append(((len(v),), kind, v))
            else:
                constants.append(make.tensor(k, (len(v),), v, kind))
        CASES.network("resize_%s_%s" % (name, form), [node], inputs, new, want, opset=19,
                      tolerance="1e-5,1e-5", constants=constants)


resize("cubic", (1, 1, 6), sizes=[1, 1, 10], mode="cubic")
for mode in ("linear", "cubic"):
    for exclude in (0, 1):
        resize("wide_%s_%d" % (mode, exclude), (1, 2, 7, 10), scales=[0.45, 0.3], axes=[2, 3],
               mode=mode, antialias=1, exclude_outside=exclude, late=exclude == 0)
    resize("wide_sizes_" + mode, (1, 1, 9, 4), sizes=[1, 1, 1, 7], mode=mode, antialias=1)
    resize("wide_whole_" + mode, (1, 3, 8, 8), scales=[1.0, 1.0, 0.5, 0.25], mode=mode,
           antialias=1)
    resize("wide_up_" + mode, (1, 2, 3, 4), scales=[2.0, 1.5], axes=[-2, -1], mode=mode,
           antialias=1, coordinate_transformation_mode="half_pixel_symmetric")
    resize("wide_crop_" + mode, (8, 5), scales=[0.5], axes=[0], roi=[0.2, 0.9], mode=mode,
           late=mode == "cubic", antialias=1, coordinate_transformation_mode="tf_crop_and_resize")
    resize("symmetric_" + mode, (1, 1, 5, 4), scales=[1.0, 1.0, 0.62, 2.3], mode=mode,
           coordinate_transformation_mode="half_pixel_symmetric")
    resize("one_" + mode, (1, 1, 5, 6), sizes=[1, 4], axes=[2, 3], mode=mode,
           coordinate_transformation_mode="pytorch_half_pixel")
for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
    resize("symmetric_" + rounding, (3, 5), scales=[1.3], axes=[-1], nearest_mode=rounding,
           coordinate_transformation_mode="half_pixel_symmetric")
resize("turned", (2, 3, 4, 5), sizes=[7, 2], axes=[3, 1], mode="linear", late=True)
resize("line", (4, 3), scales=[2.0], axes=[0], mode="linear",
       coordinate_transformation_mode="align_corners")
resize("crop", (1, 1, 4, 5), sizes=[3, 4], axes=[3, 2], roi=[0.1, 0.4, 1.2, 0.8], mode="linear",
       coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.5, late=True)
resize("crop_all", (3, 4), scales=[1.0, 1.0], roi=[0.0, 0.25, 1.0, 0.75], mode="cubic",
       coordinate_transformation_mode="tf_crop_and_resize")
for policy, (mode, places) in itertools.product(
        ("not_larger", "not_smaller"),
        (("linear", "half_pixel"), ("nearest", "asymmetric"), ("cubic", "half_pixel_symmetric"))):
    name = "%s_%s" % (policy, mode)
    for way, sizes in (("down", [3, 3]), ("up", [8, 11]), ("half", [9, 3])):
        resize("%s_%s" % (name, way), (1, 2, 6, 5), sizes=sizes, axes=[2, 3], mode=mode,
               keep_aspect_ratio_policy=policy, coordinate_transformation_mode=places,
               nearest_mode="floor", late=way == "down" and mode != "cubic")
resize("not_larger_wide", (1, 2, 6, 5), sizes=[3, 4], axes=[2, 3], mode="linear", antialias=1,
       keep_aspect_ratio_policy="not_larger")
line = ((1, 1, 6), 1, reals((6,)))
empty = ((0,), 1, [])
CASES.refused("resize_policy", "Resize", [line, empty, empty, ((3,), 7, [1, 1, 3])],
              [make.attr("keep_aspect_ratio_policy", "larger")], (1, 1, 3),
              "keep_aspect_ratio_policy 'larger'; nearest supported form: stretch, not_larger or")
CASES.refused("resize_twice", "Resize", [line, empty, ((2,), 1, [2.0, 2.0])],
              [make.attr("axes", [2, -1])], (1, 1, 12), "axis 2 is given twice")


# ---- Pad


def pad(name, dims, mode, before, after, axes=None, late=False, want_at=None):
    x = reals(dims)
    named = axes or list(range(len(dims)))
    want, new = x, list(dims)
    for b, e, axis in zip(before, after, named):
        n = new[axis]
        spots = [want_at(k - b, n) for k in range(n + b + e)]
        want, new = along(want, new, axis, [lambda line, k=k: line[k] for k in spots])
    lists = [("p", before + after)] + ([("a", axes)] if axes else [])
    for form in ("fixed", "late")[:2 if late else 1]:
        names = ["i%d" % (i + 1) if form == "late" else k for i, (k, _) in enumerate(lists)]
        inputs, constants = [(dims, 1, x)], []
        for k, v in lists:
            if form == "late":
                inputs.append(((len(v),), 7, v))
            else:
                constants.append(make.tensor(k, (len(v),), v, make.INT64))
        node = make.node("Pad", ["i0", names[0], "", (names + [""])[1]], ["y"],
                         [make.attr("mode", mode)])
        CASES.network("pad_%s_%s" % (name, form), [node], inputs, new, want, opset=19,
                      constants=constants)


def around(k, n):
    return k % n


def mirrored(k, n):
    turn = max(2 * (n - 1), 1)
    k %= turn
    return k if k < n else turn - k


pad("wrap", (1, 2, 4, 5), "wrap", [0, 0, 1, 2], [0, 0, 4, 0], want_at=around)
pad("wrap_axes", (2, 3, 4), "wrap", [1, 2], [2, 3], [-1, 1], late=True, want_at=around)
pad("wrap_far", (2, 3), "wrap", [5, 0], [0, 7], want_at=around)
pad("reflect", (2, 4), "reflect", [1, 3], [0, 2], want_at=mirrored)
pad("reflect_far", (3, 2), "reflect", [2, 4], [5, 0], want_at=mirrored)
pad("edge", (2, 3), "edge", [1, 0], [2, 4], want_at=lambda k, n: min(max(k, 0), n - 1))


def shared():
    """A padded map that a convolution reads with its channels last, and others as it is."""
    dims, node = (1, 2, 4), make.node
    x, w, v = reals(dims), reals((2, 1, 3)), reals((2, 1, 3))
    rows = [[0.0, 0.0] + x[4 * c:4 * c + 4] for c in range(2)]
    conv = lambda k: [sum(rows[c][t + i] * k[3 * c + i] for i in range(3))
                      for c in range(2) for t in range(4)]
    group = [make.attr("group", 2)]
    for name, other, more in (("sum", node("ReduceSum", ["p"], ["r"]), [sum(map(sum, rows))] * 8),
                              ("convolution", node("Conv", ["p", "v"], ["r"], group), conv(v))):
        CASES.network("pad_shared_" + name,
                      [node("Pad", ["i0", "n"], ["p"]), node("Conv", ["p", "w"], ["c"], group),
                       other, node("Add", ["c", "r"], ["y"])], [(dims, 1, x)], dims,
                      [a + b for a, b in zip(conv(w), more)], tolerance="1e-5,1e-5",
                      constants=[make.tensor("n", (6,), [0, 0, 2, 0, 0, 0], make.INT64),
                                 make.tensor("w", (2, 1, 3), w), make.tensor("v", (2, 1, 3), v)])


shared()
print("resize.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
