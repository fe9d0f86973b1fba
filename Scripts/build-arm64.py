#!/usr/bin/env python3
"""Builds Kerf for 64-bit Arm with a static Swift runtime, as .build-arm64/static/release/kerf.

    build-arm64.py [--tests]

With --tests, the test bundle and the programs that it runs, with the shared runtime, in .build-arm64/shared. The first
run sets up two systems, of 10 GB together. Needs root, debootstrap and qemu-user-static.
"""

import argparse

import arm64


def main():
    parser = argparse.ArgumentParser(description="Build Kerf for 64-bit Arm.")
    parser.add_argument("--tests", action="store_true", help="the tests, with the shared runtime")
    if parser.parse_args().tests:
        print(arm64.build("shared", "--build-tests", "-Xswiftc", "-enable-testing"))
    else:
        print(arm64.build("static", "--product", "kerf") / "kerf")


if __name__ == "__main__":
    main()
