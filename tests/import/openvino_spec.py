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
refused("resize_twice", "axis 2 stands twice", "Interpolate", [1, 1, 4, 6], [1, 1, 8, 6],
        [[8, 8], [2, 2]], "opset11", mode="linear", shape_calculation_mode="sizes")
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
example("dilated_bytes", "MaxPool", [1, 1, 5], [-5, -9, -7, -6, -8], [1, 1, 5],
        [-9, -5, -6, -7, -6], version="opset8", dtype="i8",
        strides=[1], pads_begin=[1], pads_end=[1], kernel=[2], dilations=[2])
refused("rounding", "attribute 'rounding_type' is 'round'", "MaxPool", [1, 1, 4], [1, 1, 2],
        strides=[2], pads_begin=[0], pads_end=[0], kernel=[2], rounding_type="round")
refused("unequal_cells", "in 4 unequal parts", "AdaptiveAvgPool", [1, 1, 6], [1, 1, 4], [[4]],
        "opset8")

# ---- slices and blocks --------------------------------------------------------------------------

TEN = list(range(10))
for name, start, stop, step, want in [
        ("ex1", 1, 8, 1, TEN[1:8]), ("ex3", 1, 8, 2, [1, 3, 5, 7]), ("ex4", -100, 100, 1, TEN),
        ("ex5", 9, -11, -1, TEN[::-1]), ("ex6", 9, 0, -1, TEN[:0:-1]),
        ("ex7", 9, -10, -1, TEN[:0:-1]), ("ex8", 9, -11, -2, [9, 7, 5, 3, 1]),
        ("ex9", 100, -100, -1, TEN[::-1]), ("int_max", 3, 2 ** 63 - 1, 1, TEN[3:]),
        ("int_min", 3, -2 ** 63, -1, [3, 2, 1, 0])]:
    example(name, "Slice", [10], TEN, [len(want)], want, [[start], [stop], [step], [0]], "opset8")
example("ex10", "Slice", [2, 5], TEN, [2, 2], [1, 3, 6, 8], [[0, 1], [2, 4], [1, 2], [0, 1]],
        "opset8")
refused("slice_twice", "axis 0 stands twice", "Slice", [4, 4], [2, 4],
        [[0, 0], [2, 2], [1, 1], [0, -2]], "opset8")
MASKS = dict(begin_mask="", end_mask="", new_axis_mask="", shrink_axis_mask="", ellipsis_mask="")
refused("two_ellipses", "2 entries stand for all axes", "StridedSlice", [2, 3, 4], [2, 3, 4],
        [[0, 0], [0, 0]], **dict(MASKS, ellipsis_mask=[1, 1]))
refused("shrink_outside", "index 2 of an extent of 2", "StridedSlice", [2, 3], [3], [[2], [3]],
        **dict(MASKS, shrink_axis_mask=[1]))
refused("shrink_masked", "begin 0 is masked", "StridedSlice", [2, 3], [3], [[1], [2]],
        **dict(MASKS, shrink_axis_mask=[1], begin_mask=[1]))
refused("mask_of_two", "attribute 'end_mask' is '2'", "StridedSlice", [2, 3], [2, 3], [[0], [2]],
        **dict(MASKS, end_mask=2))
for kind in ("DepthToSpace", "SpaceToDepth"):
    refused(kind + "_mode", "attribute 'mode' is 'rows_first'", kind, [1, 4, 2, 2], [1, 4, 2, 2],
            block_size=1, mode="rows_first")

# ---- shapes -------------------------------------------------------------------------------------

example("kept", "Squeeze", [1, 2, 1], [5, 6], [2, 1], [5, 6], [[0, 1]])
example("no_axes", "Squeeze", [1, 2, 1], [5, 6], [2], [5, 6], consts=[Tensor([0], [], "i64")])
for mode, want in [
        ("constant", "000000000000234000678000"), ("edge", "234444234444234444678888"),
        ("reflect", "abcba9678765234321678765"), ("symmetric", "678876234432234432678876")]:
    example("mixed_" + mode, "Pad", [3, 4], range(1, 13), [4, 6],
            [int(c, 16) for c in want], [[2, -1], [-1, 3]], "opset12",
            pad_mode=mode)
    example("cut_" + mode, "Pad", [3, 4], range(1, 13), [1, 2], [6, 7], [[-1, -1], [-1, -1]],
            "opset12", pad_mode=mode)
refused("pad_mode", "attribute 'pad_mode' is 'wrap'", "Pad", [2, 2], [4, 2], [[1, 0], [1, 0]],
        pad_mode="wrap")
