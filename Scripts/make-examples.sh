#!/usr/bin/env bash
# Measures the manual's example files (docs/examples) on this box; energy comes from a virtual board and is simulated.
# Takes about five minutes and wants a quiet box. Usage: make-examples.sh [KERF]
set -euo pipefail

kerf=$(realpath "${1:-.build/release/kerf}")
cd "$(dirname "$0")/../docs/examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One box plays both parts: on one thread it is the device, on all processors the server.
"$kerf" profile --model smollm2-135m --batch 2 --threads 1 --budget 60 \
    --board "$work/board" --out "$work/device-profile.json"
"$kerf" profile --model smollm2-135m --batch 2 --frequencies 5 --budget 60 --sweep-budget 90 \
    --board "$work/board" --out "$work/server-profile.json"
"$kerf" calibrate "$work/device-profile.json" --out device.json
"$kerf" calibrate "$work/server-profile.json" --out server.json
# A profile of a model so small that its samples are few.
"$kerf" profile --model tiny.json --seq 16 --threads 1 --frequencies 4 --budget 5 --sweep-budget 5 \
    --board "$work/board" --out profile.json
