#!/usr/bin/env bash
# Generates Sources/SplitTraining/Protocol/split.pb.swift from split.proto. Needs protoc (Debian: protobuf-compiler).
# The generated file is committed, so that a build needs neither protoc nor the generator.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
"$swift" build --product protoc-gen-swift
folder=Sources/SplitTraining/Protocol
protoc --plugin=protoc-gen-swift="$("$swift" build --show-bin-path)/protoc-gen-swift" \
    --swift_opt=Visibility=Package --swift_out="$folder" --proto_path="$folder" split.proto
