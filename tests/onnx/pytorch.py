#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports layers and functions of PyTorch to ONNX at several operator sets, compiles each for the
target c99, builds, runs and compares with what PyTorch computes (node.py does that). PyTorch's
results owe nothing to this project. The rows are in pytorch_layers.py and pytorch_functions.py.

  pytorch.py [--thimble PROGRAM] [--table FILE] [--only REGEX] [--opsets 9,17] [-v]

Outcomes as node.py has them, and: no export (PyTorch's exporter refuses), exporter (it writes
something else than PyTorch computes; the row says what). Exit 1 if one is wrong or crashed; 77
without torch (Debian: python3-torch).
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import sys
import tempfile
import time
import warnings
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make
import node
import pb

try:
    import torch
except ImportError:
    print("SKIP: Python has no torch (Debian: python3-torch, for /usr/bin/python3)")
    sys.exit(77)
import pytorch_functions
import pytorch_layers

OPSETS = (9, 11, 13, 16, 17)
BOUND = 1e-4, 1e-5      # relative, absolute
KINDS = {torch.float32: 1, torch.uint8: 2, torch.int8: 3, torch.int16: 5, torch.int32: 6,
         torch.int64: 7, torch.bool: 9, torch.float16: 10, torch.float64: 11}
OUTCOMES = ("pass", "refused", "wrong", "crash", "exporter", "no export")


def flat(value):
    """The tensors in nested tuples, lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, (tuple, list)) or not (value is None or isinstance(value, (int, float))):
        return [t for v in value for t in flat(v)]
    return [] if value is None else [torch.tensor(value)]


def copies(value):
    """Operands that the model may overwrite."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return tuple(copies(v) for v in value) if isinstance(value, tuple) else value


def stir(model):
    """Parameters and statistics that are all alike would hide much."""
    for t in list(model.parameters()) + list(model.buffers()):
        if t.numel() and torch.is_floating_point(t) and bool((t == t.flatten()[0]).all()):
            t.data.uniform_(0.5, 1.5)
    return model


def store(tensors, folder, kind):
    for k, t in enumerate(tensors):
        t = t.detach().contiguous()
        with open(os.path.join(folder, "%s_%d.pb" % (kind, k)), "wb") as f:
            f.write(make.tensor("", t.shape, t.numpy().tobytes(), KINDS[t.dtype]))


def export(row, opset, path):
    """Writes the case in the layout of ONNX's suite; returns why the exporter does not."""
    torch.manual_seed(zlib.crc32(row.name.encode()))
    model = stir(row.model()).eval()
    inputs = tuple(make_input() for make_input in row.inputs)
    with torch.no_grad():
        wanted = flat(model(*copies(inputs)))
    data = os.path.join(path, "test_data_set_0")
    os.makedirs(data)
    try:
        torch.onnx.export(model, copies(inputs), os.path.join(path, "model.onnx"),
                          opset_version=opset,
                          input_names=["i%d" % k for k in range(len(flat(inputs)))])
    except Exception as e:      # of any class: RuntimeError, ValueError, TypeError, ...
        return (str(e).splitlines() or [type(e).__name__])[0]
    case = node.Case(path)
    used = [flat(inputs)[int(v.name[1:])] for v in case.model.inputs]
    store(used, data, "input")
    store(wanted, data, "output")
    return ""


def run_case(args, row, path):
    case = node.Case(path)
    case.bound = BOUND
    if all(v.kind == "tensor" and v.dims is not None and None not in v.dims
           for v in case.model.inputs):
        case.scope = ""         # the exporter leaves results' shapes open more often than they are
    outcome, why = node.one(args, case)
    if outcome in ("wrong", "refused") and row.exporter and case.model.opset < row.before:
        return "exporter", row.exporter
    if outcome == "wrong":
        wanted = case.tensors(os.path.join(path, "test_data_set_0"), "output")
        for v, want in zip(case.model.outputs, wanted):
            if v.type != want.type:
                return "exporter", "it declares %s, PyTorch computes %s" % tuple(
                    pb.TYPES[k][0] if k in pb.TYPES else "nothing" for k in (v.type, want.type))
    return outcome, why


def run(args, row, folder, paths):
    """Outcomes of a row by operator set; programs are shared where the emitted C is the same."""
    args = argparse.Namespace(**dict(vars(args), work=folder))
    results = collections.OrderedDict()
    for opset, (path, why) in paths.items():
        results[opset] = ("no export", why) if why else run_case(args, row, path)
        outcome, why = results[opset]
        if outcome in ("wrong", "crash") or (args.v and outcome != "pass"):
            print("%s: %s_%d: %s" % (outcome.upper(), row.name, opset, why), flush=True)
    shutil.rmtree(folder)
    return results


