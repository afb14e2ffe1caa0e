# SPDX-License-Identifier: Apache-2.0
"""What kernels take on each processor, measured by compiling every one of them alone.

    measure.py [--jobs N] [--only TEXT] [--check] SOURCE_FOLDER BACKEND...

writes SOURCE_FOLDER/backends/BACKEND/sizes.c: bytes of code with its constants, and of stack, for
each processor of CORES; with --only the rows of other files stay. Kernels are compiled as functions of their own, with nothing known of their
arguments; a model whose literal arguments reach into them takes less. With --check nothing is
written: kernels that take more than their row says are named.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree as tree

# Cores with one column: the largest figure of them counts.
CORES = {
    "c99": ["cortex-m0plus", "cortex-m3", "cortex-m4 cortex-m7 cortex-m33", "cortex-m55 cortex-m85",
            "rv32imc rv32imac", "rv32imafc", "rv64gc", "rv32imc_zve32x rv32gcv rv64gcv",
            "c99 x86-64-v2", "x86-64-v3", "x86-64-v4"],
    "cortexm": ["cortex-m4 cortex-m7 cortex-m33", "cortex-m55 cortex-m85"],
    "riscv": ["rv32imc_zve32x rv32gcv rv64gcv"],
    "x86": ["x86-64-v3", "x86-64-v4"],
}
# Folders of kernels, and the cores that have their instructions where not all have.
FOLDERS = {
    "c99": {"c99": None},
    "cortexm": {"armv7em": None, "mve": ["cortex-m55", "cortex-m85"]},
    "riscv": {"rvv": None},
    "x86": {"avx2": None, "avx512vnni": ["x86-64-v4"]},
}
# Words of kernels of RISC-V with vectors of floats, and the cores that have those.
FLOATS, FLOAT_CORES = ("_EVEN", "vfloat"), ["rv32gcv", "rv64gcv"]
OPTIONS = {"avx512vnni": "avx512vnni"}      # of a target, that a folder needs
FLAGS = ["-std=c99", "-O2", "-ffunction-sections", "-fdata-sections"]


def compiler_of(source, target, option):
    root = tree.parse(f"{source}/targets/{target}.xml").getroot()
    cc = root.find("compiler")
    flags = (cc.findtext("compile") or "").split()
    for o in root.findall("option"):
        if o.get("name") == option:
            flags += (o.findtext("compile") or "").split()
    return cc.get("name"), [cc.get("command")] + flags


def sections(path):
    """Bytes of code and constants of an object file."""
    text = subprocess.run(["objdump", "-h", path], capture_output=True, text=True,
                          check=False).stdout
    return sum(int(m[2], 16) for m in re.finditer(r"^ +\d+ (\.\S+) +([0-9a-f]{8})", text, re.M)
               if re.match(r"\.s?(text|rodata)", m[1]) and "keep" not in m[1])


def graph(ci, source):
    """Frames and calls of GCC's call graph; notes of what assembler takes."""
    frames, calls = {}, {}
    for m in re.finditer(r'^node: .*?title: "([^"]*)".*?label: "([^"]*)"', ci, re.M):
        n = re.findall(r"(\d+) bytes", m[2])
        frames[m[1]] = int(n[-1]) if n else None
    for m in re.finditer(r'^edge: .*?sourcename: "([^"]*)" targetname: "([^"]*)"', ci, re.M):
        calls.setdefault(m[1], set()).add(m[2])
    for m in re.finditer(r"stack of (\w+): (\d+) bytes", source):
        for k, v in frames.items():
            if k.split(":")[-1] == m[1] and v is not None:
                frames[k] = max(v, int(m[2]))
    return frames, calls


def deepest(frames, calls, f, seen=()):
    """Functions of libraries count nothing here."""
    below = [deepest(frames, calls, c, seen + (f,)) for c in calls.get(f, ()) if c not in seen]
    return (frames.get(f) or 0) + max(below, default=0)


def all_frames(su, source):
    """Clang says no calls: all frames together."""
    total = sum(int(m[1]) for m in re.finditer(r"\t(\d+)\t", su))
    return total + sum(int(m[2]) for m in re.finditer(r"stack of (\w+): (\d+) bytes", source))


