#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every emulated target: nothing outside of the reported arena and stack is touched.

  canaries.py THIMBLE SOURCE WORK

The example, and networks of WORK, with tile loops and fed by rows. Then the same with arenas a byte
too small and models that write a byte beside their arena, which must be noticed.
"""
import concurrent.futures
import glob
import json
import os
import stat
import subprocess
import sys
import xml.etree.ElementTree as tree

THIMBLE, SOURCE, WORK = sys.argv[1:4]
EXAMPLE = os.path.join(SOURCE, "examples/vibration/vibration.tflite")
LOOPS = "--passes=+patch-split{groups=%s}@replace:patch-split"
GUARD = 64
MISSING = 7                      # exit code: a tool or a feature of this machine


def net(name):
    return ["-m", "%s/%s.xml" % (WORK, name), "--input", "%s/%s.npy" % (WORK, name)]


# what runs, and whether rows are pushed
RUNS = {
    "example": ([EXAMPLE, "-O", "ram"], False),
    "example by rows": ([EXAMPLE, "-O", "ram", "--feed", "rows"], True),
    "blocks": (net("blocks") + ["-O", "ram"], False),
    "decoder by rows": (net("decoder") +
                        [LOOPS % "0-4:strips:2:4x0@2:3x7@4", "--feed", "rows"], True),
}

# A compiler that first edits what it compiles, and how the run must end then.
NOTICED = "a guard zone or an input was written"
BREAKS = {
    "arena too short": (
        r"/^THB_REGION_IN/s/u, \([0-9]*\)u,/u, \1u - SHORTu,/;"
        r"s/^\(    { thg_[a-z0-9_]*, [0-9]*u\),/\1 - SHORTu,/", "glue.c", NOTICED),
    "a byte behind": (
        r"s/^\( *m_graph0(ctx->region);\)/\1 ctx->region[1][M_TRANSIENT_BYTES] ^= 1;/",
                      "m.c", NOTICED),
    "a byte in front": (r"s/^\( *m_graph0(ctx->region);\)/\1 ctx->region[1][-1] ^= 1;/", "m.c",
                        NOTICED),
    "nothing": (r"s/^\( *m_graph0(ctx->region);\)/\1 (void)0;/", "m.c", None),
}
COMPILERS = {"cortex-m4": "arm-none-eabi-gcc", "cortex-m55": "arm-none-eabi-gcc",
             "rv32imc": "riscv64-unknown-elf-gcc"}
# Bytes missing; on Helium the last 64 are scratch that a pointwise layer leaves alone.
SHORT = {"cortex-m55": 65}


def emulated():
    for path in sorted(glob.glob(SOURCE + "/targets/*.xml")):
        target = tree.parse(path).getroot()
        if target.find("board/command") is not None:
            yield target.get("name")


def verify(target, options, folder, more=()):
    cmd = [THIMBLE, "verify", "--json", "-n", "m", "-o", folder, "--target", target] + options
    p = subprocess.run(cmd + list(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       universal_newlines=True)
    return p.returncode, p.stdout, p.stderr.strip()


def wrong(result, info, pushed):
    """What is not as it must be, or an empty text."""
    stack, memory = result["stack"], info["memory"]
    if not result["equal"] or result["cases"] < 1:
        return "outputs differ"
    if result["guards_intact"] != result["cases"]:
        return "guard zones of %d of %d cases" % (result["guards_intact"], result["cases"])
    if sum(m["bytes"] for m in result["memories"]) != result["arena"] or \
            result["arena"] != memory["arena_bytes"]:
        return "ran in %d bytes, reported are %d" % (result["arena"], memory["arena_bytes"])
    if any((m["guard_before"], m["guard_after"]) != (GUARD, GUARD) for m in result["memories"]):
        return "blocks without guard zones"
    if stack["functions_without_frame"] or stack["measured"] < 1 or stack["bound"] is None or \
            stack["measured"] > stack["bound"]:
        return "stack %s" % stack
    if not any(l["op"] == "tile_loop" for l in info["layers"]):
        return "no tile loop"
    if bool(memory["pushed_bytes"]) != pushed:
        return "%d bytes of rows" % memory["pushed_bytes"]
    return ""


def try_run(job):
    target, what = job
    options, pushed = RUNS[what]
    folder = "%s/%s-%s" % (WORK, target, what.replace(" ", "-"))
    status, out, err = verify(target, options, folder)
    if status == MISSING:
        return "SKIP", job, err
    if status:
        return "FAIL", job, "exit code %d: %s" % (status, err)
    result = json.loads(out)
    with open(folder + "/m_info.json") as f:
        why = wrong(result, json.load(f), pushed)
    return "FAIL" if why else "PASS", job, why or "%d bytes, stack %d of %s, %d cases" % (
        result["arena"], result["stack"]["measured"], result["stack"]["bound"], result["cases"])


def try_break(job):
    target, what = job
    edit, file, noticed = BREAKS[what]
    edit = edit.replace("SHORT", str(SHORT.get(target, 1)))
    name = "%s/%s-%s" % (WORK, target, what.replace(" ", "-"))
    with open(name + "-cc", "w") as f:
        f.write("#!/bin/sh\nfor a; do\n    case $a in %s | */%s)\n        cp \"$a\" '%s-before'\n"
                "        sed -i '%s' \"$a\"\n"
                "        cmp -s \"$a\" '%s-before' || : >'%s-edited';;\n"
                "    esac\ndone\nexec %s \"$@\"\n" %
                (file, file, name, edit, name, name, COMPILERS[target]))
    os.chmod(name + "-cc", os.stat(name + "-cc").st_mode | stat.S_IXUSR)
    # layer by layer, so that the last byte is in use
    status, _, err = verify(target, [EXAMPLE, "-O", "time"], name, ["--cc", name + "-cc"])
    if status == MISSING:
        return "SKIP", job, err
    if not os.path.exists(name + "-edited"):
        return "FAIL", job, "nothing was edited"
    if noticed is None:
        return ("FAIL" if status else "PASS"), job, "not wrong, exit code %d %s" % (status, err)
    return ("PASS" if status and noticed in err else "FAIL"), job, "exit code %d: %s" % (
        status, err.splitlines()[0] if err else "")


def main():
    few = None if os.environ.get("TH_FULL") else ("cortex-m4", "rv32imac")
    jobs = [(try_run, (t, what)) for t in emulated() if not few or t in few for what in RUNS]
    jobs += [(try_break, (t, what)) for t in COMPILERS if not few or t in few for what in BREAKS]
    count = {"PASS": 0, "SKIP": 0, "FAIL": 0}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for status, job, why in pool.map(lambda j: j[0](j[1]), jobs):
            count[status] += 1
            print("%s: %s: %s: %s" % ((status,) + job + (why,)), flush=True)
    print(", ".join("%s %d" % c for c in count.items()))
    if count["FAIL"]:
        return 1
    return 0 if count["PASS"] else 77


sys.exit(main())
