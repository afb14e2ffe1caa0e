# SPDX-License-Identifier: Apache-2.0
"""OpenVINO IR files and .npy arrays, written from Python."""
import struct
from itertools import product

PACK = {"f32": "f", "i32": "i", "i64": "q", "i8": "b", "u8": "B", "boolean": "B", "f16": "e",
        "i16": "h", "u16": "H", "u32": "I", "u64": "Q", "f64": "d"}
PORT = {"f32": "FP32", "f16": "FP16", "bf16": "BF16", "boolean": "BOOL", "f64": "FP64"}
NPY = {"f32": "<f4", "i32": "<i4", "i64": "<i8", "i8": "|i1", "u8": "|u1", "boolean": "|b1",
       "f16": "<f4", "i16": "<i2", "u16": "<u2", "u32": "<u4", "u64": "<u8"}


def count(shape):
    n = 1
    for d in shape:
        n *= d
    return n


class Tensor:
    """A shape, a type, and the elements in row-major order."""

    def __init__(self, shape, data, dtype="f32"):
        self.shape, self.dtype = list(shape), dtype
        self.data = list(data)
        assert len(self.data) == count(shape), (shape, len(self.data))

    def at(self, index):
        k = 0
        for i, d in zip(index, self.shape):
            k = k * d + i
        return self.data[k]

    def indices(self):
        return product(*[range(d) for d in self.shape])

    @staticmethod
    def make(shape, fn, dtype="f32"):
        return Tensor(shape, [fn(i) for i in product(*[range(d) for d in shape])], dtype)


def npy(t):
    kind = NPY[t.dtype]
    code = {"f16": "f"}.get(t.dtype, PACK[t.dtype])
    shape = "(" + "".join("%d," % d for d in t.shape) + ")"
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + \
        struct.pack("<%d%s" % (len(t.data), code), *t.data)


def half_bits(values, brain):
    if not brain:
        return struct.pack("<%de" % len(values), *values)
    return b"".join(struct.pack("<f", v)[2:] for v in values)


def nibbles(values):
    out = bytearray((len(values) + 1) // 2)
    for i, v in enumerate(values):
        out[i // 2] |= (v & 15) << (i % 2 * 4)
    return bytes(out)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


class Net:
    def __init__(self, version=11, root="net"):
        self.version, self.root = version, root
        self.layers, self.edges, self.weights = [], [], bytearray()
        self.inputs = []

    def layer(self, kind, inputs, outs, data="", version="opset1", name=None):
        """inputs: (layer, port) pairs; outs: (dtype, shape) pairs. Gives the output references."""
        n = len(self.layers)
        text = '<layer id="%d" name="%s" type="%s" version="%s">' % (
            n, escape(name or "%s_%d" % (kind, n)), kind, version)
        if data:
            text += "<data %s/>" % data
        ports = 0
        for side, items in (("input", [(self.kind(r)) for r in inputs]), ("output", outs)):
            if not items:
                continue
            text += "<%s>" % side
            for dtype, shape in items:
                text += '<port id="%d" precision="%s">' % (ports, PORT.get(dtype, dtype.upper()))
                text += "".join("<dim>%d</dim>" % d for d in shape) + "</port>"
                ports += 1
            text += "</%s>" % side
        for i, r in enumerate(inputs):
            self.edges.append((r[0], r[1], n, i))
        self.layers.append((text + "</layer>", [(d, list(s)) for d, s in outs], len(inputs)))
        return [(n, len(inputs) + i) for i in range(len(outs))]

    def kind(self, ref):
        text, outs, n_in = self.layers[ref[0]]
        return outs[ref[1] - n_in]

    def param(self, t, shape=None, name=None):
        self.inputs.append(t)
        shape = t.shape if shape is None else shape
        text = ",".join("?" if d < 0 else str(d) for d in shape)
        return self.layer("Parameter", [], [(t.dtype, shape)],
                          'shape="%s" element_type="%s"' % (text, t.dtype), name=name)[0]

    def const(self, shape, values, dtype="f32"):
        values = list(values)
        if dtype in ("f16", "bf16"):
            raw = half_bits(values, dtype == "bf16")
        elif dtype in ("i4", "u4"):
            raw = nibbles(values)
        else:
            raw = struct.pack("<%d%s" % (len(values), PACK[dtype]), *values)
        at = len(self.weights)
        self.weights += raw
        return self.layer("Const", [], [(dtype, shape)],
                          'element_type="%s" shape="%s" offset="%d" size="%d"' % (
                              dtype, ",".join(map(str, shape)), at, len(raw)))[0]

    def ints(self, values, shape=None, dtype="i64"):
        return self.const([len(values)] if shape is None else shape, values, dtype)

    def result(self, ref):
        self.layer("Result", [ref], [])

    def xml(self):
        text = '<?xml version="1.0"?>\n<%s name="test" version="%s"><layers>' % (
            self.root, self.version)
        text += "\n".join(l[0] for l in self.layers) + "</layers><edges>"
        for a, b, c, d in self.edges:
            text += '<edge from-layer="%d" from-port="%d" to-layer="%d" to-port="%d"/>\n' % (
                a, b, c, d)
        return text + "</edges><rt_info><a value=\"b\"/></rt_info></%s>\n" % self.root
