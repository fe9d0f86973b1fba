#!/usr/bin/env bash
# Generates the Swift files of Kerf's protocol buffers from the .proto files beside them. Needs protoc (Debian:
# protobuf-compiler). The generated files are committed, so that a build needs neither protoc nor the generator.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
"$swift" build --product protoc-gen-swift
plugin="$("$swift" build --show-bin-path)/protoc-gen-swift"
for file in Sources/SplitTraining/Protocol/split.proto Sources/Reporting/Trace/Protocol/perfetto.proto; do
    folder=$(dirname "$file")
    protoc --plugin=protoc-gen-swift="$plugin" --swift_opt=Visibility=Package \
        --swift_out="$folder" --proto_path="$folder" "$(basename "$file")"
done
