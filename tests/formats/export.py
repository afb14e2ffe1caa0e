# SPDX-License-Identifier: Apache-2.0
"""Writes a program in XML as ONNX (float, or integers between QuantizeLinear and DequantizeLinear)
and as OpenVINO IR (float): channels first, as exporters write them. It knows the operators of small
convolutional networks."""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("onnx", "import"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import make
import openvino_model
from graph import Program

ONNX_TYPES = {"f32": 1, "s8": 3, "s32": 6}
CODES = {"f32": "f", "s8": "b", "s32": "i"}
# channels last to channels first, and filters [out, height, width, in] likewise
FIRST = (0, 3, 1, 2)
# depthwise filters [1, height, width, channels] to [channels, 1, height, width]
EACH = (3, 0, 1, 2)


def elements(v):
    data = v.what[1]
    return struct.unpack("<%d%s" % (len(data) // struct.calcsize(CODES[v.type[0]]),
                                    CODES[v.type[0]]), data)


def dims_of(v):
    return [int(d) for d in v.type[1].split()]


def turned(dims, order):
    return [dims[i] for i in order]


def turn(data, dims, order):
    """The elements of a tensor of rank 4 in another order of its axes."""
    step = [dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1]
    n, s = turned(dims, order), turned(step, order)
    return [data[a * s[0] + b * s[1] + c * s[2] + d * s[3]] for a in range(n[0])
            for b in range(n[1]) for c in range(n[2]) for d in range(n[3])]


def first(dims):
    return turned(dims, FIRST) if len(dims) == 4 else dims


class Onnx:
    """One ONNX graph; a value's name is its place in the list of operators."""

    def __init__(self, program):
        self.nodes, self.constants, self.names, self.made = [], [], {}, 0
        x, y = program.inputs[0], program.outputs[0]
        self.names[id(x)] = self.dequantized("input", x)
        self.value(y)
        self.graph = make.graph(
            self.nodes, [make.value("input", first(dims_of(x)), ONNX_TYPES[x.type[0]])],
            [make.value(self.result, first(dims_of(y)), ONNX_TYPES[y.type[0]])], self.constants)

    def fresh(self):
        self.made += 1
        return "v%d" % self.made

    def constant(self, dims, data, dtype="f32"):
        name = self.fresh()
        self.constants.append(make.tensor(name, dims, struct.pack("<%d%s" % (
            len(data), CODES[dtype]), *data), ONNX_TYPES[dtype]))
        return name

    def node(self, op, ins, attrs=()):
        name = self.fresh()
        self.nodes.append(make.node(op, ins, [name], [make.attr(*a) for a in attrs]))
        return name

    def steps(self, v):
        """Names of the scale and the zero point of an integer, and the attributes of its axis."""
        scales = [float.fromhex(s) for s in v.quant[1].split()]
        dims = [len(scales)] if len(scales) > 1 else []
        zeros = [int(z) for z in v.quant[2].split()]
        zeros = zeros * len(scales) if len(zeros) == 1 else zeros
        return [self.constant(dims, scales), self.constant(dims, zeros, v.type[0])]

    def dequantized(self, name, v, axis=None):
        if not v.quant:
            return name
        return self.node("DequantizeLinear", [name] + self.steps(v),
                         [("axis", axis)] if axis is not None else [])

    def weights(self, v, order=None):
        data, dims = elements(v), dims_of(v)
        if order:
            data, dims = turn(data, dims, order), turned(dims, order)
        return self.dequantized(self.constant(dims, data, v.type[0]), v, 0)

    def value(self, v):
        if id(v) not in self.names:
            attrs = dict(v.attrs)
            name = getattr(self, v.what[0])(v, attrs)
            if attrs.get("act_min", "-inf") != "-inf":
                assert (float.fromhex(attrs["act_min"]), attrs["act_max"]) == (0, "inf")
                name = self.node("Relu", [name])
            if v.quant:
                self.result = name = self.node("QuantizeLinear", [name] + self.steps(v))
            else:
                self.result = name
            self.names[id(v)] = self.dequantized(name, v)
        return self.names[id(v)]

    def window(self, attrs):
        top, left, bottom, right = pads(attrs)
        return [("strides", ints(attrs, "stride")), ("pads", [top, left, bottom, right])]

    def conv2d(self, v, attrs):
        return self.node("Conv", [self.value(v.ins[0]), self.weights(v.ins[1], FIRST),
                                  self.weights(v.ins[2])], self.window(attrs))

    def depthwise_conv2d(self, v, attrs):
        return self.node("Conv", [self.value(v.ins[0]), self.weights(v.ins[1], EACH),
                                  self.weights(v.ins[2])],
                         self.window(attrs) + [("group", dims_of(v)[3])])

    def avg_pool2d(self, v, attrs):
        return self.node("AveragePool", [self.value(v.ins[0])], self.window(attrs) +
                         [("kernel_shape", ints(attrs, "filter"))])

    def add(self, v, _):
        return self.node("Add", [self.value(i) for i in v.ins])

    def mean(self, v, attrs):
        assert ints(attrs, "axes") == [1, 2] and attrs["keep_dims"] == "0"
        return self.node("ReduceMean", [self.value(v.ins[0])], [("axes", [2, 3]), ("keepdims", 0)])

    def fully_connected(self, v, _):
        return self.node("Gemm", [self.value(v.ins[0]), self.weights(v.ins[1]),
                                  self.weights(v.ins[2])], [("transB", 1)])

    def softmax(self, v, _):
        return self.node("Softmax", [self.value(v.ins[0])], [("axis", -1)])


def ints(attrs, name):
    return [int(i) for i in attrs[name].split()]


def pads(attrs):
    return ints(attrs, "pad")


class OpenVino:
    """One network of floats."""

    def __init__(self, program):
        self.net, self.refs = openvino_model.Net(), {}
        x = program.inputs[0]
        dims = first(dims_of(x))
        shape = 'shape="%s" element_type="f32"' % ",".join(map(str, dims))
        self.refs[id(x)] = self.net.layer("Parameter", [], [("f32", dims)], shape, name="input")[0]
        self.net.result(self.value(program.outputs[0]))

    def layer(self, kind, ins, dims, data=""):
        return self.net.layer(kind, ins, [("f32", dims)], data)[0]

    def value(self, v):
        if id(v) not in self.refs:
            attrs = dict(v.attrs)
            ref = getattr(self, v.what[0])(v, attrs, first(dims_of(v)))
            if attrs.get("act_min", "-inf") != "-inf":
                assert (float.fromhex(attrs["act_min"]), attrs["act_max"]) == (0, "inf")
                ref = self.layer("ReLU", [ref], first(dims_of(v)))
            self.refs[id(v)] = ref
        return self.refs[id(v)]

    def biased(self, ref, bias, dims):
        n = dims_of(bias)[0]
        shape = [1, n, 1, 1] if len(dims) == 4 else [1, n]
        return self.layer("Add", [ref, self.net.const(shape, elements(bias))], dims,
                          'auto_broadcast="numpy"')

    def window(self, attrs):
        top, left, bottom, right = pads(attrs)
        return 'strides="%d,%d" pads_begin="%d,%d" pads_end="%d,%d"' % (
            *ints(attrs, "stride"), top, left, bottom, right)

    def conv2d(self, v, attrs, dims):
        w = dims_of(v.ins[1])
        filters = self.net.const(turned(w, FIRST), turn(elements(v.ins[1]), w, FIRST))
        return self.biased(self.layer("Convolution", [self.value(v.ins[0]), filters], dims,
                                      self.window(attrs) + ' dilations="1,1" auto_pad="explicit"'),
                           v.ins[2], dims)

    def depthwise_conv2d(self, v, attrs, dims):
        w = dims_of(v.ins[1])
        n = turned(w, EACH)
        filters = self.net.const(n[:1] + [1] + n[1:], turn(elements(v.ins[1]), w, EACH))
        return self.biased(self.layer("GroupConvolution", [self.value(v.ins[0]), filters], dims,
                                      self.window(attrs) + ' dilations="1,1" auto_pad="explicit"'),
                           v.ins[2], dims)

    def avg_pool2d(self, v, attrs, dims):
        return self.layer("AvgPool", [self.value(v.ins[0])], dims, self.window(attrs) +
                          ' kernel="%d,%d" exclude-pad="true" rounding_type="floor"' %
                          tuple(ints(attrs, "filter")))

    def add(self, v, _, dims):
        return self.layer("Add", [self.value(i) for i in v.ins], dims, 'auto_broadcast="numpy"')

    def mean(self, v, _, dims):
        return self.layer("ReduceMean", [self.value(v.ins[0]), self.net.ints([2, 3])], dims,
                          'keep_dims="false"')

    def fully_connected(self, v, _, dims):
        w = self.net.const(dims_of(v.ins[1]), elements(v.ins[1]))
        return self.biased(self.layer("MatMul", [self.value(v.ins[0]), w], dims,
                                      'transpose_a="false" transpose_b="true"'), v.ins[2], dims)

    def softmax(self, v, _, dims):
        return self.layer("SoftMax", [self.value(v.ins[0])], dims, 'axis="1"')


def main():
    """export.py PROGRAM.xml NAME: writes NAME.onnx and, of floats, NAME.ov.xml with its .bin."""
    program = Program(sys.argv[1])
    with open(sys.argv[2] + ".onnx", "wb") as f:
        f.write(make.model(Onnx(program).graph))
    if program.inputs[0].type[0] == "f32":
        net = OpenVino(program).net
        with open(sys.argv[2] + ".ov.xml", "w") as f:
            f.write(net.xml())
        with open(sys.argv[2] + ".ov.bin", "wb") as f:
            f.write(net.weights)


if __name__ == "__main__":
    main()
