# SPDX-License-Identifier: Apache-2.0
"""
Makes model files and reads them: tflite_import.py FLATC SCHEMA READER FOLDER
Every operator in every number format must come out as the expected IR operators, every hostile
model must be refused with the expected messages.
"""
import json
import os
import re
import subprocess
import sys

import tflite_hostile
import tflite_ops

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def write(folder, name, text):
    with open(os.path.join(folder, name + ".json"), "w") as f:
        f.write(text)


def convert(flatc, schema, folder):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".json"))
    subprocess.run([flatc, "-b", "-o", folder, schema] + [os.path.join(folder, n) for n in names],
                   check=True)
    return [os.path.join(folder, n[:-5] + ".tflite") for n in names]


def read(reader, path, *options):
    run = subprocess.run([reader, *options, path], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    return run.returncode, run.stdout.decode("utf-8", "replace")


def misalign(path):
    """Moves the vector of the one zero point, -3, to a place that is no multiple of 8."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    vector = (1).to_bytes(4, "little") + (-3).to_bytes(8, "little", signed=True)
    old = data.index(vector)
    field = next(i for i in range(old - 4, 0, -4)
                 if i + int.from_bytes(data[i:i + 4], "little") == old)
    while len(data) % 8:
        data.append(0)
    data[field:field + 4] = (len(data) - field).to_bytes(4, "little")
    data += vector
    with open(path, "wb") as f:
        f.write(data + bytes(4))


def check_good(name, wanted, code, text):
    if code != 0:
        return "refused: " + text.splitlines()[0]
    for word in wanted:
        there = re.search(r"\b%s(?!\w)" % re.escape(word.lstrip("-")), text)
        if bool(there) == word.startswith("-"):
            return "%s in the program" % word
    return None


def check_hostile(name, wanted, code, text):
    if code != 1:
        return "exit code %d, not 1" % code
    if CONTROL.search(text):
        return "control characters in the messages"
    for pattern in wanted:
        if not re.search(pattern, text):
            return "no message '%s' in:\n%s" % (pattern, text)
    return None


def main():
    flatc, schema, reader, folder = sys.argv[1:]
    failures = count = 0
    cases = []
    for kind, source, check in [("good", tflite_ops, check_good),
                                ("hostile", tflite_hostile, check_hostile)]:
        place = os.path.join(folder, kind)
        os.makedirs(place, exist_ok=True)
        for name, model, wanted in source.models():
            write(place, name, model if isinstance(model, str) else
                  json.dumps(model.tree() if hasattr(model, "tree") else model))
            cases.append((place, name, wanted, check))
        convert(flatc, schema, place)
    misalign(os.path.join(folder, "good", "DEQUANTIZE_INT8.tflite"))
    for place, name, wanted, check in cases:
        count += 1
        wrong = check(name, wanted, *read(reader, os.path.join(place, name + ".tflite")))
        if wrong:
            failures += 1
            print("FAIL: %s: %s" % (name, wrong))
    print("%d models, %d failures" % (count, failures))
    return 1 if failures or count < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
