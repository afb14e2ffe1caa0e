#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs.sh BINDIR LIBDIR SOURCES: the pages on writing plugins keep their word. Their sh blocks run,
# page by page and in order, against an installed Thimble; every other block stands word for word
# in one of the examples. Prints automake-like counts.
set -u
bin=$1 lib=$2 src=$3
PATH=$bin:$PATH
PKG_CONFIG_PATH=$lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PATH PKG_CONFIG_PATH LD_LIBRARY_PATH
unset THIMBLE_PLUGIN_PATH THIMBLE_TARGET_PATH THIMBLE_BENCH_PATH
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

if [ ! -e "$lib/libthimble.so" ]; then
    echo 'SKIP: pages: this Thimble was installed without a shared library'
    printf '# PASS: 0\n# SKIP: 1\n# FAIL: 0\n'
    exit 0
fi

# The sources may be read-only; what the pages copy must not be.
SRC=$work/sources
export SRC
mkdir -p "$SRC/plugins" "$SRC/frontends/tflite" "$SRC/examples"
cp -r "$src/plugins/examples" "$SRC/plugins/examples"
cp -r "$src/examples/vibration" "$SRC/examples/vibration"
cp "$src/frontends/tflite/schema.fbs" "$SRC/frontends/tflite/"
chmod -R u+w "$SRC"

# blocks PAGE KIND: the lines of its ```KIND blocks.
blocks() {
    awk -v kind="$2" '$0 == "```" { on = 0 } on { print } $0 == "```" kind { on = 1 }' "$1"
}

quotes_are_true() {
    python3 - "$1" "$SRC/plugins/examples" <<'END'
import pathlib, re, sys
page, examples = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
texts = [f.read_text() for f in examples.glob('*/*') if f.is_file()]
blocks = re.findall(r'^```(c|make|xml)\n(.*?)^```$', page, re.M | re.S)
wrong = [b for _, b in blocks if not any(b in t for t in texts)]
for b in wrong:
    print('not in the examples:\n' + b)
sys.exit(1 if wrong or not blocks else 0)
END
}

try() {
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "PASS: $what"
    else
        failed=$((failed + 1))
        echo "FAIL: $what"
        tail -n 30 "$work/log"
    fi
}

for page in writing-a-pass writing-a-frontend writing-a-backend writing-an-operator; do
    mkdir "$work/$page"
    blocks "$src/docs/$page.md" sh >"$work/$page.sh"
    try "$page: has commands" test -s "$work/$page.sh"
    try "$page: its commands" sh -c 'cd "$1" && sh -eux "$1.sh"' sh "$work/$page"
    try "$page: its quotations" quotes_are_true "$src/docs/$page.md"
done
printf '# PASS: %d\n# FAIL: %d\n' "$passed" "$failed"
[ $failed -eq 0 ]
