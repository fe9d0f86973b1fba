#!/usr/bin/env bash
# Checks the C kernels for 64-bit Arm against plain loops in double (Tests/CrossKernels). Swift's clang compiles them,
# and qemu's user-mode emulation runs them on a Cortex-A76 (NEON) and on a processor with all extensions (bf16, SVE).
# The same program runs on this processor first. Where the cross compiler or the emulator cannot be installed, the check
# is skipped, with the reason.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "aarch64 kernels: $1"; }

for program in swift clang; do
    command -v "$program" >/dev/null || { say "$program is not on the PATH; install Swift" >&2; exit 69; }
done
sources=(Sources/C/CKernels/*.c Sources/C/CFleet/*.c Tests/CrossKernels/*.c)
flags=(-O2 -Wall -Wextra -Werror -I Sources/C/CKernels/include -I Sources/C/CFleet/include)
sysroot=/usr/aarch64-linux-gnu
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$work"' EXIT

# build NAME "LINKER..." FLAG...: the program $work/NAME.
build() {
    local name=$1 linker=$2 source
    shift 2
    mkdir "$work/$name-objects"
    for source in "${sources[@]}"; do
        clang "${flags[@]}" "$@" -c "$source" -o "$work/$name-objects/${source//\//-}.o"
    done
    "$linker" "$work/$name-objects"/*.o -lgomp -lm -o "$work/$name"
}

# start PROCESSOR COMMAND...: a check in the background; finish waits and prints its output. A run that hangs fails, too.
# Threads do not spin while they wait for emulated ones.
names=() processes=()
start() {
    local processor=$1
    shift
    OMP_WAIT_POLICY=passive timeout 600 "$@" >"$work/${#names[@]}.log" 2>&1 &
    processes+=($!)
    names+=("$processor")
}
finish() {
    local place failed=()
    for place in "${!names[@]}"; do
        wait "${processes[$place]}" || failed+=("${names[$place]}")
        say "${names[$place]}"
        cat "$work/$place.log"
    done
    [ ${#failed[@]} -eq 0 ] || { say "FAILED: ${failed[*]}" >&2; exit 1; }
}

build native clang
start "this processor ($(uname -m))" "$work/native"
if [ "$(uname -m)" = aarch64 ]; then
    finish
    say "no failures; this processor needs no emulation"
    exit
fi

if ! log=$(bash Scripts/setup.sh aarch64 2>&1); then
    finish
    say "skipped: ${log##*$'\n'}"
    exit
fi
[ -z "$log" ] || echo "$log"
build arm aarch64-linux-gnu-gcc --target=aarch64-linux-gnu --sysroot="$sysroot" -isystem "$sysroot/include"
for processor in cortex-a76 max; do
    QEMU_CPU=$processor start "$processor, emulated" qemu-aarch64-static -L "$sysroot" "$work/arm"
done
finish
say "no failures on ${#names[@]} processors"
