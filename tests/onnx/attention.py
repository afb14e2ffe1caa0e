#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attention: forms of it against its formula in plain Python, and forms that are refused.

  attention.py THIMBLE FOLDER
"""
import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import case
import make
from case import at, count, indices

CASES = case.Cases(*sys.argv[1:3])
RANDOM = random.Random(1)
NEVER = -math.inf
FLOAT, INT64, BOOL, HALF = 1, 7, 9, 10
OPERANDS = ("q", "k", "v", "mask", "past_k", "past_v", "lengths")


def stored(x, kind):
    form = "<e" if kind == HALF else "<f"
    return struct.unpack(form, struct.pack(form, x))[0]


def reals(dims, kind=FLOAT):
    return [stored(RANDOM.uniform(-2, 2), kind) for _ in range(count(dims))]


def spread(dims, data, place, short):
    """The element of a mask that stands at a place of the scores."""
    place = place[len(place) - len(dims):]
    if place[-1] >= dims[-1] and dims[-1] != 1:
        return short
    return data[at(dims, [0 if d == 1 else i for d, i in zip(dims, place)])]


class Form:
    """What one node is given. Operands are 4-D here; flat ones are turned when they are written."""

    def __init__(self, batch=2, heads=2, kv=None, rows=3, keys=5, past=None, depth=4, out=3,
                 flat=False, kind=FLOAT, mask=None, lengths=None, opset=24, **attrs):
        self.heads, self.kv, self.rows, self.past = heads, kv or heads, rows, past or 0
        self.batch, self.flat, self.kind, self.opset = batch, flat, kind, opset
        self.total, self.mask = self.past + keys, mask
        self.lengths, self.attrs = lengths, attrs
        dims = {"q": (batch, heads, rows, depth), "k": (batch, self.kv, keys, depth),
                "v": (batch, self.kv, keys, out)}
        if past is not None:
            dims["past_k"] = (batch, self.kv, past, depth)
            dims["past_v"] = (batch, self.kv, past, out)
        self.given = {name: (d, kind, reals(d, kind)) for name, d in dims.items()}

    def cache(self, name):
        """Keys or values with what came before."""
        dims, _, data = self.given[name]
        if not self.past:
            return dims, data
        before, _, old = self.given["past_" + name]
        whole = (self.batch, self.kv, self.total, dims[3])
        return whole, [old[at(before, (b, h, j, d))] if j < self.past else
                       data[at(dims, (b, h, j - self.past, d))] for b, h, j, d in indices(whole)]

    def hidden(self, b, h, i, j):
        """What is added to one score."""
        get, used = self.attrs.get, self.total
        place = i + self.past
        if self.lengths:
            used = self.lengths[b]
            place = i + used - self.rows
        right = 0 if get("is_causal") else get("right_window_size", -1)
        left = get("left_window_size", -1)
        if j >= used or (right >= 0 and j > place + right) or (left >= 0 and j < place - left):
            return NEVER
        if self.mask is None:
            return 0.0
        dims, kind, data = self.mask
        if kind == BOOL:
            return 0.0 if spread(dims, data, (b, h, i, j), False) else NEVER
        return spread(dims, data, (b, h, i, j), NEVER)

    def results(self):
        """Y, and the raw, capped and biased scores and the probabilities."""
        (qd, _, q), (kd, k), (vd, v) = self.given["q"], self.cache("k"), self.cache("v")
        scale, cap = self.attrs.get("scale", qd[3] ** -0.5), self.attrs.get("softcap", 0)
        half = self.attrs.get("softmax_precision") == HALF
        inside = lambda x: stored(x, HALF) if half else x
        y, modes = [], ([], [], [], [])
        for b, h, i in indices(qd[:3]):
            g = h * self.kv // self.heads
            raw = [scale * sum(q[at(qd, (b, h, i, d))] * k[at(kd, (b, g, j, d))]
                               for d in range(qd[3])) for j in range(self.total)]
            capped = [cap * math.tanh(s / cap) for s in raw] if cap else raw
            bias = [self.hidden(b, h, i, j) for j in range(self.total)]
            biased = [s + m for s, m in zip(capped, bias)]
            if max(bias) == NEVER:
                p = [0.0] * self.total
            else:
                e = [inside(s) for s in biased]
                e = [math.exp(s - max(e)) for s in e]
                p = [inside(x / sum(e)) for x in e]
            for mode, row in zip(modes, (raw, capped, biased, p)):
                mode.extend(row)
            y += [sum(p[j] * v[at(vd, (b, g, j, d))] for j in range(self.total))
                  for d in range(vd[3])]
        return ((self.batch, self.heads, self.rows, vd[3]), y), modes

    def written(self):
        """Operands as the file has them."""
        given = dict(self.given)
        if self.flat:
            for name in "qkv":
                given[name] = flattened(*given[name])
        if self.mask is not None:
            given["mask"] = self.mask
        if self.lengths is not None:
            given["lengths"] = ((len(self.lengths),), INT64, self.lengths)
        return given


def flattened(dims, kind, data):
    b, h, s, d = dims
    return (b, s, h * d), kind, [data[at(dims, (i, k, j, x))]
                                 for i, j, k, x in indices((b, s, h, d))]


def node_of(given, names, attrs, result):
    """Operands in `names` are inputs of the network, the rest constants."""
    operands = [("i%d" % names.index(o) if o in names else o) if o in given else ""
                for o in OPERANDS]
    outputs = ["y"] if result == 0 else ["t"] + [""] * (result - 1) + ["y"]
    return make.node("Attention", operands, outputs,
                     [make.attr(k, v) for k, v in attrs.items()])


def check(name, result=0, fixed=(), tolerance="1e-5,1e-5", **form):
    """fixed: operands that the file holds."""
    f = Form(**form)
    given, (y, modes) = f.written(), f.results()
    if f.flat:
        f.attrs.update(q_num_heads=f.heads, kv_num_heads=f.kv)
    if result == 0:
        dims, want = y if not f.flat else flattened(y[0], f.kind, y[1])[::2]
    elif result == 3:
        mode = f.attrs.get("qk_matmul_output_mode", 0)
        dims, want = (f.batch, f.heads, f.rows, f.total), modes[mode]
    else:
        dims, want = f.cache("kv"[result - 1])
    names = [o for o in OPERANDS if o in given and o not in fixed]
    constants = []
    for o in fixed:
        d, kind, data = given[o]
        constants.append(make.tensor(o, d, bytes(data) if kind == BOOL else data, kind))
    CASES.network("attention_" + name, [node_of(given, names, f.attrs, result)],
                  [given[o] for o in names], dims, want, f.kind, f.opset, tolerance, constants)


def refused(name, message, change=None, **form):
    """change: operands in place of those of the form, None: absent."""
    if CASES.seeds:
        return
    f = Form(**form)
    given = f.written()
    given.update(change or {})
    given = {o: v for o, v in given.items() if v is not None}
    names = [o for o in OPERANDS if o in given]
    name = "attention_not_" + name
    CASES.write(name, [node_of(given, names, f.attrs, 0)], [given[o] for o in names],
                (2, 2, 3, 3), FLOAT, f.opset, ())
    code, text = CASES.run(name, [given[o] for o in names], [])
    if code != 1 or message not in text:
        CASES.fail(name, "exit code %d, not '%s'\n%s" % (code, message, text))


def some(dims, share=0.6):
    return dims, BOOL, [RANDOM.random() < share for _ in range(count(dims))]


def floats(dims):
    return dims, FLOAT, reals(dims)


check("plain")
check("scaled", scale=0.25, softcap=1.5)
check("causal", is_causal=1)
check("causal_past", is_causal=1, past=2, keys=3)
check("causal_start", is_causal=1, past=0)
check("grouped", heads=6, kv=2, flat=True, is_causal=1)
check("grouped_past", heads=4, kv=1, flat=True, past=3, keys=2, mask=floats((3, 5)))
for dims in ((5,), (3, 1), (2, 1, 5), (2, 1, 3, 5)):
    check("mask_bool%d" % len(dims), mask=some(dims), opset=23)
    check("mask_float%d" % len(dims), mask=floats(dims), opset=23)
check("mask_fixed", mask=some((3, 5)), fixed=["mask"])
check("mask_all", mask=some((3, 5), 2), fixed=["mask"])
check("mask_short", mask=some((3, 3)))
check("mask_short_float", mask=floats((1, 1, 3, 2)), is_causal=1)
# The second row sees nothing.
NOTHING = [x for i in range(3) for x in ([i != 1] * 5)]
check("nothing_bool", mask=((3, 5), BOOL, NOTHING))
check("nothing_fixed", mask=((3, 5), BOOL, NOTHING), fixed=["mask"])
check("nothing_float", mask=((3, 5), FLOAT, [0.5 if x else NEVER for x in NOTHING]))
check("nothing_both", mask=((3, 5), BOOL, [x and j >= 1 for j, x in zip([0, 1, 2, 3, 4] * 3,
                                                                      NOTHING)]), is_causal=1)
check("lengths", lengths=[2, 5])
check("lengths_fixed", lengths=[2, 5], fixed=["lengths"])
check("lengths_causal", lengths=[2, 5], is_causal=1, mask=some((2, 1, 1, 5)))
check("lengths_odd", lengths=[-7, 1 << 40])
check("lengths_odd_causal", lengths=[-7, 1 << 40], is_causal=1)
for left, right in ((1, -1), (-1, 1), (1, 0), (0, 0), (1 << 62, 1 << 62)):
    for more in ({}, {"past": 2, "keys": 3}, {"lengths": [3, 5]}):
        check("window_%d_%d_%d" % (left, right, len(more) + ("lengths" in more)),
              left_window_size=left, right_window_size=right, opset=25, **more)
check("window_causal", left_window_size=1, right_window_size=2, is_causal=1, opset=25)
for m in range(4):
    check("shown%d" % m, 3, qk_matmul_output_mode=m, softcap=2.0, heads=4, kv=2,
          mask=floats((3, 5)))
check("shown_nothing", 3, qk_matmul_output_mode=3, mask=((3, 5), BOOL, NOTHING))
check("present_k", 1, past=2, keys=3, flat=True)
check("present_v", 2, past=2, keys=3)
check("half", kind=HALF, tolerance="1e-3,1e-3")
check("half_inside", softmax_precision=HALF, tolerance="1e-3,1e-3")
check("double_inside", softmax_precision=11, mask=((3, 5), BOOL, NOTHING))

refused("no_heads", "q_num_heads 0", flat=True, q_num_heads=0, kv_num_heads=2)
refused("negative_heads", "kv_num_heads -1", flat=True, q_num_heads=2, kv_num_heads=-1)
refused("huge_heads", "rows of 8 numbers in 4611686018427387904 heads", flat=True,
        q_num_heads=1 << 62, kv_num_heads=2)
refused("uneven_heads", "rows of 8 numbers in 3 heads", flat=True, q_num_heads=3, kv_num_heads=2)
refused("unshared", "3 heads of queries cannot share 2 heads of keys", heads=3, kv=2)
refused("other_heads", "q_num_heads 4 with operands of 2 heads", q_num_heads=4)
refused("causal", "is_causal 2", is_causal=2)
refused("mode", "qk_matmul_output_mode 4", qk_matmul_output_mode=4)
refused("window", "left_window_size -2", left_window_size=-2)
refused("scale", "scale -1", scale=-1.0)
refused("no_scale", "scale nan", scale=math.nan)
refused("cap", "softcap inf", softcap=math.inf)
for p in (0, 7, 17, 1 << 40):
    refused("precision%d" % p, "softmax_precision %d" % p, softmax_precision=p)
refused("flat_keys", "operand 1 has 3 dimensions", {"k": floats((2, 5, 8))})
refused("one_axis", "operand 0 has 1 dimensions", {"q": floats((8,))})
refused("integers", "operand 0 is s64", {"q": ((2, 2, 3, 4), INT64, [1] * 48)})
refused("batches", "batches of 2, 3 and 2", {"k": floats((3, 2, 5, 4))})
refused("depths", "queries of 4 numbers and keys of 5", {"k": floats((2, 2, 5, 5))})
refused("values", "5 keys in 2 heads and 6 values in 2", {"v": floats((2, 2, 6, 3))})
refused("mixed", "queries of f32 and keys of f16",
        {"k": ((2, 2, 5, 4), HALF, reals((2, 2, 5, 4), HALF))})
refused("half_past", "must stand together", {"past_v": None}, past=2)
refused("other_past", "operand 4 does not continue operand 1", {"past_k": floats((2, 2, 2, 5))},
        past=2)
refused("past_lengths", "3 keys and 2 values of the past", {"past_k": floats((2, 2, 3, 4))},
        past=2)
refused("both_caches", "a cache that is kept outside", past=2, lengths=[1, 2])
refused("lengths", "must hold 2 integers", lengths=[1, 2, 3])
refused("mask", "the mask has 4 along axis 0 where scores have 3", mask=some((4, 5)))
refused("mask_long", "the mask has 6 along axis 1 where scores have 5", mask=some((3, 6)))
refused("mask_short", "the mask has 4 along axis 1 where scores have 5", mask=some((3, 4)),
        opset=23)
refused("mask_type", "a mask of s64", mask=((3, 5), INT64, [1] * 15))
refused("mask_rank", "a mask of 5 dimensions", mask=some((1, 1, 1, 3, 5)))
print("attention.py: %d failed" % CASES.failures)
sys.exit(CASES.failures != 0)
