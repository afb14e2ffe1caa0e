# SPDX-License-Identifier: Apache-2.0
"""
transpose.py THIMBLE FOLDER: a transpose whose operand nobody else wants runs in place, so that the
arena holds the tensor once; emitted code gives what the operator does. Where the permutation has
too many cycles, the operand is wanted later, or time is the objective, it is a copy.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make import *

INT8 = 3
SIZE = {FLOAT: 4, INT8: 1}
# dimensions, permutation, type, options, further use of the operand, times the tensor in the arena
CASES = [
    ("put", [3, 400], [1, 0], FLOAT, [], False, 1),
    ("take", [400, 3], [1, 0], FLOAT, [], False, 1),
    ("bytes", [1, 3, 96, 96], [0, 2, 3, 1], INT8, [], False, 1),
    ("wide", [1, 2, 181, 181], [0, 2, 3, 1], INT8, [], False, 1),
    ("batch", [4, 3, 10, 10], [0, 2, 3, 1], FLOAT, [], False, 1),
    ("heads", [7, 5, 6], [1, 0, 2], FLOAT, [], False, 1),
    ("blocks", [2, 5, 33, 4], [0, 2, 1, 3], INT8, [], False, 1),
    ("cycles", [24, 24], [1, 0], FLOAT, [], False, 2),
    ("small", [3, 16], [1, 0], FLOAT, [], False, 2),
    ("wanted", [3, 400], [1, 0], FLOAT, [], True, 2),
    ("time", [3, 400], [1, 0], FLOAT, ["-O", "time"], False, 2),
    ("caller", [3, 400], [1, 0], FLOAT, ["--io-buffers", "caller"], False, 1),
]


def network(dims, perm, dtype, wanted):
    """The operand is computed, and so is the result."""
    turned = [dims[p] for p in perm]
    nodes = [node("Abs", ["x"], ["a"]), node("Transpose", ["a"], ["t"], [attr("perm", perm)]),
             node("Abs", ["t"], ["y"])]
    outputs = [value("y", turned, dtype)]
    if wanted:
        nodes.append(node("Abs", ["a"], ["z"]))
        outputs.append(value("z", dims, dtype))
    return model(graph(nodes, [value("x", dims, dtype)], outputs))


def main():
    thimble, folder = sys.argv[1:]
    failed = 0
    for name, dims, perm, dtype, options, wanted, times in CASES:
        path = os.path.join(folder, name + ".onnx")
        with open(path, "wb") as f:
            f.write(network(dims, perm, dtype, wanted))
        command = [path, "--target", "c99"] + options
        report = subprocess.run([thimble, "analyze", "--json"] + command, stdout=subprocess.PIPE)
        said = subprocess.run([thimble, "verify"] + command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        size = SIZE[dtype]
        for d in dims:
            size *= d
        arena = None
        if not report.returncode:
            arena = json.loads(report.stdout)["memory"]["arena_bytes"]
        if arena != times * size or said.returncode:
            failed += 1
            print("%s: arena %s, not %d; %s" % (name, arena, times * size, said.stdout.decode()))
    print("%d transposes, %d failed" % (len(CASES), failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
