#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operators that look at maps in places which operands give (GridSample, DeformConv, MaxRoiPool)
against their definitions in plain Python, and forms that are refused.

  sampling.py THIMBLE FOLDER
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
from case import at, count, cubic, indices

CASES = case.Cases(*sys.argv[1:3])
RANDOM = random.Random(1)
FLOAT, HALF = 1, 10


def stored(x, kind=FLOAT):
    form = "<e" if kind == HALF else "<f"
    return struct.unpack(form, struct.pack(form, x))[0]


def reals(dims, reach=2.0, kind=FLOAT):
    return [stored(RANDOM.uniform(-reach, reach), kind) for _ in range(count(dims))]


def between(space, get, place):
    """Linear on every axis, between the elements around a place; get gives 0 beyond the map."""
    total = 0.0
    for corner in itertools.product((0, 1), repeat=len(space)):
        low = [math.floor(v) for v in place]
        weight = math.prod(v - l if c else 1 - (v - l) for v, l, c in zip(place, low, corner))
        total += weight * get([l + c for l, c in zip(low, corner)])
    return total


# ---- GridSample ---------------------------------------------------------------------------------

def reflected(v, lo, hi):
    while hi > lo and not lo <= v <= hi:
        v = 2 * lo - v if v < lo else 2 * hi - v
    return v if hi > lo else lo


def padded(v, size, padding, corners):
    if padding == "reflection":
        v = reflected(v, 0, size - 1) if corners else reflected(v, -0.5, size - 0.5)
    return v if padding == "zeros" else min(max(v, 0), size - 1)


def looked_at(space, get, place, mode, padding, corners):
    if padding == "zeros" and not all(-3 < v < d + 3 for v, d in zip(place, space)):
        return 0.0
    if mode in ("bicubic", "cubic"):
        total = 0.0
        for step in itertools.product(range(-1, 3), repeat=len(space)):
            taps = [math.floor(v) + s for v, s in zip(place, step)]
            weight = math.prod(cubic(v - t) for v, t in zip(place, taps))
            total += weight * get([int(padded(t, d, padding, corners))
                                   for t, d in zip(taps, space)])
        return total
    place = [padded(v, d, padding, corners) for v, d in zip(place, space)]
    return get([round(v) for v in place]) if mode == "nearest" else between(space, get, place)


def grid_sample(name, space, out, mode, padding="zeros", corners=0, grid=None, opset=20,
                kind=FLOAT, tolerance="1e-5,1e-5"):
    n, c, axes = 2, 2, len(space)
    dims, places = (n, c) + space, (n,) + out + (axes,)
    x, grid, want = reals(dims, kind=kind), grid or reals(places, 1.8, kind), []
    for b, k in indices((n, c)):
        def get(p):
            inside = all(0 <= i < d for i, d in zip(p, space))
            return x[at(dims, [b, k] + p)] if inside else 0.0
        for o in indices(out):
            given = [grid[at(places, (b,) + o + (axes - 1 - a,))] for a in range(axes)]
            place = [(g + 1) / 2 * (d - 1) if corners else ((g + 1) * d - 1) / 2
                     for g, d in zip(given, space)]
            want.append(looked_at(space, get, place, mode, padding, corners))
    CASES.check("grid_" + name, "GridSample", [(dims, kind, x), (places, kind, grid)],
                [make.attr("mode", mode), make.attr("padding_mode", padding),
                 make.attr("align_corners", corners)], (n, c) + out, want, opset=opset, kind=kind,
                tolerance=tolerance)


def grids():
    for padding, corners in itertools.product(("zeros", "border", "reflection"), (0, 1)):
        for mode in ("linear", "nearest", "cubic"):
            grid_sample("volume_%s_%s_%d" % (mode, padding, corners), (3, 4, 5), (2, 3, 2), mode,
                        padding, corners)
            if (padding == "reflection") == corners:
                grid_sample("line_%s_%s" % (mode, padding), (6,), (7,), mode, padding, corners)
        grid_sample("flat_%s_%d" % (padding, corners), (1, 4, 5), (1, 3, 2), "linear", padding,
                    corners)
    for mode in ("bilinear", "nearest", "bicubic"):
        grid_sample("map_" + mode, (4, 5), (3, 2), mode, "reflection", opset=16)
    # halves: to the even neighbour; 4 elements between centres, in steps of half an element
    halves = [v / 3 - 1 for v in range(7)] * 2
    grid_sample("halves", (4,), (7,), "nearest", corners=1, grid=halves)
    far = [math.inf, 0.0, 0.0, -math.inf, math.nan, 0.25, 3e38, -3e38, 0.1, 0.2, -0.5, math.nan]
    for mode in ("linear", "nearest", "cubic"):
        grid_sample("far_" + mode, (4, 5), (3, 1), mode, grid=far)
    grid_sample("half", (3, 2, 4), (2, 2, 2), "linear", kind=HALF, tolerance="2e-3,2e-3")
    for name, attrs, grid, why in (
            ("mode", [make.attr("mode", "cosine")], (1, 2, 2, 2), "'mode' is 'cosine'"),
            ("padding", [make.attr("padding_mode", "wrap")], (1, 2, 2, 2),
             "'padding_mode' is 'wrap'"),
            ("axes", [], (1, 2, 2, 3), "one to three axes of space"),
            ("batch", [], (2, 2, 2, 2), "for a batch of 1")):
        CASES.refused("grid_bad_" + name, "GridSample",
                      [((1, 1, 3, 3), 1, [0.0] * 9), (grid, 1, [0.0] * count(grid))], attrs,
                      (1, 1, 2, 2), why)


