#!/usr/bin/env python3
"""Kills a split training at random moments and checks that it ends with the bytes of an undisturbed one.

    kill-training.py --kerf PATH [--kills 200] [--interrupt] [--seed 1] [--cut 2] [--steps 40]

A tiny model is trained on loopback. At random moments the device, the server or both get SIGKILL and are started again.
When the training is done, its adapters and losses are compared with those of `kerf train --unsplit`. With --interrupt
they get SIGINT, as from Ctrl-C: each must end within 10 s with status 130 and one line that says so, and leave no
temporary file. Exits with 1 where anything is not as it should be; all of it is printed.
"""

import argparse
import collections
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import kerf_option
import split_run

# Exit statuses of a device that could not reach its server.
UNREACHED = (69, 74)

# What a device tells while all is well.
PROGRESS = re.compile(r"kerf: (turn \d+, cut|\d+ of \d+ steps are committed|connecting again: |waiting for )")


class Training:
    """One training on loopback, whose processes are started as often as needed."""

    def __init__(self, kerf, folder, cut, steps, seed):
        self.kerf, self.folder = kerf, folder
        model, data = split_run.write_inputs(folder, seed=seed)
        self.model = [*model, "--threads", "1"]
        self.options = [
            *self.model, *data, "--batch", "4", "--seq", "16", "--micro-batches", "2", "--lr", "0.01", "--clip", "0.5",
            "--steps", str(steps),
        ]
        self.split = ["--cut", str(cut), "--turn-steps", "2", "--retry", "120"]
        self.server = self.device = None

    def begin(self):
        split_run.unsplit(self.kerf, self.options, self.folder / "unsplit")
        self.server = split_run.Server(self.kerf, self.model, self.folder / "state")
        self.start("device")

    def start(self, side):
        if side == "server":
            self.server.start()
        else:
            self.device = split_run.device(
                self.kerf, self.server, self.options + self.split, self.folder / "split", quiet=False)

    def process(self, side):
        return self.device if side == "device" else self.server.process

    def results(self, name):
        return split_run.adapters(self.folder / name), split_run.run_file(self.folder / name)["losses"]

    def is_right(self):
        return self.results("split") == self.results("unsplit")

    def temporary_files(self):
        return [path.name for name in ("state", "split") for path in (self.folder / name).rglob(".*")]


