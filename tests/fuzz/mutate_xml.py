# SPDX-License-Identifier: Apache-2.0
"""
mutate_xml.py SEED COUNT OUT FILE...: writes COUNT damaged copies of XML files to the folder OUT,
each with hard links to the weights beside its original. Most stay well-formed: numbers, values, elements
and types are changed, not bytes.
"""
import os
import random
import re
import sys

NUMBERS = ["0", "-1", "1", "2", "3", "7", "8", "9", "255", "2147483647", "2147483648", "4294967295",
           "-2147483648", "9223372036854775807", "-9223372036854775808", "1e30", "nan", "", "x"]

# the operator of a layer of OpenVINO, of a node of our own form
KIND = re.compile(r'(?:<layer [^>]*?type|<node op)="([A-Za-z0-9_]+)"')


def number(text, r, _):
    found = list(re.finditer(r"-?\d+", text))
    m = r.choice(found)
    return text[:m.start()] + r.choice(NUMBERS) + text[m.end():]


def near(text, r, _):
    m = r.choice(list(re.finditer(r"\d+", text)))
    return text[:m.start()] + str(int(m.group()) + r.choice([-1, 1, 2, 4])) + text[m.end():]


def value(text, r, _):
    found = list(re.finditer(r'="[^"]*"', text))
    a, b = r.choice(found), r.choice(found)
    return text[:a.start()] + b.group() + text[a.end():]


def attribute(text, r, _):
    m = r.choice(list(re.finditer(r' [a-z_\-]+="[^"]*"', text)))
    return text[:m.start()] + text[m.end():]


def element(text, r, _):
    """Removes, doubles or moves a port, dimension, edge, layer; node, operand, attribute, type."""
    found = list(re.finditer(r"<(dim|port|layer|edge|data|node|in|out|attr|type|quant|const|state|"
                             r"body|input|output|share|region)\b[^>]*?(/>|>.*?</\1>)", text, re.S))
    m = r.choice(found)
    what = r.randrange(3)
    if what == 0:
        return text[:m.start()] + text[m.end():]
    if what == 1:
        return text[:m.end()] + m.group() + text[m.end():]
    at = r.choice(found).start()
    return text[:at] + m.group() + text[at:]


def kind(text, r, kinds):
    found = list(KIND.finditer(text))
    if not found:
        return text
    m = r.choice(found)
    return text[:m.start(1)] + r.choice(kinds) + text[m.end(1):]


def cut(text, r, _):
    return text[:r.randrange(len(text))]


def byte(text, r, _):
    at = r.randrange(len(text))
    return text[:at] + chr(r.randrange(1, 127)) + text[at + 1:]


def main():
    seed, total, out, files = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    os.makedirs(out, exist_ok=True)
    r = random.Random(seed)
    texts = {}
    for name in files:
        with open(name, encoding="utf-8") as f:
            texts[name] = f.read()
    kinds = sorted(set(KIND.findall("".join(texts.values()))))
    changes = [number, number, near, near, value, value, attribute, element, kind, kind, cut, byte]
    for i in range(total):
        name = files[i % len(files)]
        text = texts[name]
        for _ in range(r.choice([1, 1, 2, 3])):
            text = r.choice(changes)(text, r, kinds) if len(text) > 200 else text
        base = os.path.join(out, "%05d_%s" % (i, os.path.basename(name)))
        with open(base, "w", encoding="utf-8") as f:
            f.write(text)
        for weights, link in ((name[:-4] + ".bin", base[:-4] + ".bin"),
                              (name + ".weights", base + ".weights")):
            if os.path.exists(weights):
                os.link(weights, link)


if __name__ == "__main__":
    main()
