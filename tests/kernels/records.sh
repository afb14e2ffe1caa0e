#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The portable kernels against the records' own evaluation, on random layers of every type.
# RECORDS_CASES of each (default 25); arguments: ops to run, default all.
srcdir=${srcdir:-.}
cases=${RECORDS_CASES:-25}
seed=${RECORDS_SEED:-1}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export THIMBLE_TARGET_PATH="${THIMBLE_TARGET_PATH:-$srcdir/targets}"
failed=0 ran=0
flags="-g -O0 -std=c99 -Wall -Wextra -Wpedantic -Wno-unused-function
    -fsanitize=address,undefined
    -fno-sanitize-recover=undefined -DTHB_BOARD_HOST -I$srcdir/runtime/kernels
    -I$srcdir/tests/kernels"
one() { # op type contract
    if ! ./tests/kernels/kop $1 $2 $3 $seed $cases >$tmp/t.c 2>$tmp/log; then
        echo "FAILED $1 $2 $3: $(tail -n 1 $tmp/log)"
        failed=1
        return
    fi
    if ! ${CC:-gcc} $flags $tmp/t.c -o $tmp/t -lm || ! $tmp/t; then
        echo "FAILED $1 $2 $3"
        failed=1
    fi
    ran=$((ran + 1))
}
ops=${*:-conv2d depthwise_conv2d transpose_conv2d fully_connected batch_matmul avg_pool2d max_pool2d
    l2_pool2d softmax log_softmax l2_norm prelu resize_nearest resize_bilinear quantize dequantize
    requantize mean sum reduce_max reduce_min reduce_prod reduce_any reduce_all lstm}
for op in $ops; do
    case $op in
    conv2d | depthwise_conv2d | transpose_conv2d | fully_connected) types="s8 u8 s16 s16b32 f32 hybrid";;
    batch_matmul) types="s8 u8 s16 f32 hybrid";;
    avg_pool2d | max_pool2d | softmax | prelu | resize_bilinear)
        types="s8 u8 s16 f32";;
    l2_pool2d) types="f32";;
    lstm) types="s8 s16 f32 hybrid";;
    quantize) types="s8 u8 s16";;
    log_softmax | l2_norm) types="s8 u8 f32";;
    dequantize | requantize) types="s8 u8 s16 s32";;
    mean | sum | reduce_max | reduce_min | reduce_prod | resize_nearest) types="s8 u8 s16 s32 f32";;
    reduce_any | reduce_all) types="s8";;
    *) types="s8";;
    esac
    [ $op = resize_nearest ] && types="s8 u8 s16 f32"
    for type in $types; do
        case $type in
        f32 | hybrid) one $op $type float;;
        *)
            one $op $type tflite
            one $op $type tflite-single-rounding;;
        esac
    done
done
echo "records.sh: $ran programs, $cases layers each"
[ $failed = 0 ] && [ $ran -gt 0 ]
