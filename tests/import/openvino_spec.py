# SPDX-License-Identifier: Apache-2.0
"""
What the specification of single layers defines beyond the common forms: its examples, defaults and
versions, and the forms that must be refused.
"""
import math
from itertools import product

import openvino_hostile
from openvino_model import Net, Tensor
from openvino_ops import CASES, attrs, one, rand


def example(name, kind, xs, x, ys, y, extra=(), version="opset1", dtype="f32", out=None, consts=(),
            **data):
    """One layer with elements written out."""
    def make():
        return one(kind, [Tensor(xs, x, dtype)], Tensor(ys, y, out or dtype), extra,
                   attrs(**data), version, consts)
    CASES.append((kind + "_" + name, make))


def refused(name, message, kind, xs, ys, extra=(), version="opset1", dtype="f32", consts=(),
            **data):
    net, _ = one(kind, [rand(xs, dtype)], Tensor.make(ys, lambda i: 0, dtype), extra, attrs(**data),
                 version, consts)
    openvino_hostile.FILES.append(("refused_" + name, (net.xml(), bytes(net.weights)), message))


# ---- Interpolate --------------------------------------------------------------------------------

def place(mode, i, n, m, scale):
    if n == m:
        return i
    if mode == "align_corners":
        return 0 if m == 1 else i * (n - 1) / (m - 1)
    if mode == "asymmetric":
        return i / scale
    if mode == "tf_half_pixel_for_nn":
        return (i + 0.5) / scale
    return (i + 0.5) / scale - 0.5


def nearest(mode, at, shrinks):
    if mode == "simple":
        return math.ceil(at) if shrinks else math.trunc(at)
    return {"floor": math.floor, "ceil": math.ceil,
            "round_prefer_floor": lambda v: math.ceil(v - 0.5),
            "round_prefer_ceil": lambda v: math.floor(v + 0.5)}[mode](at)


def cubic(d, a):
    d = abs(d)
    if d <= 1:
        return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    return a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a if d < 2 else 0


def axis_weights(kind, coordinates, rounding, n, m, scale, i, antialias, cube):
    """(input, weight) pairs of output i."""
    if kind.endswith("pillow"):
        each = max(n / m, 1)
        middle, reach = (i + 0.5) * n / m, (2 if kind == "bicubic_pillow" else 1) * each
        first, last = max(int(middle - reach + 0.5), 0), min(int(middle + reach + 0.5), n)
        w = [(k, cubic((k - middle + 0.5) / each, cube) if kind == "bicubic_pillow" else
              max(0, 1 - abs(k - middle + 0.5) / each)) for k in range(first, last)]
        return [(k, v / sum(u for _, u in w)) for k, v in w]
    at = place(coordinates, i, n, m, scale)
    if kind == "nearest":
        return [(min(max(nearest(rounding, at, scale < 1), 0), n - 1), 1.0)]
    if kind == "cubic":
        low = math.floor(at)
        return [(min(max(k, 0), n - 1), cubic(at - k, cube)) for k in range(low - 1, low + 3)]
    a = scale if antialias and scale < 1 else 1
    w = [(k, max(0, 1 - abs(a * (at - k)))) for k in range(n)]
    return [(k, v / sum(u for _, u in w)) for k, v in w if v > 0]


def resized(name, version, kind, xs, axes, sizes=None, scales=None, coordinates="half_pixel",
            rounding="round_prefer_floor", antialias=False, cube=-0.75, **data):
    """The keywords behind `data` are what the layer says; the others are what it must mean."""
    def make():
        x = rand(xs)
        by = list(scales or [1] * len(xs))
        ys = list(xs)
        for k, a in enumerate(axes):
            ys[a] = math.floor(xs[a] * scales[k]) if scales else sizes[k]
        full = {a: scales[k] if scales else ys[a] / xs[a] for k, a in enumerate(axes)}

        def at(i):
            lists = [axis_weights(kind, coordinates, rounding, xs[a], ys[a], full[a], i[a],
                                  antialias, cube) for a in axes]
            total = 0
            for taps in product(*lists):
                where, w = list(i), 1.0
                for a, (k, v) in zip(axes, taps):
                    where[a] = k
                    w *= v
                total += w * x.at(where)
            return total
        y = Tensor.make(ys, at)
        net = Net()
        refs = [net.param(x)]
        whole, parts = net.ints([ys[a] for a in axes]), net.const([len(axes)], by[:len(axes)])
        if version == "opset1":
            refs.append(whole)
            data.update(axes=axes)
        else:
            data.update(shape_calculation_mode="scales" if scales else "sizes")
            refs += [whole, parts] if version == "opset4" else [parts if scales else whole]
            refs.append(net.ints(axes))
        said = dict(data, antialias="true") if antialias else data
        net.result(net.layer("Interpolate", refs, [("f32", ys)], attrs(mode=kind, **said),
                             version)[0])
        return net, [y]
    CASES.append(("Interpolate_" + name, make))