# ---- DeformConv ---------------------------------------------------------------------------------

class Deformed:
    """One convolution; pads: before each axis, behind each axis."""

    def __init__(self, space, kernel, strides=None, dilations=None, pads=None, group=1,
                 offset_group=1, channels=4, out=2, bias=False, mask=False, reach=1.5):
        axes, n = len(space), 2
        self.space, self.kernel, self.group, self.offset_group = space, kernel, group, offset_group
        self.strides, self.dilations = strides or [1] * axes, dilations or [1] * axes
        self.pads = pads or [0] * 2 * axes
        self.out = tuple((d + self.pads[a] + self.pads[axes + a] -
                          self.dilations[a] * (kernel[a] - 1) - 1) // self.strides[a] + 1
                         for a, d in enumerate(space))
        taps = offset_group * count(kernel)
        self.dims = {"x": (n, channels) + space, "w": (out, channels // group) + kernel,
                     "offset": (n, taps * axes) + self.out}
        if bias:
            self.dims["b"] = (out,)
        if mask:
            self.dims["mask"] = (n, taps) + self.out
        self.data = {k: reals(d, reach if k == "offset" else 2.0) for k, d in self.dims.items()}

    def operand(self, name, index, otherwise=0.0):
        return self.data[name][at(self.dims[name], index)] if name in self.dims else otherwise

    def met(self, b, c, o, k):
        """What one tap meets, times its factor."""
        axes, each = len(self.space), self.dims["x"][1] // self.offset_group
        tap = c // each * count(self.kernel) + at(self.kernel, k)
        place = [o[a] * self.strides[a] - self.pads[a] + k[a] * self.dilations[a] +
                 self.operand("offset", (b, tap * axes + a) + o) for a in range(axes)]

        def get(p):
            inside = all(0 <= i < d for i, d in zip(p, self.space))
            return self.operand("x", [b, c] + p) if inside else 0.0
        return between(self.space, get, place) * self.operand("mask", (b, tap) + o, 1.0)

    def result(self):
        (n, channels), out = self.dims["x"][:2], self.dims["w"][0]
        depth, fan, want = channels // self.group, out // self.group, []
        for b, y in indices((n, out)):
            for o in indices(self.out):
                want.append(self.operand("b", (y,)) + sum(
                    self.operand("w", (y, i) + k) * self.met(b, y // fan * depth + i, o, k)
                    for i in range(depth) for k in indices(self.kernel)))
        return (n, out) + self.out, want

    def check(self, name, fixed=(), attrs=True):
        """fixed: operands that the file holds."""
        given = [k for k in ("x", "w", "offset") if k not in fixed]
        given += [k for k in ("b", "mask") if k in self.dims and k not in fixed]
        names = [k if k in fixed else "i%d" % given.index(k) if k in given else ""
                 for k in ("x", "w", "offset", "b", "mask")]
        lists = [make.attr(k, getattr(self, k)) for k in ("strides", "dilations", "pads")]
        node = make.node("DeformConv", names, ["y"], (lists if attrs else []) + [
            make.attr("group", self.group), make.attr("offset_group", self.offset_group)])
        dims, want = self.result()
        CASES.network("deform_" + name, [node], [(self.dims[k], 1, self.data[k]) for k in given],
                      dims, want, opset=19, tolerance="1e-4,1e-5", constants=[
                          make.tensor(k, self.dims[k], self.data[k]) for k in fixed])


def deformed():
    Deformed((4, 5), (2, 2)).check("plain", attrs=False)
    Deformed((4, 5), (3, 2), pads=[1, 0, 1, 2], bias=True).check("bias", ("w", "b"))
    Deformed((5, 6), (2, 3), [2, 1], [1, 2], [1, 2, 0, 1], mask=True).check("mask", ("w",))
    Deformed((4, 4), (3, 1), pads=[1, 0, 1, 0], group=2, offset_group=2, bias=True,
             mask=True).check("groups")
    Deformed((4, 4), (2, 2), group=2, offset_group=4, channels=8, out=4).check("more", ("w",))
    Deformed((3, 4), (2, 2), offset_group=2, reach=8.0).check("far")
    Deformed((1, 1), (2, 2), pads=[1, 1, 0, 0], reach=0.9).check("one_element")
    Deformed((7,), (3,), [2], [1], [1, 1], bias=True, mask=True, group=2).check("line")
    Deformed((3, 4, 3), (2, 2, 1), [1, 2, 1], [1, 1, 2], [1, 0, 0, 0, 1, 1], offset_group=2,
             bias=True, mask=True).check("volume", ("w", "b"))

    def refused(name, why, attrs=(), **dims):
        form = Deformed((4, 5), (2, 2), mask=True, bias=True).dims
        form.update(dims)
        CASES.refused("deform_bad_" + name, "DeformConv",
                      [(form[k], 1, [0.0] * count(form[k]))
                       for k in ("x", "w", "offset", "b", "mask")],
                      [make.attr(*a) for a in attrs], (2, 2, 3, 4), why)
    refused("groups", "4 input channels in 2 groups", [("group", 2)])
    refused("no_groups", "in 0 groups", [("group", 0)])
    refused("offset_groups", "4 channels in 3 groups of offsets", [("offset_group", 3)])
    refused("no_offset_groups", "offset_groups", [("offset_group", 0)])
    refused("offsets", "6 offsets of a place", offset=(2, 6, 3, 4))
    refused("places", "offsets for 2 places", offset=(2, 8, 2, 4))
    refused("batch", "offsets of 1 maps for 2", offset=(1, 8, 3, 4))
    refused("mask", "the factors of the taps", mask=(2, 8, 3, 4))
    refused("bias", "bias has 3 elements", b=(3,))
    refused("kernel", "differs from the weights", [("kernel_shape", [2, 3])])
    refused("wide", "a window of 10", [("dilations", [9, 1])])
    refused("rank", "offsets of 3", offset=(2, 8, 12))


# ---- MaxRoiPool ---------------------------------------------------------------------------------

def rounded(v):
    """Halves away from zero."""
    return int(math.copysign(math.floor(abs(v) + 0.5), v))


def roi_pool(name, rois, size, scale=None):
    dims, x, want = (2, 3, 5, 6), reals((2, 3, 5, 6)), []
    for n, x1, y1, x2, y2 in rois:
        x1, y1, x2, y2 = [rounded(stored(v) * (scale or 1)) for v in (x1, y1, x2, y2)]
        high, wide = max(y2 - y1 + 1, 1), max(x2 - x1 + 1, 1)
        for c, py, px in indices((3,) + size):
            rows = range(y1 + py * high // size[0], y1 - (-(py + 1) * high // size[0]))
            columns = range(x1 + px * wide // size[1], x1 - (-(px + 1) * wide // size[1]))
            want.append(max((x[at(dims, (n, c, i, j))] for i in rows for j in columns
                             if 0 <= i < 5 and 0 <= j < 6), default=0.0))
    flat = [float(v) for r in rois for v in r]
    attrs = [make.attr("pooled_shape", list(size))]
    CASES.check("roi_" + name, "MaxRoiPool", [(dims, 1, x), ((len(rois), 5), 1, flat)],
                attrs + ([make.attr("spatial_scale", scale)] if scale else []),
                (len(rois), 3) + size, want, opset=7, tolerance="0")


def regions():
    roi_pool("whole", [(0, 0, 0, 5, 4), (1, 1, 1, 3, 4)], (2, 2))
    roi_pool("scaled", [(1, 2, 3, 9, 8), (0, 0, 4, 11, 6)], (2, 3), 0.5)
    roi_pool("halves", [(0, 0.5, 1.5, 2.5, 3.5), (1, -0.5, -1.5, 2.4, 1.6)], (2, 1))
    roi_pool("overlapping", [(1, 1, 1, 3, 2), (0, 2, 2, 2, 2)], (4, 5))
    roi_pool("outside", [(0, -4, -3, 1, 1), (1, 4, 3, 9, 9), (0, 20, 20, 22, 22)], (3, 3))
    roi_pool("turned", [(1, 4, 3, 1, 1)], (2, 2))
    for name, attrs, x, rois, why in (
            ("shape", [], (1, 1, 2, 2), (1, 5), "'pooled_shape' has 0 entries"),
            ("none", [make.attr("pooled_shape", [0, 1])], (1, 1, 2, 2), (1, 5), "size"),
            ("line", [make.attr("pooled_shape", [1, 1])], (1, 1, 2), (1, 5), "two axes of space"),
            ("rois", [make.attr("pooled_shape", [1, 1])], (1, 1, 2, 2), (1, 4),
             "regions of 4 numbers")):
        CASES.refused("roi_bad_" + name, "MaxRoiPool",
                      [(x, 1, [0.0] * count(x)), (rois, 1, [0.0] * count(rois))], attrs,
                      (1, 1, 1, 1), why)


grids()
deformed()
regions()
print("sampling.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