def compile_alone(source, target, path, keep):
    name, cc = compiler_of(source, target, OPTIONS.get(path.split("/")[0]))
    with tempfile.TemporaryDirectory() as work:
        with open(f"{work}/k.c", "w", encoding="utf-8") as f:
            f.write(f'#include "{path}"\n')
            f.write("extern const void *const thk_keep[];\nconst void *const thk_keep[] "
                    '__attribute__((section(".keep"))) = {')
            f.write(", ".join(f"(const void *){k}" for k in keep) + "};\n")
        gcc = name == "gcc"
        done = subprocess.run(cc + FLAGS + ["-fcallgraph-info=su" if gcc else "-fstack-usage",
                              f"-I{source}/runtime/kernels", "-c", "k.c", "-o", "k.o"],
                              cwd=work, capture_output=True, text=True, check=False,
                              env=dict(os.environ, CCACHE_DISABLE="1"))
        if done.returncode:
            raise RuntimeError(f"{path} for {target}: {done.stderr[:300]}")
        with open(f"{source}/runtime/kernels/{path}", encoding="utf-8") as f:
            text = f.read()
        with open(f"{work}/k.{'ci' if gcc else 'su'}", encoding="utf-8") as f:
            info = f.read()
        if not gcc:
            return sections(f"{work}/k.o"), all_frames(info, text)
        frames, calls = graph(info, text)
        roots = [k for k in frames if k.split(":")[-1] in keep and frames[k] is not None]
        return sections(f"{work}/k.o"), max(deepest(frames, calls, r) for r in roots)


def pixel_of(symbol):
    at = symbol.rindex("__")
    return symbol[:at] + "_pixel" + symbol[at:]


def measure(source, backend, path):
    """Rows of the kernel of one file: itself, and what its function for one pixel adds."""
    symbol = os.path.basename(path)[:-2]
    only = FOLDERS[backend][path.split("/")[0]]
    with open(f"{source}/runtime/kernels/{path}", encoding="utf-8") as f:
        text = f.read()
    if backend == "riscv" and any(word in text for word in FLOATS):
        only = FLOAT_CORES
    has_pixel = pixel_of(symbol) in text
    rows = {symbol: []}
    if has_pixel:
        rows[pixel_of(symbol)] = []
    for column in CORES[backend]:
        most, more = (0, 0), (0, 0)
        for core in column.split():
            if only and core not in only:
                continue
            alone = compile_alone(source, core, path, [symbol])
            most = tuple(map(max, most, alone))
            if has_pixel:
                both = compile_alone(source, core, path, [symbol, pixel_of(symbol)])
                more = tuple(map(max, more, (both[0] - alone[0], both[1])))
        rows[symbol] += most
        if has_pixel:
            rows[pixel_of(symbol)] += more
    return rows


HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
/* Written by backends/measure.py: what each kernel takes, compiled alone. Code and stack, a pair
 * for each of `cores`. */
#include "backends/%(b)s/families.h"

#define F (const int32_t[])

static const char *const cores[] = {
%(cores)s    NULL,
};

static const struct th_kernel_size rows[] = {
"""
TAIL = """};

const struct th_kernel_sizes th_%(b)s_sizes = {
    .backend = "%(b)s",
    .cores = cores,
    .rows = rows,
    .n = sizeof rows / sizeof rows[0],
    .row_size = sizeof rows[0],
};
"""


def write(path, backend, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEAD % {"b": backend, "cores": "".join(f'    "{c}",\n' for c in CORES[backend])})
        for s in sorted(rows):
            text = f'{{"{s}", F{{{", ".join(map(str, rows[s]))}}}}},'
            f.write(textwrap.fill(text, 99, initial_indent="    ", subsequent_indent="        ",
                                  break_on_hyphens=False) + "\n")
        f.write(TAIL % {"b": backend})


def read(path):
    with open(path, encoding="utf-8") as f:
        return {m[1]: [int(x) for x in m[2].split(",")]
                for m in re.finditer(r'\{"(\w+)",\s+F\{([^}]*)\}', f.read())}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--only", default="")
    p.add_argument("--check", action="store_true")
    p.add_argument("source")
    p.add_argument("backend", nargs="+")
    o = p.parse_args()
    o.source = os.path.abspath(o.source)
    wrong = 0
    for backend in o.backend:
        files = [f"{folder}/{n}" for folder in FOLDERS[backend]
                 for n in sorted(os.listdir(f"{o.source}/runtime/kernels/{folder}"))
                 if n.endswith(".c")]
        rows = {}
        cores = {c for column in CORES[backend] for c in column.split()}
        tools = {compiler_of(o.source, c, None)[1][0] for c in cores}
        missing = [t for t in sorted(tools) if not shutil.which(t)]
        if missing:
            print(f"not tried: {backend}: no {', '.join(missing)}")
            continue
        with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
            for got in pool.map(lambda f, b=backend: measure(o.source, b, f),
                                [f for f in files if o.only in f]):
                rows.update(got)
        path = f"{o.source}/backends/{backend}/sizes.c"
        old = read(path)
        if not o.check:
            write(path, backend, {**old, **rows} if o.only else rows)
            continue
        for f in files:
            if os.path.basename(f)[:-2] not in old:
                print(f"{path}: '{f}' has no row")
                wrong = 1
        for s in sorted(rows):
            if any(x > y for x, y in zip(rows[s], old.get(s, [0] * len(rows[s])))):
                print(f"{path}: '{s}' takes {rows[s]}, and the row says {old.get(s)}")
                wrong = 1
    return wrong


sys.exit(main())
