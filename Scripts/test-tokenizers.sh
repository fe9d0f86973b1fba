#!/usr/bin/env bash
# Compares Kerf's tokenizers with the Python packages tokenizers and sentencepiece on 10,000 lines in many languages, and
# on every scalar of Unicode's first planes. Usage: test-tokenizers.sh [LINES]
# With the model of Scripts/fetch-test-model.sh in its place, its tokenizer is compared too.
set -euo pipefail

lines=${1:-10000}
root=$(cd "$(dirname "$0")/.." && pwd)
swift=${SWIFT:-swift}
python=${PYTHON:-python3}
model=${KERF_TEST_GGUF:-${XDG_CACHE_HOME:-$HOME/.cache}/kerf/SmolLM2-135M-Instruct.Q4_1.gguf}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/python"
"$work/python/bin/python" -m pip install --quiet --disable-pip-version-check \
    tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0
arguments=("$work/cases" "$lines")
if [ -f "$model" ]; then arguments+=("$model"); else echo "test-tokenizers: without $model" >&2; fi
"$work/python/bin/python" "$root/Tests/ModelFilesTests/Reference/make_tokenizers.py" cases "${arguments[@]}"

cd "$root"
KERF_TOKENIZER_CASES="$work/cases" "$swift" test --filter TokenizerReferenceTests | tee "$work/log"
# A filter that matches no test succeeds.
found=$(grep -c ' lines, 0 differ$' "$work/log") || true
wanted=$(find "$work/cases" -mindepth 1 -maxdepth 1 -type d | wc -l)
if [ "$found" -ne "$wanted" ]; then
    echo "test-tokenizers: $found of $wanted tokenizers are equal to the reference" >&2
    exit 1
fi
