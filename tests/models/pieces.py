#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every model of a folder that has operators with windows in pieces, in four forms.

  pieces.py [--models DIR] [--thimble PROGRAM] [--only TEXT] [--cases N] [--most-macs N]
            [--seconds N] [--table FILE] TARGET...

  rows    all that can run in pieces does, row by row, whole rows kept (`every=stream:0`)
  tiles   the same in tiles of 3 rows and 5 columns, whose halos are computed again
  ram     the smallest memory found (`-O ram`), be it in pieces or not
  feed    the same with the rows of the input pushed (`--feed rows`), or all in whole rows where the
          smallest form does not take rows; inputs with channels first are given with channels last

TARGET is a target's name, or `planned` for the evaluator inside the planned memory, which compares
bit for bit with evaluation as a whole. Targets are compared with the stored outputs where those are
bit-exact, else with the evaluator: integers exactly. A form that a model cannot have is listed with
the reason. --most-macs leaves out, where emulated, cases that are too slow, and names them;
--seconds starts no more after so long. Every model, form and target is one line; exit 1 if any
failed.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import struct
import sys
import tempfile
import time

import models

EVERY = "--passes=+patch-split{every=%s}@replace:patch-split"
FORMS = collections.OrderedDict([
    ("rows", ["-O", "time", EVERY % "stream:0"]),
    ("tiles", ["-O", "time", EVERY % "strips:3x5"]),
    ("ram", ["-O", "ram"]),
    ("feed", ["-O", "ram", "--feed", "rows"]),
])
# Where the smallest form does not begin with the rows of the input.
FORCED = [EVERY % "stream:0"]
LAST = ["--input-layout", "channels-last"]
# Operators with windows over rows and columns.
WINDOWED = re.compile(r"(depthwise_|transpose_)?conv2d$|(avg|max|l2)_pool2d$|resize_")
INTRODUCTION = """# Models in pieces

The %d models of the test set (a folder beside the sources, or where `TH_SHARED` says) that have
operators with windows, %d case each, in four forms: `rows` (all that can run in pieces does, whole
rows kept), `tiles` (3x5, halos computed again), `ram` (the smallest memory found), `feed` (the
same, rows of the input pushed). Outputs in every form on every target are compared: with the stored
ones where those are bit-exact, else with the evaluator, integers exactly. Targets are %s; `planned`
is the evaluator inside the planned memory.
Made by `make pieces-table`.

"""
ROOM = ["--sram", "64M", "--flash", "64M"]      # whether a device has it is no question here


def channels_last(path, folder):
    """The .npy file [n, c, h, w] of path as [n, h, w, c], in folder."""
    with open(path, "rb") as f:
        data = f.read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:start].decode("latin-1")
    shape = re.search(r"'shape': \(([^)]*)\)", header).group(1)
    n, c, h, w = [int(d) for d in shape.split(",")]
    size = int(re.search(r"'descr': '[^']*?(\d+)'", header).group(1))
    image = size * c * h * w
    out = bytearray(n * image)
    for k in range(n):
        for ch in range(c):
            for b in range(size):
                at = start + k * image + ch * size * h * w + b
                out[k * image + ch * size + b:(k + 1) * image:c * size] = \
                    data[at:at + size * h * w:size]
    header = header.replace("(%s)" % shape, "(%d, %d, %d, %d)" % (n, h, w, c))
    header = header.rstrip()
    header += " " * (-(len(header) + 11) % 64) + "\n"
    made = os.path.join(folder, "last_" + os.path.basename(path))
    with open(made, "wb") as f:
        f.write(data[:8] + struct.pack("<H", len(header)) + header.encode("latin-1") + out)
    return made


def input_reason(err):
    """What is said about an input whose rows cannot be pushed."""
    found = re.search(r"note: (?:.*: )?input '[^']*' (.*)", err)
    return " (the input %s)" % found.group(1) if found else ""


