# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX models for tests: a few lines of the protobuf wire format."""
import struct

FLOAT, INT32, INT64, UINT4, INT4 = 1, 6, 7, 21, 22
PACK = {FLOAT: "f", 2: "B", 3: "b", 4: "H", 5: "h", INT32: "i", INT64: "q", 10: "e"}


def varint(v):
    v &= (1 << 64) - 1
    out = bytearray()
    while v > 127:
        out.append(v & 127 | 128)
        v >>= 7
    out.append(v)
    return bytes(out)


def num(field, v):
    return varint(field << 3) + varint(v)


def msg(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def real(field, v):
    return varint(field << 3 | 5) + struct.pack("<f", v)


def tensor(name, dims, data, dtype=FLOAT):
    """data: numbers, or bytes as they are."""
    if dtype in (UINT4, INT4):
        data = bytes(a & 15 | (b & 15) << 4
                     for a, b in zip(data[::2], list(data[1::2]) + [0] * (len(data) % 2)))
    if not isinstance(data, bytes):
        data = struct.pack("<%d%s" % (len(data), PACK[dtype]), *data)
    return b"".join(num(1, d) for d in dims) + num(2, dtype) + msg(8, name) + msg(9, data)


def external(name, dims, entries):
    return (b"".join(num(1, d) for d in dims) + num(2, FLOAT) + msg(8, name) + num(14, 1) +
            b"".join(msg(13, msg(1, k) + msg(2, v)) for k, v in entries))


def value(name, dims, dtype=FLOAT):
    """A dimension that is a text is a symbol."""
    shape = b"".join(msg(1, msg(2, d) if isinstance(d, str) else num(1, d)) for d in dims)
    return msg(1, name) + msg(2, msg(1, num(1, dtype) + msg(2, shape)))


def attr(name, v):
    out = msg(1, name)
    if isinstance(v, bytes):        # a graph
        return out + msg(6, v) + num(20, 5)
    if isinstance(v, str):
        return out + msg(4, v) + num(20, 3)
    if isinstance(v, float):
        return out + real(2, v) + num(20, 1)
    if isinstance(v, int):
        return out + num(3, v) + num(20, 2)
    if v and isinstance(v[0], str):
        return out + b"".join(msg(9, s) for s in v) + num(20, 8)
    return out + b"".join(num(8, x) for x in v) + num(20, 7)


def tensor_attr(name, t):
    return msg(1, name) + msg(5, t) + num(20, 4)


def ref(name, of):
    """An attribute that is one of the function's."""
    return msg(1, name) + msg(21, of) + num(20, 1)


def node(op, inputs, outputs, attrs=(), domain="", name=""):
    return (b"".join(msg(1, i) for i in inputs) + b"".join(msg(2, o) for o in outputs) +
            (msg(3, name) if name else b"") + msg(4, op) + (msg(7, domain) if domain else b"") +
            b"".join(msg(5, a) for a in attrs))


def graph(nodes, inputs, outputs, constants=(), name="g"):
    return (b"".join(msg(1, n) for n in nodes) + msg(2, name) +
            b"".join(msg(5, c) for c in constants) + b"".join(msg(11, i) for i in inputs) +
            b"".join(msg(12, o) for o in outputs))


def function(name, domain, inputs, outputs, nodes, attrs=()):
    return (msg(1, name) + b"".join(msg(4, i) for i in inputs) +
            b"".join(msg(5, o) for o in outputs) + b"".join(msg(6, a) for a in attrs) +
            b"".join(msg(7, n) for n in nodes) + msg(9, num(2, 17)) + msg(10, domain))


def model(g, functions=(), opset=17):
    return (num(1, 8) + msg(2, "test") + msg(7, g) + msg(8, msg(1, "") + num(2, opset)) +
            msg(8, msg(1, "own") + num(2, 1)) + b"".join(msg(25, f) for f in functions))
