#!/usr/bin/env python3
"""Builds Kerf and runs its tests in other distributions, each in a chroot, with this system's Swift.

    test-distributions.py [--suites trixie,noble] [--filter PATTERN] [--build-only]

A system is set up as Scripts/setup.sh says, in .build-distributions; the first run downloads some 700 MB each. --filter
runs only the tests whose name matches. What a system prints is in .build-distributions/SUITE.txt. Needs root and
debootstrap.
"""

import argparse
import pathlib
import re
import sys
import time

import build_systems
import debian_roots

FOLDER = debian_roots.TREE / ".build-distributions"
NAMES = {"bookworm": "Debian 12", "trixie": "Debian 13", "noble": "Ubuntu 24.04"}

# What a toolchain of swift.org needs. Packages for developers have the same names everywhere, and bring the libraries.
TOOLCHAIN_PACKAGES = [
    "binutils", "ca-certificates", "g++", "git", "libc6-dev", "libcurl4-openssl-dev", "libedit-dev", "libncurses-dev",
    "libpython3-dev", "libsqlite3-dev", "libxml2-dev", "make", "procps", "tzdata", "zlib1g-dev",
]
SETUP = "bash Scripts/setup.sh build && bash Scripts/setup.sh test"

# As in the Makefile.
TEST_BUILD = ["-c", "release", "-Xswiftc", "-enable-testing"]


class Distribution:
    def __init__(self, suite):
        self.suite, self.name = suite, NAMES[suite]
        self.log = FOLDER / f"{suite}.txt"
        self.log.write_text("")
        folder = debian_roots.make(FOLDER / suite, suite)
        self.system = build_systems.BuildSystem(folder, build_systems.toolchain())
        self.failed = []

    def step(self, title, *command):
        """Runs a command in the tree; returns what it printed."""
        start = time.monotonic()
        is_good, text = self.system.run(*command)
        with self.log.open("a") as log:
            log.write(f"== {title}\n{text}\n")
        print(f"  {title:<46} {'ok' if is_good else 'FAILED':<6} {time.monotonic() - start:7.1f} s", flush=True)
        if not is_good:
            self.failed.append(title)
            shown = [line for line in text.splitlines() if re.search(r"✘|error:|failed", line)] or text.splitlines()
            print("    " + "\n    ".join(shown[-15:]), flush=True)
        return text

    def check(self, pattern, build_only):
        print(self.name, flush=True)
        self.system.install(TOOLCHAIN_PACKAGES)
        scratch = ["--scratch-path", f".build-distributions/build-{self.suite}"]
        self.step("packages of Scripts/setup.sh", "sh", "-c", SETUP)
        versions = self.step(
            "versions", "dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "libc6-dev", "libdnnl-dev",
            "libopenblas-dev", "libssl-dev")
        print("    " + ", ".join(versions.split("\n")).strip(", "), flush=True)
        if not self.failed:
            self.step("build", "swift", "build", "--build-tests", *TEST_BUILD, *scratch)
        if self.failed or build_only:
            return
        if pattern:
            text = self.step(
                f"tests that match {pattern}", "swift", "test", "--skip-build", *TEST_BUILD, *scratch, "--filter", pattern)
        else:
            text = self.step("tests", "make", "test-suite", f"TEST_SCRATCH={scratch[1]}")
        print("    " + "\n    ".join(re.findall(r"Test run with .*", text)), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Build and test Kerf in other distributions.")
    parser.add_argument("--suites", default="trixie,noble")
    parser.add_argument("--filter", help="only tests whose name matches")
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    failed = []
    for suite in options.suites.split(","):
        if suite not in NAMES:
            build_systems.fail(f"no suite {suite}: {', '.join(NAMES)}", 64)
        distribution = Distribution(suite)
        distribution.check(options.filter, options.build_only)
        failed += [f"{distribution.name}: {title}" for title in distribution.failed]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
