#!/usr/bin/env bash
# Installs PyTorch, transformers and PEFT into .build-torch, a virtual environment of about 3 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.build-torch/bin/python
[ -x "$python" ] && exit 0
if ! { python3 -m venv .build-torch &&
    "$python" -m pip install --quiet --disable-pip-version-check torch transformers peft gguf safetensors accelerate; }; then
    rm -rf .build-torch
    echo "setup: PyTorch cannot be installed here; python3 needs venv and pip (Debian package python3-venv)" >&2
    exit 69
fi
