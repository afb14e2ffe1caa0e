# SPDX-License-Identifier: Apache-2.0
"""A reader of the protobuf wire format and of ONNX tensors, enough for tests. No packages."""
import math
import struct

# elem_type: (name, struct format, bytes, field of TensorProto that lists its numbers)
TYPES = {1: ("float", "f", 4, 4), 2: ("uint8", "B", 1, 5), 3: ("int8", "b", 1, 5),
         4: ("uint16", "H", 2, 5), 5: ("int16", "h", 2, 5), 6: ("int32", "i", 4, 5),
         7: ("int64", "q", 8, 7), 9: ("bool", "?", 1, 5), 10: ("float16", "e", 2, 5),
         11: ("double", "d", 8, 10), 12: ("uint32", "I", 4, 11), 13: ("uint64", "Q", 8, 11),
         16: ("bfloat16", "H", 2, 5), 21: ("uint4", "B", 1, 5), 22: ("int4", "b", 1, 5),
         25: ("uint2", "B", 1, 5), 26: ("int2", "b", 1, 5)}
# Bits of elements of which a byte holds several, the first in its low bits.
NARROW = {21: 4, 22: 4, 25: 2, 26: 2}
NAMES = {8: "string", 14: "complex64", 15: "complex128"}
HALF = (10, 16)


def decode(elem_type, data):
    """The numbers that the bytes hold."""
    fmt, size = TYPES[elem_type][1:3]
    found = list(struct.unpack("<%d%s" % (len(data) // size, fmt), data))
    if elem_type == 16:         # the upper half of a float
        found = [struct.unpack("<f", struct.pack("<I", v << 16))[0] for v in found]
    return found


def widened(data, elem_type, count):
    """Each element in a byte of its own."""
    bits = NARROW[elem_type]
    found = [data[i * bits // 8] >> i * bits % 8 & (1 << bits) - 1 for i in range(count)]
    if TYPES[elem_type][1] == "b":
        found = [v - (v >> bits - 1 << bits) for v in found]
    return bytes(v & 255 for v in found)


def varint(b, at):
    v = shift = 0
    while True:
        c = b[at]
        v |= (c & 127) << shift
        at += 1
        shift += 7
        if c < 128:
            return v, at


def fields(b):
    """Yields (number, wire type, value) of a message's bytes."""
    at = 0
    while at < len(b):
        tag, at = varint(b, at)
        wire = tag & 7
        if wire == 0:
            v, at = varint(b, at)
        elif wire == 1:
            v, at = b[at:at + 8], at + 8
        elif wire == 5:
            v, at = b[at:at + 4], at + 4
        else:
            n, at = varint(b, at)
            v, at = b[at:at + n], at + n
        yield tag >> 3, wire, v


def signed(v):
    return v - (1 << 64) if v >> 63 else v


def get(b, number):
    return [v for n, _, v in fields(b) if n == number]


def text(b, number):
    return b"".join(get(b, number)[-1:]).decode("utf-8", "replace")


def numbers(b, number, fmt):
    out = []
    for n, wire, v in fields(b):
        if n != number:
            continue
        if fmt in "fd":
            out += struct.unpack("<%d%s" % (len(v) // struct.calcsize(fmt), fmt), v)
        elif wire == 2:
            at = 0
            while at < len(v):
                x, at = varint(v, at)
                out.append(signed(x))
        else:
            out.append(signed(v))
    return out


class Tensor:
    """dims, elem_type and data (little-endian bytes) of a TensorProto."""

    def __init__(self, b):
        self.dims = numbers(b, 1, "q")
        self.type = (numbers(b, 2, "q") or [0])[-1]
        raw = get(b, 9)
        if self.type not in TYPES:
            self.data = None
            return
        _, fmt, size, field = TYPES[self.type]
        if raw:
            self.data = bytes(raw[-1])
            if self.type in NARROW:
                self.data = widened(self.data, self.type, math.prod(self.dims))
            return
        v = numbers(b, field, fmt if fmt in "fd" else "q")
        if fmt == "e":
            self.data = struct.pack("<%dH" % len(v), *[x & 0xffff for x in v])
        else:
            mask = (1 << 8 * size) - 1
            self.data = (struct.pack("<%d%s" % (len(v), fmt), *v) if fmt in "fd" else
                         b"".join((x & mask).to_bytes(size, "little") for x in v))
        if self.type in NARROW:
            self.data = widened(self.data, self.type, math.prod(self.dims))

    def values(self):
        return decode(self.type, self.data)


class Value:
    """A ValueInfoProto: name, kind ("tensor", "sequence", ...), elem_type, dims (None: open)."""

    def __init__(self, b):
        self.name = text(b, 1)
        self.kind, self.type, self.dims = "nothing", 0, None
        for t in get(b, 2):
            for n, _, v in fields(t):
                self.kind = {1: "tensor", 4: "sequence", 5: "map", 8: "sparse tensor",
                             9: "optional"}.get(n, self.kind)
                if n != 1:
                    continue
                self.type = (numbers(v, 1, "q") or [0])[-1]
                for shape in get(v, 2):
                    self.dims = [(numbers(d, 1, "q") or [None])[-1] for d in get(shape, 1)]


class Model:
    """Inputs, outputs, operators and operator set of a ModelProto."""

    def __init__(self, b):
        graph = get(b, 7)[-1]
        constants = {text(t, 8) for t in get(graph, 5)}
        self.inputs = [v for v in map(Value, get(graph, 11)) if v.name not in constants]
        self.outputs = [Value(v) for v in get(graph, 12)]
        self.ops = [text(n, 4) for n in get(graph, 1)]
        self.opset = max([numbers(o, 2, "q")[-1] for o in get(b, 8)
                          if text(o, 1) in ("", "ai.onnx")] or [1])
