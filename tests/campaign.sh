#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# campaign.sh SOURCES BUILD: what takes too long for every change. Fuzzes each reader for
# CAMPAIGN_SECONDS (1800), then makes the tables of models (whole and in pieces), of
# PyTorch's layers (with python3-torch) and benchmarks again. The results of fuzzing go to
# docs/campaign.md.
set -eu
src=$1 build=$2
seconds=${CAMPAIGN_SECONDS:-1800}
shared=${TH_SHARED:-$src/../shared}
out=$build/campaign
readers="tflite onnx openvino xml"
for reader in fuzz $readers; do mkdir -p "$out/$reader"; done

cd "$out/fuzz"
[ -f Makefile ] || "$src/configure" -q CC=clang-16 CXX=clang++-16 CFLAGS='-O1 -g' \
    CXXFLAGS='-O1 -g' --enable-fuzzers --enable-sanitizers --disable-shared >configure.log
for reader in $readers; do
    make -s frontends/$reader/lib$reader.la
    make -s tests/fuzz/fuzz_$reader
done

# seeds: the project's own models, the smaller shared ones, and their XML form
for m in "$src"/examples/vibration/*.tflite "$shared"/models/*/model.tflite; do
    [ -f "$m" ] && [ "$(wc -c <"$m")" -lt 100000 ] || continue
    name=$(echo "$m" | cksum | cut -d ' ' -f 1)
    cp "$m" "$out/tflite/$name"
    "$build/thimble" compile "$m" --target c99 --stop-after=dce -o "$out/seed.xml" \
        >/dev/null 2>&1 && cp "$out/seed.xml" "$out/xml/$name" || true
done
rm -f "$out"/seed.xml*
for m in "$src"/examples/vibration/*.onnx "$shared"/models/*/*.onnx "$shared"/models/*/*.xml; do
    [ -f "$m" ] && [ "$(wc -c <"$m")" -lt 100000 ] || continue
    case $m in *.onnx) reader=onnx ;; *) reader=openvino ;; esac
    cp "$m" "$out/$reader/$(echo "$m" | cksum | cut -d ' ' -f 1)"
done

table=$src/docs/campaign.md
{
    echo '# Long fuzzing'
    echo
    echo 'libFuzzer with address and undefined-behaviour sanitizers, leak check, and a bound on'
    echo 'memory, on the harnesses of `tests/fuzz/`. `make campaign` runs them again and writes this page.'
    echo
    cat <<'EOF'
Reading a file takes at most 100 times its size (with the weights beside it) and 128 MB of memory,
whatever the file says. The parts of that: what the format's parser makes of the file; constants that
the file computes or widens (each reader's page has the limits); and 32 MB and 16 times the file's
size for the program and everything else. `make check` holds all readers to it, with a thousand
damaged files each, and with files made to take much memory (`tests/fuzz/bombs.py`): parts that many
others share, numbers that count billions, constants computed from nothing, deep nesting, long names.
Files that once broke a reader are read again (`tests/fuzz/corpus.test`).

EOF
    echo '| reader | seconds | inputs run | findings |'
    echo '|---|---|---|---|'
} >"$table.new"
status=0
for reader in $readers; do
    log=$out/$reader.log
    findings=none
    "./tests/fuzz/fuzz_$reader" -max_len=20000 -timeout=20 -rss_limit_mb=2000 \
        -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$out/$reader-" \
        "$out/$reader" >"$log" 2>&1 || { findings=$(grep -m 1 SUMMARY "$log"); status=1; }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "| $reader | $seconds | ${runs:-?} | $findings |" >>"$table.new"
done
mv "$table.new" "$table"
[ $status -eq 0 ]
make -C "$build" models-table
make -C "$build" pieces-table
make -C "$build" import-models-table
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
    make -C "$build" pytorch-table
else
    echo "SKIP: docs/pytorch.md needs python3-torch"
fi
make -C "$build" bench