IMAGE = [1, 2, 4, 5]
# the first version: corners are aligned unless it says otherwise, nearest is "simple"
resized("first_default", "opset1", "linear", IMAGE, [2, 3], [7, 8], coordinates="align_corners")
resized("first_linear", "opset1", "linear", IMAGE, [2, 3], [7, 3], coordinates="asymmetric",
        align_corners="false")
resized("first_volume", "opset1", "linear", [1, 1, 2, 3, 4], [2, 3, 4], [3, 5, 3],
        coordinates="half_pixel", align_corners="false", pads_begin=0, pads_end=0)
resized("first_nearest", "opset1", "nearest", IMAGE, [2, 3], [3, 8], coordinates="asymmetric",
        rounding="simple", align_corners="false")
resized("first_nearest_aligned", "opset1", "nearest", IMAGE, [2, 3], [3, 4],
        coordinates="align_corners", rounding="simple", align_corners="true")
# defaults of the later ones
for version in ("opset4", "opset11"):
    resized("defaults_" + version, version, "nearest", IMAGE, [2, 3], [6, 3])
    resized("scales_" + version, version, "nearest", IMAGE, [2, 3], scales=[0.625, 1.75],
            coordinates="asymmetric", rounding="floor", coordinate_transformation_mode="asymmetric",
            nearest_mode="floor")
    resized("linear_scales_" + version, version, "linear", IMAGE, [3, 2], scales=[0.625, 1.75])
    resized("antialias_" + version, version, "linear", [1, 1, 9, 8], [2, 3], [4, 3],
            antialias=True)
resized("simple", "opset4", "nearest", IMAGE, [2, 3], [3, 8], rounding="simple",
        nearest_mode="simple")
resized("kept_axis", "opset4", "nearest", IMAGE, [2, 3], [4, 10], rounding="ceil",
        coordinates="tf_half_pixel_for_nn", nearest_mode="ceil",
        coordinate_transformation_mode="tf_half_pixel_for_nn")
resized("kept_by_scale", "opset4", "linear", IMAGE, [2, 3], scales=[1.125, 2])
resized("bilinear_pillow", "opset11", "bilinear_pillow", [1, 1, 9, 5], [2, 3], [4, 8])
resized("bilinear_pillow_scales", "opset11", "bilinear_pillow", [1, 1, 9, 5], [2, 3],
        scales=[0.3125, 0.75])
resized("bicubic_pillow", "opset11", "bicubic_pillow", [1, 1, 9, 5], [2, 3], [4, 8])
resized("bicubic_pillow_half", "opset11", "bicubic_pillow", [1, 1, 9, 5], [2, 3], [4, 8], cube=-0.5,
        cube_coeff=-0.5)
refused("antialias_mixed", "one axis grows and another shrinks", "Interpolate", [1, 1, 4, 6],
        [1, 1, 8, 3], [[8, 3], [2, 3]], "opset11", mode="linear", shape_calculation_mode="sizes",
        antialias="true")
refused("antialias_first", "anti-aliasing in the first version", "Interpolate", [1, 1, 4, 6],
        [1, 1, 2, 3], [[2, 3]], "opset1", mode="linear", axes=[2, 3], antialias="true")
refused("area", "'mode' is 'area'", "Interpolate", [1, 1, 4, 6], [1, 1, 2, 3], [[2, 3]], "opset1",
        mode="area", axes=[2, 3])
