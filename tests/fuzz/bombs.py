# SPDX-License-Identifier: Apache-2.0
"""
bombs.py READER OUT FLATC SCHEMA: writes files that ask for much more memory than their size: parts
that many others share, numbers that count billions, constants computed from nothing, deep nesting,
long names. READER is tflite, onnx, openvino or xml.
"""
import json
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("import", "onnx"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

HUGE = 2 ** 31 - 1
MANY, LONG = 2000, 60000        # users of what is shared, and its length
FEW = 400                       # constants that are computed
WIDE = "n" * LONG


# ---- flatbuffers: what a table refers to may stand behind the others, and be referred to often

class Flat:
    def __init__(self, data):
        self.data = bytearray(data)

    def u32(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def field(self, table, slot):
        """Where field number `slot` of a table is kept."""
        vtable = table - struct.unpack_from("<i", self.data, table)[0]
        if 4 + 2 * slot >= struct.unpack_from("<H", self.data, vtable)[0]:
            return None
        at = struct.unpack_from("<H", self.data, vtable + 4 + 2 * slot)[0]
        return table + at if at else None

    def target(self, at):
        return at + self.u32(at)

    def tables(self, table, slot):
        """The tables in the vector that a field refers to."""
        vector = self.target(self.field(table, slot))
        return [self.target(vector + 4 + 4 * i) for i in range(self.u32(vector))]

    def append(self, count, data):
        """A vector behind everything else."""
        self.data += bytes(-len(self.data) % 4)
        at = len(self.data)
        self.data += struct.pack("<I", count) + data + bytes(4)
        return at

    def point(self, table, slot, at):
        field = self.field(table, slot)
        struct.pack_into("<I", self.data, field, at - field)


def subgraphs(flat):
    return flat.tables(flat.u32(0), 2)


TENSORS, INPUTS, OUTPUTS, OPERATORS = 0, 1, 2, 3    # fields of SubGraph
NAME, QUANTIZATION = 3, 4                           # of Tensor


def shared_scales(flat):
    """One vector of scales for every tensor."""
    at = flat.append(LONG, struct.pack("<f", 0.5) * LONG)
    for t in flat.tables(subgraphs(flat)[0], TENSORS):
        flat.point(flat.target(flat.field(t, QUANTIZATION)), 2, at)


def shared_name(flat):
    at = flat.append(LONG, WIDE.encode())
    for t in flat.tables(subgraphs(flat)[0], TENSORS):
        flat.point(t, NAME, at)


def shared_operands(flat):
    at = flat.append(LONG, bytes(4 * LONG))
    for op in flat.tables(subgraphs(flat)[0], OPERATORS):
        flat.point(op, 1, at)


def tflite_trees():
    from tflite_model import Model

    def chain(op, table=None, inputs=1, n=MANY, **tensor):
        m = Model()
        g = m.graph()
        x = g.input([4], **tensor)
        for i in range(n):
            y = g.tensor([4], **tensor)
            g.op(op, [x] * inputs, [y], table)
            x = y
        g.outputs = [x]
        return m.tree()

    yield "shared-scales", chain("RELU", kind="INT8", scale=0.5), shared_scales
    yield "shared-name", chain("RELU"), shared_name
    yield "shared-operands", chain("ADD_N", "AddNOptions"), shared_operands
    yield "wide-concat", chain("CONCATENATION", "ConcatenationOptions"), shared_operands
    m = Model()
    g = m.graph()
    c, x = g.input([], "BOOL"), g.input([], "INT32")
    for i in range(MANY):
        y = g.tensor([], "INT32")
        g.op("IF", [c, x], [y], "IfOptions", then_subgraph_index=1, else_subgraph_index=1)
        x = y
    g.outputs = [x]
    b = m.graph("body")
    b.outputs = [b.input([], "INT32")]
    for _ in range(5 * MANY):
        b.tensor([], "INT32", name="")
    yield "empty-body", m.tree(), None
    for op, table, operands in (
            ("TILE", None, [([1], "FLOAT32", [1.0]), ([1], "INT32", [100000])]),
            ("BROADCAST_TO", None, [([1], "FLOAT32", [1.0]), ([1], "INT32", [100000])]),
            ("FILL", None, [([1], "INT32", [100000]), ([], "FLOAT32", [1.0])])):
        m = Model()
        g = m.graph()
        ins = [g.tensor(s, k, data=d) for s, k, d in operands]
        for i in range(FEW):
            g.op(op, ins, [g.output([100000])], table)
        yield op.lower(), m.tree(), None
    for op, operands in (
            ("TILE", [([1], "FLOAT32", [1.0]), ([1], "INT32", [HUGE])]),
            ("FILL", [([1], "INT32", [HUGE]), ([], "FLOAT32", [1.0])]),
            ("RANGE", [([], "INT32", [0]), ([], "INT32", [HUGE]), ([], "INT32", [1])])):
        m = Model()
        g = m.graph()
        g.op(op, [g.tensor(s, k, data=d) for s, k, d in operands], [g.output([HUGE])])
        yield op.lower() + "-billions", m.tree(), None
    m = Model()
    g = m.graph()
    x, v, y = g.input([HUGE]), g.tensor([HUGE], is_variable=True), g.output([HUGE])
    g.op("ADD", [x, v], [y], "AddOptions")
    yield "gigabytes", m.tree(), None


def tflite(out, flatc, schema):
    for name, tree, change in tflite_trees():
        path = os.path.join(out, name + ".json")
        with open(path, "w") as f:
            json.dump(tree, f)
        subprocess.run([flatc, "-b", "-o", out, schema, path], check=True)
        os.unlink(path)
        with open(path[:-5] + ".tflite", "rb") as f:
            flat = Flat(f.read())
        if change:
            change(flat)
            with open(path[:-5] + ".tflite", "wb") as f:
                f.write(flat.data)


# ---- ONNX

def onnx_models():
    from make import INT64, attr, function, graph, model, msg, node, num, tensor, value

    x, y = value("x", [4]), value("y", None or [4])

    def of(nodes, constants=(), functions=()):
        return model(graph(nodes, [x], [y], constants), functions)

    def chain(op, count, **more):
        return [node(op, ["x" if i == 0 else "t%d" % i], ["t%d" % (i + 1)], **more)
                for i in range(count)] + [node("Identity", ["t%d" % count], ["y"])]

    wide = function("Wide", "own", ["a"], ["b"], [node("Sum", ["a"] * LONG, ["b"])])
    yield "wide-function", of(chain("Wide", 4 * MANY, domain="own"), (), [wide])
    named = function("Named", "own", ["a"], ["b"], [node("Relu", ["a"], ["b"], name=WIDE)])
    yield "long-name", of(chain("Named", 4 * MANY, domain="own"), (), [named])
    weights = function("Add1", "own", ["a"], ["b"], [
        node("Constant", [], ["k"], [msg(1, "value") + msg(5, tensor("k", [LONG], [0] * LONG,
                                                                      INT64)) + num(20, 4)]),
        node("Slice", ["k", "z", "e"], ["k4"]),
        node("Constant", [], ["z"], [attr("value_ints", [0])]),
        node("Constant", [], ["e"], [attr("value_ints", [4])]),
        node("Cast", ["k4"], ["f"], [attr("to", 1)]), node("Add", ["a", "f"], ["b"])])
    yield "constant-in-function", of(chain("Add1", MANY, domain="own"), (), [weights])
    count = tensor("n", [1], [100000], INT64)
    most = tensor("n", [1], [HUGE], INT64)
    one = tensor("one", [1], [1.0])
    for name, n, total in (("", count, FEW), ("-billions", most, 1)):
        outs = ["t%d" % i for i in range(total)]
        yield "constant-of-shape" + name, of([node("ConstantOfShape", ["n"], [o]) for o in outs] +
                                             [node("Concat", outs, ["y"], [attr("axis", 0)])], [n])
        for op in ("Expand", "Tile"):
            yield op.lower() + name, of(
                [node(op, ["one", "n"], [o]) for o in outs] +
                [node("Concat", outs, ["y"], [attr("axis", 0)])], [n, one])
    limit = tensor("limit", [], [10 ** 10], INT64)
    zero, step = tensor("zero", [], [0], INT64), tensor("step", [], [1], INT64)
    yield "range-billions", of([node("Range", ["zero", "limit", "step"], ["y"])],
                               [zero, limit, step])
    yield "eye-billions", of([node("ConstantOfShape", ["n"], ["t"]), node("EyeLike", ["t"], ["y"])],
                             [tensor("n", [2], [HUGE, HUGE], INT64)])
    yield "window-billions", of([node("HannWindow", ["limit"], ["y"])], [limit])
    # every use of a computed position stacks the whole sequence
    long = node("SequenceConstruct", ["x"] * 256, ["s"])
    uses = [node("SequenceAt", ["s", "p"], ["t%d" % i]) for i in range(MANY)]
    yield "sequence-positions", model(graph([long] + uses + [node("Identity", ["t0"], ["y"])],
                                            [x, value("p", [], INT64)], [y]))
    yield "sequences", of([node("SequenceConstruct", ["x"] * 200, ["s0"])] + [
        node("SequenceErase" if i % 2 else "SequenceInsert",
             ["s%d" % i, "p" if i % 2 else "x"], ["s%d" % (i + 1)]) for i in range(20 * MANY)] + [
        node("Identity", ["x"], ["y"])], [tensor("p", [], [0], INT64)])
    yield "gigabytes", model(graph([node("Relu", ["x"], ["y"])], [value("x", [HUGE, 4])],
                                   [value("y", [HUGE, 4])]))
    body = graph([node("Identity", ["x"], ["r"])], [], [value("r", [4])])
    for _ in range(30):
        body = graph([node("If", ["c"], ["r"], [attr("then_branch", body)])], [],
                     [value("r", [4])])
    yield "nested", model(graph([node("If", ["c"], ["y"], [attr("then_branch", body),
                                                            attr("else_branch", body)])],
                                [value("c", [], 9), x], [y]))
    # a message of two bytes that takes a hundred unpacked
    yield "empty-nodes", model(msg(1, b"") * (16 * LONG))


def onnx(out):
    for name, data in onnx_models():
        with open(os.path.join(out, name + ".onnx"), "wb") as f:
            f.write(data)


# ---- OpenVINO

def openvino_nets():
    from openvino_model import Net, Tensor

    x4 = Tensor([4], [0.0] * 4)

    def folded(kind, shapes, dims, times):
        net = Net()
        p = net.param(x4)
        ins = [net.const(*s) for s in shapes]
        for i in range(times):
            r = net.layer(kind, ins, [("f32", dims)])[0]
            if i % 50 == 0 or times < 50:
                net.result(r)
        net.result(p)
        return net

    for name, n, times in (("", 100000, FEW), ("-billions", HUGE, 1)):
        yield "broadcast" + name, folded(
            "Broadcast", [([1], [1.0]), ([1], [n], "i64")], [n], times)
        yield "tile" + name, folded("Tile", [([1], [1.0]), ([1], [n], "i64")], [n], times)
    net = Net()
    net.result(net.layer("ReLU", [net.param(x4, [HUGE, 4])], [("f32", [HUGE, 4])])[0])
    yield "gigabytes", net
    net = Net()
    r = net.param(x4)
    for i in range(MANY):
        r = net.layer("ReLU", [r], [("f32", [4])], name=("%d" % i) + "n" * 200)[0]
    net.result(r)
    yield "chain", net
    net = Net()
    net.result(net.layer("Concat", [net.param(x4)] * (4 * MANY), [("f32", [16 * MANY])],
                         'axis="0"')[0])
    yield "wide", net


def openvino(out):
    for name, net in openvino_nets():
        with open(os.path.join(out, name + ".xml"), "w") as f:
            f.write(net.xml())
        with open(os.path.join(out, name + ".bin"), "wb") as f:
            f.write(net.weights)
    for name, root, text in documents("net"):
        with open(os.path.join(out, name + ".xml"), "w") as f:
            f.write('<net name="n" version="11">%s</net>' % text)


# ---- XML: little text for many elements and attributes

def documents(root):
    yield "elements", root, "<a/>" * (4 * LONG)
    yield "attributes", root, ("<a " + " ".join('%s%s=""' % (a, b) for a in "abc"
                                                for b in "defghijkl") + "/>") * MANY
    yield "texts", root, "<a>b</a>" * (2 * LONG)
    yield "deep", root, "<a>" * 25 + "</a>" * 25


def xml(out):
    head = ('<?xml version="1.0"?><thimble-program version="1" source="a" format="b" sha256="00">'
            '<function name="run">')
    kind = '<type dtype="f32" dims="4"/>'
    weights, check = bytes(64), 0xcbf29ce484222325
    for byte in weights:
        check = (check ^ byte) * 0x100000001b3 & 2 ** 64 - 1
    tail = '</function><weights bytes="%d" check="%016x"/></thimble-program>' % (
        len(weights), check)

    def write(name, text):
        with open(os.path.join(out, name + ".xml"), "w") as f:
            f.write(head + text + tail)
        with open(os.path.join(out, name + ".xml.weights"), "wb") as f:
            f.write(weights)

    for name, root, text in documents("function"):
        write(name, text)
    node = ('<node op="neg" contract="float"><in value="%d"/><out id="%d" name="">' + kind +
            "</out><loc/></node>")
    write("chain", '<input id="1" name="x">' + kind + "</input>" +
          "".join(node % (i, i + 1) for i in range(1, 3 * MANY)) +
          '<output value="%d" name="y"/>' % (3 * MANY))
    write("gigabytes", '<input id="1" name="x"><type dtype="f32" dims="%d %d"/></input>'
          '<const id="2" name="c" offset="0" bytes="8589934592"><type dtype="f32" dims="%d"/>'
          "</const>" % (HUGE, HUGE, HUGE))
    write("scales", '<input id="1" name="x"><type dtype="s8" dims="%d"><quant axis="0" '
          'scales="%s" zeros="%s"/></type></input><output value="1" name="y"/>' % (
              LONG, " ".join(["1"] * LONG), " ".join(["0"] * LONG)))
    write("name", '<input id="1" name="%s">' % WIDE + kind + '</input><output value="1" name="%s"/>'
          % WIDE)


def main():
    reader, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    if reader == "tflite":
        tflite(out, *sys.argv[3:])
    else:
        {"onnx": onnx, "openvino": openvino, "xml": xml}[reader](out)


if __name__ == "__main__":
    main()
