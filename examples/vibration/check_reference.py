# SPDX-License-Identifier: Apache-2.0
"""Check reference.py against models whose outputs are known from an established interpreter.

usage: check_reference.py [FOLDER ...]

A folder holds model.tflite and pairs inN.npy / ref_outN.npy, and maybe intermediates.npz: the
value of every tensor for the case that meta.json names. With these each operator is checked by
itself, from reference inputs to reference output. Where a network has operators that reference.py
lacks, only this second check is made, on the others. Without arguments some int8 networks of
../shared/models beside the clone (or $TH_SHARED/models) are taken. A missing folder is skipped,
and if nothing could be compared the exit status is 77. Any difference is a failure: the
comparison is exact.

The example's own committed cases are checked too, which says that model, cases and reference.py
still belong together, not that they are right.
"""
import json
import os
import re
import sys

import numpy as np

import reference
import tflite_file

DEFAULT = ['mlperf_kws_int8', 'mlperf_ic_int8', 'mlperf_vww_int8', 'tinymaix_mnist_valid_q',
           'tinymaix_mnist_rect_q', 'tinyengine_vww', 'tinymaix_cifar10_q']


def check_cases(folder, model, given='in%d.npy', expected='ref_out%d.npy'):
    """Number of whole inferences compared, and of those that differ."""
    compared = wrong = 0
    while os.path.exists(os.path.join(folder, given % compared)):
        x = np.load(os.path.join(folder, given % compared))
        want = np.load(os.path.join(folder, expected % compared))
        got = reference.run(model, [x])[0]
        if got.dtype != want.dtype or not np.array_equal(got.ravel(), want.ravel()):
            wrong += 1
        compared += 1
    return compared, wrong


def check_operators(folder, model):
    """Per operator kind: number of operators compared, and of those that differ."""
    with np.load(os.path.join(folder, 'intermediates.npz')) as f:
        known = {int(re.match(r'op\d+_tensor(\d+)_', key).group(1)): f[key] for key in f.files}
    with open(os.path.join(folder, 'meta.json')) as f:
        case = json.load(f)['intermediates']['case']
    known[model.inputs[0]] = np.load(os.path.join(folder, 'in%d.npy' % case))
    known.update({i: t.data for i, t in enumerate(model.tensors) if t.data is not None})
    counts = {}
    for op in model.ops:
        inputs = [i for i in op.inputs if i >= 0]
        used = inputs + op.outputs
        if op.kind not in reference.KERNELS or any(i not in known for i in used):
            continue
        if known[inputs[0]].dtype != np.int8 or known[op.outputs[0]].dtype != np.int8:
            continue
        got = reference.KERNELS[op.kind](op.options, [model.tensors[i] for i in inputs],
                                         [known[i].astype(np.int64) for i in inputs],
                                         model.tensors[op.outputs[0]])
        compared, wrong = counts.get(op.kind, (0, 0))
        equal = np.array_equal(np.ravel(got), known[op.outputs[0]].ravel())
        counts[op.kind] = (compared + 1, wrong + (not equal))
    return counts


def check(folder):
    """Lines to print: (what, compared, wrong)."""
    model = tflite_file.read(os.path.join(folder, 'model.tflite'))
    lines = []
    if all(op.kind in reference.KERNELS for op in model.ops):
        lines.append(('cases',) + check_cases(folder, model))
    if os.path.exists(os.path.join(folder, 'intermediates.npz')):
        for kind, (compared, wrong) in sorted(check_operators(folder, model).items()):
            lines.append((kind, compared, wrong))
    return lines


def report(name, what, compared, wrong):
    """Print one line; true if it is a failure."""
    failed = bool(wrong or not compared)
    print('%s: %s: %s: %d of %d equal' %
          ('FAIL' if failed else 'ok', name, what, compared - wrong, compared))
    return failed


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.environ.get('TH_SHARED', os.path.join(here, '../../../shared'))
    folders = arguments or [os.path.join(shared, 'models', name) for name in DEFAULT]
    own = tflite_file.read(os.path.join(here, 'vibration.tflite'))
    failed = report('vibration', 'own cases',
                    *check_cases(here, own, 'case%d_in.npy', 'case%d_out.npy'))
    total = 0
    for folder in folders:
        name = os.path.basename(os.path.normpath(folder))
        if not os.path.exists(os.path.join(folder, 'model.tflite')):
            print('skip: %s is not there' % name)
            continue
        lines = check(folder)
        if not lines:
            print('FAIL: %s: nothing to compare' % name)
            failed = True
        for what, compared, wrong in lines:
            failed |= report(name, what, compared, wrong)
            total += compared
    if failed:
        return 1
    return 0 if total else 77


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
