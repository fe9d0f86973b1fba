#!/usr/bin/env bash
# Compares Kerf's block with the bare products of its shapes and with PyTorch, and its training step with PyTorch and
# PEFT, alternating in one run. Usage: layer.sh MODEL.gguf
#
# Without PyTorch, see Scripts/setup-torch.sh, only the first part runs.
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

bash Scripts/setup-torch.sh
"$python" Benchmarks/torch_block.py --kerf "$kerf" --seq 128 512 2048
if [ -f "$gguf" ]; then
    "$python" Benchmarks/torch_step.py --kerf "$kerf" --gguf "$gguf"
else
    echo "bench: no $gguf, so no training steps"
fi
