"""A wall plug of a virtual board, to try --meter-command where there is none.

Shows what package and memory draw and what a power supply of 85 % and 4 W adds: the mean of each interval, late, and with
samples missing where that is asked for.
"""

import argparse
import collections
import json
import pathlib
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("board", type=pathlib.Path, help="the virtual board's directory")
parser.add_argument("--interval", type=float, default=1.0, help="seconds between two samples")
parser.add_argument("--delay", type=float, default=0.3, help="seconds by which samples are late, and dated late")
parser.add_argument("--gap-every", type=int, default=0, help="leave out each sample of this number")
parser.add_argument("--joules", action="store_true", help="show a counter of energy instead of power")
parser.add_argument("--no-time", action="store_true", help="give samples no time of their own")
arguments = parser.parse_args()

zones = [arguments.board / "sys/class/powercap" / name for name in ("intel-rapl:0", "intel-rapl:0:2")]
ranges = [int((zone / "max_energy_range_uj").read_text()) + 1 for zone in zones]


def counters():
    return [int((zone / "energy_uj").read_text()) for zone in zones]


print(json.dumps({"name": "board plug", "domain": "wall", "interval_seconds": arguments.interval}), flush=True)
joules, number = 0.0, 0
pending = collections.deque()
then, before = time.monotonic(), counters()
due = then + arguments.interval
while True:
    wake = min(due, pending[0][0]) if pending else due
    time.sleep(max(0.0, wake - time.monotonic()))
    now = time.monotonic()
    while pending and pending[0][0] <= now:
        print(json.dumps(pending.popleft()[1]), flush=True)
    if now < due:
        continue
    after, number = counters(), number + 1
    drawn = sum((new - old) % size for new, old, size in zip(after, before, ranges)) * 1e-6
    wall = drawn / 0.85 + 4.0 * (now - then)
    joules += wall
    sample = {"joules": joules} if arguments.joules else {"watts": wall / (now - then)}
    if not arguments.no_time:
        # A clock of its own, which is nobody else's.
        sample["time"] = 1000.0 + now + arguments.delay
    if not arguments.gap_every or number % arguments.gap_every:
        pending.append((now + arguments.delay, sample))
    then, before, due = now, after, max(due + arguments.interval, now)