def short(why):
    for cut in (" Please feel free to request.*", r" \[Caused by.*", r" to ONNX opset version \d+"):
        why = re.sub(cut, "", why)
    why = re.sub(r"Support for this operator was added in version (\d+).*", r"It came with \1.",
                 why)
    return re.sub(r"\s+", " ", why).replace("|", "\\|")[:300]


def write_table(path, results):
    """results: {(row, opset): (outcome, why)}"""
    families, sets = collections.OrderedDict(), sorted({o for _, o in results})
    for (row, opset), (outcome, _) in results.items():
        families.setdefault(row.family, collections.Counter())[outcome] += 1
    with open(path, "w") as f:
        f.write("# Layers and functions of PyTorch\n\nPyTorch %s exports %d layers and functions "
                "at the operator sets %s; each is compiled\nfor the target `c99`, built, run and "
                "compared with PyTorch's own results (relative %g,\nabsolute %g, integers "
                "exactly). Made by `make pytorch-table%s`, which needs Debian's `python3-torch`\n"
                "(no part of `make check`, and not needed to build).\n\n" %
                (torch.__version__, len({r for r, _ in results}),
                 ", ".join(map(str, sets)), *BOUND, "" if sets == list(OPSETS) else
                 " pytorch_opsets=" + ",".join(map(str, sets))))
        f.write("`no export`: PyTorch's exporter refuses. `exporter`: what it writes is not what "
                "PyTorch computes.\n\n")
        f.write("| family | cases | %s |\n|%s\n" % (" | ".join(OUTCOMES), "---|" * 8))
        total = collections.Counter()
        for name, n in families.items():
            total.update(n)
            f.write("| %s | %d | %s |\n" % (name, sum(n.values()),
                                            " | ".join(str(n[o]) for o in OUTCOMES)))
        f.write("| all | %d | %s |\n" % (sum(total.values()),
                                         " | ".join(str(total[o]) for o in OUTCOMES)))
        for outcome in OUTCOMES[1:]:
            why = collections.OrderedDict()
            for (row, opset), result in results.items():
                if result[0] == outcome:
                    names = why.setdefault(short(result[1]), collections.OrderedDict())
                    names.setdefault(row.name, []).append(str(opset))
            if why:
                f.write("\n## %s (%d)\n\n" % (outcome.capitalize(), total[outcome]))
            for reason, names in why.items():
                f.write("- %s: %s\n" % (", ".join("%s (%s)" % (n, ", ".join(o))
                                                  for n, o in names.items()), reason))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--cc", default=os.environ.get("CC", "cc") + " -O0 -w")
    p.add_argument("--table")
    p.add_argument("--only", default="", help="regular expression that FAMILY/NAME matches")
    p.add_argument("--opsets", default=",".join(map(str, OPSETS)))
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("--keep", action="store_true", help="leave what was built")
    p.add_argument("-v", action="store_true", help="tell of what is refused or not exported, too")
    args = p.parse_args()
    args.thimble = os.path.abspath(args.thimble) if os.sep in args.thimble else args.thimble
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rows = pytorch_layers.ROWS + pytorch_functions.ROWS
    names = collections.Counter(r.name for r in rows)
    assert max(names.values()) == 1, names.most_common(3)
    rows = [r for r in rows if re.search(args.only, "%s/%s" % (r.family, r.name))]
    opsets = [int(o) for o in args.opsets.split(",")]
    results, pending = collections.OrderedDict(), {}
    start, broken = time.time(), 0
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for row in rows:
            folder, paths = os.path.join(work, row.name), collections.OrderedDict()
            try:
                for opset in opsets:
                    path = os.path.join(folder, "pytorch", "test_%s_%d" % (row.name, opset))
                    paths[opset] = path, export(row, opset, path)
            except Exception as e:
                print("BROKEN ROW: %s: %s" % (row.name, e), flush=True)
                broken += 1
                continue
            pending[row] = pool.submit(run, args, row, folder, paths)
        for row, found in pending.items():
            results.update(((row, opset), result) for opset, result in found.result().items())
    n = collections.Counter(outcome for outcome, _ in results.values())
    print("%d cases: %s (%d s)" % (sum(n.values()), ", ".join("%d %s" % (n[o], o)
                                                              for o in OUTCOMES),
                                   time.time() - start))
    if args.table:
        write_table(args.table, results)
    return 1 if n["wrong"] + n["crash"] + broken else 0


if __name__ == "__main__":
    sys.exit(main())
