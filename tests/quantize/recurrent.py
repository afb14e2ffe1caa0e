#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers, quantized, against floats in plain Python.

  recurrent.py THIMBLE FOLDER
"""
import glob
import json
import math
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "onnx"))
import case
from make import FLOAT, attr, graph, model, node, tensor, value

THIMBLE, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
STEPS, SIZE, HIDDEN, SAMPLES = 12, 6, 9, 24
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
RANDOM = random.Random(4)
failures = 0


def fail(name, why):
    global failures
    failures += 1
    print("FAIL %s: %s" % (name, why))


def reals(n, most):
    return [case.single(RANDOM.uniform(-most, most)) for _ in range(n)]


def affine(m, v, b):
    return [sum(m[k * len(v) + i] * v[i] for i in range(len(v))) + b[k] for k in range(len(b))]


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


class Layer:
    """One direction of a layer with weights of its own."""

    def __init__(self, op, reset=0, reverse=False, apart=0, clip=0):
        """apart: by how much the two biases cancel out."""
        self.op, self.reset, self.reverse, self.clip = op, reset, reverse, clip
        rows = GATES[op] * HIDDEN
        self.w, self.r = reals(rows * SIZE, 0.6), reals(rows * HIDDEN, 0.6)
        self.b = [v + (apart if k < rows else -apart) for k, v in enumerate(reals(2 * rows, 0.3))]

    def gates(self, x, h):
        rows = GATES[self.op] * HIDDEN
        u, v = affine(self.w, x, self.b[:rows]), affine(self.r, h, self.b[rows:])
        cut = lambda a, k: a[k * HIDDEN:(k + 1) * HIDDEN]
        return [(cut(u, k), cut(v, k)) for k in range(GATES[self.op])]

    def step(self, x, h, c):
        g = self.gates(x, h)
        hold = lambda v: max(-self.clip, min(self.clip, v)) if self.clip else v
        both = [[hold(p + q) for p, q in zip(u, v)] for u, v in g]
        if self.op == "RNN":
            return [math.tanh(v) for v in both[0]], c
        if self.op == "LSTM":
            i, o, f = [[sigmoid(v) for v in both[k]] for k in range(3)]
            c = [f[k] * c[k] + i[k] * math.tanh(both[3][k]) for k in range(HIDDEN)]
            return [o[k] * math.tanh(hold(c[k])) for k in range(HIDDEN)], c
        z, r = [[sigmoid(v) for v in both[k]] for k in range(2)]
        past = g[2][1]
        if not self.reset:
            held = [r[k] * h[k] for k in range(HIDDEN)]
            past = self.gates(x, held)[2][1]
        new = [math.tanh(hold(g[2][0][k] + (r[k] if self.reset else 1) * past[k]))
               for k in range(HIDDEN)]
        return [(1 - z[k]) * new[k] + z[k] * h[k] for k in range(HIDDEN)], c

    def run(self, x):
        h, c, y = [0.0] * HIDDEN, [0.0] * HIDDEN, [None] * STEPS
        for t in sorted(range(STEPS), reverse=self.reverse):
            h, c = self.step(x[t * SIZE:(t + 1) * SIZE], h, c)
            y[t] = h
        return y


def network(name, layers, way, more=()):
    op, n = layers[0].op, len(layers)
    rows = GATES[op] * HIDDEN
    attrs = [attr("hidden_size", HIDDEN), attr("direction", way), *more]
    if layers[0].clip:
        attrs.append(attr("clip", layers[0].clip))
    if op == "GRU":
        attrs.append(attr("linear_before_reset", layers[0].reset))
    join = lambda part: [v for layer in layers for v in getattr(layer, part)]
    body = graph([node(op, ["x", "w", "r", "b"], ["y"], attrs)],
                 [value("x", [STEPS, 1, SIZE])], [value("y", [STEPS, n, 1, HIDDEN])],
                 [tensor("w", [n, rows, SIZE], join("w"), FLOAT),
                  tensor("r", [n, rows, HIDDEN], join("r"), FLOAT),
                  tensor("b", [n, 2 * rows], join("b"), FLOAT)])
    with open(os.path.join(FOLDER, name + ".onnx"), "wb") as f:
        f.write(model(body))


def command(*arguments):
    p = subprocess.run([THIMBLE] + list(arguments), cwd=FOLDER, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=300)
    return p.returncode, p.stdout.decode()


def check(name, layers, way):
    network(name, layers, way)
    x = reals(STEPS * SIZE, 2)
    ys = [layer.run(x) for layer in layers]
    want = [v for t in range(STEPS) for y in ys for v in y[t]]
    case.npy(os.path.join(FOLDER, "x.npy"), (STEPS, 1, SIZE), FLOAT, x)
    case.npy(os.path.join(FOLDER, "y.npy"), (STEPS, len(layers), 1, HIDDEN), FLOAT, want)
    for kind, most, least in (("int8", "0.04", 30), ("int16", "0.015", 36)):
        out = "%s_%s" % (name, kind)
        common = [name + ".onnx", "--target", "c99", "--calib", "calib.npy", "--quantize", kind]
        code, text = command("compile", *common, "-o", out)
        if code != 0:
            fail(out, text)
            continue
        with open(glob.glob(os.path.join(FOLDER, out, "*_info.json"))[0], encoding="utf-8") as f:
            q = json.load(f)["quantization"]
        kinds = {la["kind"] for la in q["layers"] if la["op"].endswith("_sequence")}
        if kinds != {kind}:
            fail(out, "layers are %s" % kinds)
        if q["output_snr_db"] < least:
            fail(out, "%.1f dB, at least %d expected" % (q["output_snr_db"], least))
        code, text = command("verify", *common, "--input", "x.npy", "--expect", "y.npy",
                             "--tolerance", most)
        if code != 0 or "outputs equal" not in text:
            fail(out, text)
        print("%s: %.1f dB" % (out, q["output_snr_db"]))


def stays(name):
    """A curve that the integer form has not, or a state that it does not hold: the layer stays
    float, and that is said."""
    network(name, [Layer("RNN")], "forward", [attr("activations", ["Relu"])])
    says(name, "(rnn_sequence): it has no integer form")
    steps = [node("LSTM", ["x", "w", "r", "", "", "", "c"], ["y"], [attr("hidden_size", HIDDEN)])]
    rows = 4 * HIDDEN
    counts = graph(steps, [value("x", [STEPS, 1, SIZE])], [value("y", [STEPS, 1, 1, HIDDEN])],
                   [tensor("w", [1, rows, SIZE], reals(rows * SIZE, 0.1), FLOAT),
                    tensor("r", [1, rows, HIDDEN], reals(rows * HIDDEN, 0.1), FLOAT),
                    tensor("c", [1, 1, HIDDEN], [20.0] * HIDDEN, FLOAT)])
    with open(os.path.join(FOLDER, "counts.onnx"), "wb") as f:
        f.write(model(counts))
    says("counts", "(lstm_sequence): a state leaves the range")


def says(name, what, calib="calib.npy"):
    code, text = command("compile", name + ".onnx", "--target", "c99", "--calib", calib, "-o",
                         name)
    if code != 0 or what not in text:
        fail(name, text)


def wide(name):
    """Numbers of an analog converter: gates saturate, and the network is compiled."""
    network(name, [Layer("GRU")], "forward")
    case.npy(os.path.join(FOLDER, "wide.npy"), (2, STEPS, 1, SIZE), FLOAT,
             reals(2 * STEPS * SIZE, 6e5))
    says(name, "agreement", "wide.npy")


def main():
    case.npy(os.path.join(FOLDER, "calib.npy"), (SAMPLES, STEPS, 1, SIZE), FLOAT,
             reals(SAMPLES * STEPS * SIZE, 2))
    for op in GATES:
        check(op.lower(), [Layer(op)], "forward")
        check(op.lower() + "_back", [Layer(op, reverse=True)], "reverse")
        check(op.lower() + "_both", [Layer(op), Layer(op, reverse=True)], "bidirectional")
        check(op.lower() + "_apart", [Layer(op, reset=1, apart=12)], "forward")
        check(op.lower() + "_clip", [Layer(op, clip=0.5)], "forward")
    check("gru_reset", [Layer("GRU", reset=1)], "forward")
    stays("rnn_relu")
    wide("gru_wide")
    return failures > 0


sys.exit(main())
