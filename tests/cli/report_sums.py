# SPDX-License-Identifier: Apache-2.0
"""Checks the reports of an emitted folder against each other and against the emitted header."""
import json
import math
import re
import sys
import xml.etree.ElementTree as tree

folder, name = sys.argv[1:]
with open(f"{folder}/{name}_info.json", encoding="utf-8") as f:
    info = json.load(f)
with open(f"{folder}/{name}_report.txt", encoding="utf-8") as f:
    text = f.read()
with open(f"{folder}/{name}.h", encoding="utf-8") as f:
    header = f.read()
with open(f"{folder}/{name}_report.html", encoding="utf-8") as f:
    html = f.read()
wrong = []


def equal(what, a, b):
    if a != b:
        wrong.append(f"{what}: {a} is not {b}")


def macro(word):
    m = re.search(rf"#define {name.upper()}_{word} \(?(\d+)", header)
    return int(m.group(1)) if m else None


layers, memory = info["layers"], info["memory"]
given = memory["io_buffers"] == "caller"
equal("arena and what the caller keeps", memory["arena_and_io_bytes"], memory["arena_bytes"] +
      (memory["input_bytes"] + memory["output_bytes"] if given else 0))
together = re.search(r"^together +(\d+) bytes", text, re.M)
equal("the caller's memory in the text", int(together.group(1)) if together else None,
      memory["arena_and_io_bytes"] if given else None)
equal("MACs", sum(l["macs"] for l in layers), info["macs"])
equal("MACs by operator", sum(o["macs"] for o in info["operators"]), info["macs"])
equal("nodes by operator", sum(o["nodes"] for o in info["operators"]), len(layers))
copied = info["copied_data_bytes"]
equal("weights", sum(l["weight_bytes"] for l in layers) + copied, info["data_bytes"])
equal("weights by operator", sum(o["weight_bytes"] for o in info["operators"]) + copied,
      info["data_bytes"])
with open(f"{folder}/{name}_data.c", encoding="utf-8") as f:
    emitted = re.findall(r"^/\* .*, (\d+) bytes \*/$", f.read(), re.M)
equal("emitted data", sum(map(int, emitted)), info["data_bytes"])
equal("cycles", round(sum(l.get("cycles_estimated", 0) for l in layers), 3),
      round(info.get("cycles_estimated", 0), 3))
equal("arena", memory["state_bytes"] + memory["transient_bytes"], memory["arena_bytes"])
equal("transient of the header", macro("TRANSIENT_BYTES"), memory["transient_bytes"])
equal("state of the header", macro("STATE_BYTES"), memory["state_bytes"])
equal("inputs", sum(t["bytes"] for f in info["functions"] for t in f["inputs"]),
      memory["input_bytes"])
equal("first input of the header", macro("INPUT_0_BYTES"),
      info["functions"][0]["inputs"][0]["bytes"])
for i, t in enumerate(info["functions"][0]["inputs"]):
    m = re.search(rf"#define {name.upper()}_INPUT_{i}_SCALE (.*)f$", header, re.M)
    if "scale" in t and not (m and re.search("[.e]", m[1])
                             and abs(float(m[1]) - t["scale"]) <= 1e-7 * t["scale"]):
        wrong.append(f"scale of input {i} in the header")
equal("steps", [l["step"] for l in layers], list(range(len(layers))))
if memory["lower_bound"] > memory["arena_bytes"]:
    wrong.append("the lower bound is above the arena")
for l in layers:
    if "offset" in l:
        region = next((r for r in memory["regions"] if r["name"] == l["region"]), None)
        if not region:           # the caller's
            if not re.match(r"(input|output) \d+", l["region"]):
                wrong.append(f"step {l['step']} lies in an unknown region")
            continue
        bits = 8 if l["dtype"] == "bool" else int(l["dtype"][1:])
        # of the first output; a tile loop keeps parts of what its nodes make
        size = min((math.prod(l["shape"]) * bits + 7) // 8, l["output_bytes"])
        if l["offset"] < 0 or l["offset"] + size > region["bytes"]:
            wrong.append(f"step {l['step']} lies outside its region")
m = re.search(r"^arena +(\d+) bytes: state (\d+), transient (\d+)", text, re.M)
equal("arena of the text", [int(x) for x in m.groups()],
      [memory[k] for k in ("arena_bytes", "state_bytes", "transient_bytes")])
m = re.search(r"^ +sum +(\d+) +(\d+)$", text, re.M)
equal("sums of the text", [int(x) for x in m.groups()], [info["macs"], info["data_bytes"]])

# The page is well-formed, names every step and refers to nothing outside.
page = tree.fromstring(re.sub(r"^<!DOCTYPE html>\s*", "", html))
ns = "{http://www.w3.org/1999/xhtml}"
rows = [r for t in page.iter(ns + "table") if t.get("class") == "layers"
        for r in t.iter(ns + "tr")]
equal("rows of the page", len(rows), len(layers) + 2)
for e in page.iter():
    for key, value in e.attrib.items():
        if key in ("src", "href") or "url(" in value or key.endswith("}href"):
            wrong.append(f"the page refers to {value}")
    if e.tag in (ns + "script", ns + "link", ns + "img", ns + "iframe"):
        wrong.append(f"the page has a {e.tag}")
for tag in re.findall(r"<(\w+)[^<>]*/>", html):
    if tag != "meta":
        wrong.append(f"HTML does not know <{tag}/>")
if str(memory["arena_bytes"]) not in html:
    wrong.append("the page does not name the arena")
print("\n".join(wrong))
sys.exit(bool(wrong))
