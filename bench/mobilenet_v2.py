#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a MobileNetV2 in int8 as a program that thimble reads: FILE and FILE.weights.

    bench/mobilenet_v2.py [--width 0.35] [--size 144] [--classes 1000] [--multiple 1] [--chain] FILE

Weights are numbers drawn by a rule, scaled so that values neither vanish nor saturate: memory,
multiplications and instructions are those of the real network, its answers are not. The network is
the one whose fronts docs/memory-fronts.md shows: --multiple 1 rounds channels down, 8 rounds them
as published weights do; --chain leaves out residuals, the mean and the classifier.
"""
import argparse
import fractions
import math
import random
import struct
import sys
from xml.sax.saxutils import quoteattr

SETTINGS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)]          # expansion, channels, blocks, first stride
SCALE, ZERO = 0.05, -3


def channels(base, width, multiple):
    exact = base * width
    if multiple == 1:
        return max(1, math.floor(exact))
    near = max(multiple, math.floor(exact + multiple / 2) // multiple * multiple)
    return near + multiple if near * 10 < exact * 9 else near


def checksum(data):
    h = 14695981039346656037
    for b in data:
        h = (h ^ b) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return h


class Program:
    def __init__(self):
        self.lines, self.weights, self.n = [], bytearray(), 0
        self.random = random.Random(1)

    def value(self):
        self.n += 1
        return self.n

    def type(self, dtype, dims, scale, zero):
        return ['   <type dtype="%s" dims="%s">' % (dtype, " ".join(map(str, dims))),
                '    <quant axis="-1" scales="%s"%s/>' % (
                    struct.unpack("f", struct.pack("f", scale))[0].hex(),
                    ' zeros="%d"' % zero if zero else ""), "   </type>"]

    def const(self, dtype, dims, scale, data):
        v = self.value()
        self.weights += bytes(-len(self.weights) % 16)
        self.lines += ['  <const id="%d" name="w%d" offset="%d" bytes="%d">' % (
            v, v, len(self.weights), len(data))]
        self.lines += self.type(dtype, dims, scale, 0) + ["  </const>"]
        self.weights += data
        return v

    def node(self, op, operands, attrs, dims, name):
        v = self.value()
        self.lines += ['  <node op="%s" contract="tflite">' % op]
        self.lines += ['   <in value="%d"/>' % x for x in operands]
        self.lines += ['   <attr name="%s" type="%s" value="%s"/>' % a for a in attrs]
        self.lines += ['   <out id="%d" name=%s>' % (v, quoteattr(name))]
        self.lines += [" " + s for s in self.type("s8", dims, SCALE, ZERO)]
        self.lines += ["   </out>", "   <loc/>", "  </node>"]
        return v, dims

    def weighted(self, op, x, shape, out, taps, attrs, name):
        count = math.prod(shape)
        w = bytes(self.random.randrange(-127, 128) & 255 for _ in range(count))
        # a sum of `taps` products as wide as what goes in
        scale = 1 / (74 * math.sqrt(taps))
        b = struct.pack("<%di" % out[-1], *(self.random.randrange(-2000, 2001)
                                            for _ in range(out[-1])))
        operands = [x, self.const("s8", shape, scale, w),
                    self.const("s32", (out[-1],), SCALE * scale, b)]
        return self.node(op, operands, attrs, out, name)

    def conv(self, x, c, k, stride, name, act, depthwise=False):
        v, (_, h, w, ci) = x
        pad = k // 2
        out = (1, (h + 2 * pad - k) // stride + 1, (w + 2 * pad - k) // stride + 1, c)
        attrs = [("stride", "ints", "%d %d" % (stride, stride)), ("dilation", "ints", "1 1"),
                 ("pad", "ints", "%d %d %d %d" % (pad, pad, pad, pad))]
        if act:
            attrs += [("act_min", "float", "0"), ("act_max", "float", "6")]
        op, shape = ("depthwise_conv2d", (1, k, k, c)) if depthwise else ("conv2d", (c, k, k, ci))
        return self.weighted(op, v, shape, out, k * k * (1 if depthwise else ci), attrs, name)

    def write(self, path, size, output):
        head = ['<?xml version="1.0" encoding="UTF-8"?>',
                '<thimble-program version="1" source="" format="" sha256="">',
                ' <function name="run">', '  <input id="1" name="image">']
        head += self.type("s8", (1, size, size, 3), SCALE, ZERO) + ["  </input>"]
        tail = ['  <output name="scores" value="%d"/>' % output, " </function>",
                ' <weights bytes="%d" check="%016x"/>' % (len(self.weights),
                                                           checksum(self.weights)),
                "</thimble-program>", ""]
        with open(path + ".weights", "wb") as f:
            f.write(self.weights)
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(head + self.lines + tail))


def build(a, p):
    size = a.size
    x = (p.value(), (1, size, size, 3))
    x = p.conv(x, channels(32, a.width, a.multiple), 3, 2, "stem", True)
    for s, (expansion, base, blocks, stride) in enumerate(SETTINGS):
        c = channels(base, a.width, a.multiple)
        for b in range(blocks):
            name, first, inner = "block%d_%d" % (s, b), x, x[1][3] * expansion
            x = p.conv(x, inner, 1, 1, name + "/expand", True)
            x = p.conv(x, inner, 3, stride if b == 0 else 1, name + "/depthwise", True, True)
            x = p.conv(x, c, 1, 1, name + "/project", False)
            if b and not a.chain:
                x = p.node("add", (first[0], x[0]), [], x[1], name + "/add")
    last = a.width if a.multiple == 1 else max(a.width, 1)     # as published: never narrower
    x = p.conv(x, channels(1280, last, a.multiple), 1, 1, "last", True)
    if a.chain:
        return x[0]
    x = p.node("mean", (x[0],), [("axes", "ints", "1 2"), ("keep_dims", "bool", "0")],
               (1, x[1][3]), "mean")
    out = (1, a.classes)
    return p.weighted("fully_connected", x[0], (a.classes, x[1][1]), out, x[1][1], [],
                      "classes")[0]


def main():
    arg = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arg.add_argument("--width", type=fractions.Fraction, default=fractions.Fraction(35, 100))
    arg.add_argument("--size", type=int, default=144)
    arg.add_argument("--classes", type=int, default=1000)
    arg.add_argument("--multiple", type=int, default=1)
    arg.add_argument("--chain", action="store_true")
    arg.add_argument("file")
    a = arg.parse_args()
    if a.width <= 0 or a.size < 32 or a.classes < 1 or a.multiple < 1:
        sys.exit("mobilenet_v2.py: width, size (from 32), classes, multiple: positive numbers")
    p = Program()
    p.write(a.file, a.size, build(a, p))


if __name__ == "__main__":
    main()
