# SPDX-License-Identifier: Apache-2.0
"""Layers that look at maps in places which operands give, and the forms that must be refused."""
import math
from itertools import product

import openvino_hostile
from openvino_model import Net, Tensor
from openvino_ops import CASES, attrs, rand
from openvino_spec import cubic


def several(kind, operands, out, version, **data):
    """One layer whose operands are all inputs."""
    net = Net()
    refs = [net.param(t) for t in operands]
    net.result(net.layer(kind, refs, [("f32", out.shape)], attrs(**data), version)[0])
    return net, [out]


def case(name, kind, operands, out, version, **data):
    CASES.append((kind + "_" + name, lambda: several(kind, operands, out, version, **data)))


def refused(name, message, kind, shapes, ys, version, dtypes=(), **data):
    kinds = list(dtypes) + ["f32"] * len(shapes)
    net, _ = several(kind, [rand(s, d) for s, d in zip(shapes, kinds)],
                     Tensor.make(ys, lambda i: 0), version, **data)
    openvino_hostile.FILES.append(("refused_" + name, (net.xml(), bytes(net.weights)), message))


def element(x, b, c, y, k):
    return x.at([b, c, y, k]) if 0 <= y < x.shape[2] and 0 <= k < x.shape[3] else 0.0


def between(x, b, c, y, k):
    """Linear on both axes; zeros beyond the map."""
    top, left = math.floor(y), math.floor(k)
    return sum((1 - abs(y - i)) * (1 - abs(k - j)) * element(x, b, c, i, j)
               for i in (top, top + 1) for j in (left, left + 1))


# ---- GridSample ---------------------------------------------------------------------------------

def inside(i, size, padding, align):
    """Where an element beyond the map is taken from."""
    while padding == "reflection" and size > 1 and not 0 <= i < size:
        i = (-i if align else -1 - i) if i < 0 else 2 * (size - 1) - i + (0 if align else 1)
    return i if padding == "zeros" else min(max(i, 0), size - 1)


def grid_sample(name, kind="bilinear", padding="zeros", align=False, **given):
    x, grid = rand([2, 3, 4, 5]), rand([2, 3, 2, 2], lo=-1.7, hi=1.7)
    want = []
    for b, c, i, j in product(range(2), range(3), range(3), range(2)):
        taps = []
        for axis, size in ((1, 4), (0, 5)):
            v = grid.at([b, i, j, axis])
            v = (v + 1) * (size - 1) / 2 if align else ((v + 1) * size - 1) / 2
            low = math.floor(v)
            near = {"nearest": [(round(v), 1.0)],
                    "bilinear": [(low, 1 - v + low), (low + 1, v - low)],
                    "bicubic": [(t, cubic(v - t, -0.75)) for t in range(low - 1, low + 3)]}[kind]
            taps.append([(inside(t, size, padding, align), w) for t, w in near])
        want.append(sum(v * w * element(x, b, c, y, k) for y, v in taps[0] for k, w in taps[1]))
    case(name, "GridSample", [x, grid], Tensor([2, 3, 3, 2], want), "opset9", **given)


grid_sample("defaults")
for m, p, corners in product(("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"),
                             ("false", "true")):
    grid_sample("_".join((m, p, corners)), m, p, corners == "true", mode=m, padding_mode=p,
                align_corners=corners)
refused("grid_mode", "attribute 'mode' is 'linear'", "GridSample", [[1, 1, 3, 3], [1, 2, 2, 2]],
        [1, 1, 2, 2], "opset9", mode="linear")
refused("grid_axes", "on 2 axes", "GridSample", [[1, 1, 3, 3], [1, 2, 2, 3]], [1, 1, 2, 2],
        "opset9")


# ---- DeformableConvolution ----------------------------------------------------------------------

