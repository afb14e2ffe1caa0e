# SPDX-License-Identifier: Apache-2.0
"""Small models, written, run by the evaluator and through emitted C, and compared with what their
definition gives (thimble verify does all three)."""
import itertools
import math
import os
import struct
import subprocess

import make

KINDS = {1: ("<f4", "f"), 2: ("|u1", "B"), 3: ("|i1", "b"), 4: ("<u2", "H"), 5: ("<i2", "h"),
         6: ("<i4", "i"), 7: ("<i8", "q"), 9: ("|b1", "?"), 10: ("<f2", "e"),
         21: ("|u1", "B"), 22: ("|i1", "b")}       # held in bytes


def count(dims):
    return math.prod(dims)


def at(dims, index):
    place = 0
    for d, i in zip(dims, index):
        place = place * d + i
    return place


def indices(dims):
    return itertools.product(*[range(d) for d in dims])


def single(v):
    """The float32 next to v."""
    return struct.unpack("<f", struct.pack("<f", v))[0]


def cubic(d, a=-0.75):
    """How much an element at distance d counts for a place."""
    d = abs(d)
    if d <= 1:
        return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    return a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a if d < 2 else 0.0


def npy(path, dims, kind, data):
    shape = "(%s)" % "".join("%d," % d for d in dims)
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (KINDS[kind][0], shape)
    head += " " * ((64 - (len(head) + 11) % 64) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        f.write(struct.pack("<%d%s" % (len(data), KINDS[kind][1]), *data))


class Cases:
    def __init__(self, thimble, folder):
        """thimble: the program, or "--seeds" to write the models that are good, and no more."""
        self.seeds = thimble == "--seeds"
        self.thimble, self.folder, self.failures = os.path.abspath(thimble), folder, 0

    def fail(self, name, why):
        self.failures += 1
        print("FAIL %s: %s" % (name, why))

    def write(self, name, nodes, inputs, dims, kind, opset, constants):
        graph = make.graph(nodes, [make.value("i%d" % k, i[0], i[1]) for k, i in enumerate(inputs)],
                           [make.value("y", dims, kind)], constants)
        with open(os.path.join(self.folder, name + ".onnx"), "wb") as f:
            f.write(make.model(graph, opset=opset))

    def run(self, name, inputs, arguments):
        base = os.path.join(self.folder, name)
        command = [self.thimble, "verify", base + ".onnx", "--target", "c99"] + arguments
        for k, i in enumerate(inputs):
            npy("%s_%d.npy" % (base, k), *i)
            command += ["--input", "%s_%d.npy" % (base, k)]
        p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, timeout=120)
        return p.returncode, p.stdout.decode()

    def network(self, name, nodes, inputs, dims, want, kind=1, opset=17, tolerance="0",
                constants=()):
        """nodes: from i0, i1, ... to y; inputs: (dims, kind, data); want: the elements of y in
        row-major order."""
        self.write(name, nodes, inputs, dims, kind, opset, constants)
        if self.seeds:
            return
        expected = os.path.join(self.folder, name + "_y.npy")
        npy(expected, dims, kind, want)
        code, text = self.run(name, inputs, ["--tolerance", tolerance, "--expect", expected])
        if code != 0:
            self.fail(name, "exit code %d\n%s" % (code, text))

    def check(self, name, op, inputs, attrs, dims, want, kind=1, opset=17, tolerance="1e-5,1e-5",
              domain=""):
        """One node, whose operands are all inputs."""
        node = make.node(op, ["i%d" % i for i in range(len(inputs))], ["y"], attrs, domain)
        self.network(name, [node], inputs, dims, want, kind, opset, tolerance)

    def refused(self, name, op, inputs, attrs, dims, message, kind=1):
        """One node that is refused, with this in the message."""
        if self.seeds:
            return
        node = make.node(op, ["i%d" % i for i in range(len(inputs))], ["y"], attrs)
        self.write(name, [node], inputs, dims, kind, 17, ())
        code, text = self.run(name, inputs, [])
        if code != 1 or message not in text:
            self.fail(name, "exit code %d, not '%s'\n%s" % (code, message, text))