refused("no_pad_mode", "attribute 'pad_mode' is missing", "Pad", [2, 2], [4, 2], [[1, 0], [1, 0]])
refused("broadcast_mode", "attribute 'mode' is 'pdpd'", "Broadcast", [3], [2, 3], [[2, 3]],
        mode="pdpd")
example("mask", "Reverse", [2, 3], range(6), [2, 3], [2, 1, 0, 5, 4, 3], mode="mask",
        consts=[Tensor([2], [0, 1], "boolean")])
example("no_mask", "Reverse", [2, 3], range(6), [2, 3], range(6), mode="mask",
        consts=[Tensor([2], [0, 0], "boolean")])
example("no_index", "Reverse", [2, 3], range(6), [2, 3], range(6), mode="index",
        consts=[Tensor([0], [], "i64")])
refused("short_mask", "with a boolean for each of 2 axes", "Reverse", [2, 3], [2, 3], mode="mask",
        consts=[Tensor([1], [1], "boolean")])
refused("reverse_mode", "attribute 'mode' is 'axes'", "Reverse", [2, 3], [2, 3], [[0]], mode="axes")
example("modulo", "Convert", [3], [-1, 300, 7], [3], [255, 44, 7], dtype="i32", out="u8",
        destination_type="u8")


def range_of(name, numbers, given, dtype, want):
    def make():
        x = rand([len(want)], dtype, -9, 9)
        net = Net()
        p = net.param(x)
        r = net.layer("Range", [net.const([], [v], given) for v in numbers],
                      [(dtype, [len(want)])], attrs(output_type=dtype), "opset4")[0]
        net.result(net.layer("Add", [p, r], [(dtype, [len(want)])])[0])
        return net, [Tensor([len(want)], [a + b for a, b in zip(x.data, want)], dtype)]
    CASES.append(("Range_" + name, make))


range_of("up", (2, 23, 3), "i32", "i32", [2, 5, 8, 11, 14, 17, 20])
range_of("down", (23, 2, -3), "i32", "i32", [23, 20, 17, 14, 11, 8, 5])
range_of("real", (1, 2.5, 0.5), "f32", "f32", [1.0, 1.5, 2.0])


def refused_range():
    net, _ = next(make for name, make in CASES if name == "Range_real")()
    text = net.xml().replace('output_type="f32"', 'output_type="i32"')
    openvino_hostile.FILES.append(("refused_range", (text, bytes(net.weights)),
                                   "as s32; nearest supported form: whole numbers"))


refused_range()

# ---- indices ------------------------------------------------------------------------------------

FIVE = [1, 2, 3, 4, 5]


def gathered(name, version, xs, x, indices, axis, ys, y, batch=0, kind="Gather", computed=True):
    """The indices as an operand, and as a constant."""
    for known in (False, True):
        def make(known=known):
            net = Net()
            refs = [net.param(Tensor(xs, x))]
            if known:
                refs.append(net.const(indices.shape, indices.data, indices.dtype))
            else:
                refs.append(net.param(indices))
            if axis is not None:
                refs.append(net.ints([axis], []))
            data = attrs(batch_dims=batch) if version != "opset1" else ""
            net.result(net.layer(kind, refs, [("f32", ys)], data, version)[0])
            return net, [Tensor(ys, y)]
        if known or computed:
            CASES.append(("%s_%s_%s" % (kind, name, "known" if known else "computed"), make))


I2 = Tensor([2, 3], [0, 0, 4, 4, 0, 0], "i32")
for version in ("opset7", "opset8"):
    gathered("ex1_" + version, version, [5], FIVE, Tensor([3], [0, 0, 4], "i64"), 0, [3], [1, 1, 5])
    gathered("ex2_" + version, version, [2, 5], range(1, 11), I2, 1, [2, 3], [1, 1, 5, 10, 6, 6], 1)
    gathered("ex3_" + version, version, [2, 2, 5], range(1, 21),
             Tensor([2, 2, 3], [0, 0, 4, 4, 0, 0, 1, 2, 4, 4, 3, 2], "i32"), 2, [2, 2, 3],
             [1, 1, 5, 10, 6, 6, 12, 13, 15, 20, 19, 18], 2)
    gathered("ex4_" + version, version, [2, 1, 5, 4], range(1, 41),
             Tensor([2, 3], [1, 2, 4, 4, 3, 2], "i32"), 2, [2, 1, 3, 4],
             list(range(5, 13)) + list(range(17, 21)) + list(range(37, 41)) +
             list(range(33, 37)) + list(range(29, 33)), 1)
    gathered("ex5_" + version, version, [2, 5], range(1, 11), I2, 1, [2, 3], [1, 1, 5, 10, 6, 6],
             -1)
