#!/usr/bin/env bash
# Measures the manual's example files (docs/examples) on this box; energy comes from a virtual board and is simulated.
# Takes about three minutes and wants a quiet box. Usage: make-examples.sh [KERF]
#
# The manual's figures are of these files. Make them again afterwards:
# KERF_UPDATE_FIGURES=1 .build-notebook/bin/python -m unittest discover Python/tests -p test_notebook.py
set -euo pipefail

kerf=$(realpath "${1:-.build/release/kerf}")
cd "$(dirname "$0")/../docs/examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One box plays both parts: on one thread it is the device, on two the server.
"$kerf" profile --model small.json --seq 64 --batch 2 --threads 1 --budget 40 \
    --board "$work/board" --out "$work/device-profile.json"
"$kerf" profile --model small.json --seq 64 --batch 2 --threads 2 --frequencies 5 --budget 40 --sweep-budget 40 \
    --board "$work/board" --out "$work/server-profile.json"
"$kerf" calibrate "$work/device-profile.json" --out device.json
"$kerf" calibrate "$work/server-profile.json" --out server.json
# A profile with few samples, so that its file is small.
"$kerf" profile --model small.json --seq 64 --batch 2 --threads 1 --budget 3 --board "$work/board" --out profile.json
