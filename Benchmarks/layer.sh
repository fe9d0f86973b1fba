#!/usr/bin/env bash
# Compares Kerf's block with the bare products of its shapes and with PyTorch, and its training step with PyTorch and
# PEFT, alternating in one run. Usage: layer.sh MODEL.gguf
#
# PyTorch and its dependencies go into .build-torch, a virtual environment of about 3 GB. Without it only the first part
# runs.
set -euo pipefail
cd "$(dirname "$0")/.."

gguf=${1:?usage: layer.sh MODEL.gguf}
kerf=.build/release/kerf
python=.build-torch/bin/python

for dtype in f32 bf16; do
    for sequence in 128 512; do
        "$kerf" bench layer --model llama-3.2-1b --dtype "$dtype" --seq "$sequence" --rank 8 --targets all ||
            echo "bench: no $dtype on this processor"
    done
done

if ! [ -x "$python" ] && ! { python3 -m venv .build-torch &&
    "$python" -m pip install --quiet --disable-pip-version-check torch transformers peft gguf safetensors accelerate; }; then
    rm -rf .build-torch
    echo "bench: PyTorch cannot be installed here; python3 needs venv and pip (Debian package python3-venv)" >&2
    exit 69
fi
"$python" Benchmarks/torch_block.py --kerf "$kerf" --seq 128 512 2048
if [ -f "$gguf" ]; then
    "$python" Benchmarks/torch_step.py --kerf "$kerf" --gguf "$gguf"
else
    echo "bench: no $gguf, so no training steps"
fi