class Job:
    def __init__(self, args, name, form, target):
        self.args, self.name, self.form, self.target = args, name, form, target
        with open(os.path.join(args.models, name, "meta.json")) as f:
            self.meta = json.load(f)
        self.bytes = os.path.getsize(os.path.join(args.models, name, self.meta["model"]))
        self.meta["cases"] = self.meta["cases"][:args.cases]
        self.options = list(FORMS[form])
        self.status, self.why, self.macs = "", "", 0

    def analyze(self, options, more):
        model = os.path.join(self.args.models, self.name, self.meta["model"])
        compiled_for = models.PLANNED_FOR if self.target == "planned" else self.target
        return models.run([self.args.thimble, "analyze", model, "--json", "--target",
                           compiled_for] + ROOM + options + more, self.args.timeout)

    def exists(self):
        """Whether the model has the form; notes the work."""
        chosen = []
        status, out, err = self.analyze(self.options, chosen)
        for more in ((LAST, FORCED, LAST + FORCED) if self.form == "feed" else ()):
            if not status:
                break
            status, out, _ = self.analyze(self.options, more)
            chosen = more
        if status:
            # Rows may be refused with reasons; a model that is refused in any form is models.py's.
            refused = status == 3 and self.form == "feed" or self.analyze([], [])[0] in (1, 3)
            self.status = "none" if refused else "FAIL"
            self.why = models.first_error(err) + input_reason(err)
            return False
        self.options += chosen
        found = json.loads(out)
        self.macs = found["macs"]
        if self.form in ("rows", "tiles") and not any(o["op"] == "tile_loop"
                                                      for o in found["operators"]):
            self.status = "none"
            self.why = "no operator can run in pieces"
        return not self.status

    def command(self, folder):
        args = argparse.Namespace(models=self.args.models, thimble=self.args.thimble,
                                  objective="time", io="model", more=[])
        cmd = models.command(args, self.name, self.meta, self.target, os.path.join(folder, "out"))
        at = cmd.index("-O")
        cmd[at:at + 2] = self.options + ROOM
        at = cmd.index("--tolerance")
        exact = cmd[at + 1] == "0"
        del cmd[at:at + 2]
        while not exact and "--expect" in cmd:
            at = cmd.index("--expect")
            del cmd[at:at + 2]
        if LAST[1] in self.options:
            cmd = [channels_last(c, folder) if cmd[i - 1] == "--input" else c
                   for i, c in enumerate(cmd)]
        return cmd

    def run(self):
        emulated = self.target != "planned" and not self.target.startswith("x86")
        if time.monotonic() > self.args.until:
            self.status, self.why = "SKIP", "no time left"
            return self
        if not self.exists():
            return self
        work = self.macs * len(self.meta["cases"])
        if emulated and self.args.most_macs and work > self.args.most_macs:
            self.status, self.why = "SKIP", "%d MACs" % work
            return self
        with tempfile.TemporaryDirectory() as folder:
            cmd = self.command(folder)
            status, out, err = models.run(cmd, self.args.timeout)
        self.status = "FAIL" if status else "PASS"
        if status:
            self.why = "(%d) %s" % (status, models.first_error(err)) + (
                "\n  " + " ".join(cmd) if self.args.verbose else "")
        return self


def windowed(args, name):
    """Whether the model has operators with windows; a refused one has none."""
    with open(os.path.join(args.models, name, "meta.json")) as f:
        model = os.path.join(args.models, name, json.load(f)["model"])
    status, out, _ = models.run([args.thimble, "analyze", model, "--json"], args.timeout)
    return status == 0 and any(WINDOWED.match(o["op"]) for o in json.loads(out)["operators"])