class Disturbance:
    """Ends processes, and counts what came of it."""

    def __init__(self, interrupts):
        self.interrupts = interrupts
        self.kills = collections.Counter()
        self.endings = collections.Counter()
        self.faults = []
        self.slowest = 0.0

    def fault(self, text):
        self.faults.append(text)
        print("kill-training: " + text, flush=True)

    def end(self, training, side):
        process = training.process(side)
        if self.interrupts:
            self.interrupt(training, process, side)
        else:
            split_run.kill(process)

    def interrupt(self, training, process, side):
        """Ctrl-C."""
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            error = process.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            split_run.kill(process)
            return self.fault(f"the {side} went on for 10 s after Ctrl-C")
        self.slowest = max(self.slowest, time.monotonic() - start)
        lines = [line for line in error.splitlines() if line.strip() and not PROGRESS.match(line)]
        # SIGINT ends a device as any program before it catches signals, and after its results are written.
        has_begun, is_done = "kerf: turn " in error, re.search(r"(\d+) of \1 steps are committed", error)
        if process.returncode == 130 and len(lines) == 1 and "kerf: error: interrupted" in lines[0]:
            ending = "in a long step" if "long step" in lines[0] else "in order"
        elif process.returncode == -signal.SIGINT and not lines and side == "device" and (is_done or not has_begun):
            ending = "after its results were written" if is_done else "before its first turn"
        elif process.returncode == 0 and not lines and side == "device" and training.is_right():
            ending = "by itself, as it was done"
        else:
            ending = f"with status {process.returncode}"
            self.fault(f"Ctrl-C of the {side}: status {process.returncode}, said {lines[-3:]}")
        self.endings[f"{side} {ending}"] += 1

    def by_itself(self, process):
        """A device that ended without a signal: it may only have missed a server that had just been killed."""
        error = process.communicate()[1]
        lines = [line for line in error.splitlines() if not PROGRESS.match(line)]
        if process.returncode == 0 and not lines:
            return
        has_reached = re.search("kerf: turn |connecting again|the server says|the server refuses", error)
        if process.returncode not in UNREACHED or has_reached:
            self.fault(f"the device ended with {process.returncode}: {error.splitlines()[-3:]}")
        self.endings[f"device by itself with {process.returncode}: {' '.join(lines)}"] += 1

    def disturb(self, training, generator):
        """Ends one side or both, in either order, and starts them again."""
        victim = generator.choice(["device", "server", "both"])
        sides = generator.sample(["device", "server"], 2) if victim == "both" else [victim]
        for side in sides:
            if training.process(side).poll() is None:
                self.end(training, side)
            elif side == "server":
                self.fault("the server ended by itself: " + training.process(side).stderr.read().strip())
            else:
                self.by_itself(training.process(side))
            if victim == "both":
                # A device whose server is gone tries to connect again.
                time.sleep(generator.uniform(0.0, 0.5))
        if self.interrupts and victim == "both" and (left := training.temporary_files()):
            self.fault(f"temporary files are left: {left}")
        for side in sorted(sides, reverse=True):
            training.start(side)
        self.kills[victim] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupt", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cut", type=int, default=2)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    disturbance = Disturbance(arguments.interrupt)
    trainings = 0
    while disturbance.kills.total() < arguments.kills:
        with tempfile.TemporaryDirectory() as name:
            training = Training(
                arguments.kerf, pathlib.Path(name), arguments.cut, arguments.steps, arguments.seed + trainings)
            run(training, generator, disturbance, arguments.kills)
        trainings += 1
        print(f"kill-training: {disturbance.kills.total()} kills in {trainings} trainings, {len(disturbance.faults)} "
              "faults", flush=True)
    for ending, count in sorted(disturbance.endings.items()):
        print(f"{count:5} {ending}")
    if arguments.interrupt:
        print(f"kill-training: {disturbance.slowest:.2f} s from Ctrl-C to the end at most")
    print("kill-training: " + ", ".join(f"{victim} {count}" for victim, count in sorted(disturbance.kills.items())))
    if disturbance.faults:
        sys.exit(f"kill-training: {len(disturbance.faults)} faults")
    print("kill-training: all with the same bytes")


def run(training, generator, disturbance, wanted):
    """One training to its end."""
    training.begin()
    try:
        while True:
            # Long enough that turns are committed between two kills, short enough that many fall inside a turn.
            time.sleep(generator.uniform(0.0, 0.6))
            if training.device.poll() is None and disturbance.kills.total() < wanted:
                disturbance.disturb(training, generator)
                continue
            if wait(training) == 0:
                disturbance.by_itself(training.device)
                break
            disturbance.by_itself(training.device)
            if training.device.returncode not in UNREACHED or training.server.process.poll() is not None:
                sys.exit("kill-training: a side ended for good")
            # It had not greeted the server when that was killed: it is started again, as a supervisor would.
            training.start("device")
        if not training.is_right():
            disturbance.fault("the training ended with other bytes than the undisturbed one")
        if left := training.temporary_files():
            disturbance.fault(f"temporary files are left at the end: {left}")
    finally:
        for process in (training.device, training.server.process):
            if process.poll() is None:
                split_run.kill(process)


def wait(training):
    """The status of the device. Where it hangs, both sides are described before either is killed."""
    try:
        return training.device.wait(timeout=300)
    except subprocess.TimeoutExpired:
        for side in ("device", "server"):
            process = training.process(side)
            print(f"kill-training: the {side} (status {process.poll()}):", flush=True)
            for task in sorted(pathlib.Path(f"/proc/{process.pid}/task").glob("*")):
                print(f"  thread {task.name}:", *[about(task / name) for name in ("comm", "wchan", "syscall")])
        for side in ("device", "server"):
            process = training.process(side)
            split_run.kill(process)
            print(f"kill-training: what the {side} said last:")
            print(process.stderr.read())
        sys.exit("kill-training: the device had not ended after 300 s without a disturbance")


def about(path):
    """A short file of /proc; the reason where it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError as error:
        return f"({error.strerror})"


if __name__ == "__main__":
    main()
