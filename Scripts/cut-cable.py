#!/usr/bin/env python3
"""Cuts the cable of a split training in the middle of turns and checks that it ends with the undisturbed one's bytes.

    cut-cable.py --kerf PATH [--cuts 4] [--seed 1] [--cut 2] [--steps 400]

Device and server are in network namespaces of their own, joined by a pair of virtual Ethernet devices. One end of it,
first the device's, then the server's, and so on, is set down for 3 to 20 s and up again. The server gives up a silent
device after 5 s, and TCP a silent peer after 10 s, so that short cuts are survived by the connection and long ones are
not.
Printed is the time from the link's return until the device is further than before, which includes the steps of a turn
that was lost. The training must end with status 0, and with the adapters and losses of `kerf train --unsplit`. Needs
root and ip.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

import kerf_option
import namespaces
import split_run

TURN_STEPS = 20
SHORTEST, LONGEST = 3.0, 20.0
# More than any recovery takes.
PATIENCE = 120


class Device:
    """`kerf train` with a terminal as its standard error, where it tells of each step."""

    def __init__(self, start):
        self.terminal, other = os.openpty()
        self.process = start(other)
        os.close(other)
        self.changed = threading.Condition()
        self.step = 0
        self.reconnections = []
        self.text = ""
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        while True:
            try:
                text = os.read(self.terminal, 4096).decode(errors="replace")
            except OSError:
                # The device has ended.
                text = ""
            with self.changed:
                self.text += text
                if steps := re.findall(r"step (\d+) of", text):
                    self.step = int(steps[-1])
                self.reconnections += re.findall(r"connecting again: ([^\r\n\x1b]*)", text)
                self.changed.notify_all()
            if not text:
                return

    def wait_for(self, condition):
        """Until a condition holds after something that the device tells; ends the script if it does not."""
        with self.changed:
            held = self.changed.wait_for(lambda: condition() or not self.thread.is_alive(), PATIENCE)
            if not held or not condition():
                sys.exit(f"cut-cable: the device is at step {self.step}, status {self.process.poll()}: "
                         + self.text[-500:])


def cut(link, device, end, seconds, generator):
    """Sets the link down in the middle of a turn, and prints how long the device took to go on."""
    first = device.step
    # Not in the last steps of a turn, and some turns after the cut before.
    wanted = generator.randrange(1, TURN_STEPS - 4)
    device.wait_for(lambda: device.step > first + TURN_STEPS and device.step % TURN_STEPS == wanted)
    link.set_link(end, "down")
    down, reconnections = time.monotonic(), len(device.reconnections)
    time.sleep(1)
    step = device.step
    time.sleep(seconds - 1)
    if device.step != step:
        sys.exit("cut-cable: the device went on without a link")
    link.set_link(end, "up")
    up = time.monotonic()
    # The answer to the step of the cut may have been on its way already.
    device.wait_for(lambda: device.step > step + 1)
    recovery = time.monotonic() - up
    causes = device.reconnections[reconnections:]
    print(f"cut-cable: {'device' if end == link.device else 'server'}'s end down in step {step + 1}, for "
          f"{up - down:.1f} s; further {recovery:.2f} s after its return; reconnections: {len(causes)}"
          + (f" ({causes[0]})" if causes else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--cuts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cut", type=int, default=2)
    parser.add_argument("--steps", type=int, default=400)
    arguments = parser.parse_args()
    kerf = pathlib.Path(arguments.kerf).resolve()
    generator = random.Random(arguments.seed)
    # One of each part of the range, in any order.
    width = (LONGEST - SHORTEST) / arguments.cuts
    lengths = [SHORTEST + width * (part + generator.random()) for part in range(arguments.cuts)]
    generator.shuffle(lengths)

    with tempfile.TemporaryDirectory() as name, namespaces.Namespaces() as link:
        folder = pathlib.Path(name)
        model, data = split_run.write_inputs(folder, seed=arguments.seed, tokens=40_000)
        model += ["--threads", "1"]
        options = [
            *model, *data, "--batch", "8", "--seq", "64", "--micro-batches", "2", "--lr", "0.01", "--clip", "0.5",
            "--steps", str(arguments.steps),
        ]
        keys = folder / "keys"
        split_run.run(kerf, "keys", "init", "--out", keys, "--host", link.address)
        split_run.run(kerf, "keys", "device", "device", "--keys", keys)
        split_run.unsplit(kerf, options, folder / "unsplit")
        with split_run.Server(
                kerf, model, folder / "state", ["--silence", "5"], keys=keys, prefix=link.inside(link.server),
                host=link.address) as server:
            split = ["--cut", str(arguments.cut), "--turn-steps", str(TURN_STEPS), "--retry", "300"]
            device = Device(lambda terminal: split_run.device(
                kerf, server, options + split, folder / "split", keys=keys / "device", quiet=False,
                prefix=link.inside(link.device), stderr=terminal))
            try:
                for number, seconds in enumerate(lengths):
                    cut(link, device, [link.device, link.server][number % 2], seconds, generator)
                status = device.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                sys.exit("cut-cable: the device does not end")
            finally:
                if device.process.poll() is None:
                    split_run.kill(device.process)
        if status != 0:
            sys.exit(f"cut-cable: the device ended with {status}: {device.text[-500:]}")
        for part, of in [("adapters", split_run.adapters), ("losses", lambda out: split_run.run_file(out)["losses"])]:
            if of(folder / "split") != of(folder / "unsplit"):
                sys.exit(f"cut-cable: the training ended with other {part} than the undisturbed one")
    print(f"cut-cable: {arguments.cuts} cuts, reconnections: {len(device.reconnections)}, the same bytes at the end")


if __name__ == "__main__":
    main()