def write_table(args, names, jobs):
    word = {"PASS": "equal", "FAIL": "**differs**", "none": "-", "SKIP": "not run"}
    by = {(j.name, j.form, j.target): j for j in jobs}
    forms = args.forms.split(",")
    with open(args.table, "w") as f:
        f.write(INTRODUCTION % (len(names), args.cases, " / ".join(args.targets)))
        f.write("| model | %s |\n|%s\n" % (" | ".join(forms), "---|" * (len(forms) + 1)))
        for n in names:
            cells = []
            for form in forms:
                words = [word[by[n, form, t].status] for t in args.targets]
                cells.append(words[0] if len(set(words)) == 1 else " / ".join(words))
            f.write("| %s | %s |\n" % (n, " | ".join(cells)))
        for title, status in (("Forms that a model cannot have", "none"), ("Not run", "SKIP"),
                              ("Differences", "FAIL")):
            reasons = collections.OrderedDict()
            for j in (j for j in jobs if j.status == status):
                # one reason for all models: their names are in front
                why = j.why.split("error: ", 1)[-1].replace("'%s'" % j.name, "the model")
                why = "MACs beyond the limit" if why.endswith(" MACs") else why
                reasons.setdefault(why, collections.OrderedDict()).setdefault(j.name, []).append(
                    "%s on %s" % (j.form, j.target))
            if reasons:
                f.write("\n## %s\n\n" % title)
            for why, found in reasons.items():
                f.write("- %s: %s\n" % (why, "; ".join(
                    "%s (%s)" % (n, all_targets(args, what)) for n, what in found.items())))


def all_targets(args, what):
    """ "rows on x, rows on y" of all targets is "rows". """
    by = collections.OrderedDict()
    for w in what:
        form, target = w.split(" on ")
        by.setdefault(form, []).append(target)
    return ", ".join(f if len(t) == len(args.targets) else "%s on %s" % (f, " and ".join(t))
                     for f, t in by.items())


def names_of(args):
    refused = args.refused.split(",")
    return sorted(d for d in os.listdir(args.models)
                  if args.only in d and not d.startswith("neg_") and d not in refused and
                  any(os.path.exists(os.path.join(args.models, d, m)) for m in models.MODELS))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--models", default=os.environ.get("TH_SHARED", models.TOP + "/../shared") +
                   "/models")
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--only", default="")
    p.add_argument("--refused", default="", help="models that are refused, comma-separated")
    p.add_argument("--forms", default=",".join(FORMS))
    p.add_argument("--cases", type=int, default=2, help="so many of a model's cases")
    p.add_argument("--most-macs", type=int, default=0, help="of all cases, on emulated targets")
    p.add_argument("--seconds", type=int, default=0, help="start no more after so long")
    p.add_argument("--table", help="a page to write")
    p.add_argument("--timeout", type=int, default=900)
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("--verbose", action="store_true", help="commands of what fails")
    p.add_argument("targets", nargs="+")
    args = p.parse_args()
    if not os.path.isdir(args.models):
        print("SKIP: no folder '%s'" % args.models)
        return 77
    for t in [t for t in args.targets if models.host_lacks(t)]:
        print("SKIP: %s: this processor has no %s" % (t, models.host_lacks(t)))
        args.targets.remove(t)
    args.until = time.monotonic() + args.seconds if args.seconds else float("inf")
    count = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        names = names_of(args)
        names = [n for n, w in zip(names, pool.map(lambda n: windowed(args, n), names)) if w]
        jobs = [Job(args, n, f, t) for n in names for t in args.targets
                for f in args.forms.split(",")]
        # if time runs out, it shall be in large models on targets
        jobs.sort(key=lambda j: (j.target != "planned", j.bytes))
        for j in pool.map(Job.run, jobs):
            count[j.target, j.form, j.status] += 1
            count[j.status] += 1
            print("%s: %s as %s on %s%s" % (j.status, j.name, j.form, j.target,
                                            ": " + j.why if j.why else ""), flush=True)
    for t in args.targets:
        print("# %s: %s" % (t, ", ".join("%s %d" % (f, count[t, f, "PASS"]) for f in FORMS)))
    if args.table:
        write_table(args, names, jobs)
    print("# %d models, %d forms that a model cannot have" % (len(names), count["none"]))
    print("# PASS: %d\n# SKIP: %d\n# FAIL: %d" % (count["PASS"], count["SKIP"], count["FAIL"]))
    return 1 if count["FAIL"] or not count["PASS"] else 0


if __name__ == "__main__":
    sys.exit(main())