gathered("ex6", "opset8", [5], FIVE, Tensor([3], [0, -2, -1], "i64"), 0, [3], [1, 4, 5])
gathered("ex6_scalar", "opset8", [5], FIVE, Tensor([], [-2], "i64"), 0, [], [4])
gathered("negative", "opset1", [5], FIVE, Tensor([3], [0, -2, -1], "i64"), 0, [3], [1, 4, 5],
         computed=False)
gathered("ex7", "opset8", [5], FIVE, Tensor([3], [3, 10, -20], "i64"), 0, [3], [4, 0, 0])
gathered("ex7_rows", "opset8", [2, 2, 2], range(1, 9), Tensor([2, 2], [2, -1, 0, -3], "i32"), 1,
         [2, 2, 2], [0, 0, 3, 4, 5, 6, 0, 0], 1)
# what a suppression of boxes marks as nothing, where the type has no negative numbers
gathered("unsigned", "opset8", [5], FIVE, Tensor([3], [2, 2 ** 32 - 1, 4], "u32"), 0, [3],
         [3, 0, 5])
gathered("unsigned_wide", "opset8", [5], FIVE, Tensor([4], [2, 2 ** 64 - 1, 2 ** 63, 4], "u64"), 0,
         [4], [3, 0, 0, 5])
gathered("narrow", "opset8", [5], FIVE, Tensor([3], [-1, 5, 4], "i8"), 0, [3], [5, 0, 5])
for version in ("opset1", "opset7"):
    refused("gather_outside_" + version, "index 10 of an extent of 5", "Gather", [5], [3],
            [[3, 10, -20], 0], version)
for version in ("opset5", "opset8"):
    gathered("ex1_" + version, version, [2, 2], [1, 2, 3, 4], Tensor([2, 2], [0, 0, 1, 0], "i32"),
             None, [2], [1, 3], kind="GatherND")
    gathered("ex2_" + version, version, [2, 2], [1, 2, 3, 4], Tensor([2, 1], [1, 0], "i32"), None,
             [2, 2], [3, 4, 1, 2], kind="GatherND")
    gathered("ex3_" + version, version, [2, 2], [1, 2, 3, 4], Tensor([2, 1, 1], [1, 0], "i64"),
             None, [2, 1, 2], [3, 4, 1, 2], kind="GatherND")
    refused("gather_nd_batch_" + version, "1 batch dimensions", "GatherND", [2, 2], [2],
            [[1, 0]], version, batch_dims=1)
gathered("negative", "opset8", [2, 3], range(6), Tensor([2, 2], [-1, -3, 1, -1], "i64"), None, [2],
         [3, 5], kind="GatherND")
refused("gather_nd_outside", "index 3 of an extent of 3", "GatherND", [2, 3], [1],
        version="opset8", consts=[Tensor([1, 2], [-2, 3], "i64")])
example("ex2", "GatherElements", [2, 2], [1, 7, 4, 3], [2, 3], [7, 7, 1, 3, 4, 3],
        version="opset6", consts=[Tensor([2, 3], [1, 1, 0, 1, 0, 1], "i32")], axis=1)
example("ex3", "GatherElements", [3, 3], range(1, 10), [2, 3], [4, 2, 6, 4, 8, 3],
        version="opset6", consts=[Tensor([2, 3], [1, 0, 1, 1, 2, 0], "i64")], axis=0)

SIX = [Tensor([6], [1, 0, 0, -2, -1, 2], "i32"), Tensor([6], [10.0, 20, 30, 40, 70, 60]),
       Tensor([1], [0], "i32")]
FOUR = [Tensor([2, 2], [1, 1, 0, 3], "i32"), Tensor([2, 2], [11, 12, 13, 14], "i32"),
        Tensor([1], [1], "i64")]
example("ex1", "ScatterElementsUpdate", [4], [2, 3, 4, 6], [4], [52, 13, 104, 76],
        version="opset12", consts=SIX, use_init_val="true", reduction="sum")
example("ex3", "ScatterElementsUpdate", [3, 4], [0] * 12, [3, 4],
        [0, 11, 12, 0, 13, 0, 0, 14, 0, 0, 0, 0], version="opset12", dtype="i32",
        consts=[Tensor([2, 2], [1, 2, 0, 3], "i32")] + FOUR[1:], use_init_val="true",
        reduction="none")
example("ex4", "ScatterElementsUpdate", [3, 4], [1] * 12, [3, 4],
        [1, 24, 1, 1, 14, 1, 1, 15, 1, 1, 1, 1], version="opset12", dtype="i32", consts=FOUR,
        use_init_val="true", reduction="sum")
example("ex5", "ScatterElementsUpdate", [3, 4], [2] * 12, [3, 4],
        [2, 264, 2, 2, 26, 2, 2, 28, 2, 2, 2, 2], version="opset12", dtype="i32", consts=FOUR,
        use_init_val="true", reduction="prod")
