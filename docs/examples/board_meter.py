"""A wall plug of a virtual board, to try --meter-command where there is none.

Shows what package and memory draw and what a power supply of 85 % and 4 W adds: the mean of each interval, late, and with
samples missing where that is asked for.
"""

import argparse
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
then, before = time.monotonic(), counters()
due = then
while True:
    due = max(due + arguments.interval, time.monotonic())
    time.sleep(max(0.0, due - time.monotonic()))
    now, after = time.monotonic(), counters()
    drawn = sum((new - old) % size for new, old, size in zip(after, before, ranges)) * 1e-6
    wall = drawn / 0.85 + 4.0 * (now - then)
    joules, number = joules + wall, number + 1
    watts = wall / (now - then)
    then, before = now, after
    time.sleep(arguments.delay)
    if arguments.gap_every and number % arguments.gap_every == 0:
        continue
    sample = {"joules": joules} if arguments.joules else {"watts": watts}
    if not arguments.no_time:
        # A clock of its own, which is nobody else's.
        sample["time"] = 1000.0 + now + arguments.delay
    print(json.dumps(sample), flush=True)
