# SPDX-License-Identifier: Apache-2.0
"""
corpus.py FOLDER: writes the files of the corpus that are easier told than kept: each once broke
a reader. ONNX: real numbers beyond int64 read as indices and as a range of integers, a sum inside
of a function that is used often, a sequence that every computed position stacks anew, padding that
cuts 2^63 elements, bytes for a function of reals, a resized axis without elements, the diagonal of
2^40 rows without columns. OpenVINO: a range of integers that begins beyond int64.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("import", "onnx"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

from make import FLOAT, INT64, attr, function, graph, model, node, tensor, value
from openvino_model import Net

X, Y = value("x", [4]), value("y", [4])
INT8 = 3


def real(name, v):
    return tensor(name, [], [v], FLOAT)


def onnx():
    yield "indices-beyond-int64", model(graph([node("Gather", ["x", "i"], ["y"])], [X], [Y],
                                              [tensor("i", [1], [2.4e28])]))
    limits = [real("a", 1e30), real("b", 7.5e18), real("c", -1e18)]
    yield "range-beyond-int64", model(graph([
        node("Cast", [n], [n + "i"], [attr("to", INT64)]) for n in "abc"] + [
        node("Range", ["ai", "bi", "ci"], ["y"])], [X], [value("y", [2], INT64)], limits))
    wide = function("Wide", "own", ["a"], ["b"], [node("Sum", ["a"] * 3000, ["b"])])
    calls = [node("Wide", ["x" if i == 0 else "t%d" % i], ["t%d" % (i + 1)], domain="own")
             for i in range(500)]
    yield "sum-in-function", model(graph(calls + [node("Identity", ["t500"], ["y"])], [X], [Y]),
                                   [wide])
    yield "rows-of-nothing", model(graph([node("EyeLike", ["i"], ["y"])],
                                         [value("i", [2 ** 40, 0])], [value("y", [2 ** 40, 0])]))
    yield "resize-nothing", model(graph(
        [node("Resize", ["i", "", "s"], ["y"], [attr("mode", "cubic"), attr("antialias", 1)])],
        [value("i", [0, 3, 8, 8])], [value("y", [0, 3, 4, 4])],
        [tensor("s", [4], [1.8e-43, 1.0, 0.5, 0.5])]), opset=18)
    for mode in ("constant", "wrap"):
        for least in range(2):
            pads = [-2 ** 63 if i == least else 1 for i in range(2)]
            yield "pads-%s-%d" % (mode, least), model(graph(
                [node("Pad", ["x", "p"], ["y"], [attr("mode", mode)])], [X], [Y],
                [tensor("p", [2], pads, INT64)]))
    yield "bytes-without-scale", model(graph([node("LeakyRelu", ["i"], ["y"])],
                                             [value("i", [4], INT8)], [value("y", [4], INT8)]))
    uses = [node("SequenceAt", ["s", "p"], ["t%d" % i]) for i in range(1000)]
    yield "sequence-positions", model(graph(
        [node("SequenceConstruct", ["x"] * 256, ["s"])] + uses + [node("Identity", ["t0"], ["y"])],
        [X, value("p", [], INT64)], [Y]))


def openvino():
    net = Net()
    ends = [net.const([], [v]) for v in (1e30, 3e30, 1e30)]
    net.result(net.layer("Range", ends, [("i64", [2])], 'output_type="i64"', "opset4")[0])
    yield "range-beyond-int64", net


def main():
    for name, data in onnx():
        with open(os.path.join(sys.argv[1], name + ".onnx"), "wb") as f:
            f.write(data)
    for name, net in openvino():
        with open(os.path.join(sys.argv[1], name + ".xml"), "w", encoding="utf-8") as f:
            f.write(net.xml())
        with open(os.path.join(sys.argv[1], name + ".bin"), "wb") as f:
            f.write(net.weights)


if __name__ == "__main__":
    main()