for reduction, want in [("min", [2, 3, 4, 6]), ("max", [30, 10, 60, 70])]:
    example(reduction, "ScatterElementsUpdate", [4], [2, 3, 4, 6], [4], want, version="opset12",
            consts=SIX, reduction=reduction)
example("none_without_first", "ScatterElementsUpdate", [4], [2, 3, 4, 6], [4], [2, 9, 4, 6],
        version="opset12", consts=[Tensor([1], [1], "i32"), Tensor([1], [9.0]), SIX[2]],
        reduction="none", use_init_val="false")
refused("scatter_first", "leave the first value out", "ScatterElementsUpdate", [4], [4],
        version="opset12", consts=SIX, reduction="sum", use_init_val="false")
refused("scatter_mean", "attribute 'reduction' is 'mean'", "ScatterElementsUpdate", [4], [4],
        version="opset12", consts=SIX, reduction="mean")
AT = Tensor([5, 1], [0, 2, -3, -3, 0], "i32")
example("ex1", "ScatterNDUpdate", [8], range(1, 9), [8], [1, 11, 3, 10, 9, 14, 13, 12],
        version="opset15", reduction="none", consts=[
            Tensor([6, 1], [4, 3, 1, 7, -2, -3], "i64"), Tensor([6], [9.0, 10, 11, 12, 13, 14])])
for reduction, want in [("sum", [61, 72, 23, 4]), ("prod", [500, 2400, 60, 4]),
                        ("min", [1, 2, 3, 4]), ("max", [50, 40, 20, 4])]:
    example(reduction, "ScatterNDUpdate", [4], [1, 2, 3, 4], [4], want, version="opset15",
            reduction=reduction, consts=[AT, Tensor([5], [10.0, 20, 30, 40, 50])])
refused("scatter_sub", "attribute 'reduction' is 'sub'", "ScatterNDUpdate", [4], [4],
        version="opset15", reduction="sub", consts=[AT, Tensor([5], [10.0, 20, 30, 40, 50])])


def one_hot(name, indices, axis, on, off, ys, y):
    def make():
        net = Net()
        refs = [net.param(indices), net.ints([3], []), net.const([], [on]), net.const([], [off])]
        net.result(net.layer("OneHot", refs, [("f32", ys)], attrs(axis=axis))[0])
        return net, [Tensor(ys, y)]
    CASES.append(("OneHot_" + name, make))


one_hot("last", Tensor([4], [0, 3, 1, 2], "i32"), -1, 1.0, 2.0, [4, 3],
        [1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 1])
one_hot("middle", Tensor([2, 3], [0, 3, 1, 1, 2, 4], "i64"), 1, 1.0, 0.0, [2, 3, 3],
        [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0])


def cumulated(name, want, **data):
    example(name, "CumSum", [5], FIVE, [5], want, [0], "opset3", **data)


cumulated("plain", [1, 3, 6, 10, 15])
cumulated("exclusive", [0, 1, 3, 6, 10], exclusive="true")
cumulated("reverse", [15, 14, 12, 9, 5], reverse="true")
cumulated("both", [14, 12, 9, 5, 0], exclusive="1", reverse="1")


def ordered(name, mode, x, values, places, version="opset11", dtype="i64", **data):
    def make():
        net = Net()
        outs = [Tensor([len(values)], values), Tensor([len(places)], places, dtype)]
        for r in net.layer("TopK", [net.param(Tensor([len(x)], x)), net.ints([len(values)], [])],
                           [(t.dtype, t.shape) for t in outs],
                           attrs(axis=0, mode=mode, sort="value", **data), version):
            net.result(r)
        return net, outs
    CASES.append(("TopK_" + name, make))


ordered("stable_max", "max", [5, 3, 1, 2, 5, 5], [5, 5, 5, 3], [0, 4, 5, 1], stable="true",
        index_element_type="i64")
ordered("stable_min", "min", [5, 3, 1, 1, 5, 5], [1, 1, 3, 5], [2, 3, 1, 0], stable="true",
        index_element_type="i64")
ordered("default_type", "max", [5, 3, 9], [9, 5], [2, 0], "opset3", "i32")


def refused_order(name, said, instead, message):
    net, _ = next(make for name, make in CASES if name == "TopK_stable_max")()
    openvino_hostile.FILES.append(("refused_" + name, (net.xml().replace(said, instead),
                                                       bytes(net.weights)), message))


refused_order("order", 'sort="value"', 'sort="index"', "sorting by index")
refused_order("extreme", 'mode="max"', 'mode="most"', "attribute 'mode' is 'most'")
