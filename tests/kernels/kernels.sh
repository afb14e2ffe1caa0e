#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kernel row against the obvious loops, byte for byte: random shapes, paddings, strides,
# dilations, clamps, boxes, pitched views, rings. KERNELS_CASES cases of each (default 60;
# without TH_FULL 20 and three boards).
# Arguments, if any: the boards to run (host avx2 vnni m3 m4 m7 m33 m55 rv32 rv32v);
# KERNELS_CC=clang for clang-16.
srcdir=${srcdir:-.}
export THIMBLE_TARGET_PATH="${THIMBLE_TARGET_PATH:-$srcdir/targets}"
cases=${KERNELS_CASES:-${TH_FULL:+60}} cases=${cases:-20}
seed=${KERNELS_SEED:-1}
boards=${*:-host avx2 vnni m4 ${TH_FULL:+m33 m55 rv32 rv32v}}
bench=$srcdir/runtime/bench
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0 ran=0
flags="-O2 -Wall -Wextra -Wpedantic -Werror -I$srcdir/runtime/kernels -I$srcdir/tests/kernels -I$bench"

arm() { # cpu fpu define script machine
    if [ "${KERNELS_CC:-gcc}" = clang ]; then
        case $1 in
        *m55) triple=thumbv8.1m.main-none-eabihf;;
        *) triple=thumbv7em-none-eabihf;;
        esac
        clang-16 --target=$triple -mcpu=$1 -mthumb -mfloat-abi=hard $2 \
            -fshort-enums -isystem /usr/lib/arm-none-eabi/include \
            -isystem /usr/arm-none-eabi/include -std=gnu99 $flags -D$3 \
            -c $tmp/t.c -o $tmp/t.o || return 1
    else
        arm-none-eabi-gcc -mcpu=$1 -mthumb $2 -std=gnu99 $flags -D$3 -c $tmp/t.c \
            -o $tmp/t.o || return 1
    fi
    arm-none-eabi-gcc -mcpu=$1 -mthumb $2 -O2 -D$3 -I$bench $bench/startup_cm.c $tmp/t.o \
        --specs=nano.specs -nostartfiles -Wl,--gc-sections -Wl,--no-warn-execstack -L$bench \
        -T $4 -o $tmp/t.elf || return 1
    qemu-system-arm -M $5 -icount shift=7 -nographic -monitor none -serial null \
        -chardev stdio,id=c -semihosting-config enable=on,target=native,chardev=c \
        -kernel $tmp/t.elf
}
need() {
    for tool; do
        command -v $tool >/dev/null 2>&1 || { echo "skip $board: $tool is missing"; return 1; }
    done
}
run() { # board
    case $1 in
    host | avx2 | vnni)
        ${CC:-gcc} $isa -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -std=c99 \
            $flags -DTHB_BOARD_HOST $tmp/t.c -o $tmp/t -lm && $tmp/t;;
    m3) arm cortex-m3 -mfloat-abi=soft THB_BOARD_AN385 mps2.ld mps2-an385;;
    m4) arm cortex-m4 "-mfloat-abi=hard -mfpu=fpv4-sp-d16" THB_BOARD_AN386 mps2.ld mps2-an386;;
    m7) arm cortex-m7 "-mfloat-abi=hard -mfpu=fpv5-sp-d16" THB_BOARD_AN500 an500.ld mps2-an500;;
    m33) arm cortex-m33 "-mfloat-abi=hard -mfpu=fpv5-sp-d16" THB_BOARD_AN505 an505.ld mps2-an505;;
    m55) arm cortex-m55 -mfloat-abi=hard THB_BOARD_AN547 an547.ld mps3-an547;;
    rv32)
        riscv64-unknown-elf-gcc --specs=picolibc.specs -misa-spec=2.2 -march=rv32imc \
            -mabi=ilp32 -mcmodel=medany -std=gnu99 $flags $bench/crt0_riscv.S \
            $bench/start_riscv.c $tmp/t.c -nostartfiles -L$bench -T virt.ld -o $tmp/t.elf &&
        qemu-system-riscv32 -M virt -bios none -cpu rv32,a=off,f=off,d=off -icount shift=0 \
            -nographic -monitor none -serial null -chardev stdio,id=c \
            -semihosting-config enable=on,target=native,chardev=c -kernel $tmp/t.elf;;
    rv32v)
        clang-16 --target=riscv32-unknown-elf -march=rv32gcv -mabi=ilp32d -mcmodel=medany \
            -isystem /usr/lib/picolibc/riscv64-unknown-elf/include -std=c99 $flags \
            -c $tmp/t.c -o $tmp/t.o &&
        riscv64-unknown-elf-gcc --specs=picolibc.specs -misa-spec=2.2 -march=rv32gc \
            -mabi=ilp32d -mcmodel=medany -I$bench $bench/crt0_riscv.S $bench/start_riscv.c \
            $tmp/t.o -nostartfiles -L$bench -T virt.ld -lm -o $tmp/t.elf &&
        qemu-system-riscv32 -M virt -bios none \
            -cpu rv32,v=true,vlen=128,elen=64,vext_spec=v1.0 -nographic -monitor none \
            -serial null -chardev stdio,id=c \
            -semihosting-config enable=on,target=native,chardev=c -kernel $tmp/t.elf;;
    esac
}
check() { # board symbol op
    ./tests/kernels/kgen $2 $3 $seed $cases >$tmp/t.c 2>$tmp/log || { cat $tmp/log; failed=1; return; }
    printf '%s ' $1
    run $1 || { echo "FAILED $1 $2 $3"; failed=1; }
    ran=$((ran + 1))
}

