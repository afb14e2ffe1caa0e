#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The boards of targets/*.xml.

  boards.py [--thimble PROGRAM] [--all [--models DIR]] [BOARD...]

Both example models compile for every board, lie in the memories that its description names, and
build by the folder's own Makefile without a warning. In memories that are too small they are
refused with the numbers, and what the message then recommends is taken. --all compiles the networks
of the shared set instead: each fits, or is refused with numbers.
"""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True       # beside the sources
from emitted import EXAMPLE, TOP, Checks, check_symbols, emit, run, shared_models

WARNINGS = "-Wall -Wextra -Wpedantic -Wvla -Werror"
ARENA = re.compile(r"error: model needs (\d+) bytes of arena, (?:the largest )?"
                   r"region '([\w-]+)' has (\d+)")
DATA = re.compile(r"error: model needs (?:up to )?(\d+) bytes of flash, region '([\w-]+)' has (\d+)")


def read(name):
    return ET.parse(os.path.join(TOP, "targets", name + ".xml")).getroot()


def boards():
    """name -> {region: (use, bytes)}"""
    names = sorted(f[:-4] for f in os.listdir(os.path.join(TOP, "targets")) if f.endswith(".xml"))
    return {n: {r.get("name"): (r.get("use").split(), int(r.get("bytes")))
                for r in read(n).findall("region")}
            for n in names if read(n).find("device") is not None}


def compiler(board):
    return read(read(board).find("device").get("core")).find("compiler").get("command")


def check_regions(folder, regions):
    """The memories of the plan are the board's and hold what is put there."""
    with open(os.path.join(folder, os.path.basename(folder) + "_info.json")) as f:
        info = json.load(f)
    problems = []
    rams = {name: size for name, (use, size) in regions.items() if "ram" in use}
    for r in info["memory"]["regions"]:
        if r["name"] == "state":         # it lies in one of the memories
            known = r["bytes"] == 0 or r["capacity"] in rams.values()
        else:
            known = rams.get(r["name"]) == r.get("capacity")
        if regions and not known:
            problems.append("the board has no memory '%s' of %s" % (r["name"], r.get("capacity")))
        elif r["bytes"] > r.get("capacity", r["bytes"]):
            problems.append("%d bytes in '%s'" % (r["bytes"], r["name"]))
    room = sum(size for use, size in regions.values() if "code" in use)
    if regions and info["data_bytes"] > room:
        problems.append("%d bytes of data where %d fit" % (info["data_bytes"], room))
    return problems


def check_make(board, folder):
    name = os.path.basename(folder)
    status, out = run(["make", "-s", "-C", folder, "CFLAGS=" + WARNINGS])
    if status:
        return ["make: " + (out.strip().splitlines() or ["failed"])[0]]
    library = os.path.join(folder, "lib%s.a" % name)
    if not os.path.exists(library):
        return ["make: no lib%s.a" % name]
    return check_symbols(compiler(board), name,
                         [os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".o")])


def check_refusal(args, model, board, small, pattern, work):
    """In memories of 1 KiB: the numbers; an option that replaces `small` is a remedy."""
    folder = os.path.join(work, "refused")
    cmd = [args.thimble, "compile", model, "--target", board, "-n", "m", "-v0", "-o", folder]
    status, out = run(cmd + small)
    said = pattern.search(out)
    advice = re.search(r"help: .*(--sram|--flash) (\w+)", out)
    if status != 3 or not said or not advice or os.path.exists(folder):
        return ["exit code %d: %s" % (status, " ".join(out.split()))]
    if int(said.group(3)) != 1024 or int(said.group(1)) <= 1024:
        return ["these numbers say nothing: " + said.group(0)]
    if small[0] == advice.group(1):
        status, out = run(cmd + list(advice.groups()))
        shutil.rmtree(folder, ignore_errors=True)
        if status:
            return ["with %s %s: %s" % (*advice.groups(), " ".join(out.split()))]
    return []


def example(args, checks, board, regions, work):
    can_build = shutil.which(compiler(board)) and shutil.which("make")
    if not can_build:
        checks.skip("%s: no %s or make" % (board, compiler(board)))
    for name, file in (("vib", "vibration.tflite"), ("vibf", "vibration_float.tflite")):
        model = os.path.join(EXAMPLE, file)
        for goal in ("balanced", "ram"):
            folder = os.path.join(work, board, goal, name)
            os.makedirs(os.path.dirname(folder), exist_ok=True)
            status, why = emit(args, model, board, name, folder, "-O", goal)
            problems = why or ["thimble failed"] if status else check_regions(folder, regions)
            if not problems and can_build:
                problems = check_make(board, folder)
            checks.result("%s -O %s for %s" % (name, goal, board), problems)
        rams = [r + "=1k" for r in regions if "ram" in regions[r][0]]
        for small, pattern in ((["--sram", "1k"], ARENA), (["--flash", "1k"], DATA),
                               ([o for r in rams for o in ("--region", r)], ARENA)):
            if small:
                checks.result(" ".join([name, "for", board] + small),
                              check_refusal(args, model, board, small, pattern, work))


def networks(args, checks, board, regions, work):
    fits = refused = 0
    for name, model in shared_models(args.models, 5):
        folder = os.path.join(work, board, name)
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        status, out = run([args.thimble, "compile", model, "--target", board, "-n", name, "-v0",
                           "-o", folder])
        if status == 0:
            fits += 1
            checks.result("%s for %s" % (name, board), check_regions(folder, regions))
        elif status == 3:
            said = [m for p in (ARENA, DATA) for m in p.finditer(out)]
            ok = said and all(int(m.group(1)) > int(m.group(3)) == regions[m.group(2)][1]
                              for m in said)
            refused += 1
            checks.result("%s for %s" % (name, board), [] if ok else out.splitlines())
        elif status != 1:                # a model that no target takes is no matter of the board
            checks.result("%s for %s" % (name, board), out.splitlines() or ["thimble failed"])
        shutil.rmtree(folder, ignore_errors=True)
    print("%-22s %3d networks fit, %3d are too large" % (board, fits, refused), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--all", action="store_true")
    p.add_argument("--models", default=os.environ.get("TH_SHARED", TOP + "/../shared") + "/models")
    p.add_argument("boards", nargs="*")
    args = p.parse_args()
    if args.all and not os.path.isdir(args.models):
        print("SKIP: no folder '%s'" % args.models)
        return 77
    checks = Checks()
    with tempfile.TemporaryDirectory() as work:
        for board, regions in boards().items():
            if not args.boards or board in args.boards:
                (networks if args.all else example)(args, checks, board, regions, work)
    print("# PASS: %d\n# SKIP: %d\n# FAIL: %d" % (checks.done - checks.failed, checks.skipped,
                                                 checks.failed))
    return 1 if checks.failed or not checks.done else 0


if __name__ == "__main__":
    sys.exit(main())
