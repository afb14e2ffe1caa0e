# SPDX-License-Identifier: Apache-2.0
"""
Signal operators against arithmetic written down a second time: signal.py FLATC SCHEMA THIMBLE
FOLDER IMPORT, IMPORT the folder of tflite_model.py. Each case is a model of one operator, a
sequence of inputs and what must come out; the evaluator and the compiled code must both agree.
"""
import cmath
import math
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, sys.argv[5])
import tflite_model  # noqa: E402

tflite_model.FORMATS["UINT64"] = "Q"
NPY = {"INT16": "<i2", "INT32": "<i4", "UINT32": "<u4", "UINT64": "<u8", "FLOAT32": "<f4",
       "BOOL": "|b1"}
U32 = 2**32 - 1
rng = random.Random(7)


def npy(path, kind, shape, values):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (
        NPY[kind], "".join("%d, " % d for d in shape))
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode())
        f.write(bytes(tflite_model.packed(kind, values)))


class Case:
    """ins, outs: (kind, shape); consts: (kind, values); steps: lists of flat values by tensor."""

    def __init__(self, name, op, options, ins, consts, outs, steps, expect, tolerance=0):
        self.name, self.ins, self.outs = name, ins, outs
        self.steps, self.expect, self.tolerance = steps, expect, tolerance
        m = tflite_model.Model()
        g = m.graph()
        x = [g.input(shape, kind) for kind, shape in ins]
        x += [g.ints(values, kind) for kind, values in consts]
        y = [g.output(shape, kind) for kind, shape in outs]
        o = g.op("custom:" + op, x, y)
        if options:
            o["custom_options"] = tflite_model.flexmap(options)
        self.json = m.json()

    def files(self, folder):
        args = []
        for flag, ports, steps in (("--input", self.ins, self.steps),
                                   ("--expect", self.outs, self.expect)):
            for i, (kind, shape) in enumerate(ports):
                path = os.path.join(folder, "%s%s%d.npy" % (self.name, flag, i))
                npy(path, kind, [len(steps)] + list(shape), [v for s in steps for v in s[i]])
                args += [flag, path]
        return args


def clamp16(v):
    return max(-32768, min(32767, v))


def wrap(v, bits):
    return (v + (1 << (bits - 1)) & ((1 << bits) - 1)) - (1 << (bits - 1))


def noise(n, low=-32768, high=32767):
    return [rng.randint(low, high) for _ in range(n)]


def window():
    w, xs = noise(8), [noise(16) for _ in range(3)] + [[-32768] * 16]
    y = [[[clamp16(v * w[i % 8] >> 12) for i, v in enumerate(x)]] for x in xs]
    yield Case("window", "SignalWindow", {"shift": 12}, [("INT16", (2, 8))], [("INT16", w)],
               [("INT16", (2, 8))], [[x] for x in xs], y)


def auto_scale():
    xs = [noise(8, -100, 100), [0] * 8, noise(8), [1] * 8, [-32767] + [0] * 7, [-1] * 8,
          [3] * 7 + [-32768]]
    # -32768 makes the 16-bit maximum negative and the next sample takes its place
    xs.append([-32768, 5, 0, 0, 0, 0, 0, 0])
    expect = []
    for x in xs[:-1]:
        top = max(abs(v) for v in x)
        bits = max(0, 15 - top.bit_length()) if top else 0
        expect.append([[v << bits for v in x], [bits]])
    expect.append([[wrap(v << 12, 16) for v in xs[-1]], [12]])
    yield Case("auto_scale", "SignalFftAutoScale", None, [("INT16", (8,))], [],
               [("INT16", (8,)), ("INT32", ())], [[x] for x in xs], expect)