record() { # board target symbol op [type [contract]]
    ./tests/kernels/kop $4 ${5:-s8} ${6:-tflite} $seed $cases $2 $3 >$tmp/t.c 2>$tmp/log ||
        { cat $tmp/log; failed=1; return; }
    printf '%s ' $1
    run $1 || { echo "FAILED $1 $3 $4"; failed=1; }
    ran=$((ran + 1))
}

for board in $boards; do
    isa=
    case $board in
    host) families="c99";;
    avx2)
        grep -qw avx2 /proc/cpuinfo 2>/dev/null || { echo "skip avx2: not in this CPU"; continue; }
        isa=-march=x86-64-v3 families="avx2";;
    vnni)
        grep -qw avx512_vnni /proc/cpuinfo 2>/dev/null ||
            { echo "skip vnni: not in this CPU"; continue; }
        isa="-march=x86-64-v4 -mavx512vnni" families="vnni";;
    m4 | m7 | m33) need arm-none-eabi-gcc qemu-system-arm || continue; families="armv7em";;
    m55) need arm-none-eabi-gcc qemu-system-arm || continue; families="mve";;
    m3) need arm-none-eabi-gcc qemu-system-arm || continue; families="c99";;
    rv32) need riscv64-unknown-elf-gcc qemu-system-riscv32 || continue; families="c99";;
    rv32v) need clang-16 riscv64-unknown-elf-gcc qemu-system-riscv32 || continue; families="rvv";;
    *) echo "kernels.sh: unknown board '$board'"; exit 2;;
    esac
    case $families in
    c99)
        check $board thk_conv2d_s8__c99 conv
        check $board thk_depthwise_conv2d_s8__c99 depthwise
        check $board thk_fully_connected_s8__c99 dense
        check $board thk_conv2d_f32_tile__c99 conv
        check $board thk_conv2d_f32_tile__c99 dense
        check $board thk_depthwise_conv2d_f32_tile__c99 depthwise
        check $board thk_fully_connected_f32_tile__c99 dense
        check $board thk_conv2d_s8_tile__c99 conv
        check $board thk_depthwise_conv2d_s8_tile__c99 depthwise
        check $board thk_depthwise_conv2d_s8_planes__c99 depthwise
        check $board thk_fully_connected_s8_tile__c99 dense
        check $board thk_conv2d_s8_single_tile__c99 conv
        check $board thk_depthwise_conv2d_s8_single_tile__c99 depthwise
        check $board thk_fully_connected_s8_single_tile__c99 dense
        check $board thk_conv2d_s8_onnx__c99 conv
        check $board thk_depthwise_conv2d_s8_onnx__c99 depthwise
        check $board thk_fully_connected_s8_onnx__c99 dense
        check $board thk_conv2d_s8_onnx_tile__c99 conv
        check $board thk_depthwise_conv2d_s8_onnx_tile__c99 depthwise
        check $board thk_fully_connected_s8_onnx_tile__c99 dense
        check $board thk_avg_pool2d_s8__c99 avg
        check $board thk_avg_pool2d_s8_onnx__c99 avg
        check $board thk_max_pool2d_s8__c99 max
        record $board x86-64-v2 thk_batch_matmul_f32_tile__c99 batch_matmul f32
        check $board thk_avg_pool2d_f32__c99 avg
        check $board thk_max_pool2d_f32__c99 max;;
    avx2)
        check $board thk_conv2d_s8__avx2 conv
        check $board thk_depthwise_conv2d_s8__avx2 depthwise
        check $board thk_fully_connected_s8__avx2 dense
        check $board thk_avg_pool2d_s8__avx2 avg
        check $board thk_conv2d_s8_onnx__avx2 conv
        check $board thk_depthwise_conv2d_s8_onnx__avx2 depthwise
        check $board thk_fully_connected_s8_onnx__avx2 dense
        check $board thk_avg_pool2d_s8_onnx__avx2 avg
        check $board thk_conv2d_f32__avx2 conv
        check $board thk_conv2d_f32__avx2 dense
        check $board thk_depthwise_conv2d_f32__avx2 depthwise
        record $board x86-64-v3 thk_add_s8__avx2 add
        record $board x86-64-v3 thk_add_s8__avx2 sub
        record $board x86-64-v3 thk_add_s8_onnx__avx2 add s8 onnx
        record $board x86-64-v3 thk_add_s8_onnx__avx2 sub s8 onnx;;
    vnni)
        check $board thk_conv2d_s8__avx512vnni conv
        check $board thk_conv2d_s8_onnx__avx512vnni conv;;
    armv7em)
        check $board thk_conv2d_s8__armv7em conv
        check $board thk_conv2d_s8__armv7em depthwise
        check $board thk_conv2d_s8_w16__armv7em conv
        check $board thk_depthwise_conv2d_s8__armv7em depthwise
        check $board thk_fully_connected_s8__armv7em dense
        check $board thk_conv2d_s8_single__armv7em conv
        check $board thk_conv2d_s8_single__armv7em depthwise
        check $board thk_conv2d_s8_single_w16__armv7em conv
        check $board thk_depthwise_conv2d_s8_single__armv7em depthwise
        check $board thk_fully_connected_s8_single__armv7em dense
        check $board thk_conv2d_s8s4__armv7em conv
        check $board thk_conv2d_s8s4__armv7em depthwise
        check $board thk_depthwise_conv2d_s8s4__armv7em depthwise
        check $board thk_fully_connected_s8s4__armv7em dense
        check $board thk_conv2d_s8s4_single__armv7em conv
        check $board thk_depthwise_conv2d_s8s4_single__armv7em depthwise
        check $board thk_fully_connected_s8s4_single__armv7em dense
        check $board thk_conv2d_s8_onnx__armv7em conv
        check $board thk_conv2d_s8_onnx__armv7em depthwise
        check $board thk_conv2d_s8_onnx_w16__armv7em conv
        check $board thk_depthwise_conv2d_s8_onnx__armv7em depthwise
        check $board thk_fully_connected_s8_onnx__armv7em dense
        check $board thk_avg_pool2d_s8__armv7em avg
        check $board thk_avg_pool2d_s8_onnx__armv7em avg
        check $board thk_conv2d_f32_tile__c99 conv
        check $board thk_depthwise_conv2d_f32_tile__c99 depthwise
        check $board thk_fully_connected_f32_tile__c99 dense
        record $board cortex-m4 thk_batch_matmul_f32_tile__c99 batch_matmul f32
        record $board cortex-m4 thk_add_s8__armv7em add
        record $board cortex-m4 thk_add_s8__armv7em sub;;
    rvv)
        check $board thk_conv2d_s8_m8__rvv conv
        check $board thk_conv2d_s8_m4__rvv conv
        check $board thk_conv2d_s8_m2__rvv conv
        check $board thk_depthwise_conv2d_s8__rvv depthwise
        check $board thk_depthwise_conv2d_s8_3x3__rvv depthwise
        check $board thk_fully_connected_s8__rvv dense
        check $board thk_avg_pool2d_s8__rvv avg
        check $board thk_conv2d_s8_onnx_m8__rvv conv
        check $board thk_conv2d_s8_onnx_m4__rvv conv
        check $board thk_conv2d_s8_onnx_m2__rvv conv
        check $board thk_depthwise_conv2d_s8_onnx__rvv depthwise
        check $board thk_depthwise_conv2d_s8_onnx_3x3__rvv depthwise
        check $board thk_fully_connected_s8_onnx__rvv dense
        check $board thk_avg_pool2d_s8_onnx__rvv avg
        record $board rv32gcv thk_add_s8__rvv add
        record $board rv32gcv thk_add_s8__rvv sub
        record $board rv32gcv thk_add_s8_onnx__rvv add s8 onnx
        record $board rv32gcv thk_add_s8_onnx__rvv sub s8 onnx;;
    mve)
        check $board thk_conv2d_s8__mve conv
        check $board thk_depthwise_conv2d_s8__mve depthwise
        check $board thk_depthwise_conv2d_s8_3x3__mve depthwise
        check $board thk_fully_connected_s8__mve dense
        check $board thk_avg_pool2d_s8__mve avg
        record $board cortex-m55 thk_add_s8__mve add
        record $board cortex-m55 thk_add_s8__mve sub
        check $board thk_conv2d_s8_onnx__mve conv
        check $board thk_depthwise_conv2d_s8_onnx__mve depthwise
        check $board thk_depthwise_conv2d_s8_onnx_3x3__mve depthwise
        check $board thk_fully_connected_s8_onnx__mve dense
        check $board thk_avg_pool2d_s8_onnx__mve avg
        record $board cortex-m55 thk_add_s8_onnx__mve add s8 onnx
        record $board cortex-m55 thk_add_s8_onnx__mve sub s8 onnx;;
    esac
done
echo "kernels.sh: $ran programs, $cases cases each"
[ $failed = 0 ] && [ $ran -gt 0 ]
