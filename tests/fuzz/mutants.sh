# SPDX-License-Identifier: Apache-2.0
# What the tests of damaged files have in common; READER and ENDING are set by who sources this,
# PLUGIN where the reader's operators come from one, too.
# Damaged files end with exit code 0, 1 or 3 and a message, never with a signal or a hang, nor with
# more memory than docs/campaign.md states. MUTANTS sets their number.
command -v python3 >/dev/null || { echo "SKIP: python3 is not installed"; exit 77; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
src=${srcdir:-.}
. "$src/tests/fuzz/bound.sh"
shared=${TH_SHARED:-$src/../shared}
THIMBLE_MODULE=$PWD/frontends/$READER/.libs/$READER.so
[ -f "$THIMBLE_MODULE" ] || { echo "SKIP: this build has no loadable modules"; exit 77; }
THIMBLE_MODULE=$THIMBLE_MODULE:$PWD/backends/c99/.libs/c99.so
[ -z "${PLUGIN:-}" ] || THIMBLE_MODULE=$THIMBLE_MODULE:$PWD/plugins/$PLUGIN/.libs/$PLUGIN.so
export THIMBLE_MODULE
mkdir "$folder/seeds"

# A sanitizer's shadow memory does not fit below a limit of the system.
limit_memory() {
    ! grep -q '^SAN_FLAGS = *$' Makefile 2>/dev/null || ulimit -v 1000000 2>/dev/null
}

# read_all WHAT FOLDER: every file ends in one of two ways, within the bound. One process reads many
# files: memory that leaks or grows would add up.
read_all() (
    limit_memory
    find "$2" -name "*.$ENDING" | sort >"$folder/list"
    xargs timeout 300 tests/import/import_model -q -b $BOUND <"$folder/list" \
        >"$folder/out" 2>"$folder/err"
    code=$?
    total=$(wc -l <"$folder/list")
    imported=$(grep -c ': imported$' "$folder/out")
    refused=$(grep -c ': refused$' "$folder/out")
    echo "$total $1: $imported imported, $refused refused"
    sed -n "s|^nearest to the bound is $2/|nearest to the bound: |p" "$folder/out"
    grep ': reading took' "$folder/out" && { echo "FAIL: $1 take too much memory"; exit 1; }
    [ $code = 0 ] || [ $code = 1 ] || [ $code = 123 ] || {
        echo "FAIL: exit code $code"
        tail -5 "$folder/out" "$folder/err"
        exit 1
    }
    [ "$total" != 0 ] && [ $((imported + refused)) = "$total" ] ||
        { echo "FAIL: $((imported + refused)) of $total ended"; exit 1; }
    [ ! -s "$folder/err" ] || { echo "FAIL: unexpected output"; head -20 "$folder/err"; exit 1; }
)

# compile_imported N: what can be imported goes the whole way: strange, but valid. Every Nth, for
# the time it takes, all with TH_FULL.
compile_imported() (
    status=0
    limit_memory
    every=$1
    [ -z "${TH_FULL:-}" ] || every=1
    sed -n 's/: imported$//p' "$folder/out" | awk "NR % $every == 0" >"$folder/valid"
    while read -r f; do
        rm -rf "$folder/emitted"
        timeout 30 ./thimble compile "$f" --target c99 -n m -o "$folder/emitted" \
            >"$folder/log" 2>&1 </dev/null
        code=$?
        case $code in
        0 | 1 | 3) ;;
        *)
            echo "FAIL: compiling $(basename "$f"): exit code $code"
            tail -3 "$folder/log"
            status=1
            ;;
        esac
    done <"$folder/valid"
    exit $status
)

# run_mutants MUTATOR N: damages the seeds, and reads what was written to take much memory.
run_mutants() {
    python3 -B "$src/tests/fuzz/bombs.py" $READER "$folder/bombs" "${FLATC:-flatc}" \
        "$src/frontends/tflite/schema.fbs" || exit 1
    read_all 'greedy files' "$folder/bombs" && compile_imported 1 || exit 1
    python3 -B "$src/tests/fuzz/$1" 1 "${MUTANTS:-1000}" "$folder/mutants" \
        "$folder/seeds"/*.$ENDING || exit 1
    read_all mutants "$folder/mutants" || exit 1
    compile_imported "$2"
}
