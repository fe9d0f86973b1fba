#!/usr/bin/env bash
# Builds COneDNN against the installed oneDNN and against version 3, which has a different interface, and runs the same
# check with both. Version 3 comes from Python packages (x86-64, OpenMP by libgomp).
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-2023.2.0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "oneDNN 3: $1" >&2
    exit 69
}

# check NAME FLAG...: the flags locate the headers and the library.
check() {
    local name=$1
    shift
    clang -O2 -Wall -Wextra -Werror -I Sources/C/COneDNN/include "${@:2}" Scripts/onednn-check.c Sources/C/COneDNN/*.c \
        "$1" -lgomp -lm -o "$work/$name"
    "$work/$name"
}

check installed -ldnnl

for package in onednn-cpu-gomp onednn-devel-cpu-gomp; do
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "$package==$version" ||
        fail "pip cannot fetch $package $version"
done
for wheel in "$work"/*.whl; do python3 -m zipfile -e "$wheel" "$work/wheels"; done
headers=$(find "$work/wheels" -path '*include/dnnl.h' -printf '%h\n' | head -n 1)
library=$(find "$work/wheels" -name libdnnl.so.3 | head -n 1)
[ -n "$headers" ] && [ -n "$library" ] || fail "the packages do not contain dnnl.h and libdnnl.so.3"
LD_LIBRARY_PATH=$(dirname "$library") check version3 "$library" -I "$headers"
