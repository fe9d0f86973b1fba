#!/usr/bin/env bash
# Checks that Kerf has no unsafe flags as a dependency, then builds a package that depends on a version of it and imports
# all of its libraries. The version is a tag in a temporary clone, which includes changed and staged files: add new ones
# first.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
version=999.0.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Named as SwiftPM names the folder of dependencies, so that the manifest is read as a dependency's.
clone=$work/checkouts/kerf

git clone --quiet . "$clone"
git diff --binary HEAD | git -C "$clone" apply --index --allow-empty
git -C "$clone" -c user.name=test -c user.email=test@localhost commit --quiet --all --allow-empty -m "Working tree"
git -C "$clone" tag "$version"

# Fails where any target has unsafe flags. Prints a line for each library: its product, then its modules. Dynamic
# libraries are what Kerf's own tests load.
libraries=$($swift package --package-path "$clone" dump-package | python3 -c '
import json, sys
package = json.load(sys.stdin)
unsafe = [t["name"] for t in package["targets"] for s in t["settings"] if "unsafeFlags" in s["kind"]]
if unsafe:
    sys.exit("test-dependent: unsafe flags in " + ", ".join(sorted(set(unsafe))))
for product in package["products"]:
    if product["type"].get("library", ["dynamic"]) != ["dynamic"]:
        print(product["name"], *product["targets"])')
[ -n "$libraries" ] || { echo "test-dependent: the package has no libraries" >&2; exit 1; }

mkdir -p "$work/dependent/Sources/Dependent"
{
    cat <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "dependent",
    dependencies: [.package(url: "file://$clone", exact: "$version")],
    targets: [
        .executableTarget(
            name: "Dependent",
            dependencies: [
MANIFEST
    while read -r product _; do echo "                .product(name: \"$product\", package: \"kerf\"),"; done <<<"$libraries"
    echo "            ])"
    echo "    ])"
} >"$work/dependent/Package.swift"
{
    while read -r _ modules; do printf 'import %s\n' $modules; done <<<"$libraries" | sort -u
    echo 'print("imported")'
} >"$work/dependent/Sources/Dependent/main.swift"

output=$($swift run --package-path "$work/dependent" Dependent)
[ "$output" = imported ] || { echo "test-dependent: the program printed '$output'" >&2; exit 1; }
echo "test-dependent: a package that depends on Kerf builds with $(cut -d ' ' -f 1 <<<"$libraries" | paste -s -d ' ')"
