# SPDX-License-Identifier: Apache-2.0
"""
layout.py THIMBLE FOLDER: convolutional networks written channels first keep no transpose inside.
Each is compiled up to the passes that do not know the target; what is left in the program's text is
counted: one at the input of several channels, one at an output that is a map of several channels. A
network of values that go through 8 bits has integers inside.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make import *


def weights(name, dims):
    n = 1
    for d in dims:
        n *= d
    return tensor(name, dims, [((i * 7919) % 31 - 15) / 32 for i in range(n)])


class Net:
    """Nodes in a row; each call adds one and returns the name of its result."""

    def __init__(self, dims):
        self.nodes, self.constants, self.n, self.inputs = [], [], 0, [value("x", dims)]

    def name(self):
        self.n += 1
        return "t%d" % self.n

    def add(self, op, inputs, *attrs):
        out = self.name()
        self.nodes.append(node(op, inputs, [out], attrs))
        return out

    def const(self, dims):
        name = "k%d" % len(self.constants)
        self.constants.append(weights(name, dims))
        return name

    def conv(self, x, out, into, k=3, group=1, space=2):
        w = self.const([out, into // group] + [k] * space)
        return self.add("Conv", [x, w, self.const([out])], attr("pads", [k // 2] * 2 * space),
                        attr("group", group))

    def norm(self, x, c):
        k = "v%d" % len(self.constants)
        self.constants.append(tensor(k, [c], [1.5] * c))
        return self.add("BatchNormalization", [x, self.const([c]), self.const([c]),
                                               self.const([c]), k])

    def model(self, out, dims):
        nodes = self.nodes + [node("Identity", [out], ["y"])]
        return model(graph(nodes, self.inputs, [value("y", dims)], self.constants))


def residual():
    n = Net([1, 3, 8, 8])
    a = n.add("Relu", [n.norm(n.conv("x", 8, 3), 8)])
    b = n.add("Relu", [n.norm(n.conv(a, 8, 8), 8)])
    c = n.add("Add", [n.norm(n.conv(b, 8, 8), 8), a])
    d = n.add("Add", [n.conv(n.add("Relu", [c]), 8, 8, 1), c])
    return n.model(n.add("Flatten", [n.add("GlobalAveragePool", [d])]), [1, 8])


def dense():
    n = Net([1, 3, 8, 8])
    a = n.add("MaxPool", [n.conv("x", 8, 3)], attr("kernel_shape", [2, 2]), attr("strides", [2, 2]))
    b = n.add("Gemm", [n.add("Flatten", [a]), n.const([10, 128]), n.const([10])], attr("transB", 1))
    return n.model(n.add("Softmax", [b]), [1, 10])


def joined():
    n = Net([1, 3, 8, 8])
    a = n.conv("x", 8, 3)
    b = n.add("Concat", [n.conv(a, 4, 8), n.conv(a, 4, 8, 1), a], attr("axis", 1))
    return n.model(n.add("ReduceMean", [n.conv(b, 6, 16)], attr("axes", [2, 3]),
                         attr("keepdims", 0)), [1, 6])


def gated():
    n = Net([1, 3, 8, 8])
    a = n.conv(n.conv("x", 8, 3), 8, 8, 3, 8)
    g = n.add("Sigmoid", [n.conv(n.add("GlobalAveragePool", [a]), 8, 8, 1)])
    b = n.add("Mul", [a, g])
    return n.model(n.add("Flatten", [n.add("GlobalMaxPool", [n.conv(b, 5, 8)])]), [1, 5])


def expanded():
    n = Net([1, 3, 8, 8])
    a = n.conv("x", 8, 3)
    g = n.add("Sigmoid", [n.add("ReduceMean", [a], attr("axes", [2, 3]))])
    n.constants.append(tensor("whole", [4], [1, 8, 8, 8], INT64))
    b = n.add("Mul", [a, n.add("Expand", [g, "whole"])])
    return n.model(n.add("Flatten", [n.add("GlobalMaxPool", [n.conv(b, 5, 8)])]), [1, 5])


def sloped():
    n = Net([1, 1, 8, 8])
    a = n.add("PRelu", [n.conv("x", 6, 1), n.const([6, 1, 1])])
    b = n.add("Clip", [n.add("LeakyRelu", [n.conv(a, 6, 6)]), "", ""])
    return n.model(n.add("Flatten", [n.add("AveragePool", [b], attr("kernel_shape", [8, 8]))]),
                   [1, 6])


def shuffled():
    n = Net([1, 3, 8, 8])
    n.constants += [tensor("parts", [5], [1, 2, 4, 8, 8], INT64),
                    tensor("whole", [4], [1, 8, 8, 8], INT64)]
    a = n.add("Relu", [n.conv("x", 8, 3)])
    for _ in range(2):
        b = n.add("Reshape", [n.conv(a, 8, 8, 1, 2), "parts"])
        c = n.add("Reshape", [n.add("Transpose", [b], attr("perm", [0, 2, 1, 3, 4])), "whole"])
        a = n.add("Add", [n.conv(c, 8, 8, 3, 8), a])
    return n.model(n.add("Flatten", [n.add("GlobalAveragePool", [a])]), [1, 8])


def line():
    n = Net([1, 4, 16])
    a = n.add("Relu", [n.conv("x", 8, 4, 3, 1, 1)])
    b = n.add("Add", [n.add("Relu", [n.conv(a, 8, 8, 3, 1, 1)]), a])
    return n.model(n.add("Flatten", [n.add("GlobalAveragePool", [n.conv(b, 3, 8, 1, 1, 1)])]),
                   [1, 3])


def picture():
    n = Net([1, 3, 8, 8])
    a = n.add("ConvTranspose", [n.conv("x", 8, 3), n.const([8, 4, 2, 2])], attr("strides", [2, 2]))
    return n.model(n.conv(n.add("Tanh", [a]), 3, 4), [1, 3, 16, 16])


SCALE, POINT = tensor("s", [], [0.05]), num(2, 3) + msg(8, "z") + msg(9, b"\xfc")


class Quantized(Net):
    """Every value goes through 8 bits, weights by channel."""

    def __init__(self, dims):
        super().__init__(dims)
        self.constants += [SCALE, POINT]

    def eight(self, x):
        q = self.add("QuantizeLinear", [x, "s", "z"])
        return self.add("DequantizeLinear", [q, "s", "z"])

    def channels(self, data, dims, dtype):
        k = len(self.constants)
        self.constants += [b"".join(num(1, d) for d in dims) + num(2, dtype) +
                           msg(8, "q%d" % k) + msg(9, data),
                           tensor("s%d" % k, dims[:1], [0.01 + 0.001 * i for i in range(dims[0])]),
                           num(1, dims[0]) + num(2, dtype) + msg(8, "z%d" % k) +
                           msg(9, bytes((4 if dtype == 6 else 1) * dims[0]))]
        return self.add("DequantizeLinear", ["q%d" % k, "s%d" % k, "z%d" % k], attr("axis", 0))

    def conv(self, x, out, into, k=3, group=1, space=2):
        dims = [out, into // group, k, k]
        n = out * (into // group) * k * k
        w = self.channels(bytes((i * 37) % 251 for i in range(n)), dims, 3)
        b = self.channels(bytes(4 * out), [out], 6)
        return self.eight(self.add("Relu", [self.add("Conv", [x, w, b], attr("pads", [k // 2] * 4),
                                                     attr("group", group))]))


def quantized():
    n = Quantized([1, 3, 8, 8])
    a = n.conv(n.eight("x"), 8, 3)
    b = n.conv(n.conv(a, 8, 8, 3, 8), 8, 8, 1)
    c = n.eight(n.add("Add", [a, b]))
    d = n.eight(n.add("GlobalAveragePool", [n.eight(n.add("MaxPool", [c], attr("kernel_shape",
                                                                               [2, 2])))]))
    return n.model(n.add("Flatten", [d]), [1, 8])


# network: transposes left; each shuffle of channels is one
NETS = {residual: 1, dense: 1, joined: 1, gated: 1, expanded: 1, shuffled: 3, sloped: 0, line: 1,
        picture: 2, quantized: 1}


def main():
    thimble, folder = sys.argv[1:3]
    failed = 0
    for net, want in NETS.items():
        path = os.path.join(folder, net.__name__ + ".onnx")
        with open(path, "wb") as f:
            f.write(net())
        p = subprocess.run([thimble, "compile", path, "--target", "c99", "-o", path + ".out",
                            "--print-ir-after=dce"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        text = p.stdout.decode("utf-8", "replace")
        left = len(re.findall(r"= transpose\(", text))
        # Integers from edge to edge.
        floats = len(re.findall(r"= (?:de)?quantize\(", text))
        if p.returncode or left != want or floats != (2 if net is quantized else 0):
            failed += 1
            print("FAIL: %s: exit code %d, %d transposes left, expected are %d\n%s" %
                  (net.__name__, p.returncode, left, want, text))
    print("%d networks, %d failures" % (len(NETS), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
