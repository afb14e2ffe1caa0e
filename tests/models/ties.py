#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where a QDQ network's outputs lie further than a step from the stored ones, shows why.

  ties.py [--models DIR] [--thimble PROGRAM] [--known FILE] [--search SECONDS] [MODEL...]

A network between QuantizeLinear and DequantizeLinear is evaluated here in real numbers (sums of
integers are exact in a double). The interpreter that made the stored outputs adds floats, so it
rounds the other way now and then: where the real value lies within NEAR of the middle between two
integers. One such value, turned early, moves hundreds of outputs by some steps. FILE lists the
values to turn for each case; each must be such a tie, and with them the evaluation must give the
stored outputs in every integer. --search looks for the values and writes FILE.

The compiled program multiplies the exact sum by a factor of 24 bits, which turns some ties, too:
they follow from that rule, and with them the evaluation must give its outputs in every integer.
What is emitted for the host must equal those outputs.
"""
import argparse
import heapq
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "onnx"))
import pb

try:
    import numpy as np
except ImportError:
    np = None

# Of a step. Sums pass through 300 steps and more on their way, where floats lie 3e-5 apart.
NEAR = 5e-5
TARGET = "cortex-m7"
KINDS = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8"}


class Node:
    def __init__(self, b):
        self.op = pb.text(b, 4)
        self.inputs = [v.decode() for v in pb.get(b, 1)]
        self.output = pb.text(b, 2)
        self.attrs = {pb.text(a, 1): pb.numbers(a, 8, "q") or (pb.numbers(a, 3, "q") or [0])[-1]
                      for a in pb.get(b, 5)}


class Scaled:
    """Whole numbers q times a scale (a number, or one for each element of an axis)."""

    def __init__(self, q, scale):
        self.q, self.scale = q, scale

    def real(self):
        return self.q * self.scale


def real(v):
    return v.real() if isinstance(v, Scaled) else v.astype(np.float64)


def along(v, ndim, axis):
    """v as an array that is spread over all axes but one."""
    v = np.asarray(v)
    shape = [1] * ndim
    if v.size > 1:
        shape[axis] = v.size
    return v.reshape(shape)


def dequantize(n, v):
    q = v[0].astype(np.float64)
    axis = n.attrs.get("axis", 1)
    if len(v) > 2:
        q = q - along(v[2].astype(np.float64), q.ndim, axis)
    return Scaled(q, along(v[1].astype(np.float64), q.ndim, axis))


def windows(x, kernel, strides, dilations, pads):
    """Yields (ky, kx, what the tap sees) of a padded map."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    span = [(k - 1) * d for k, d in zip(kernel, dilations)]
    for ky in range(kernel[0]):
        for kx in range(kernel[1]):
            y, z = ky * dilations[0], kx * dilations[1]
            yield ky, kx, x[:, :, y:y + x.shape[2] - span[0]:strides[0],
                            z:z + x.shape[3] - span[1]:strides[1]]


def geometry(n, kernel):
    return (kernel, n.attrs.get("strides", [1, 1]), n.attrs.get("dilations", [1, 1]),
            n.attrs.get("pads", [0] * 4))


