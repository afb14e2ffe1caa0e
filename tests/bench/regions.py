#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models planned over several memories, run with each where the linker script puts it.

  regions.py THIMBLE SOURCE WORK

Outputs are equal, guard zones intact, the number of memories is the one wanted, and every block is
found by nm in the memory that the report names, in a section of the emitted code's own naming.
"""
import json
import os
import subprocess
import sys

THIMBLE, SOURCE, WORK = sys.argv[1:4]
SHARED = os.environ.get("TH_SHARED", os.path.join(SOURCE, "../shared")) + "/models/"
GUARD = 64
FLAGS = {"m55": ["-mcpu=cortex-m55", "-mfloat-abi=hard"],
         "m7": ["-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"]}
failed = 0


def fail(what, why):
    global failed
    failed += 1
    print("FAIL: %s: %s" % (what, why))


def run(cmd):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return p.returncode, p.stdout, p.stderr


def keeper():
    """A compiler that keeps the linked file."""
    path = os.path.join(WORK, "keep-gcc")
    with open(path, "w") as f:
        f.write("#!/bin/sh\narm-none-eabi-gcc \"$@\" || exit\nfor a; do\n"
                "    case $a in *firmware.elf) cp \"$a\" '%s/kept.elf';; esac\ndone\n" % WORK)
    os.chmod(path, 0o755)
    return path


def symbols():
    out = run(["arm-none-eabi-nm", "-S", os.path.join(WORK, "kept.elf")])[1]
    rows = [l.split() for l in out.splitlines()]
    return {r[3]: (int(r[0], 16), int(r[1], 16)) for r in rows if len(r) == 4}


def check_report(what, core, info, want):
    """The regions of the report against the symbols of the linked file."""
    memory = info["memory"]
    regions = [r for r in memory["regions"] if r["bytes"]]
    used = [r for r in regions if r["name"] != "state"]
    blocks = {}
    for r in regions:
        name = r.get("memory", r["name"])
        blocks[name] = blocks.get(name, 0) + r["bytes"]
    if sorted(blocks) != sorted(want):
        return fail(what, "lies in %s, not %s" % (sorted(blocks), want))
    if len(want) > 1 and "most reads" not in memory["placement"]:
        fail(what, "placed %s" % memory["placement"])
    speed = [r["speed"] for r in used]
    hot = [r["most_reads_per_byte"] for r in used] if len(want) > 1 else []
    if speed != sorted(speed) or hot != sorted(hot, reverse=True):
        fail(what, "speeds %s, hottest bytes %s" % (speed, hot))
    if len(want) > 1 and any("reads_per_byte" not in b for b in info["blocks"]):
        fail(what, "blocks without a reason")
    found = symbols()
    for r in regions:
        name = r.get("memory", r["name"])
        at, size = found.get("thg_" + name, (0, 0))
        base = int(r["base"], 16)
        if at != base - GUARD or size != blocks[name] + 2 * GUARD or blocks[name] > r["capacity"]:
            fail(what, "'%s' is to take %d bytes at %#x, but takes %d at %#x" %
                 (name, blocks[name], base, size - 2 * GUARD, at + GUARD))
    return None


def check_texts(what, folder, info):
    """The reports for reading name every block with its memory and the reads that decided it."""
    with open(folder + "/m_report.txt") as f:
        text = f.read()
    with open(folder + "/m_report.html") as f:
        html = f.read()
    in_ = {r["name"]: r.get("memory", r["name"]) for r in info["memory"]["regions"]}
    for b in info["blocks"]:
        row = [in_[b["region"]], "%d" % b["offset"], "%d" % b["bytes"],
               "%.1f" % b["reads_per_byte"]]
        if not any(l.split()[:4] == row for l in text.splitlines()):
            return fail(what, "no line '%s' in the text" % " ".join(row))
    for word in ("why ", "values read most for each of their bytes"):
        if word not in text:
            fail(what, "no '%s' in the text" % word)
    for word in ("reads per byte", "values read most for each of their bytes"):
        if word not in html:
            fail(what, "no '%s' in the page" % word)
    return None


def check_sections(what, core, folder, want):
    """Blocks of the emitted run function are in sections named for their memories."""
    obj = os.path.join(WORK, "m.o")
    status, _, err = run(["arm-none-eabi-gcc", "-mthumb", "-O1", "-std=c99", "-Wall", "-Wextra",
                          "-Wpedantic", "-Werror", "-c", folder + "/m.c", "-o", obj,
                          "-DM_SECTION_TCM=\".bss.fast\""] + FLAGS[core])
    if status:
        return fail(what, err.splitlines()[0])
    out = run(["arm-none-eabi-objdump", "-h", obj])[1]
    for w in want:
        section = ".bss.fast" if w == "tcm" else ".bss." + w
        if not any(section in l.split() for l in out.splitlines()):
            fail(what, "no section '%s' in the object file" % section)


def verify(what, core, want, cases, options):
    folder = os.path.join(WORK, "out")
    cmd = [THIMBLE, "verify", "--json", "-n", "m", "-o", folder, "--cc", keeper(), "-O", "time",
           "--target", os.path.join(SOURCE, "tests/bench/regions-%s.xml" % core)] + cases + options
    status, out, err = run(cmd)
    if status:
        return fail(what, "exit code %d: %s" % (status, err.strip()))
    result = json.loads(out)
    with open(os.path.join(folder, "m_info.json")) as f:
        info = json.load(f)
    if not result["equal"] or [m["name"] for m in result["memories"]] != want:
        fail(what, "ran in %s" % result["memories"])
    for m in result["memories"]:
        if "address" not in m or (m["guard_before"], m["guard_after"]) != (GUARD, GUARD):
            fail(what, "'%s' was not placed: %s" % (m["name"], m))
    planned = sum(r["bytes"] for r in info["memory"]["regions"])
    if result["arena"] != planned:
        fail(what, "arena of %d bytes, planned are %d" % (result["arena"], planned))
    check_report(what, core, info, want)
    if len(want) > 1:
        check_texts(what, folder, info)
        check_sections(what, core, folder, want)
    print("%s: %s" % (what, ", ".join("%d bytes in %s" % (m["bytes"], m["name"])
                                      for m in result["memories"])))
    return None


def cases_of(name, n):
    at = SHARED + name
    with open(at + "/meta.json") as f:
        meta = json.load(f)
    more = ["--sequence"] if meta.get("sequence") else []
    for c in meta["cases"][:n]:
        more += ["--input=%s/%s" % (at, f) for f in c["inputs"]]
        more += ["--expect=%s/%s" % (at, f) for f in c["ref_outputs"]]
    return [at + "/" + meta["model"]] + more


def main():
    small = ["--region", "tcm=1536", "--region", "sram=4k"]
    own = lambda name: ["-m", "%s/%s.xml" % (WORK, name), "--input", "%s/%s.npy" % (WORK, name)]
    for core in ("m55", "m7"):
        verify("up on " + core, core, ["tcm"], own("up"), [])
        verify("up on %s, two" % core, core, ["tcm", "sram"], own("up"), ["--region", "tcm=4k"])
        verify("up on %s, three" % core, core, ["tcm", "sram", "external"], own("up"), small)
    if not os.environ.get("TH_FULL"):
        print("without TH_FULL no networks of '%s'" % SHARED)
        return failed
    if not os.path.isdir(SHARED):
        print("SKIP: no folder '%s'" % SHARED)
        return failed
    big = cases_of("tinytraining_mcunet-5fps_tflite", 1)
    verify("5fps on m55, three", "m55", ["tcm", "sram", "external"], big, [])
    verify("5fps on m55, two", "m55", ["tcm", "sram"], big, ["--region", "sram=1M"])
    verify("5fps on m7, three", "m7", ["tcm", "sram", "external"], big, [])
    state = cases_of("tflm_keyword_scrambled_8bit_seq", 2)
    verify("state on m55, two", "m55", ["tcm", "sram"], state, ["--region", "tcm=600"])
    return failed


sys.exit(1 if main() else 0)
