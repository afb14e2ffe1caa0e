# SPDX-License-Identifier: Apache-2.0
"""
formats.py THIMBLE SOURCES SHARED FOLDER: one network in two formats is one network. After the
passes that know no target its graphs are the same up to names and numeric contract, and its arenas
are the same to the byte on targets that have the same kernels for both contracts.
"""
import itertools
import json
import os
import shutil
import subprocess
import sys

import graph

EXPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "export.py")
LAYOUT = ["--input-layout", "channels-last"]
# float kernels are the same everywhere; integer ones of both contracts come in plain C, for AVX,
# for the DSP extension of Arm, for Helium and for the vectors of RISC-V
TARGETS = {"s8": ("c99", "rv32imafc", "x86-64-v3", "x86-64-v4", "cortex-m4", "cortex-m7",
                  "cortex-m33", "cortex-m55", "rv32gcv"),
           "f32": ("c99", "rv32imafc", "cortex-m7", "x86-64-v3")}
OBJECTIVES = ("balanced", "ram", "time")
# An input with channels first is transposed in place, but for time; the search for pieces starts
# from another network then, and what it finds differs here by some 0.3 %.
APART = ("rv32gcv",)
if not os.environ.get("TH_FULL"):       # a sample
    TARGETS = {"s8": ("rv32imafc", "x86-64-v3", "cortex-m7"), "f32": ("c99", "cortex-m7")}
    OBJECTIVES = ("ram",)


def run(*cmd):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if p.returncode:
        sys.exit("FAIL: %s: %s" % (" ".join(cmd), p.stderr.decode("utf-8", "replace")))
    return p.stdout


def plain(thimble, model, folder, tag):
    """The program in XML as it is before a target counts."""
    out = os.path.join(folder, tag + ".plain.xml")
    run(thimble, "compile", model, "--target", "c99", "--stop-after=dce", "-o", out, *LAYOUT)
    return out


def arena(thimble, model, target, objective, layout):
    text = run(thimble, "analyze", model, "--target", target, "-O", objective, "--sram", "16M",
               "--flash", "16M", "--json", *layout)
    return json.loads(text)["memory"]["arena_bytes"]


def pair(thimble, name, first, second, folder):
    a, b = plain(thimble, first, folder, "first"), plain(thimble, second, folder, "second")
    why = graph.compare(a, b)
    if why:
        print("FAIL: %s: %s" % (name, why))
        return 1
    sizes, failed = [], 0
    for target in TARGETS[graph.Program(a).inputs[0].type[0]]:
        for objective, layout in itertools.product(OBJECTIVES, (LAYOUT, [])):
            if not layout and (objective == "time" or target in APART):
                continue
            m, n = (arena(thimble, f, target, objective, layout) for f in (first, second))
            sizes.append("%s %s %d" % (target, objective, m))
            if m != n:
                failed = 1
                print("FAIL: %s: arena on %s with -O %s %s: %d, %d bytes" %
                      (name, target, objective, " ".join(layout), m, n))
    print("%s: same graph of %d nodes; arena %s" % (name, len(graph.Program(a).nodes),
                                                    ", ".join(sizes)), flush=True)
    return failed


def changed(path, folder, old, new):
    """A copy of a program in which one thing is another."""
    out = os.path.join(folder, "changed.xml")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert old in text, old
    with open(out, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new, 1))
    shutil.copy(path + ".weights", out + ".weights")
    return out


def sees(path, folder):
    """The comparison is no rubber stamp."""
    for old, new in (('"pad" type="ints" value="6 0 6 0"', '"pad" type="ints" value="5 0 7 0"'),
                     ('scales="0x1p-6"', 'scales="0x1p-7"'), ('op="softmax"', 'op="softmin"')):
        if not graph.compare(path, changed(path, folder, old, new)):
            print("FAIL: %s for %s is not seen" % (new, old))
            return 1
    for at in (0, 1000, os.path.getsize(path + ".weights") - 1):
        other = changed(path, folder, "", "")
        with open(other + ".weights", "r+b") as f:
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ 1]))
        if not graph.compare(path, other):
            print("FAIL: a changed weight at %d is not seen" % at)
            return 1
    return 0


def main():
    thimble, sources, shared, folder = sys.argv[1:]
    failed = done = 0
    for name in ("vibration", "vibration_float"):
        model = os.path.join(sources, "examples", "vibration", name + ".tflite")
        base = os.path.join(folder, name)
        run(thimble, "compile", model, "--target", "c99", "--stop-after=dce", "-o", base + ".xml")
        run(sys.executable, "-B", EXPORT, base + ".xml", base)
        if name == "vibration":
            failed += sees(base + ".xml", folder)
        for kind, file in (("XML", ".xml"), ("ONNX", ".onnx"), ("OpenVINO", ".ov.xml")):
            if os.path.exists(base + file):
                done += 1
                failed += pair(thimble, "%s as TFLite and %s" % (name, kind), model, base + file,
                               folder)
    for name in ("tinytraining_mbv2-w035", "tinytraining_mcunet-5fps"):
        first = os.path.join(shared, "models", name + "_tflite", "model.tflite")
        second = os.path.join(shared, "models", name + "_qdq", "model.onnx")
        if os.path.exists(first) and os.path.exists(second):
            done += 1
            failed += pair(thimble, "%s as TFLite and ONNX" % name, first, second, folder)
        else:
            print("no %s beside the clone: not compared" % name)
    if done < 5:
        print("FAIL: only %d pairs" % done)
    return 1 if failed or done < 5 else 0


if __name__ == "__main__":
    sys.exit(main())
