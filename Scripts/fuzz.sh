#!/usr/bin/env bash
# Fuzzes each kind of input, guided by coverage. Usage: fuzz.sh SECONDS KIND...
#
# fuzz-output/ holds the corpora, which are kept between runs, a log for each kind, and every input that failed.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
shift
swift=${SWIFT:-swift}
out=fuzz-output
work=$(mktemp -d)
# In memory if possible: trees of files are created and removed thousands of times.
trees=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" kerf-fuzz.XXXXXX)
trap 'rm -rf "$work" "$trees"' EXIT
mkdir -p "$out/corpus"

cat >"$work/trial.swift" <<'END'
@_cdecl("LLVMFuzzerTestOneInput") public func test(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt { 0 }
END
if ! "${swift}c" -sanitize=fuzzer -parse-as-library "$work/trial.swift" -o "$work/trial" >"$work/log" 2>&1; then
    echo "fuzz: this toolchain has no libFuzzer runtime; running the seeded mutator of the tests instead, without coverage feedback" >&2
    "$swift" build --build-tests
    KERF_FUZZ_SECONDS=$seconds KERF_FUZZ_OUTPUT=$PWD/$out \
        "$swift" test --skip-build --no-parallel --filter FuzzTests
    exit
fi

KERF_LIBFUZZER=1 "$swift" build -c release --sanitize fuzzer --scratch-path .build-fuzz --product kerf-fuzz
fuzzer=$PWD/.build-fuzz/release/kerf-fuzz
KERF_FUZZ_SEEDS="$out/seeds" "$fuzzer" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

# Swift's crash handler would end the process before libFuzzer has saved the input.
export SWIFT_BACKTRACE=enable=no
found=()
for kind in "$@"; do
    mkdir -p "$out/corpus/$kind"
    echo "fuzz: $kind for $seconds s"
    if ! TMPDIR=$trees KERF_FUZZ_KIND=$kind "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -dict="$out/seeds/$kind.dict" -artifact_prefix="$out/$kind-" -print_final_stats=1 \
        "$out/corpus/$kind" "$out/seeds/$kind" >"$out/$kind.log" 2>&1; then
        found+=("$kind")
    fi
    # Swift's messages and libFuzzer's, without the register dump; the last progress line has the coverage.
    grep -aE 'Fatal error:|^==[0-9]+== *ERROR|Test unit written|KERF_FUZZ_KIND' "$out/$kind.log" || true
    grep -aE '^#[0-9]+.* cov: ' "$out/$kind.log" | tail -n 1 || true
done

if [ ${#found[@]} -gt 0 ]; then
    echo "fuzz: findings in: ${found[*]}; to reproduce one: KERF_FUZZ_KIND=KIND .build-fuzz/release/kerf-fuzz $out/FILE" >&2
    exit 1
fi
echo "fuzz: no findings"
