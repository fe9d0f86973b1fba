#!/usr/bin/env python3
"""Runs Kerf for long on a hostile box, and checks that nothing leaks and every file is whole or absent.

    soak.py --kerf .build/release/kerf [--seconds 3600] [--seed 1] [--hotplug] [--clock-steps]

Two virtual boards are served all the time. On the first, one `kerf profile` runs from the beginning to the end; its
memory, threads and descriptors and those of its board are sampled. On the second, short jobs follow each other:
profiles, sweeps of the frequency, calibrations, decisions. Each job has a fate, drawn at random: it ends by itself, by
SIGINT, SIGTERM or SIGKILL at a random moment, or its output goes to a full file system. After each job its output must
be whole or absent, nothing of it may still run, and the board's frequency limits must be as before within a second.
Meanwhile other processes load the processors and fill the memory; as root also, where asked for, processors go off
line (--hotplug) and the clock steps by an hour and back (--clock-steps).

Exits with 1 where anything is not as it should be; all of it is printed.
"""

import argparse
import atexit
import collections
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import kerf_option
import split_run

# More memory than this is a leak and not the samples that a run keeps.
MAXIMUM_GROWTH_BYTES = 64 << 20
FATES = ["ends", "ends", "SIGINT", "SIGTERM", "SIGKILL", "full"]


def resources(pid):
    """Memory in bytes, threads and descriptors of a process; None where it has ended."""
    try:
        status = dict(
            line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
        return int(status["VmRSS"].split()[0]) * 1024, int(status["Threads"]), len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, KeyError):
        return None


class Board:
    """A virtual board, and what its frequency limits were at the start."""

    def __init__(self, kerf, root):
        self.root = root
        self.process = subprocess.Popen([kerf, "board", "--root", str(root), "--quiet"])
        atexit.register(self.process.terminate)
        deadline = time.monotonic() + 30
        # The marker comes before the files.
        while not ((root / "kerf" / "board.json").exists() and all(self.read_limits().values()) and self.read_limits()):
            if time.monotonic() > deadline:
                sys.exit("soak.py: the board did not start")
            time.sleep(0.05)
        self.limits = self.read_limits()

    def read_limits(self):
        return {
            str(path): path.read_text().strip()
            for path in sorted(self.root.glob("sys/devices/system/cpu/cpufreq/policy*/scaling_m??_freq"))
        }

    def is_restored(self, seconds=1.0):
        deadline = time.monotonic() + seconds
        while self.read_limits() != self.limits:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


class Disturbance(threading.Thread):
    """Load, memory pressure and what root may do, in random order until stopped."""

    BUSY = "while True: pass"
    FILL = "import sys, time; data = bytearray(int(sys.argv[1])); data[::4096] = b'x' * len(data[::4096]); time.sleep(9)"

    def __init__(self, generator, hotplug, clock_steps):
        super().__init__(daemon=True)
        self.generator = generator
        self.kinds = ["load", "load", "memory", "rest"]
        if hotplug:
            self.kinds.append("hotplug")
        if clock_steps:
            self.kinds.append("clock")
        self.counts = collections.Counter()
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            kind = self.generator.choice(self.kinds)
            self.counts[kind] += 1
            getattr(self, kind)(self.generator.uniform(1, 8))

    def rest(self, seconds):
        self.stopped.wait(seconds)

    def run_beside(self, seconds, *command):
        process = subprocess.Popen([sys.executable, "-c", *command])
        self.stopped.wait(seconds)
        split_run.kill(process)

    def load(self, seconds):
        self.run_beside(seconds, self.BUSY)

    def memory(self, seconds):
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
        available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        self.run_beside(seconds, self.FILL, str(int(0.6 * available)))

    def hotplug(self, seconds):
        switches = list(pathlib.Path("/sys/devices/system/cpu").glob("cpu[1-9]*/online"))
        if not switches:
            return
        switch = self.generator.choice(switches)
        switch.write_text("0")
        self.stopped.wait(seconds)
        switch.write_text("1")

    def clock(self, seconds):
        for step in [3600, -3600]:
            time.clock_settime(time.CLOCK_REALTIME, time.time() + step)
            self.stopped.wait(seconds)

    def stop(self):
        self.stopped.set()
        self.join()


