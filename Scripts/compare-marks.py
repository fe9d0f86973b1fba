#!/usr/bin/env python3
"""Measures what marks cost a program: its steps with and without marks, in pairs whose order a coin decides.

    compare-marks.py [--pairs 200] [--limit 0.005] -- PROGRAM [ARGUMENT ...]

PROGRAM is what follows `--` of `kerf profile`. Prints the medians, and the median ratio of the pairs with its 95 %
interval, by wall time and by the processor time of the program. Other work on the box lengthens both steps of a pair or
one of them, and the median of many pairs is not moved by it. Exits with 1 where the ratio's cost is above the limit with
certainty, that is, with its whole interval.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Python/tests"))
from experimenter import STEP_BEGINS, STEP_ENDS, Experimenter  # noqa: E402
from intervals import median_interval  # noqa: E402


def processor_seconds(pid):
    """Processor time of all threads of a process."""
    # CPUCLOCK_SCHED of the process: clock_getcpuclockid(3).
    return time.clock_gettime((~pid << 3) | 2)


class Steps:
    def __init__(self, kerf):
        self.kerf = kerf
        self.pid = kerf.hello["pid"]

    def seconds(self, marked):
        """Wall and processor time of one step."""
        before = processor_seconds(self.pid)
        _, records = self.kerf.command("steps", marked=marked, seconds=0, at_most=1)
        used = processor_seconds(self.pid) - before
        assert records[0][1] == STEP_BEGINS and records[-1][1] == STEP_ENDS
        assert len(records) == 2 or marked, "a step without marks has some"
        return (records[-1][0] - records[0][0]) * 1e-9, used


def take(kerf, count):
    """So many pairs of a marked and a plain step, each as wall and processor time."""
    kerf.welcome()
    steps = Steps(kerf)
    for marked in [True, False] * 3:
        steps.seconds(marked)
    pairs = []
    for _ in range(count):
        pair = {}
        for marked in random.sample([True, False], 2):
            pair[marked] = steps.seconds(marked)
        pairs.append(pair)
    kerf.stop()
    return pairs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--limit", type=float, default=0.005)
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()
    if shutil.which(arguments.program[0]) is None:
        sys.exit(f"compare-marks.py: {arguments.program[0]} is no program; give its path")
    kerf = Experimenter()
    environment = {**os.environ, "KERF_MARKERS": kerf.variable}
    process = subprocess.Popen(
        arguments.program, env=environment, pass_fds=(kerf.clients_end.fileno(), kerf.memory), stdout=subprocess.DEVNULL)
    kerf.clients_end.close()
    try:
        pairs = take(kerf, arguments.pairs)
        process.wait(timeout=60)
    except (AssertionError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        sys.exit(
            f"compare-marks.py: {' '.join(arguments.program)} does not serve as docs/markers.md asks, or ended ({error}); "
            "try it with kerf profile, which says why")
    finally:
        process.kill()
        process.wait()
    fails = False
    for place, name in enumerate(["wall time", "processor time"]):
        marked = statistics.median(pair[True][place] for pair in pairs)
        plain = statistics.median(pair[False][place] for pair in pairs)
        lower, ratio, upper = median_interval([pair[True][place] / pair[False][place] for pair in pairs])
        fails |= lower - 1 > arguments.limit
        print(
            f"{name}: {len(pairs)} pairs, with marks {marked * 1e3:.2f} ms, without {plain * 1e3:.2f} ms, "
            f"ratio {ratio:.4f} ({lower:.4f} to {upper:.4f})")
    sys.exit(1 if fails else 0)


if __name__ == "__main__":
    main()
