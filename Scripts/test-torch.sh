#!/usr/bin/env bash
# Tests the Python client with PyTorch, and Kerf on a PEFT model: installs PyTorch into .build-torch, about 3 GB.
#
#   test-torch.sh KERF
set -euo pipefail
cd "$(dirname "$0")/.."
kerf=$(realpath "$1")

bash Scripts/setup-torch.sh
torch=$PWD/.build-torch/bin/python
"$torch" -m unittest discover Python/tests

# The README's example as a user meets it: a clean environment, the package installed from the tree. PyTorch is the one
# that is there already.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$torch" -m venv "$folder/environment"
python=$folder/environment/bin/python
"$torch" -c 'import site; print(site.getsitepackages()[0])' >"$("$python" -c \
    'import site; print(site.getsitepackages()[0])')/torch.pth"
"$python" -m pip install --quiet --disable-pip-version-check ./Python
"$python" Scripts/first-example.py Python/README.md >"$folder/train.py"
cd "$folder"
"$python" train.py
# Other work on the box is no finding here.
KERF_IGNORE_LOAD=1 "$kerf" profile --quiet --budget 20 --board board --out torch.json -- "$python" train.py
"$kerf" calibrate torch.json --out calibration.json
"$kerf" decide --device calibration.json --server calibration.json --link up=20mbit,down=80mbit,rtt=20ms \
    --out decision.json
