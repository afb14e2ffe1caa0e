# SPDX-License-Identifier: Apache-2.0
"""
openvino_import.py THIMBLE FOLDER [PREFIX...]: writes each small network with its input and what it
must give, and runs it; then the damaged ones, each of which must be refused with its message.
"""
import os
import subprocess
import sys

import openvino_hostile
import openvino_model
import openvino_more
import openvino_sampling
import openvino_spec
import openvino_spec_math
from openvino_ops import CASES

def write(folder, name, net):
    base = os.path.join(folder, name)
    with open(base + ".xml", "w") as f:
        f.write(net.xml())
    with open(base + ".bin", "wb") as f:
        f.write(net.weights)
    return base


def run(thimble, folder, name, net, outs):
    base = write(folder, name, net)
    cmd = [thimble, "run", base + ".xml", "--tolerance", "1e-5,1e-4"]
    for i, t in enumerate(net.inputs):
        with open("%s_in%d.npy" % (base, i), "wb") as f:
            f.write(openvino_model.npy(t))
        cmd += ["--input", "%s_in%d.npy" % (base, i)]
    for i, t in enumerate(outs):
        with open("%s_out%d.npy" % (base, i), "wb") as f:
            f.write(openvino_model.npy(t))
        cmd += ["--expect", "%s_out%d.npy" % (base, i)]
    code, text = command(cmd)
    target = os.environ.get("OPENVINO_TARGET")
    if code == 0 and target:
        cmd[1] = "verify"
        code, text = command(cmd + ["--target", target, "--reset"])
    return code, text


def command(cmd):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return p.returncode, p.stdout.decode("utf-8", "replace")


def main():
    thimble, folder, only = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = 0
    names = set()
    for name, make in CASES:
        if only and not any(name.startswith(o) for o in only):
            continue
        assert name not in names, name
        names.add(name)
        net, outs = make()
        code, text = run(thimble, folder, name, net, outs)
        if code != 0:
            failed += 1
            print("FAIL: %s: exit code %d\n%s" % (name, code, text[:600]))
    print("%d networks, %d failed" % (len(names), failed))
    if not only:
        failed += openvino_hostile.check(thimble, folder, CASES)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
