#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the search for groups promises against what is planned, for many models.

    promises.py --thimble ./thimble [--models DIR] [--target NAME]... [--seconds N] [FILE...]

FILEs, or every model of DIR (of the shared set without it), that have a choice of ways to run in
pieces are planned for the least memory, with their input in memory and with rows that are pushed.
The search counts what is alive at once, rounded to the target's alignment, with the scratch of
kernels; the plan knows better what meets what, so it may be a little smaller, and adds what loops
keep for themselves. A promise is kept by a plan that is no larger than the promise and that.

Exit status 1 when fewer than --kept in 100 promises are, a plan is --most in 100 larger than that,
or a command takes more than N seconds of processor time; 77 without models.
"""
import argparse
import json
import os
import resource
import subprocess
import sys

TARGETS = ["cortex-m4", "cortex-m55", "rv32imac"]
FEEDS = ["whole", "rows"]


def analyze(a, model, target, feed):
    """The report, None when the model is refused; seconds of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    r = subprocess.run([a.thimble, "analyze", model, "--json", "--target", target, "-O", "ram",
                        "--sram", "1024M", "--flash", "1024M", "--feed", feed],
                       capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (json.loads(r.stdout) if r.returncode == 0 else None), took


def kept_by_loops(report):
    """Bytes that tile loops keep for themselves, in the step that has most of them."""
    align = report["memory"]["align"]
    steps = {}
    for b in report["blocks"]:
        for s in range(b["first_step"], b["last_step"] + 1) \
                if b["scratch"] and b["name"] == "tile_loop" else ():
            key = (b["function"], s)
            steps[key] = steps.get(key, 0) + -(-b["bytes"] // align) * align
    return max(steps.values(), default=0)


class Tally:
    def __init__(self, a):
        self.a = a
        self.seen = self.kept = self.bad = 0
        self.longest = (0, "")

    def inspect(self, name, model, target, feed):
        """False where there is nothing to choose from."""
        report, took = analyze(self.a, model, target, feed)
        self.longest = max(self.longest, (took, f"{name} {target}"))
        if took > self.a.seconds:
            self.bad += 1
            print(f"SLOW {name} {target} --feed {feed}: {took:.1f} s")
        if not report or len(report.get("front") or []) < 2:
            return False
        promised = next(p["bytes"] for p in report["front"] if p["chosen"])
        memory, loops = report["memory"], kept_by_loops(report)
        planned, bound = (memory[k] - memory["state_bytes"] for k in ("arena_bytes",
                                                                      "lower_bound"))
        self.seen += 1
        self.kept += planned <= promised + loops
        over = planned * 100 > (promised + loops) * (100 + self.a.most)
        self.bad += over
        if planned > promised + loops or self.a.all:
            print(f"{'FAILED ' if over else ''}{name} {target} --feed {feed}: promised {promised}, "
                  f"loops {loops}, planned {planned}, bound of the order {bound}", flush=True)
        return True


def model_of(folder):
    files = [os.path.join(folder, "model." + x) for x in ("tflite", "onnx", "xml")]
    return next((f for f in files if os.path.exists(f)), None)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--thimble", default="./thimble")
    p.add_argument("--models",
                   default=os.path.join(os.environ.get("TH_SHARED", "../shared"), "models"))
    p.add_argument("--target", action="append")
    p.add_argument("--seconds", type=float, default=10.0)
    p.add_argument("--kept", type=int, default=85)
    p.add_argument("--most", type=int, default=20)
    p.add_argument("--all", action="store_true", help="print all, not only broken promises")
    p.add_argument("files", nargs="*")
    a = p.parse_args()
    if not a.files and not os.path.isdir(a.models):
        print(f"SKIP: no models in {a.models} (set TH_SHARED)")
        return 77
    models = [(os.path.basename(f), f) for f in a.files] or [
        (d, model_of(os.path.join(a.models, d))) for d in sorted(os.listdir(a.models))
        if not d.startswith("neg_")]
    t = Tally(a)
    for name, model in models:
        for feed in FEEDS if model else ():
            for target in a.target or TARGETS:
                if not t.inspect(name, model, target, feed):
                    break
    print(f"{t.kept} of {t.seen} plans keep their promise; longest: {t.longest[1]}, "
          f"{t.longest[0]:.2f} s")
    return t.seen == 0 or t.bad > 0 or t.kept * 100 < t.seen * a.kept


sys.exit(main())
