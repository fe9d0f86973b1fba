#!/usr/bin/env bash
# Builds Kerf against oneDNN 3, whose interface differs from the distribution's version 2, and runs the kernels' tests
# with it. Headers and library come from the Python packages that ship them (x86-64, OpenMP by libgomp).
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-2023.2.0}
# Kept with the build: another place would be another header path, and everything built anew.
work=$PWD/.build-onednn-v3/packages
mkdir -p "$work"

fail() {
    echo "oneDNN 3: $1" >&2
    exit 69
}

for package in onednn-cpu-gomp onednn-devel-cpu-gomp; do
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "$package==$version" ||
        fail "pip cannot fetch $package $version"
done
for wheel in "$work"/*.whl; do python3 -m zipfile -e "$wheel" "$work/wheels"; done
headers=$(dirname "$(find "$work/wheels" -name dnnl.h -path '*include/dnnl.h' | head -n 1)")
libraries=$(dirname "$(find "$work/wheels" -name 'libdnnl.so.3' | head -n 1)")
[ -f "$headers/dnnl.h" ] && [ -f "$libraries/libdnnl.so.3" ] || fail "the packages hold no dnnl.h or libdnnl.so.3"
# A wheel holds no links.
[ -e "$libraries/libdnnl.so" ] || ln -s libdnnl.so.3 "$libraries/libdnnl.so"

# Before the system's folders, which hold version 2.
export LIBRARY_PATH=$libraries
flags=(--scratch-path .build-onednn-v3 -Xcc "-I$headers")
swift build --build-tests "${flags[@]}"
LD_LIBRARY_PATH=$libraries swift test --skip-build "${flags[@]}" --filter TransformerKernelsTests
LD_LIBRARY_PATH=$libraries .build-onednn-v3/debug/kerf bench layer --model smollm2-135m --seq 16 --rounds 1 |
    grep -o 'onednn 3[^,]*' || fail "kerf did not run with version 3"
