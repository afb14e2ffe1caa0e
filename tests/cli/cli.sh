# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests here. Commands run in a folder of their own, $work, that goes away at the
# end.
here=$(pwd)
src=$(cd "${srcdir-.}" && pwd)
thimble=$here/thimble
vibration=$src/examples/vibration
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
failures=0

# says CODE PATTERN ARGUMENTS...: thimble ends with this exit code, and a line of what it prints
# matches the pattern ('' for none).
says() {
    code=$1 pattern=$2
    shift 2
    "$thimble" "$@" >"$work/.out" 2>&1
    got=$?
    if [ $got -ne "$code" ]; then
        echo "thimble $*: exit code $got instead of $code"
        sed 's/^/    /' "$work/.out" | head -n 20
        failures=$((failures + 1))
    elif [ -n "$pattern" ] && ! grep -q -e "$pattern" "$work/.out"; then
        echo "thimble $*: nothing matches '$pattern' in"
        sed 's/^/    /' "$work/.out" | head -n 20
        failures=$((failures + 1))
    fi
}

# holds MESSAGE COMMAND...: the command succeeds.
holds() {
    message=$1
    shift
    "$@" && return
    echo "$message"
    failures=$((failures + 1))
}

finish() {
    [ $failures -eq 0 ]
    exit
}