refused("resize_padded", "padding; nearest supported form", "Interpolate", [1, 1, 4, 6],
        [1, 1, 8, 3], [[8, 3], [2, 3]], "opset11", mode="linear", shape_calculation_mode="sizes",
        pads_begin=[0, 0, 1, 0], pads_end=[0, 0, 0, 0])

# ---- pools --------------------------------------------------------------------------------------

SQUARE = [1, 2, 3, 4, 5, 6, 7, 8, 9]
MIXED = [-1, 2, 3, 4, 5, -6, -7, 8, 9]
example("explicit", "MaxPool", [1, 1, 3, 3], MIXED, [1, 1, 4, 4],
        [-1, 2, 3, 3, 4, 5, 5, 3, 4, 8, 9, 9, -7, 8, 9, 9], strides=[1, 1], pads_begin=[1, 1],
        pads_end=[1, 1], kernel=[2, 2], rounding_type="floor", auto_pad="explicit")
example("valid_line", "MaxPool", [1, 1, 7], [-1, 2, 3, 5, -7, 9, 1], [1, 1, 5], [3, 5, 5, 9, 9],
        strides=[1], pads_begin=[0], pads_end=[0], kernel=[3], rounding_type="floor",
        auto_pad="valid")
example("same_lower", "MaxPool", [1, 1, 3, 3], MIXED, [1, 1, 3, 3], [-1, 2, 3, 4, 5, 5, 4, 8, 9],
        strides=[1, 1], pads_begin=[0, 0], pads_end=[0, 0], kernel=[2, 2], auto_pad="same_lower")
example("same_upper", "MaxPool", [1, 1, 3, 3], MIXED, [1, 1, 3, 3], [5, 5, 3, 8, 9, 9, 8, 9, 9],
        strides=[1, 1], pads_begin=[0, 0], pads_end=[0, 0], kernel=[2, 2], auto_pad="same_upper")
example("ceil_torch", "MaxPool", [1, 1, 3, 3], SQUARE, [1, 1, 2, 2], [1, 3, 7, 9],
        version="opset14", strides=[2, 2], pads_begin=[1, 1], pads_end=[1, 1], kernel=[2, 2],
        rounding_type="ceil_torch")
example("valid_ceil", "MaxPool", [1, 1, 3, 3], MIXED, [1, 1, 2, 2], [5, 3, 8, 9], strides=[2, 2],
        pads_begin=[1, 1], pads_end=[1, 1], kernel=[2, 2], rounding_type="ceil", auto_pad="valid")
example("dilated_example", "MaxPool", [1, 1, 3, 3], SQUARE, [1, 1, 3, 3],
        [5, 6, 5, 8, 9, 8, 5, 6, 5], version="opset8", strides=[1, 1], pads_begin=[1, 1],
        pads_end=[1, 1], kernel=[2, 2], dilations=[2, 2], rounding_type="floor",
        auto_pad="explicit")
# With padding that counts, every window is as wide as the kernel; without padding, what rounding
# adds behind the end does not count.
example("counted_ceil", "AvgPool", [1, 1, 5], [9, 18, 27, 36, 45], [1, 1, 3], [9, 27, 27],
        strides=[2], pads_begin=[1], pads_end=[0], kernel=[3], rounding_type="ceil",
        exclude__pad="false")
example("not_counted_ceil", "AvgPool", [1, 1, 5], [9, 18, 27, 36, 45], [1, 1, 3], [13.5, 27, 40.5],
        strides=[2], pads_begin=[1], pads_end=[0], kernel=[3], rounding_type="ceil",
        exclude__pad="true")
example("unpadded_ceil", "AvgPool", [1, 1, 4], [9, 18, 27, 36], [1, 1, 2], [18, 31.5],
        strides=[2], pads_begin=[0], pads_end=[0], kernel=[3], rounding_type="ceil",
        exclude__pad="false")
refused("rounding", "attribute 'rounding_type' is 'round'", "MaxPool", [1, 1, 4], [1, 1, 2],
        strides=[2], pads_begin=[0], pads_end=[0], kernel=[2], rounding_type="round")
refused("unequal_cells", "in 4 unequal parts", "AdaptiveAvgPool", [1, 1, 6], [1, 1, 4], [[4]],
        "opset8")