def dft(x, n):
    x = x + [0] * (n - len(x))
    out = []
    for k in range(n // 2 + 1):
        v = sum(a * cmath.exp(-2j * math.pi * k * i / n) for i, a in enumerate(x))
        out += [v.real, v.imag]
    return out


def inverse(bins, n):
    c = [complex(bins[2 * i], bins[2 * i + 1]) for i in range(n // 2 + 1)]
    c += [c[n - i].conjugate() for i in range(n // 2 + 1, n)]
    return [sum(a * cmath.exp(2j * math.pi * k * i / n) for i, a in enumerate(c)).real / n
            for k in range(n)]


def transforms():
    for kind, top, code in (("INT16", 30000, 7), ("INT32", 2**30, 2), ("FLOAT32", None, 0)):
        for n in (4, 8, 16, 32, 64):
            length = n - 1 if n > 4 else n
            number = (lambda v: v) if top is None else round
            draw = (lambda k: [struct.unpack("<f", struct.pack("<f", rng.uniform(-1, 1)))[0]
                               for _ in range(k)]) if top is None else (
                                   lambda k: noise(k, -top, top))
            xs = [draw(2 * length) for _ in range(3)]
            scale = 1 if top is None else n
            y = [[[number(v / scale) for r in (x[:length], x[length:]) for v in dft(r, n)]]
                 for x in xs]
            # integers are rounded in every stage; the sums here are not
            slack = 1e-4 if top is None else 6
            options = {"T": code, "fft_length": n}
            yield Case("rfft_%s_%d" % (kind, n), "SignalRfft", options, [(kind, (2, length))], [],
                       [(kind, (2, n + 2))], [[x] for x in xs], y, slack)
            bins = [draw(n + 2) for _ in range(3)]
            for b in bins:
                b[1] = b[n + 1] = 0
            if top:
                bins = [[v // n for v in b] for b in bins]
            y = [[[number(v) for v in inverse(b, n)]] for b in bins]
            yield Case("irfft_%s_%d" % (kind, n), "SignalIrfft", options, [(kind, (n + 2,))], [],
                       [(kind, (n,))], [[b] for b in bins], y, slack)


def energy():
    xs = [noise(12), [-32768] * 12]
    y = [[[x[2 * i]**2 + x[2 * i + 1]**2 if 1 <= i < 5 else 0 for i in range(6)]] for x in xs]
    yield Case("energy", "SignalEnergy", {"start_index": 1, "end_index": 5}, [("INT16", (12,))],
               [], [("UINT32", (6,))], [[x] for x in xs], y)


def filter_bank():
    up, down = noise(6, 0, 4096), noise(6, 0, 4096)
    starts, firsts, widths = [1, 3, 5], [0, 2, 4], [2, 2, 1]
    expect, xs = [], [noise(8, 0, U32) for _ in range(3)]
    for x in xs:
        y = [0] * 4
        for b in range(3):
            for j in range(widths[b]):
                y[b] += up[firsts[b] + j] * x[starts[b] + j]
                y[b + 1] += down[firsts[b] + j] * x[starts[b] + j]
        expect.append([y[1:3]])
    yield Case("filter_bank", "SignalFilterBank", {"num_channels": 2}, [("UINT32", (8,))],
               [("INT16", v) for v in (up, down, starts, firsts, widths)], [("UINT64", (2,))],
               [[x] for x in xs], expect)


def square_root():
    x = [0, 1, 2, 3, 6, 7, 65535**2 + 65535, 65535**2 + 65536, U32, U32 + 1, U32 * U32 + U32,
         U32 * U32 + U32 + 1, 2**64 - 1] + [rng.getrandbits(b) for b in range(1, 65)]

    def root(v):
        r = math.isqrt(v)
        limit = 65535 if v <= U32 else U32
        return r + 1 if v - r * r > r and r < limit else r

    yield Case("square_root", "SignalFilterBankSquareRoot", None,
               [("UINT64", (len(x),)), ("INT32", ())], [], [("UINT32", (len(x),))],
               [[x, [s]] for s in (0, 3, 31)], [[[root(v) >> s for v in x]] for s in (0, 3, 31)])


def subtraction():
    for clamping in (0, 1):
        o = {"num_channels": 5, "smoothing": 410, "one_minus_smoothing": 15974,
             "alternate_smoothing": 983, "alternate_one_minus_smoothing": 15401,
             "min_signal_remaining": 819, "smoothing_bits": 10, "spectral_subtraction_bits": 14,
             "clamping": clamping}
        xs = [noise(5, 0, 200000) for _ in range(6)] + [noise(5, 0, 50), noise(5, 0, U32)]
        old, expect = [0] * 5, []
        for x in xs:
            y = []
            for i, v in enumerate(x):
                take, keep = (410, 15974) if i % 2 == 0 else (983, 15401)
                scaled = v << 10 & U32
                new = (scaled * take + old[i] * keep >> 14) & U32
                less = min(new, scaled)
                y.append(max((scaled - less) >> 10, v * 819 >> 14))
                old[i] = less if clamping else new
            expect.append([y, list(old)])
        yield Case("subtraction%d" % clamping, "SignalFilterBankSpectralSubtraction", o,
                   [("UINT32", (5,))], [], [("UINT32", (5,))] * 2, [[x] for x in xs], expect)


def pcan():
    gain = noise(125, -3000, 3000)

    def gain_of(x):
        if x <= 2:
            return gain[x]
        n = x.bit_length()
        a, b, c = gain[4 * n - 6:4 * n - 3]
        f = (x << 11 >> n) & 1023
        return wrap((((c * f >> 5) + (b << 5)) * f + 16384 >> 15) + a, 16)

    noises = list(range(9)) + [rng.getrandbits(b) for b in range(4, 33)] + [U32]
    n = len(noises)
    xs, expect = [noise(n, 0, 2000000), noise(n, 0, U32)], []
    for x in xs:
        y = []
        for v, e in zip(x, noises):
            s = (v * (gain_of(e) & U32) & (2**64 - 1)) >> 6 & U32
            y.append((s * s & U32) >> 20 if s < 8192 else (s >> 6) - 64)
        expect.append([y])
    yield Case("pcan", "SignalPCAN", {"snr_shift": 6}, [("UINT32", (n,))] * 2, [("INT16", gain)],
               [("UINT32", (n,))], [[x, noises] for x in xs], expect)


def logarithm():
    def table(i):
        return math.floor(65536 * (math.log2(1 + i / 128) - i / 128) + .5)

    def log(x, scale):
        if x <= 1:
            return 0
        n = x.bit_length() - 1
        f = (x - (1 << n) << 16) >> n
        a, b = table(f >> 9), table((f >> 9) + 1)
        whole = (n << 16) + f + a + ((b - a) * (f & 511) >> 16)
        return min(32767, (scale * (45426 * whole + 32768 >> 16) & U32) + 32768 >> 16)

    x = list(range(6)) + [rng.getrandbits(b) | 1 << b - 1 for b in range(2, 33) for _ in range(4)]
    for scale, bits in ((1600, 3), (65536, 0)):
        yield Case("log%d" % scale, "SignalFilterBankLog",
                   {"output_scale": scale, "input_correction_bits": bits},
                   [("UINT32", (len(x),))], [], [("INT16", (len(x),))], [[x]],
                   [[[log(v << bits & U32, scale) for v in x]]])


def framer():
    for name, size, step, prefill, length in (("pre", 6, 4, 1, 8), ("late", 7, 2, 0, 4),
                                              ("cut", 4, 4, 0, 8)):
        xs = [noise(2 * length) for _ in range(4)]
        past, expect = [[0] * (size - step) if prefill else [] for _ in range(2)], []
        for x in xs:
            out, valid = [], True
            for r in range(2):
                for at in range(r * length, (r + 1) * length, step):
                    past[r] += x[at:at + step]
                    whole = len(past[r]) >= size
                    valid = valid and whole
                    out += past[r][:size] if whole else [0] * size
                    if whole:
                        del past[r][:step]
            expect.append([out, [valid]])
        yield Case("framer_" + name, "SignalFramer",
                   {"frame_size": size, "frame_step": step, "prefill": prefill},
                   [("INT16", (2, length))], [],
                   [("INT16", (2, length // step, size)), ("BOOL", ())], [[x] for x in xs], expect)


def overlap_add():
    for kind, code in (("INT16", 7), ("FLOAT32", 0)):
        xs = [noise(2 * 3 * 5) for _ in range(4)]
        limit = clamp16 if kind == "INT16" else float
        sums, expect = [[0] * 5 for _ in range(2)], []
        for x in xs:
            out = []
            for r in range(2):
                for f in range(3):
                    frame = x[(r * 3 + f) * 5:(r * 3 + f + 1) * 5]
                    sums[r] = [limit(a + b) for a, b in zip(sums[r], frame)]
                    out += sums[r][:2]
                    sums[r] = sums[r][2:] + [0, 0]
            expect.append([out])
        yield Case("overlap_add_" + kind, "SignalOverlapAdd", {"T": code, "frame_step": 2},
                   [(kind, (2, 3, 5))], [], [(kind, (2, 6))], [[x] for x in xs], expect)


def delay():
    for d in (3, 4, 11):
        xs = [noise(8) for _ in range(5)]
        kept, expect = [[0] * d, [0] * d], []
        for x in xs:
            kept = [k + x[4 * r:4 * r + 4] for r, k in enumerate(kept)]
            expect.append([kept[0][:4] + kept[1][:4]])
            kept = [k[4:] for k in kept]
        yield Case("delay%d" % d, "SignalDelay", {"delay_length": d}, [("INT16", (2, 4))], [],
                   [("INT16", (2, 4))], [[x] for x in xs], expect)


def stacker():
    for left, right, step in ((2, 1, 2), (1, 0, 1), (0, 2, 3)):
        xs, kept, expect = [noise(3) for _ in range(8)], [], []
        full = 3 * (left + right + 1)
        for i, x in enumerate(xs):
            kept += x * (left + 1 if i == 0 else 1)
            valid = len(kept) >= full
            expect.append([kept[:full] if valid else [0] * full, [valid]])
            if valid:
                del kept[:3 * step]
        yield Case("stacker%d%d%d" % (left, right, step), "SignalStacker",
                   {"num_channels": 3, "stacker_left_context": left,
                    "stacker_right_context": right, "stacker_step": step},
                   [("INT16", (3,))], [], [("INT16", (full,)), ("BOOL", ())], [[x] for x in xs],
                   expect)


def refused():
    """Name, model, and a part of the message."""
    yield (Case("length", "SignalRfft", {"T": 7, "fft_length": 12}, [("INT16", (12,))], [],
                [("INT16", (14,))], [], []), "12 samples are not supported")
    yield (Case("missing", "SignalWindow", None, [("INT16", (8,))], [("INT16", [1] * 8)],
                [("INT16", (8,))], [], []), "option 'shift' is missing")
    yield (Case("range", "SignalWindow", {"shift": 40}, [("INT16", (8,))], [("INT16", [1] * 8)],
                [("INT16", (8,))], [], []), "shift")
    yield (Case("bands", "SignalFilterBank", {"num_channels": 1}, [("UINT32", (8,))],
                [("INT16", v) for v in ([1] * 4, [1] * 4, [0, 7], [0, 2], [2, 2])],
                [("UINT64", (1,))], [], []), "band 1 reads 2 bins from 7")
    yield (Case("gain", "SignalPCAN", {"snr_shift": 6}, [("UINT32", (4,))] * 2,
                [("INT16", [1] * 124)], [("UINT32", (4,))], [], []), "expected at least 125")
    yield (Case("step", "SignalFramer", {"frame_size": 2, "frame_step": 4, "prefill": 0},
                [("INT16", (8,))], [], [("INT16", (2, 2)), ("BOOL", ())], [], []),
           "frames of 2 samples every 4")
    yield (Case("stack", "SignalStacker",
                {"num_channels": 3, "stacker_left_context": 0, "stacker_right_context": 0,
                 "stacker_step": 2}, [("INT16", (3,))], [], [("INT16", (3,)), ("BOOL", ())], [],
                []), "longer than a stack")


def main():
    flatc, schema, thimble, folder = sys.argv[1:5]
    makers = (window, auto_scale, transforms, energy, filter_bank, square_root, subtraction, pcan,
              logarithm, framer, overlap_add, delay, stacker)
    good = [c for make in makers for c in make()]
    bad = list(refused())
    paths = []
    for c in good + [c for c, _ in bad]:
        paths.append(os.path.join(folder, c.name + ".json"))
        with open(paths[-1], "w") as f:
            f.write(c.json)
    subprocess.run([flatc, "-b", "-o", folder, schema] + paths, check=True)
    failures = 0

    def call(c, code, text, *args):
        nonlocal failures
        run = subprocess.run([thimble, args[0], os.path.join(folder, c.name + ".tflite"),
                              *args[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=300)
        out = run.stdout.decode("utf-8", "replace")
        if run.returncode != code or text not in out:
            failures += 1
            print("FAIL: %s: %s: exit code %d\n%s" % (c.name, args[0], run.returncode,
                                                     "\n".join(out.splitlines()[-8:])))

    for c in good:
        more = ["--sequence", "--tolerance", str(c.tolerance)] + c.files(folder)
        call(c, 0, "", "run", *more)
        call(c, 0, "", "verify", "--target", "c99", *more)
        if c.tolerance and "FLOAT" not in c.name:      # integers: kernel and record are equal
            del more[more.index("--expect"):]
            more[2] = "0"
            call(c, 0, "", "verify", "--target", "c99", *more)
    for c, text in bad:
        call(c, 1, text, "analyze")
    print("%d models agree, %d are refused" % (len(good), len(bad)) if not failures else
          "%d failures" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
