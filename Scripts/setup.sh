#!/usr/bin/env bash
# Installs the Debian packages that are missing.
# Usage: setup.sh build|test|numpy|browser|aarch64|arm64|distributions|packages|test-packages|fleet|slurm
set -euo pipefail

build_packages=(libsensors-dev libpci-dev libdnnl-dev libopenblas-dev libssl-dev pkg-config)
# umockdev presents a mock box to libsensors; venv is for the reader's pandas; jsonschema is an independent check of
# Kerf's files, and protoc (protobuf-compiler) of its traces.
test_packages=(umockdev python3 python3-venv python3-jsonschema openssl protobuf-compiler)

case "${1:-}" in
    build) packages=("${build_packages[@]}") ;;
    test) packages=("${test_packages[@]}") ;;
    # The Python in use may have it already.
    browser) command -v chromium >/dev/null && exit 0; packages=(chromium) ;;
    numpy) python3 -c 'import numpy' 2>/dev/null && exit 0; packages=(python3 python3-numpy) ;;
    # To link programs for 64-bit Arm and run them on another processor.
    aarch64) packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static) ;;
    # Chroots to cross-compile Kerf in and to run it in; strip for its packages.
    arm64) packages=(debootstrap qemu-user-static binutils-aarch64-linux-gnu dpkg-dev chrpath) ;;
    # Chroots to build and test in.
    distributions) packages=(debootstrap) ;;
    # dpkg-shlibdeps and strip; chrpath takes the toolchain's folder out of the executable.
    packages) packages=(dpkg-dev binutils chrpath) ;;
    test-packages) packages=(debootstrap lintian) ;;
    fleet) packages=(ansible-core ansible-lint debootstrap dpkg-dev iproute2 openssh-client) ;;
    slurm) packages=(slurmctld slurmd slurm-client munge) ;;
    *) echo "usage: setup.sh build|test|numpy|browser|aarch64|arm64|distributions|packages|test-packages|fleet|slurm" >&2; exit 64 ;;
esac

if ! command -v swift >/dev/null; then
    echo "setup: swift is not on the PATH; install Swift 6.3 from https://www.swift.org/install/linux" >&2
    exit 69
fi

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup: this system has no apt-get; install the equivalents of these Debian packages: ${missing[*]}" >&2
    exit 69
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
        exit 77
    fi
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "setup: apt-get could not install: ${missing[*]}" >&2
    exit 69
fi