def deformable(name, kernel, strides=(1, 1), dilations=(1, 1), begin=(0, 0), end=(0, 0), group=1,
               deformable_group=1, mask=False, fades=None, version="opset8", reach=1.5,
               word="bilinear_interpolation_pad"):
    n, channels, size, outputs = 2, 4, (4, 5), 2
    out = [(d + begin[a] + end[a] - dilations[a] * (kernel[a] - 1) - 1) // strides[a] + 1
           for a, d in enumerate(size)]
    taps, each = kernel[0] * kernel[1], channels // deformable_group
    x, w = rand([n, channels, *size]), rand([outputs, channels // group, *kernel])
    offsets = rand([n, deformable_group * taps * 2, *out], lo=-reach, hi=reach)
    factors = rand([n, deformable_group * taps, *out], lo=0, hi=1)

    def met(b, c, o, k):
        tap = c // each * taps + k[0] * kernel[1] + k[1]
        place = [o[a] * strides[a] - begin[a] + k[a] * dilations[a] +
                 offsets.at([b, 2 * tap + a, *o]) for a in range(2)]
        if fades != "true":
            if not all(0 <= v < d for v, d in zip(place, size)):
                return 0.0
            place = [min(v, d - 1) for v, d in zip(place, size)]
        return between(x, b, c, *place) * (factors.at([b, tap, *o]) if mask else 1)
    want = []
    for b, y, i, j in product(range(n), range(outputs), range(out[0]), range(out[1])):
        first = y // (outputs // group) * (channels // group)
        want.append(sum(w.at([y, c, *k]) * met(b, first + c, (i, j), k)
                        for c in range(channels // group)
                        for k in product(range(kernel[0]), range(kernel[1]))))
    given = dict(strides=strides, dilations=dilations, pads_begin=begin, pads_end=end, group=group,
                 deformable_group=deformable_group)
    if fades is not None:
        given[word] = fades
    case(name, "DeformableConvolution", [x, offsets, w] + ([factors] if mask else []),
         Tensor([n, outputs, *out], want), version, **given)


deformable("first", (2, 2), version="opset1")
deformable("plain", (3, 2), begin=(1, 0), end=(0, 1))
deformable("fades", (3, 2), begin=(1, 0), end=(0, 1), fades="true")
deformable("fades_by_name", (2, 2), fades="true", word="use_bilinear_interpolation_padding")
deformable("held", (3, 3), (2, 1), (1, 2), (1, 2), (1, 1), fades="false", mask=True)
deformable("groups", (2, 2), group=2, deformable_group=2, mask=True, fades="true")
deformable("more_groups", (1, 3), group=2, deformable_group=4, reach=4)
MAPS = [[1, 4, 4, 4], [1, 8, 3, 3], [2, 4, 2, 2]]
PLAIN = dict(strides="1,1", dilations="1,1", pads_begin="0,0", pads_end="0,0")
refused("deform_groups", "4 input channels in 3 groups", "DeformableConvolution", MAPS,
        [1, 2, 3, 3], "opset8", group=3, **PLAIN)
refused("deform_offset_groups", "4 channels in 3 groups of offsets", "DeformableConvolution", MAPS,
        [1, 2, 3, 3], "opset8", deformable_group=3, **PLAIN)
refused("deform_no_groups", "0 groups of offsets", "DeformableConvolution", MAPS, [1, 2, 3, 3],
        "opset8", deformable_group=0, **PLAIN)
refused("deform_mask", "the factors of the taps", "DeformableConvolution", MAPS + [[1, 8, 3, 3]],
        [1, 2, 3, 3], "opset8", **PLAIN)


# ---- regions ------------------------------------------------------------------------------------

def rounded(v):
    """Halves away from zero."""
    return int(math.copysign(math.floor(abs(v) + 0.5), v))


def roi_pooling(name, boxes, size, scale, **given):
    x, want = rand([2, 2, 5, 6]), []
    for b, *edges in boxes:
        left, top, right, bottom = [rounded(v * scale) for v in edges]
        high, wide = max(bottom - top + 1, 1), max(right - left + 1, 1)
        for c, i, j in product(range(2), range(size[0]), range(size[1])):
            rows = range(top + i * high // size[0], top - (-(i + 1) * high // size[0]))
            columns = range(left + j * wide // size[1], left - (-(j + 1) * wide // size[1]))
            want.append(max((x.at([b, c, r, k]) for r in rows for k in columns
                             if 0 <= r < 5 and 0 <= k < 6), default=0.0))
    case(name, "ROIPooling", [x, Tensor([len(boxes), 5], [v for r in boxes for v in r])],
         Tensor([len(boxes), 2, *size], want), "opset2", pooled_h=size[0], pooled_w=size[1],
         spatial_scale=scale, **given)


roi_pooling("default", [(0, 0, 0, 5, 4), (1, 1, 1, 3, 4)], (2, 2), 1)
roi_pooling("max", [(1, 2, 3, 9, 8), (0, -6, 5, 30, 7), (1, 9, 9, 5, 5)], (2, 4), 0.5, method="max")
SIZE = dict(pooled_h=2, pooled_w=2, spatial_scale=1)
refused("roi_bilinear", "method 'bilinear' is not supported", "ROIPooling",
        [[1, 1, 4, 4], [1, 5]], [1, 1, 2, 2], "opset2", method="bilinear", **SIZE)
refused("roi_scale", "a scale of 0", "ROIPooling", [[1, 1, 4, 4], [1, 5]], [1, 1, 2, 2], "opset2",
        pooled_h=2, pooled_w=2, spatial_scale=0)
refused("roi_size", "a result of 0 by 2", "ROIPooling", [[1, 1, 4, 4], [1, 5]], [1, 1, 2, 2],
        "opset2", pooled_h=0, pooled_w=2, spatial_scale=1)


def roi_align(name, boxes, size, scale, samples, version="opset9", place="asymmetric", **given):
    x, want = rand([2, 2, 5, 6]), []
    for b, *edges in boxes:
        moved = 0.5 if place == "half_pixel" else 0
        left, top, right, bottom = [(v + moved) * scale - (0 if place == "asymmetric" else 0.5)
                                    for v in edges]
        high, wide = bottom - top, right - left
        if place == "asymmetric":
            high, wide = max(high, 1), max(wide, 1)
        bins = (high / size[0], wide / size[1])
        counts = [samples or math.ceil(v) for v in bins]
        for c, i, j in product(range(2), range(size[0]), range(size[1])):
            total = 0.0
            for s, t in product(range(counts[0]), range(counts[1])):
                y = top + bins[0] * (i + (s + 0.5) / counts[0])
                k = left + bins[1] * (j + (t + 0.5) / counts[1])
                if -1 <= y <= 5 and -1 <= k <= 6:
                    total += between(x, b, c, min(max(y, 0), 4), min(max(k, 0), 5))
            want.append(total / max(counts[0] * counts[1], 1))
    flat = [v for r in boxes for v in r[1:]]
    case(name, "ROIAlign", [x, Tensor([len(boxes), 4], flat),
                            Tensor([len(boxes)], [r[0] for r in boxes], "i32")],
         Tensor([len(boxes), 2, *size], want), version, pooled_h=size[0], pooled_w=size[1],
         spatial_scale=scale, sampling_ratio=samples, mode="avg", **given)


BOXES = [(0, 0.5, 0.25, 4, 4.5), (1, 1.5, 1.25, 1.75, 8), (1, -3, -2, 2.5, 3)]
roi_align("first", BOXES, (2, 2), 1, 2, "opset3")
roi_align("adaptive", BOXES, (2, 3), 0.75, 0)
for p in ("asymmetric", "half_pixel", "half_pixel_for_nn"):
    roi_align(p, BOXES, (3, 2), 0.5, 3, place=p, aligned_mode=p)
refused("roi_align_max", "mode 'max' is not supported", "ROIAlign", [[1, 1, 4, 4], [1, 4], [1]],
        [1, 1, 2, 2], "opset9", ["f32", "f32", "i32"], mode="max", sampling_ratio=1, **SIZE)
refused("roi_align_ratio", "a sampling ratio of -1", "ROIAlign", [[1, 1, 4, 4], [1, 4], [1]],
        [1, 1, 2, 2], "opset9", ["f32", "f32", "i32"], mode="avg", sampling_ratio=-1, **SIZE)
