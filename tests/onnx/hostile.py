# SPDX-License-Identifier: Apache-2.0
"""
hostile.py PROGRAM FOLDER: models that are good, and models that lie, read by import_model. A good
one prints what is expected; a bad one is refused with the message that is expected; a model cut off
at any length is read or refused, never more.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make import *

X, Y = value("x", [2, 3]), value("y", [2, 3])


def simple(nodes, constants=(), inputs=(X,), outputs=(Y,), functions=(), opset=17):
    return model(graph(nodes, inputs, outputs, constants), functions, opset)


def nested(depth):
    """If in If in If."""
    body = graph([node("Relu", ["x"], ["r"])], [], [value("r", [2, 3])])
    for _ in range(depth):
        body = graph([node("If", ["c"], ["r"], [attr("then_branch", body),
                                                attr("else_branch", body)])],
                     [], [value("r", [2, 3])])
    return body


def deep(depth):
    """Types of sequences of sequences."""
    t = msg(1, num(1, 1))
    for _ in range(depth):
        t = msg(4, msg(1, t))
    return model(graph([], [msg(1, "x") + msg(2, t)], []))


SLOPE = function("Slope", "own", ["a"], ["b"], [node("LeakyRelu", ["a"], ["b"],
                                                     [ref("alpha", "how")])], ["how"])
SELF = function("Self", "own", ["a"], ["b"], [node("Self", ["a"], ["b"], domain="own")])
TWICE = [function("F%d" % i, "own", ["a"], ["b"],
                  [node("F%d" % (i + 1), ["a"], ["t"], domain="own"),
                   node("F%d" % (i + 1), ["t"], ["b"], domain="own")]) for i in range(30)]
TWICE.append(function("F30", "own", ["a"], ["b"], [node("Relu", ["a"], ["b"])]))
BRANCHES = [attr("then_branch", graph([node("Add", ["x", "k"], ["r"])], [], [value("r", [2, 3])])),
            attr("else_branch", graph([node("Sub", ["x", "k"], ["s"])], [], [value("s", [2, 3])]))]
K = tensor("k", [3], [1, 2, 3])
W = tensor("w", [4, 3, 3, 3], [0.5] * 108)



def loop(nodes, results, inputs=("x",), opset=17, more=()):
    """A loop that carries v; the condition is `c` and what it becomes `d`."""
    body = graph(nodes, [value("i", [], INT64), value("c", [], 9), value("v", [2, 3])],
                 [value(r, [2, 3]) for r in results])
    return simple([node("Loop", ["m", "t"] + list(inputs), ["y"] + list(more),
                        [attr("body", body)])],
                  [tensor("m", [], [5], INT64), num(2, 9) + msg(8, "t") + msg(9, b"\x01")],
                  opset=opset)


KEEP = node("Identity", ["c"], ["d"])
ADD = node("Add", ["v", "x"], ["w"])
STOP = [node("ReduceMax", ["v"], ["most"], [attr("keepdims", 0)]),
        node("Less", ["most", "x0"], ["d"]),
        node("ReduceMin", ["x"], ["x0"], [attr("keepdims", 0)])]

PAIR = node("SequenceConstruct", ["x", "x"], ["s"])


def sequence(nodes, position=0, **more):
    return simple([PAIR] + nodes, [tensor("p", [], [position], INT64)], **more)


# name: (model, arguments, text that the output has)
GOOD = {
    "sequence": (sequence([node("SequenceErase", ["s", "p"], ["t"]),
                           node("SequenceInsert", ["t", "x"], ["u"]),
                           node("ConcatFromSequence", ["u"], ["y"], [attr("axis", 0)])],
                          outputs=[value("y", [4, 3])]), [], "concat(%1, %1)"),
    "relu": (simple([node("Relu", ["x"], ["y"])]), [], "clamp(%1)"),
    "order": (simple([node("Neg", ["t"], ["y"]), node("Abs", ["x"], ["t"])]), [], "neg(%2)"),
    "function": (simple([node("Slope", ["x"], ["y"], [attr("how", 0.25)], "own")],
                        functions=[SLOPE]), [], "alpha=0x1p-2"),
    "constant": (simple([node("Add", ["x", "k"], ["y"])], [K]), [], "add(%1"),
    "if": (simple([node("If", ["c"], ["y"], BRANCHES)], [K],
                  inputs=[X, value("c", [], 9)]), [], "= if(%2, %1)"),
    "ifs": (simple([node("If", ["c"], ["y"], [attr("then_branch", nested(8)),
                                              attr("else_branch", nested(8))])],
                   inputs=[X, value("c", [], 9)]), [], "= if(%2, %2, %1)"),
    "loop": (loop([KEEP, ADD], ["d", "w"]), [], "{count=5}"),
    "while": (loop(STOP + [ADD], ["d", "w"]), [], "body \"condition\""),
    "collects": (loop([KEEP, ADD], ["d", "w", "w"], more=["all"]), [], "dynamic_update_slice"),
    "taken": (simple([node("If", ["c"], ["y"], BRANCHES)],
                     [K, num(2, 9) + msg(8, "c") + msg(9, b"\x01")]), [], "add(%1"),
    "symbol": (simple([node("Relu", ["x"], ["y"])], inputs=[value("x", [2, "n"])],
                      outputs=[value("y", [2, "n"])]), ["@n=7"], "f32[2,7]"),
    "axis": (simple([node("Relu", ["x"], ["y"])], inputs=[value("x", [2, "n"])],
                    outputs=[value("y", [2, "n"])]), ["@x.1=7"], "f32[2,7]"),
    "batch": (simple([node("Relu", ["x"], ["y"])], inputs=[value("x", ["n", 3])],
                     outputs=[value("y", ["n", 3])]), [], "dimension 0 ('n') of input 'x' is open "
              "and taken as 1; --input-dim x.0=N sets it"),
    "set-later": (simple([node("Relu", ["x"], ["y"])], opset=99), [],
                  "operator set 99; known are 7 to"),
    "shape": (simple([node("Shape", ["x"], ["s"]), node("Gather", ["s", "i"], ["n"]),
                      node("Concat", ["m", "n"], ["t"], [attr("axis", 0)]),
                      node("Reshape", ["x", "t"], ["y"])],
                     [tensor("i", [1], [0], INT64), tensor("m", [1], [-1], INT64)],
                     outputs=[value("y", [3, 2])]), [], "{shape=[3 2]}"),
    "external": (simple([node("Add", ["x", "e"], ["y"])],
                        [external("e", [3], [("location", "data.bin"), ("offset", "4"),
                                             ("length", "12")])]), [], "add(%1"),
}

BAD = {
    "empty": (num(1, 8) + msg(2, "test"), "has no graph"),
    "nothing": (simple([node("Relu", ["z"], ["y"])]), "nothing computes 'z'"),
    "cycle": (simple([node("Add", ["x", "t"], ["y"]), node("Neg", ["y"], ["t"])]),
              "needs its own result"),
    "axis": (simple([node("Pad", ["x", "p", "", "a"], ["y"])],
                    [tensor("p", [4], [1, 1, 1, 1], INT64), tensor("a", [2], [0, 0], INT64)]),
             "axis 0 is given twice"),
    "bytes": (simple([node("HardSwish", ["b"], ["y"])], inputs=[value("b", [4], 3)],
                     outputs=[value("y", [4], 3)]), "has no rule for s8"),
    "twice": (simple([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])]), "defined twice"),
    "unknown": (simple([node("Frobnicate", ["x"], ["y"])]), "operator is not supported"),
    "training": (simple([node("SGD", ["x"], ["y"])]), "nodes of training"),
    "changes": (loop(STOP + [node("Concat", ["v", "x"], ["w"], [attr("axis", 0)])], ["d", "w"]),
                "rounds have different shapes"),
    "unknown-rounds": (loop(STOP + [ADD], ["d", "w", "w"], more=["all"]), "how many rounds"),
    "loop-results": (loop([KEEP, ADD], ["d"]), "other numbers of inputs and results"),
    "own-result": (simple([node("Self", ["x"], ["y"], domain="own")], functions=[SELF]),
                   "more than 32 deep"),
    "multiplied": (simple([node("F0", ["x"], ["y"], domain="own")], functions=TWICE),
                   "multiplies in size"),
    "short": (simple([node("Add", ["x", "k"], ["y"])], [tensor("k", [3], b"\0" * 8)]),
              "8 bytes, its type has 12"),
    "negative": (simple([node("Add", ["x", "k"], ["y"])], [tensor("k", [-3], [])]),
                 "dimension 0 is -3"),
    "huge": (simple([node("Add", ["x", "k"], ["y"])],
                    [tensor("k", [1 << 40, 1 << 40], [])]), "too large"),
    "axes": (simple([node("Add", ["x", "k"], ["y"])], [tensor("k", [1] * 9, [1])]),
             "at most 8"),
    "fill": (simple([node("ConstantOfShape", ["n"], ["t"]), node("ReduceSum", ["t"], ["s"]),
                     node("Add", ["x", "s"], ["y"])],
                    [tensor("n", [2], [1 << 16, 1 << 16], INT64)]), "too many for its size"),
    "strings": (simple([node("Relu", ["x"], ["y"])], inputs=[value("x", [2], 8)]),
                "a tensor of string"),
    "open": (simple([node("Relu", ["x"], ["y"])], inputs=[value("x", [2, "n"])]),
             "--input-dim x.1=N"),
    "sequence-result": (sequence([node("Identity", ["s"], ["y"])]), "'y' is a sequence"),
    "sequence-operand": (sequence([node("Relu", ["s"], ["y"])]), "'s' is a sequence"),
    "sequence-body": (simple([PAIR, node("If", ["c"], ["y"], [
        attr(b, graph([node("SequenceAt", ["s", "k"], ["r"])], [], [value("r", [2, 3])]))
        for b in ("then_branch", "else_branch")])], [tensor("k", [], [0], INT64)],
        inputs=[X, value("c", [], 9)]), "'s' is a sequence"),
    "no-sequence": (simple([node("SequenceLength", ["x"], ["y"])]), "operand 0 is no sequence"),
    "sequence-position": (sequence([node("SequenceAt", ["s", "p"], ["y"])], 2), "position 2 of 2"),
    "sequence-before": (sequence([node("SequenceErase", ["s", "p"], ["t"]),
                                  node("SequenceAt", ["t", "p"], ["y"])], -3), "lies outside"),
    "sequence-empty": (simple([node("SequenceEmpty", [], ["s"]),
                               node("ConcatFromSequence", ["s"], ["y"], [attr("axis", 0)])]),
                       "is empty"),
    "sequence-long": (simple([node("SplitToSequence", ["x"], ["s"]),
                              node("SequenceAt", ["s", "p"], ["y"])],
                             [tensor("p", [], [0], INT64)], inputs=[value("x", [1 << 20, 3])],
                             outputs=[value("y", [1, 3])]), "at most 256"),
    "sequence-parts": (simple([node("SplitToSequence", ["x", "n"], ["s"]),
                               node("SequenceAt", ["s", "n"], ["y"])],
                              [tensor("n", [1], [1], INT64)], outputs=[value("y", [1, 3])]),
                       "the parts have 1 of 2"),
    "open-index": (simple([node("Relu", ["in:0"], ["y"])],
                          inputs=[value("in:0", [2, "height", 3])]),
                   "dimension 1 ('height') of input 'in:0' is open; give it with --input-dim "
                   "in:0.1=N or --input-dim height=N"),
    "set-zero": (simple([node("Relu", ["x"], ["y"])], opset=0),
                 "there is no operator set 0; known are 7 to"),
    "set-negative": (simple([node("Relu", ["x"], ["y"])], opset=(1 << 64) - 1),
                     "there is no operator set -1; known are 7 to"),
    "no-results": (simple([node("Relu", ["x"], [])]), "it has no result"),
    "absent": (simple([node("Add", ["x"], ["y"])]), "operand 1 is absent"),
    "channels": (simple([node("Conv", ["x", "w"], ["y"])], [W],
                        inputs=[value("x", [1, 2, 8, 8])], outputs=[value("y", [1, 4, 6, 6])]),
                 "2 input channels in 1 groups"),
    "stride": (simple([node("Conv", ["x", "w"], ["y"], [attr("strides", [0, 1])])], [W],
                      inputs=[value("x", [1, 3, 8, 8])], outputs=[value("y", [1, 4, 6, 6])]),
               "'strides' has the entry 0"),
    "indices": (simple([node("Gather", ["x", "i"], ["y"])], [tensor("i", [1], [2.4e28])]),
                "operand 'i' is f32"),
    "index": (simple([node("Gather", ["x", "i"], ["y"], [attr("axis", 1)], name="pick")],
                     [tensor("i", [2], [1, 3], INT64)], outputs=[value("y", [2, 2])]),
              "'pick' (Gather): index 3 of axis 1, which has 3 elements; possible are -3 to 2"),
    "index-below": (simple([node("Gather", ["x", "i"], ["y"])], [tensor("i", [], [-3], INT64)],
                           outputs=[value("y", [3])]),
                    "index -3 of axis 0, which has 2 elements"),
    "index-vector": (simple([node("GatherND", ["x", "i"], ["y"])],
                            [tensor("i", [1, 2], [1, 3], INT64)], outputs=[value("y", [1])]),
                     "index 3 of axis 1, which has 3 elements"),
    "index-batch": (simple([node("GatherND", ["x", "i"], ["y"], [attr("batch_dims", 1)])],
                           [tensor("i", [2, 1], [0, 3], INT64)], outputs=[value("y", [2])]),
                    "index 3 of axis 1, which has 3 elements"),
    "index-element": (simple([node("GatherElements", ["x", "i"], ["y"])],
                             [tensor("i", [1, 3], [0, 1, 2], INT64)],
                             outputs=[value("y", [1, 3])]),
                      "index 2 of axis 0, which has 2 elements"),
    "index-written": (simple([node("ScatterElements", ["x", "i", "k"], ["y"], [attr("axis", 1)])],
                             [tensor("i", [1, 3], [0, -4, 2], INT64),
                              tensor("k", [1, 3], [1] * 3)]),
                      "index -4 of axis 1, which has 3 elements"),
    "index-row": (simple([node("ScatterND", ["x", "i", "k"], ["y"])],
                         [tensor("i", [1, 1], [2], INT64), tensor("k", [1, 3], [1] * 3)]),
                  "index 2 of axis 0, which has 2 elements"),
    "type": (simple([node("Relu", ["x"], ["y"])], outputs=[value("y", [2, 3], INT64)]),
             "the file declares s64[2,3]; declare what its node gives, or add a Cast"),
    "deep": (deep(400), "nested too deeply"),
    "once": (num(1, 8) + msg(7, b"") + msg(7, b""), "occurs twice"),
    "wire": (num(1, 8) + msg(2, "t") + varint(7 << 3 | 3), "wire type"),
    "longer": (num(1, 8) + varint(7 << 3 | 2) + varint(1 << 40), "longer than its message"),
    "number": (num(1, 8) + varint(7 << 3 | 2) + b"\xff" * 11, "more than ten bytes"),
    "many": (num(1, 8) + msg(2, "t") + msg(7, b"\x0a\x00" * 400000), ""),
    "outside": (simple([node("Add", ["x", "e"], ["y"])],
                       [external("e", [3], [("location", "../secret.bin")])]),
                "outside of the model"),
    "root": (simple([node("Add", ["x", "e"], ["y"])],
                    [external("e", [3], [("location", "/etc/passwd")])]), "outside of the model"),
    "link": (simple([node("Add", ["x", "e"], ["y"])],
                    [external("e", [3], [("location", "link.bin")])]), "cannot read 'link.bin'"),
    "beyond": (simple([node("Add", ["x", "e"], ["y"])],
                      [external("e", [3], [("location", "data.bin"), ("offset", "8")])]),
               "of 'data.bin', which has 16"),
    "no-file": (simple([node("Add", ["x", "e"], ["y"])],
                       [external("e", [3], [("location", "none.bin")])]), "cannot read 'none.bin'"),
}


def run(program, args):
    p = subprocess.run([program] + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return p.returncode, (p.stdout + p.stderr).decode("utf-8", "replace")


def main():
    if sys.argv[1] == "--seeds":        # files to damage
        for name, (data, _, _) in GOOD.items():
            with open(os.path.join(sys.argv[2], name + ".onnx"), "wb") as f:
                f.write(data)
        return 0
    program, folder = sys.argv[1:3]
    failed = 0
    inner = os.path.join(folder, "models")
    os.makedirs(inner)
    for name, size in (("models/data.bin", 16), ("secret.bin", 12)):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(b"\0" * size)
    os.symlink("../secret.bin", os.path.join(inner, "link.bin"))

    def check(name, data, args, want, text):
        nonlocal failed
        path = os.path.join(inner, name + ".onnx")
        with open(path, "wb") as f:
            f.write(data)
        code, out = run(program, args + [path])
        if code != want or text not in out or (want and "error" not in out):
            failed += 1
            print("FAIL: %s: exit code %d, expected %d and '%s'\n%s" % (name, code, want, text,
                                                                        out[:1500]))

    for name, (data, args, text) in GOOD.items():
        check(name, data, args, 0, text)
    for name, (data, text) in BAD.items():
        check(name, data, [], 1, text)
    check("no-such", GOOD["relu"][0], ["@nothing=2"], 1, "--input-dim nothing")

    cut = []
    for name in ("if", "function", "shape", "external"):
        data = GOOD[name][0]
        for n in range(len(data)):
            cut.append(os.path.join(inner, "cut_%s_%d.onnx" % (name, n)))
            with open(cut[-1], "wb") as f:
                f.write(data[:n])
    code, out = run(program, ["-q"] + cut)
    ended = out.count(": imported\n") + out.count(": refused\n")
    if code not in (0, 1) or ended != len(cut):
        failed += 1
        print("FAIL: cut models: exit code %d, %d of %d ended" % (code, ended, len(cut)))
    print("%d good, %d bad, %d cut models, %d failures" %
          (len(GOOD), len(BAD) + 1, len(cut), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
