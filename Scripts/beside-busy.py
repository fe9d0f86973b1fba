#!/usr/bin/env python3
"""Profiles a model beside a program that keeps one processor busy for a third of the run, and on the quiet box.

    beside-busy.py --kerf .build/release/kerf [--tries 10] [--budget 20] [--model smollm2-135m]

Quiet and disturbed runs alternate. A quiet run must not tell of other processes. A disturbed run must name the program
and reject steps for it, and what is left must agree with the quiet run before it: the intervals of the step's time
overlap, and those of nine in ten passes of the layers. How many quiet runs agree with the one before them is printed too:
on a host with other tenants that is no certainty. A run that refuses its figures is counted apart: it is right where
everything was disturbed, and never on a quiet box.

Exits with 1 where more than one disturbed run in ten disagrees, or a quiet run gives a false alarm.
"""

import argparse
import json
import math
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from intervals import median_interval
import kerf_option

BUSY = "import os, time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
CAUSE = "other processes"
# EX_UNAVAILABLE of sysexits.h: nothing that was measured could be used.
REFUSED = 69


def overlaps(first, second):
    return first[0] <= second[2] and second[0] <= first[2]


class Run:
    """A profile, what it printed, and the intervals of its figures."""

    def __init__(self, arguments, folder, busy_seconds=0.0):
        path = folder / "profile.json"
        path.unlink(missing_ok=True)
        command = [
            arguments.kerf, "profile", "--model", arguments.model, "--seq", "64", "--batch", "1",
            "--budget", str(arguments.budget), "--out", str(path),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        busy = None
        if busy_seconds:
            # Begins at a random moment, so that it ends before the run does.
            time.sleep(random.uniform(0.1, 0.6) * arguments.budget)
            busy = subprocess.Popen([sys.executable, "-c", BUSY.format(seconds=busy_seconds)])
        self.output = process.communicate()[0]
        self.status = process.returncode
        if busy:
            busy.kill()
            busy.wait()
        self.profile = json.loads(path.read_text()) if path.exists() else None

    @property
    def is_refused(self):
        return self.profile is None

    @property
    def reason(self):
        return f"status {self.status}: " + (self.output.strip().splitlines() or ["no output"])[-1]

    @property
    def rejected(self):
        return sum(r["count"] for r in self.profile["rejections"] if CAUSE in r["reason"])

    @property
    def all_rejected(self):
        return sum(r["count"] for r in self.profile["rejections"])

    @property
    def speed(self):
        """Microseconds of the reference loop, where the box has no cpufreq: a slower box is no fault of the run."""
        value = self.profile["frequency"].get("reference_seconds", {}).get("value")
        return "" if value is None else f", reference {value * 1e6:.0f} µs"

    @property
    def step(self):
        return median_interval([step["seconds"] for step in self.profile["steps"]])

    @property
    def passes(self):
        return {(t["layer"], t["direction"]): median_interval(t["seconds"]) for t in self.profile["layer_times"]}

    def agreement(self, other):
        """Whether the steps' intervals overlap, and the share of the passes' intervals that do."""
        pairs = [(self.passes[key], other.passes[key]) for key in self.passes]
        return overlaps(self.step, other.step), statistics.mean(overlaps(a, b) for a, b in pairs)

    def agrees(self, other):
        step_agrees, share = self.agreement(other)
        return step_agrees and share >= 0.9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kerf", type=kerf_option.executable, default=".build/release/kerf")
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--budget", type=float, default=20)
    parser.add_argument("--model", default="smollm2-135m")
    arguments = parser.parse_args()
    if shutil.which(arguments.kerf) is None:
        sys.exit(f"beside-busy.py: {arguments.kerf} is no program; give its path (make build makes .build/release/kerf)")
    faults, agreeing, compared, quiet_agreeing, last = [], 0, 0, [], None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number in range(1, arguments.tries + 1):
            quiet = Run(arguments, folder)
            if quiet.is_refused:
                faults.append(f"quiet run {number} gave no figures: {quiet.reason}")
                print(faults[-1], flush=True)
                continue
            if last:
                quiet_agreeing.append(quiet.agrees(last))
            last = quiet
            if quiet.rejected:
                faults.append(f"quiet run {number} rejected {quiet.rejected} for other processes")
            disturbed = Run(arguments, folder, busy_seconds=arguments.budget / 3)
            if disturbed.is_refused:
                print(f"disturbed run {number} gave no figures: {disturbed.reason}", flush=True)
                if disturbed.status != REFUSED:
                    faults.append(f"disturbed run {number} failed")
                continue
            compared += 1
            if not disturbed.rejected or sys.executable.rsplit("/", 1)[-1] not in disturbed.output:
                faults.append(f"disturbed run {number} does not name the program, or rejects nothing for it")
            step_agrees, share = disturbed.agreement(quiet)
            agreeing += disturbed.agrees(quiet)
            (lower, median, upper), (d_lower, d_median, d_upper) = quiet.step, disturbed.step
            print(
                f"{number}: quiet step {median * 1e3:.1f} ms ({lower * 1e3:.1f} to {upper * 1e3:.1f}), rejected "
                f"{quiet.all_rejected}{quiet.speed}; beside {d_median * 1e3:.1f} ms ({d_lower * 1e3:.1f} to {d_upper * 1e3:.1f}), rejected "
                f"{disturbed.all_rejected}, for other processes {disturbed.rejected}{disturbed.speed}; steps agree: {step_agrees}, "
                f"passes {share:.0%}", flush=True)
    needed = math.ceil(0.9 * compared)
    print(f"{sum(quiet_agreeing)} of {len(quiet_agreeing)} quiet runs agree with the quiet one before them")
    print(f"{agreeing} of {compared} disturbed runs agree with the quiet one before them ({needed} are needed)")
    if agreeing < needed:
        faults.append("too few disturbed runs agree with the quiet ones")
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
