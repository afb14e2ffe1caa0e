#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far memory plans are from their lower bound, and how long planning takes, for many models.

    bench/plan_gaps.py --thimble ./thimble [--models DIR] [-O ram] [NAME...]

Prints every model whose arena is larger than the bound of its order, then the share without a gap
and the model that took longest (processor time of the whole command); exit status 1 when less than
95 in 100 are without.
"""
import argparse
import json
import os
import resource
import subprocess
import sys

p = argparse.ArgumentParser()
p.add_argument("--thimble", default="./thimble")
p.add_argument("--models", default=os.path.join(os.environ.get("TH_SHARED", "../shared"), "models"))
p.add_argument("-O", dest="objective", default="ram")
p.add_argument("--target", default="cortex-m4")
p.add_argument("--seconds", type=float, default=2.0, help="name models that take longer")
p.add_argument("names", nargs="*")
a = p.parse_args()
if not os.path.isdir(a.models):
    print(f"no models in {a.models}: nothing to do")
    sys.exit(77)



def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


planned = exact = 0
longest = (0, "")
for name in a.names or sorted(os.listdir(a.models)):
    files = [os.path.join(a.models, name, "model." + x) for x in ("tflite", "onnx", "xml")]
    model = next((f for f in files if os.path.exists(f)), None)
    if not model or name.startswith("neg_"):
        continue
    start = spent()
    r = subprocess.run([a.thimble, "analyze", model, "--json", "--target", a.target,
                        "-O", a.objective, "--sram", "1024M", "--flash", "1024M"],
                       capture_output=True, text=True, check=False)
    took = spent() - start
    if r.returncode:
        continue
    memory = json.loads(r.stdout)["memory"]
    planned += 1
    longest = max(longest, (took, name))
    gap = memory["arena_bytes"] - memory["lower_bound"]
    exact += gap == 0
    if gap:
        print(f"{name}: {memory['arena_bytes']} bytes, bound {memory['lower_bound']}")
    if took > a.seconds:
        print(f"{name}: {took:.1f} s")
print(f"{exact} of {planned} plans equal their lower bound; longest: {longest[1]}, "
      f"{longest[0]:.2f} s")
sys.exit(planned > 0 and exact * 100 < planned * 95)