def conv_sum(n, x, w):
    """The sums of products of the whole numbers behind x and w."""
    groups, (outs, ins) = n.attrs.get("group", 1), w.q.shape[:2]
    total = 0
    for ky, kx, seen in windows(x.q, *geometry(n, list(w.q.shape[2:]))):
        tap = w.q[:, :, ky, kx].reshape(groups, outs // groups, ins)
        seen_by = seen.reshape(groups, ins, -1)
        total = total + np.matmul(tap, seen_by).reshape((1, outs) + seen.shape[2:])
    return total


def conv(n, v):
    result = conv_sum(n, v[0], v[1]) * (v[0].scale * v[1].scale.reshape(1, -1, 1, 1))
    return result + real(v[2]).reshape(1, -1, 1, 1) if len(v) > 2 else result


def pool(n, v, join):
    seen = [s for _, _, s in windows(real(v[0]), *geometry(n, n.attrs["kernel_shape"]))]
    return join(np.stack(seen))


def matmul(v):
    return np.matmul(v[0].q, v[1].q) * (v[0].scale * v[1].scale)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


OPS = {
    "DequantizeLinear": dequantize,
    "Conv": conv,
    "MatMul": lambda n, v: matmul(v),
    "Add": lambda n, v: real(v[0]) + real(v[1]),
    "MaxPool": lambda n, v: pool(n, v, lambda s: s.max(0)),
    "AveragePool": lambda n, v: pool(n, v, lambda s: s.mean(0)),
    "GlobalAveragePool": lambda n, v: v[0].q.sum((2, 3), keepdims=True) * v[0].scale /
                                      (v[0].q.shape[2] * v[0].q.shape[3]),
    "Reshape": lambda n, v: real(v[0]).reshape(v[1].tolist()),
    "Transpose": lambda n, v: real(v[0]).transpose(n.attrs["perm"]),
    "Softmax": lambda n, v: softmax(real(v[0])),
}


class Network:
    def __init__(self, path):
        with open(path, "rb") as f:
            graph = pb.get(f.read(), 7)[-1]
        self.constants = {}
        for t in pb.get(graph, 5):
            tensor = pb.Tensor(t)
            self.constants[pb.text(t, 8)] = np.frombuffer(
                tensor.data, KINDS[tensor.type]).reshape(tensor.dims)
        self.nodes = [Node(b) for b in pb.get(graph, 1)]
        self.input = next(i for i in (pb.text(v, 1) for v in pb.get(graph, 11))
                          if i not in self.constants)
        self.output = pb.text(pb.get(graph, 12)[0], 1)


class Run:
    """An evaluation with some values turned; ties: {(node, place): distance from the middle}."""

    def __init__(self, network, values, ties, turned):
        self.network, self.values, self.ties, self.turned = network, values, ties, turned

    def output(self):
        v = self.values[self.network.output]
        return np.rint(v.q) if isinstance(v, Scaled) else v

    def turn(self, tie):
        """The evaluation with one more value turned, computed again from there on."""
        r = Run(self.network, dict(self.values),
                {t: d for t, d in self.ties.items() if t[0] < tie[0]}, self.turned | {tie})
        r.evaluate(tie[0])
        return r

    def evaluate(self, start=0):
        for k in range(start, len(self.network.nodes)):
            n = self.network.nodes[k]
            v = [self.values[i] for i in n.inputs]
            self.values[n.output] = (self.quantize(k, v) if n.op == "QuantizeLinear" else
                                     OPS[n.op](n, v))

    def quantize(self, k, v):
        kind = np.iinfo(v[2].dtype)
        steps = real(v[0]) / v[1].astype(np.float64) + v[2]
        low = np.floor(steps)
        even = np.rint(steps - v[2]) + v[2]
        middle = np.abs(steps - low - 0.5)
        for place in map(tuple, np.argwhere((middle < NEAR) & (low >= kind.min) &
                                            (low < kind.max))):
            tie = (k, tuple(map(int, place)))
            self.ties[tie] = float(middle[place])
            if tie in self.turned:
                even[place] = 2 * low[place] + 1 - even[place]
        return np.clip(even, kind.min, kind.max).astype(v[2].dtype)


def start(network, x):
    r = Run(network, {**network.constants, network.input: x}, {}, frozenset())
    r.evaluate()
    return r


def as_compiled(run):
    """The evaluation with those values turned that the factor of 24 bits rounds the other way."""
    network = run.network
    for k, n in enumerate(network.nodes[1:], 1):
        made = next((p for p in network.nodes[:k] if p.output == n.inputs[0]), None)
        if n.op != "QuantizeLinear" or made is None or made.op != "Conv":
            continue
        x, w, *bias = (run.values[i] for i in made.inputs)
        scale, zero = (run.values[i] for i in n.inputs[1:])
        total = conv_sum(made, x, w) + (bias[0].q.reshape(1, -1, 1, 1) if bias else 0)
        factor = x.scale.astype(np.float32) * w.scale.astype(np.float32) / scale
        product = total.astype(np.float32) * factor.reshape(1, -1, 1, 1)
        kind = np.iinfo(zero.dtype)
        steps = np.clip(np.rint(product.astype(np.float64)) + zero, kind.min, kind.max)
        for place in np.argwhere(steps != run.values[n.output]).tolist():
            tie = (k, tuple(place))
            if tie not in run.ties:
                return None
            run = run.turn(tie)
    return run


def differing(run, want):
    return int((run.output().reshape(-1) != want).sum())


def search(run, want, seconds):
    """Values to turn that give want, or None. In turn the closest evaluation and the one with the
    fewest turned values, the surest ties first, is tried with one more."""
    end, seen, done = time.time() + seconds, set(), set()
    queues = [(differing(run, want), ())], [(0, 0.0, ())]
    while queues[0] and time.time() < end:
        for queue in filter(None, queues):
            turned = heapq.heappop(queue)[-1]
            if turned in done:
                continue
            done.add(turned)
            r = turned_as(run, turned)
            if differing(r, want) == 0:
                return turned
            for tie, far in sorted(r.ties.items()):
                if tie in r.turned or r.turned | {tie} in seen or time.time() > end:
                    continue
                seen.add(r.turned | {tie})
                made = r.turn(tie)
                # An earlier one, turned, may move a later one away from the middle.
                more = tuple(sorted(t for t in made.turned if t in made.ties))
                wrong = differing(made, want)
                heapq.heappush(queues[0], (wrong, more))
                heapq.heappush(queues[1], (len(more), far, more))
                if wrong == 0:
                    return more
    return None


def integers(path, network):
    """What a file of outputs holds, in steps where they are floats after a DequantizeLinear."""
    v = np.load(path).reshape(-1)
    if v.dtype.kind == "f":
        last = next(n for n in network.nodes if n.output == network.output)
        steps = v / network.constants[last.inputs[1]].astype(np.float64)
        assert np.abs(steps - np.rint(steps)).max() < 1e-4, path
        return np.rint(steps)
    return v.astype(np.float64)


def turned_as(run, turned):
    """The evaluation with these values turned; None if one of them is no tie."""
    for tie in turned:
        if tie not in run.ties:
            return None
        run = run.turn(tie)
    return run


def thimble(args, verb, name, cases, *more):
    """Runs a verb on the model and the inputs of some cases; ends everything if that fails."""
    folder = os.path.join(args.models, name)
    cmd = [args.thimble, verb, os.path.join(folder, "model.onnx"), *more]
    for c in cases:
        cmd += ["--input", os.path.join(folder, "in%d.npy" % c)]
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if p.returncode:
        sys.exit("FAIL: %s\n%s" % (" ".join(cmd), p.stdout.decode("utf-8", "replace")))


def check(args, name, case, known):
    """Stored and compiled outputs of a case against the evaluation: values turned, failures."""
    folder = os.path.join(args.models, name)
    network = Network(os.path.join(folder, "model.onnx"))
    run = start(network, np.load(os.path.join(folder, "in%d.npy" % case)))
    with tempfile.TemporaryDirectory() as made:
        thimble(args, "run", name, [case], "--planned", "--target", TARGET, "--sram", "16M",
                "--flash", "16M", "--output-dir", made)
        outputs = {"stored": integers(os.path.join(folder, "ref_out%d.npy" % case), network),
                   "compiled": integers(os.path.join(made, "out0.npy"), network)}
    steps = int(np.abs(outputs["stored"] - outputs["compiled"]).max())
    if args.search:
        known = [[k, *place] for k, place in search(run, outputs["stored"], args.search) or ()]
    ends = {"stored": turned_as(run, [(k, tuple(place)) for k, *place in known]),
            "compiled": as_compiled(run)}
    failed = []
    for what, end in ends.items():
        if end is None:
            failed.append("%s outputs: a value to turn is no tie" % what)
        elif differing(end, outputs[what]):
            failed.append("%s outputs: %d of %d differ" % (what, differing(end, outputs[what]),
                                                           outputs[what].size))
    if not failed:
        print("PASS: %s case %d: stored and compiled are %d steps apart; of %d ties, %d are turned "
              "to give what is stored, %d what is compiled" %
              (name, case, steps, len(run.ties), len(known), len(ends["compiled"].turned)),
              flush=True)
    return known, failed


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--models", default=os.environ.get("TH_SHARED", TOP + "/../shared") + "/models")
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--known", default=os.path.join(HERE, "ties.json"))
    p.add_argument("--search", type=float, default=0, help="seconds a case")
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    if np is None:
        print("SKIP: python3-numpy is not installed")
        return 77
    if not os.path.isdir(args.models):
        print("SKIP: no folder '%s'" % args.models)
        return 77
    known = {}
    if os.path.exists(args.known):
        with open(args.known) as f:
            known = json.load(f)
    failed = passed = 0
    for name in args.names or sorted(known):
        cases = known.setdefault(name, {})
        count = len([f for f in os.listdir(os.path.join(args.models, name))
                     if f.startswith("ref_out")])
        with tempfile.TemporaryDirectory() as out:
            thimble(args, "verify", name, range(count), "--target", "c99", "--reset", "-o",
                    os.path.join(out, "c"))
        for case in range(count):
            cases[str(case)], why = check(args, name, case, cases.get(str(case), []))
            failed += bool(why)
            passed += not why
            for w in why:
                print("FAIL: %s case %d: %s" % (name, case, w), flush=True)
        if args.search:
            with open(args.known, "w") as f:
                json.dump(known, f, sort_keys=True)
                f.write("\n")
    print("# PASS: %d\n# FAIL: %d" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
