# SPDX-License-Identifier: Apache-2.0
"""Compares two programs in XML (thimble compile --stop-after=PASS -o x.xml) by structure:
operators, attributes, types, scales, the data of constants, how they hang together. Names, places
in the file, contracts and the order of nodes play no part, nor does the limit of biases that the
contract "onnx" sets in the second."""
import struct
import xml.etree.ElementTree as tree


class Value:
    """type: dtype, dims and quantization; the latter not for the integers of 32 bits and more that
    are biases, as their scale is that of their operands and may be said or not. quant: axis, scales,
    zeros as the file has them."""

    def __init__(self, what, e, ins=(), attrs=()):
        t = e.find("type")
        q = t.find("quant")
        self.what, self.ins, self.attrs = what, list(ins), attrs
        self.type = (t.get("dtype"), t.get("dims", ""))
        self.quant = ()
        if q is not None:
            zeros = q.get("zeros", "0")
            self.quant = (q.get("axis"), q.get("scales"), zeros)
            if t.get("dtype") not in ("s32", "s64"):
                self.type += self.quant[:2] + (set(zeros.split()) == {"0"} or zeros,)


class Program:
    """One function without bodies; outputs is a list of values."""

    def __init__(self, path):
        function = tree.parse(path).getroot().find("function")
        with open(path + ".weights", "rb") as f:
            weights = f.read()
        values, self.nodes = {None: None}, []
        self.outputs, self.inputs = [], []
        for e in function:
            if e.tag == "input":
                values[e.get("id")] = Value(("input", len(self.inputs)), e)
                self.inputs.append(values[e.get("id")])
            elif e.tag == "const":
                at, n = int(e.get("offset")), int(e.get("bytes"))
                values[e.get("id")] = Value(("const", weights[at:at + n]), e)
            elif e.tag == "node":
                ins = [values[i.get("value")] for i in e.findall("in")]
                attrs = tuple(sorted((a.get("name"), a.get("value")) for a in e.findall("attr")))
                for k, o in enumerate(e.findall("out")):
                    values[o.get("id")] = Value((e.get("op"), k), o, ins, attrs)
                self.nodes.append(e.get("op"))
            elif e.tag == "output":
                self.outputs.append(values[e.get("value")])


def limits(v, weights, x):
    """Between which values the bias of each channel lies so that no sum of 32 bits wraps: what the
    contract "onnx" holds biases in."""
    dims = [int(d) for d in weights.type[1].split()]
    axis = int(weights.quant[0])
    zero = int(x.quant[2].split()[0])
    inner = 1
    for d in dims[axis + 1:]:
        inner *= d
    found = [[-(1 << 31), (1 << 31) - 1] for _ in range(len(v) // 4)]
    for i, byte in enumerate(weights.what[1]):
        w = byte - 256 if byte > 127 else byte
        a, b = w * (-128 - zero), w * (127 - zero)
        found[i // inner % dims[axis]][0] -= min(a, b, 0)
        found[i // inner % dims[axis]][1] -= max(a, b, 0)
    return found


def same_bias(a, b, weights, x):
    """Whether b is a, held in limits."""
    if weights is None or weights.type[0] != "s8" or x.type[0] != "s8" or len(a) != len(b) or \
            not weights.quant or int(weights.quant[0]) < 0:
        return False
    for (p,), (q,), (lo, hi) in zip(struct.iter_unpack("<i", a), struct.iter_unpack("<i", b),
                                    limits(a, weights, x)):
        if q != p and q != min(max(p, lo), hi):
            return False
    return True


def differs(a, b, path, seen):
    """Why two values differ, "" if they do not."""
    if (id(a), id(b)) in seen:
        return ""
    seen.add((id(a), id(b)))
    if a is None or b is None:
        return "" if a is b else "%s: absent in one" % path
    if a.what[0] != b.what[0]:
        return "%s: %s, %s" % (path, a.what[0], b.what[0])
    if a.what != b.what:
        return "%s: other data" % path
    for what in ("type", "attrs"):
        if getattr(a, what) != getattr(b, what):
            return "%s: %s %s of %s, %s" % (path, what, getattr(a, what), a.what[0],
                                            getattr(b, what))
    if len(a.ins) != len(b.ins):
        return "%s: %d, %d operands of %s" % (path, len(a.ins), len(b.ins), a.what[0])
    for i, (x, y) in enumerate(zip(a.ins, b.ins)):
        if x and y and i == 2 and x.type[0] == y.type[0] == "s32" and x.what[0] == "const" and \
                y.what[0] == "const" and x.type == y.type and \
                same_bias(x.what[1], y.what[1], a.ins[1], a.ins[0]):
            continue
        why = differs(x, y, "%s < operand %d of %s" % (path, i, a.what[0]), seen)
        if why:
            return why
    return ""


def compare(first, second):
    """"" if the programs in the two files are one, else the first difference."""
    a, b = Program(first), Program(second)
    if [v.type for v in a.inputs] != [v.type for v in b.inputs]:
        return "inputs: %s, %s" % ([v.type for v in a.inputs], [v.type for v in b.inputs])
    if len(a.outputs) != len(b.outputs):
        return "%d, %d outputs" % (len(a.outputs), len(b.outputs))
    seen = set()
    for i, (x, y) in enumerate(zip(a.outputs, b.outputs)):
        why = differs(x, y, "output %d" % i, seen)
        if why:
            return why
    if sorted(a.nodes) != sorted(b.nodes):
        return "%d, %d nodes" % (len(a.nodes), len(b.nodes))
    return ""
