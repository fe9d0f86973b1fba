#!/usr/bin/env bash
# Builds llama.cpp from the sources in the package llama-cpp-python, installs ONNX Runtime, and profiles a forward pass
# of each with the programs of docs/examples. All of it is in .build-runtimes, about 500 MB.
#
#   test-runtimes.sh KERF MODEL.gguf
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

fail() {
    echo "test-runtimes: $1" >&2
    exit 69
}

kerf=$(realpath "$1")
model=$(realpath "$2")
[ -x "$kerf" ] || fail "$1 is no program; make build makes .build/release/kerf"
[ -f "$model" ] || fail "$2 is no file; Scripts/fetch-test-model.sh fetches a model"
version=0.3.16  # ggml 4227c9b, August 2025
work=$root/.build-runtimes
python=$work/python/bin/python

mkdir -p "$work"
if [ ! -x "$python" ]; then
    python3 -m venv "$work/python" || fail "python3 needs venv (Debian package python3-venv)"
fi
"$python" -m pip install --quiet --disable-pip-version-check cmake ninja scikit-build-core onnx onnxruntime ./Python ||
    fail "the packages that build llama.cpp cannot be installed"
export PATH=$work/python/bin:$PATH

llama=$work/llama_cpp_python-$version/vendor/llama.cpp
if [ ! -d "$llama" ]; then
    (cd "$work" && "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --no-binary llama-cpp-python "llama-cpp-python==$version") || fail "the sources of llama.cpp cannot be fetched"
    tar -xzf "$work/llama_cpp_python-$version.tar.gz" -C "$work"
fi
if [ ! -e "$work/llama/bin/libllama.so" ]; then
    cmake -S "$llama" -B "$work/llama" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF -DLLAMA_BUILD_TOOLS=OFF \
        -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF >"$work/cmake.log"
    cmake --build "$work/llama" --target llama >>"$work/cmake.log"
fi
compiler=$(command -v c++ || command -v clang++) || fail "there is no C++ compiler"
"$compiler" -O2 -std=c++17 -Wall -Wextra -Werror -I"$llama/include" -I"$llama/ggml/include" -IClients/C \
    docs/examples/llama_forward.cpp -L"$work/llama/bin" -Wl,-rpath,"$work/llama/bin" -lllama -lggml -lggml-base \
    -o "$work/llama-forward"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
program=("$work/llama-forward" "$model" --tokens 64 --threads 1)
"${program[@]}"
"$python" Scripts/compare-marks.py --pairs "${PAIRS:-200}" --limit 0.01 -- "${program[@]}"
# Other work on the box is no finding here.
export KERF_IGNORE_LOAD=1
"$python" docs/examples/onnx_step.py --make "$folder/onnx"

# Forward profile, calibration, and a decision on inference; training cannot be decided from it.
infer() {
    local name=$1
    shift
    "$kerf" profile --quiet --budget 30 --board "$folder/board" --out "$folder/$name.json" -- "$@" >"$folder/out.txt"
    sed -n 1,3p "$folder/out.txt"
    grep -E '^(whole step|closure|meter|gross power)' "$folder/out.txt" || true
    "$kerf" calibrate "$folder/$name.json" --out "$folder/calibration.json" >"$folder/out.txt"
    grep -E '^(whole step|closure|gross power)' "$folder/out.txt"
    local sides=(--device "$folder/calibration.json" --server "$folder/calibration.json" --link up=20mbit,down=80mbit,rtt=20ms)
    "$kerf" decide --inference "${sides[@]}" | sed -n 1,2p
    if "$kerf" decide "${sides[@]}" >/dev/null 2>&1; then
        echo "test-runtimes: training was decided from forward passes of $name" >&2
        exit 1
    fi
}
infer llama "${program[@]}"
infer onnx "$python" docs/examples/onnx_step.py "$folder/onnx"
