#!/usr/bin/env bash
# Runs tests under a sanitizer. Usage: sanitize.sh thread|address...
#
# Only the suites whose subject the sanitizer checks: threads for ThreadSanitizer; C kernels, readers of foreign bytes and
# mapped files for AddressSanitizer. Tests that preload a library or start another Kerf are left out: a sanitizer must be
# loaded first, and is not in the processes that a test starts.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Builds and tests with a sanitizer. Arguments: its name, its folder, the expression of tests.
run() {
    local name=$1 scratch=$2 tests=$3
    "$swift" build --build-tests --sanitize="$name" --scratch-path "$scratch"
    echo "sanitize: $name: $tests"
    # Standard error has the reports; both streams are searched below.
    "$swift" test --skip-build --sanitize="$name" --scratch-path "$scratch" --filter "$tests" 2>&1 | tee "$log"
    if grep -qE '(WARNING|ERROR): (Thread|Address)Sanitizer' "$log"; then
        echo "sanitize: $name reported a fault" >&2
        exit 1
    fi
    # A filter that matches nothing also ends well; it must not count.
    if ! grep -qE 'Test run with [1-9][0-9]* tests?' "$log"; then
        echo "sanitize: no test was run with $name" >&2
        exit 1
    fi
}

[ $# -gt 0 ] || set -- thread address
for name in "$@"; do
    case $name in
    thread)
        TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/Scripts/thread-sanitizer.txt ${TSAN_OPTIONS:-}" \
            run thread .build-tsan \
            '^(ProbeKitTests|VirtualBoardTests|SimulationTests)\.|^ProfilingTests\.EstimatorSelfTestTests/finds|^TransformerKernelsTests\.KernelTests/(Gradients|Rows|LowRank|AttentionKernels|Elementwise|Optimizer)'
        ;;
    address)
        # Leaks are not searched: metadata that the Swift runtime keeps until the end would be reported.
        ASAN_OPTIONS="detect_leaks=0 ${ASAN_OPTIONS:-}" \
            run address .build-asan \
            '^(CaptureTests|ModelFilesTests|StatisticsTests|SimulationTests|FuzzTests)\.|^TransformerKernelsTests\.(KernelTests/(Gradients|Rows|LowRank|AttentionKernels|Elementwise|Optimizer)|AttentionScratchTests)'
        ;;
    *)
        echo "sanitize: unknown sanitizer $name; known are thread and address" >&2
        exit 64
        ;;
    esac
done
echo "sanitize: no faults"
