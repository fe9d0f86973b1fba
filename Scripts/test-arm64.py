#!/usr/bin/env python3
"""Runs the cross-built kerf for 64-bit Arm under emulation, and trains between it and a kerf of this processor.

    test-arm64.py --kerf .build/release/kerf
    test-arm64.py --suite [--only TransformerKernelsTests,HostTests]

Doctor, self-test, a benchmark, a profile, its calibration and a decision; then a training whose device is emulated and
whose server is native, against the same training unsplit on either processor: losses within 1e-4. --suite runs the test
suite instead, but for what emulation cannot do. What emulation says about time is not compared with anything. Needs
root.
"""

import argparse
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import arm64
import build_systems
import split_run

PROFILE = ["--model", "/mnt/kerf/config.json", "--seq", "8"]
CALIBRATION = "/mnt/kerf/calibration.json"
TOLERANCE = 1e-4

SUITES = [
    "ArchitectureTests", "ProbeKitTests", "StatisticsTests", "RAPLTests", "CPUFreqTests", "LMSensorsTests",
    "PowerSupplyTests", "PCITests", "HostTests", "ModelFilesTests", "TransformerKernelsTests", "CalibrationTests",
    "CARDTests", "SimulationTests", "ValidationTests", "CostComparisonTests", "CollectedFilesTests", "ReportingTests",
    "SplitTrainingTests",
]
LEFT_OUT = {
    "VirtualBoardTests": "a board stops threads by ptrace(2), which user-mode emulation lacks",
    "NVMLTests": "loads a library of its own as a driver's; no NVIDIA driver is emulated",
    "MeterProgramTests": "programs that have to answer within parts of a second",
    "MarkersTests": "a program and its reader, timed against each other",
    "ProfilingTests": "real clocks: under emulation every window is disturbed",
    "CaptureTests": "namespaces of the kernel, which is this processor's",
    "FuzzTests": "the same Swift code on random bytes, for hours",
    "CommandLineTests, CorpusTests, DocumentationTests": "hundreds of processes that take seconds each to start",
}


def emulated(*command, bind, environment=None):
    """The command line that runs a program of the target, with `bind` as /mnt/kerf."""
    return arm64.target().command(
        *command, bind=bind, environment={**arm64.EMULATION, "KERF_IGNORE_LOAD": "1", **(environment or {})})


class Checks:
    def __init__(self, folder):
        self.folder = folder
        self.failed = []

    def report(self, title, is_good, seconds, detail=""):
        print(f"  {title:<54} {'ok' if is_good else 'FAILED':<6} {seconds:6.1f} s", flush=True)
        if detail:
            print("    " + detail.replace("\n", "\n    "), flush=True)
        if not is_good:
            self.failed.append(title)

    def run(self, title, *arguments, expected=None):
        """Runs kerf for arm64; returns what it printed."""
        start = time.monotonic()
        done = subprocess.run(
            emulated("/mnt/kerf/kerf", *arguments, bind=self.folder), capture_output=True, text=True, check=False)
        is_good = done.returncode == 0 and (expected is None or expected in done.stdout)
        end = (done.stdout + done.stderr).strip().splitlines()[-12:]
        self.report(title, is_good, time.monotonic() - start, "" if is_good else "\n".join(end))
        return done.stdout


def check_program(checks):
    checks.run("version", "--version")
    # What the emulator leaves as it is, such as /proc/cpuinfo, is this processor's.
    checks.run("doctor", "doctor", expected="memory")
    generator = random.Random(1)
    intervals = "".join(f"{generator.gauss(1, 0.05):.4f}\n" for _ in range(500))
    (checks.folder / "intervals.csv").write_text("package_ms\n" + intervals)
    checks.run("self-test of the estimator", "selftest", "estimator", "--update-intervals", "/mnt/kerf/intervals.csv",
               "--trials", "20")
    for engine in ("kerf", "openblas"):
        checks.run(f"benchmark of a layer, {engine}", "bench", "layer", *PROFILE, "--rounds", "2", "--engine", engine)
    checks.run("profile", "profile", *PROFILE, "--budget", "6", "--power-model", "idle=2,busy=7", "--out",
               "/mnt/kerf/profile.json", "--quiet")
    checks.run("calibrate", "calibrate", "/mnt/kerf/profile.json", "--out", CALIBRATION)
    checks.run("decide", "decide", "--device", CALIBRATION, "--server", CALIBRATION, "--link",
               "up=20mbit,down=80mbit,rtt=20ms", "--server-power", "65", "--out", "/mnt/kerf/decision.json")


