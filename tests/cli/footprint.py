# SPDX-License-Identifier: Apache-2.0
"""What compile says about code and stack against what verify built.

    footprint.py COMMAND MODEL TARGET [OPTION...]

Exit code 77: no tool for this target."""
import json
import os
import subprocess
import sys
import tempfile

# What is said may be more: literal arguments make a kernel smaller than it is alone.
MOST_FLASH = 1.35
MOST_STACK = 2.0

command, model, target, *options = sys.argv[1:]
common = [model, "--target", target, "-n", "net", *options]
with tempfile.TemporaryDirectory() as work:
    subprocess.run([command, "compile", *common, "-v", "0", "-o", f"{work}/net"], check=True)
    with open(f"{work}/net/net_info.json", encoding="utf-8") as f:
        info = json.load(f)
done = subprocess.run([command, "verify", *common, "--json"], capture_output=True, text=True,
                      check=False)
if done.returncode == 7:
    sys.exit(77)
built = json.loads(done.stdout)
flash = sum(built["model"][k] for k in ("text", "rodata", "data"))
said = info["data_bytes"] + info["code_bytes_bound"]
stack, most = built["stack"]["bound"], info["stack_bytes_bound"]
print(f"{os.path.basename(model)} {target} {' '.join(options)}: flash {flash}, said {said} "
      f"({said / flash:.2f}); code {flash - info['data_bytes']}, said {info['code_bytes_bound']}; "
      f"stack {stack}, said {most} ({most / stack if stack else 0:.2f})")
wrong = []
if flash > said:
    wrong.append("more flash than said")
if said > MOST_FLASH * flash:
    wrong.append("far less flash than said")
if stack is not None and stack > most:
    wrong.append("more stack than said")
if stack is not None and most > MOST_STACK * stack:
    wrong.append("far less stack than said")
if wrong:
    print("    " + ", ".join(wrong))
sys.exit(bool(wrong))
