#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples.sh BINDIR LIBDIR SOURCES: builds the four examples against an installed Thimble with
# their own Makefiles and pkg-config, and runs each. Prints automake-like counts.
set -u
bin=$1 lib=$2 src=$3
PKG_CONFIG_PATH=$lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH
unset THIMBLE_PLUGIN_PATH THIMBLE_TARGET_PATH THIMBLE_BENCH_PATH
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

try() {
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "PASS: $what"
    else
        failed=$((failed + 1))
        echo "FAIL: $what"
        cat "$work/log"
    fi
}
has() { grep -q "$2" "$1"; }
lacks() { ! grep -q "$2" "$1"; }

if [ ! -e "$lib/libthimble.so" ]; then
    echo 'SKIP: examples: this Thimble was installed without a shared library'
    printf '# PASS: 0\n# SKIP: 1\n# FAIL: 0\n'
    exit 0
fi
for e in strip_softmax mlp_text arduino snake; do
    cp -r "$src/plugins/examples/$e" "$work/$e"
    chmod -R u+w "$work/$e"
    try "build $e" make -C "$work/$e" -s
done
model=$src/examples/vibration/vibration.tflite

p=$work/strip_softmax/strip_softmax.so
try 'pass: compile' "$bin/thimble" compile "$model" --plugin "$p" \
    --passes '+strip-softmax@after:canonicalize' --target c99 -o "$work/stripped"
try 'pass: no softmax is left' lacks "$work/stripped/vibration.c" thk_softmax
try 'pass: outputs equal the evaluator' "$bin/thimble" verify "$model" --plugin "$p" \
    --passes '+strip-softmax@after:canonicalize' --target c99

p=$work/mlp_text/mlp_text.so
try 'frontend: analyze' "$bin/thimble" analyze "$work/mlp_text/xor.mlp" --plugin "$p"
try 'frontend: verify' "$bin/thimble" verify "$work/mlp_text/xor.mlp" --plugin "$p" --target c99
printf 'mlp 1\ninput 2\ndense 2 relu 1' >"$work/short.mlp"
try 'frontend: a short file is refused' sh -c '"$1" analyze "$2" --plugin "$3"; [ $? -eq 1 ]' \
    sh "$bin/thimble" "$work/short.mlp" "$p"

p=$work/arduino/arduino.so
t=$work/arduino/arduino-host.xml
try 'backend: compile' "$bin/thimble" compile "$model" --plugin "$p" --target "$t" \
    -o "$work/library"
try 'backend: library.properties' has "$work/library/library.properties" 'includes=vibration.h'
try 'backend: verify' "$bin/thimble" verify "$model" --plugin "$p" --target "$t"

p=$work/snake/snake.so
try 'operator: model' flatc -b -o "$work" "$src/frontends/tflite/schema.fbs" \
    "$src/plugins/examples/snake/snake.json"
try 'operator: refused without its plugin' sh -c '"$1" analyze "$2"; [ $? -eq 1 ]' sh \
    "$bin/thimble" "$work/snake.tflite"
try 'operator: verify' "$bin/thimble" verify "$work/snake.tflite" --plugin "$p" --target c99 \
    --tolerance 1e-6,1e-6
try 'operator: its kernel is called' sh -c '"$1" compile "$2" --plugin "$3" --target c99 -o "$4" &&
    grep -q "thk_snake_f32__c99(16, 0x1p-1f" "$4/snake.c"' sh "$bin/thimble" \
    "$work/snake.tflite" "$p" "$work/snake_out"

printf '# PASS: %d\n# FAIL: %d\n' "$passed" "$failed"
[ $failed -eq 0 ]