def check_split(checks, native, cut=2, steps=6):
    """A training between an emulated device and a native server, and the same unsplit on either."""
    folder = checks.folder
    options = ["--data", "/mnt/kerf/data.ids", "--seq", "16", "--steps", str(steps), "--threads", "1", "--lr", "1e-3"]
    here = [option.replace("/mnt/kerf", str(folder)) for option in options]
    model = ["--model", str(folder / "config.json")]
    prefix = emulated(bind=folder)
    start = time.monotonic()
    split_run.unsplit(native, [*model, *here], folder / "unsplit")
    with split_run.Server(native, [*model, "--threads", "1"], folder / "state") as server:
        device = split_run.device(
            "/mnt/kerf/kerf", server, ["--model", "/mnt/kerf/config.json", *options, "--cut", str(cut)],
            "/mnt/kerf/split", prefix=prefix)
        split_run.finish(device)
    difference = split_run.loss_difference(folder / "split", folder / "unsplit")
    checks.report(
        f"emulated device, native server, {steps} steps, cut {cut}", difference <= TOLERANCE, time.monotonic() - start,
        f"losses differ from those of the unsplit run here by {difference:.1e} at most")
    start = time.monotonic()
    subprocess.run(
        [*prefix, "/mnt/kerf/kerf", "train", "--unsplit", "--model", "/mnt/kerf/config.json", *options, "--out",
         "/mnt/kerf/emulated", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    difference = split_run.loss_difference(folder / "emulated", folder / "unsplit")
    checks.report("unsplit, emulated", difference <= TOLERANCE, time.monotonic() - start,
                  f"losses differ from those of the unsplit run here by {difference:.1e} at most")


def check_suite(only):
    """Runs the test bundle, one suite after another; returns those that failed."""
    system = arm64.target()
    system.binds[arm64.RUNTIME] = arm64.COMPILER / arm64.RUNTIME.lstrip("/")
    # The runtime's libraries, and those of the package that tests load.
    libraries = f"{arm64.RUNTIME_FOLDERS['shared']}/linux:{build_systems.SOURCE}/.build-arm64/shared/release"
    bundle = f"{build_systems.SOURCE}/.build-arm64/shared/release/kerfPackageTests.xctest"
    failed = []
    for suite in only or SUITES:
        start = time.monotonic()
        is_good, text = system.run(
            bundle, "--testing-library", "swift-testing", "--filter", rf"^{suite}\.",
            environment={**arm64.EMULATION, "LD_LIBRARY_PATH": libraries, "KERF_IGNORE_LOAD": "1"})
        summary = re.findall(r"Test run with (.*) (?:passed|failed) after", text)
        is_good = is_good and bool(summary) and not summary[0].startswith("0 tests")
        print(f"  {suite:<28} {'ok' if is_good else 'FAILED':<6} {time.monotonic() - start:7.1f} s  "
              f"{summary[0] if summary else ''}", flush=True)
        if not is_good:
            failed.append(suite)
            shown = [line for line in text.splitlines() if "✘" in line] or text.splitlines()
            print("    " + "\n    ".join(shown[-20:]), flush=True)
    for suite, reason in LEFT_OUT.items():
        print(f"  {suite}: not run: {reason}")
    return failed


def main():
    parser = argparse.ArgumentParser(description="Run Kerf for 64-bit Arm under emulation.")
    parser.add_argument(
        "--kerf", type=pathlib.Path, default=build_systems.TREE / ".build/release/kerf",
        help="a kerf for this processor")
    parser.add_argument("--arm64", type=pathlib.Path, default=arm64.FOLDER / "static/release/kerf")
    parser.add_argument("--suite", action="store_true", help="the test suite instead")
    parser.add_argument("--only", type=lambda text: text.split(","), help="of the suite, these")
    options = parser.parse_args()
    if options.suite:
        finish(check_suite(options.only))
    for program in (options.kerf, options.arm64):
        if not program.is_file():
            print(f"test-arm64: no {program}: make build build-arm64", file=sys.stderr)
            sys.exit(66)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        split_run.write_inputs(folder)
        shutil.copy(options.arm64, folder / "kerf")
        checks = Checks(folder)
        print("kerf for arm64, emulated", flush=True)
        check_program(checks)
        check_split(checks, options.kerf)
    finish(checks.failed)


def finish(failed):
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