class Soak:
    def __init__(self, kerf, folder, generator):
        self.kerf, self.folder, self.generator = kerf, folder, generator
        self.model, _ = split_run.write_inputs(folder)
        self.board = Board(kerf, folder / "board")
        self.profile = folder / "good.json"
        self.calibration = folder / "calibration.json"
        split_run.run(*self.profile_command(self.profile, 3))
        split_run.run(kerf, "calibrate", self.profile, "--out", self.calibration)
        self.faults, self.jobs, self.statuses = [], collections.Counter(), collections.Counter()
        # Last, since it has to be unmounted.
        self.full = folder / "full"
        self.full.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(self.full)], check=True)
        (self.full / "filling").write_bytes(b"x" * 4096)

    def profile_command(self, out, budget, *options):
        return [self.kerf, "profile", *self.model, "--seq", "32", "--threads", "1", "--budget", str(budget),
                "--board", str(self.board.root), "--quiet", "--out", str(out), *options]

    def command(self, kind, out):
        if kind == "profile":
            return self.profile_command(out, 3)
        if kind == "sweep":
            return self.profile_command(out, 2, "--frequencies", "2", "--sweep-budget", "4")
        if kind == "calibrate":
            return [self.kerf, "calibrate", str(self.profile), "--out", str(out)]
        return [self.kerf, "decide", "--device", str(self.calibration), "--server", str(self.calibration),
                "--link", "up=20mbit,down=80mbit,rtt=20ms", "--out", str(out)]

    def run_job(self, number):
        kind = self.generator.choice(["profile", "sweep", "sweep", "calibrate", "decide"])
        fate = self.generator.choice(FATES)
        out = (self.full if fate == "full" else self.folder) / f"out-{number}.json"
        process = subprocess.Popen(
            [str(part) for part in self.command(kind, out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        if fate.startswith("SIG"):
            limit = 8 if kind in ("profile", "sweep") else 0.2
            time.sleep(self.generator.uniform(0, limit))
            process.send_signal(getattr(signal, fate))
        try:
            error = process.communicate(timeout=120)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                return self.fault(number, kind, fate, "was killed and cannot be waited for")
            return self.fault(number, kind, fate, "still runs after 120 s")
        self.jobs[kind, fate] += 1
        self.statuses[fate, process.returncode] += 1
        self.check(number, kind, fate, out, process.returncode, error)

    def check(self, number, kind, fate, out, status, error):
        if not self.board.is_restored():
            self.fault(number, kind, fate, f"limits {self.board.read_limits()}, not {self.board.limits}")
        # 69: everything was disturbed, which the run says.
        if fate == "ends" and status not in ((0, 69) if kind in ("profile", "sweep") else (0,)):
            self.fault(number, kind, fate, f"ended with {status}: {error.strip()}")
        if status == 0 and not out.exists():
            self.fault(number, kind, fate, "ended with 0 and wrote nothing")
        if fate == "full" and (status == 0 or len(error.strip().splitlines()) < 1):
            self.fault(number, kind, fate, f"ended with {status} on a full file system: {error.strip()}")
        if out.exists():
            try:
                json.loads(out.read_text())
            except ValueError as cause:
                self.fault(number, kind, fate, f"wrote half a file: {cause}")
            out.unlink()
        remains = [path.name for path in out.parent.iterdir() if path.name.startswith(f".{out.name}")]
        if remains and fate != "SIGKILL":
            self.fault(number, kind, fate, f"left {remains}")
        for name in remains:
            (out.parent / name).unlink()

    def fault(self, number, kind, fate, text):
        self.faults.append(f"job {number}, {kind}, {fate}: {text}")
        print("FAULT", self.faults[-1], flush=True)


def is_flat(samples, name):
    """Compares the second quarter of the samples with the last; prints both."""
    if len(samples) < 4:
        sys.exit(f"soak.py: {len(samples)} samples of {name} are too few to compare; run for longer")
    quarter = len(samples) // 4
    early, late = (
        [statistics.median(sample[place] for sample in part) for place in range(3)]
        for part in (samples[quarter:2 * quarter], samples[-quarter:]))
    print(f"{name}: memory {early[0] / 1e6:.1f} to {late[0] / 1e6:.1f} MB, threads {early[1]:.0f} to {late[1]:.0f}, "
          f"descriptors {early[2]:.0f} to {late[2]:.0f}; {len(samples)} samples")
    return late[0] - early[0] <= MAXIMUM_GROWTH_BYTES and late[1:] == early[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hotplug", action="store_true")
    parser.add_argument("--clock-steps", action="store_true")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("soak.py: needs root, to mount a full file system")
    kerf = str(pathlib.Path(arguments.kerf).resolve())
    generator = random.Random(arguments.seed)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        long_board = Board(kerf, folder / "long-board")
        soak = Soak(kerf, folder, generator)
        long_out = folder / "long.json"
        # Steps long enough that a profile has not all of its samples within an hour.
        long_run = subprocess.Popen(
            [kerf, "profile", "--model", "smollm2-135m", "--seq", "64", "--batch", "2", "--threads", "1",
             "--budget", str(arguments.seconds), "--target-ci", "0.001", "--board", str(long_board.root), "--quiet",
             "--out", str(long_out)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        atexit.register(long_run.terminate)
        disturbance = Disturbance(
            random.Random(arguments.seed + 1), arguments.hotplug, arguments.clock_steps)
        disturbance.start()
        watched = {"profile": long_run, "its board": long_board.process, "the other board": soak.board.process}
        samples = {key: [] for key in watched}
        end, number = time.monotonic() + arguments.seconds, 0
        try:
            while time.monotonic() < end:
                soak.run_job(number)
                number += 1
                for key, process in watched.items():
                    found = resources(process.pid)
                    if found:
                        samples[key].append(found)
        finally:
            disturbance.stop()
            subprocess.run(["umount", str(soak.full)], check=False)
        error = long_run.communicate(timeout=600)[1]
        for process in (long_board.process, soak.board.process):
            process.terminate()
            process.wait()
        # 69: everything was disturbed, which the run says.
        if long_run.returncode not in (0, 69) or (long_run.returncode == 0) != long_out.exists():
            soak.faults.append(f"the long profile ended with {long_run.returncode}: {error.strip()}")
        left = subprocess.run(["pgrep", "-f", f"^{kerf} .*{folder}"], capture_output=True, text=True, check=False)
        if left.stdout:
            soak.faults.append(f"processes are left: {left.stdout.split()}")

    print(f"{number} jobs: " + ", ".join(f"{kind} {fate} {count}" for (kind, fate), count in sorted(soak.jobs.items())))
    print("disturbances: " + ", ".join(f"{kind} {count}" for kind, count in sorted(disturbance.counts.items())))
    flat = [is_flat(samples[key], key) for key in watched if samples[key]]
    if soak.faults or not all(flat):
        sys.exit("soak.py: " + ("; ".join(soak.faults) or "memory, threads or descriptors grew"))
    print("no faults")


if __name__ == "__main__":
    main()
