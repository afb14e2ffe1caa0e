#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What it costs in instructions to run whole networks in pieces on an emulated core.

  tile_cost.py [--thimble PROGRAM] [--models DIR] [--only TEXT] [--target NAME]
               [--form N|balanced]... [--table FILE] [--strict] [--jobs N]

Every number is one `thimble verify` whose outputs equalled the stored ones: layer by layer, with
every node that can run in pieces in a stream of whole rows (form 0) or of runs of N columns, and as
`-O balanced` chooses.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)

MODELS = [("mlperf_kws_int8", "model"), ("mlperf_vww_int8", "model"), ("mlperf_ic_int8", "model"),
          ("tinyengine_vww", "quantized"), ("tinytraining_mcunet-5fps_tflite", "quantized")]
ALLOWED = {"model": "0", "quantized": "1e-5,1e-4"}
# The most that is wanted, in percent of the layer-by-layer form.
ROWS, PIXELS = 5.0, 15.0
OFF, BALANCED = "off", "balanced"
FORMS = [OFF, 0, 4, 2, 1, BALANCED]


def text_of(command):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return (p.returncode, p.stdout.decode("utf-8", "replace"),
            p.stderr.decode("utf-8", "replace"))


def options_of(form):
    if form == BALANCED:
        return ["-O", "balanced"]
    how = OFF if form == OFF else "every=stream:%d" % form
    return ["-O", "time", "--passes=+patch-split{%s}@replace:patch-split" % how]


def measure(args, model, io, form):
    here = os.path.join(args.models, model)
    status, out, err = text_of(
        [args.thimble, "verify", os.path.join(here, "model.tflite"), "--target", args.target,
         "--io", io, "--json", "--input", os.path.join(here, "in0.npy"), "--expect",
         os.path.join(here, "ref_out0.npy"), "--tolerance", ALLOWED[io]] + options_of(form))
    if status:
        lines = [l for l in err.splitlines() if "error" in l]
        return {"why": lines[0] if lines else "exit code %d" % status}
    got = json.loads(out)
    return {"count": got["count"]["most"], "arena": got["arena"], "compiler": got.get("compiler")}


def share(got, base):
    return 100.0 * got["count"] / base["count"] - 100.0


def above(got, base, form):
    """What is wanted of this form and not so."""
    if "why" in got or "why" in base or form == OFF:
        return None
    wanted = ROWS if form in (0, BALANCED) else PIXELS
    return wanted if share(got, base) > wanted else None


def cell(got, base, form):
    if "why" in got:
        return "failed: " + got["why"]
    text = "{:,}".format(got["count"])
    if form != OFF and "why" not in base:
        text += " (%+.1f %%)" % share(got, base)
    if above(got, base, form) is not None:
        text += " **above %g %%**" % above(got, base, form)
    return text


def row(model, got, forms):
    return "| %s | %s |" % (model, " | ".join(cell(got[f], got[OFF], f) for f in forms))


def name_of(form):
    if form in (OFF, BALANCED):
        return "layer by layer" if form == OFF else "`-O balanced`"
    return "rows" if form == 0 else "%d column%s" % (form, "" if form == 1 else "s")


def version(command):
    status, out, _ = text_of([command, "--version"])
    return "`%s`: %s" % (command, out.splitlines()[0] if status == 0 and out else "?")


HEAD = """# What pieces cost

Instructions of one invocation on %s, counted exactly by the emulator. In the columns "rows" to
"1 column" every node that can run in pieces does, in streams of whole rows (rings of rows) or of so
many columns at a time (rings of pixels); the share is that above the layer-by-layer form of the
same model. `-O balanced` is what the compiler chooses. Made by `make tile-cost`; every number is a
run whose outputs equal the stored ones of an independent interpreter. Wanted are at most %g %% for
rows and for `-O balanced`, %g %% for columns.

"""


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--models", default=os.environ.get("TH_SHARED", TOP + "/../shared") + "/models")
    p.add_argument("--only", default="")
    p.add_argument("--target", default="cortex-m4")
    p.add_argument("--form", type=lambda f: f if f == BALANCED else int(f), action="append")
    p.add_argument("--strict", action="store_true", help="fails where a share is above its limit")
    p.add_argument("--table", help="the file to write; otherwise the table is printed")
    p.add_argument("--jobs", type=int, default=2)
    args = p.parse_args()
    if not os.path.isdir(args.models):
        print("SKIP: no folder '%s'" % args.models)
        return 77
    forms = [OFF] + args.form if args.form else FORMS
    models = [m for m in MODELS if args.only in m[0]]
    jobs = [(m, io, f) for m, io in models for f in forms]
    all_of = {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for (m, _, f), got in zip(jobs, pool.map(lambda j: measure(args, *j), jobs)):
            all_of.setdefault(m, {})[f] = got
            print(m, f, got.get("count", got.get("why")), file=sys.stderr, flush=True)
    every = [(g, all_of[m][OFF], f) for m in all_of for f, g in all_of[m].items()]
    compilers = sorted({g["compiler"] for g, _, _ in every if g.get("compiler")})
    text = (HEAD % (args.target, ROWS, PIXELS) + "| model | " +
            " | ".join(name_of(f) for f in forms) + " |\n" + "|---" * (1 + len(forms)) + "|\n" +
            "\n".join(row(m, got, forms) for m, got in all_of.items()) +
            "\n\nOf these, %d are above what is wanted.\n\n## Tools\n\n" %
            sum(above(*e) is not None for e in every) +
            "\n".join("- " + version(c) for c in compilers + ["qemu-system-arm"]) + "\n")
    if args.table:
        with open(args.table, "w") as f:
            f.write(text)
    else:
        print(text)
    dear = args.strict and any(above(*e) is not None for e in every)
    return 1 if dear or any("why" in g for g, _, _ in every) else 0


if __name__ == "__main__":
    sys.exit(main())
