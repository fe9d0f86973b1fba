#!/usr/bin/env python3
"""Compares Kerf's own layers with the same layers in another program, through the marker protocol.

    compare-program.py --kerf .build/release/kerf --program marked-program [--rounds 4] [--budget 20]

Profiles SmolLM2-135M's shapes alternately in process and as a program's, calibrates each side from all of its profiles,
and compares times of passes and energies of layers (virtual board). Prints both and exits with 1 where fewer than nine
tenths of them agree within their intervals.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import kerf_option


def agrees(first, second):
    return first["lower"] <= second["upper"] and second["lower"] <= first["upper"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--budget", type=float, default=20)
    arguments = parser.parse_args()
    kerf, program = (str(pathlib.Path(path).resolve()) for path in (arguments.kerf, arguments.program))
    sides = {
        "in process": ["--model", "smollm2-135m", "--seq", "64", "--threads", "1", "--residency", "one"],
        "program": ["--", program, "engine"],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        profiles = {side: [] for side in sides}
        for number in range(arguments.rounds):
            # The order alternates, so that a drift of the box is shared.
            for side in sorted(sides, reverse=number % 2 == 1):
                path = folder / f"{side.split()[0]}-{number}.json"
                subprocess.run(
                    [kerf, "profile", "--quiet", "--budget", str(arguments.budget), "--board", str(folder / "board"),
                     "--out", str(path), *sides[side]], check=True, stdout=subprocess.DEVNULL)
                profiles[side].append(str(path))
        calibrations = {}
        for side, paths in profiles.items():
            out = folder / f"{side.split()[0]}.json"
            subprocess.run([kerf, "calibrate", *paths, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
            calibrations[side] = json.loads(out.read_text())

    first, second = calibrations.values()
    is_good = True
    for quantity in ("time_seconds", "gross_energy_joules"):
        compared = agreeing = 0
        for one, other in zip(first["layers"], second["layers"]):
            for direction in ("forward", "backward"):
                pair = [layer.get(direction, {}).get(quantity, {}) for layer in (one, other)]
                if not all("lower" in value and value["value"] > 0 for value in pair):
                    continue
                compared += 1
                agreeing += agrees(*pair)
                if not agrees(*pair):
                    print(f"layer {one['description']['index']} {direction}: {quantity} {pair[0]['value']:.3g} "
                          f"({pair[0]['lower']:.3g} to {pair[0]['upper']:.3g}) and {pair[1]['value']:.3g} "
                          f"({pair[1]['lower']:.3g} to {pair[1]['upper']:.3g})")
        print(f"{quantity}: {agreeing} of {compared} passes agree within their intervals")
        is_good = is_good and compared > 0 and agreeing >= 0.9 * compared
    steps = [calibration["step"]["time_seconds"] for calibration in (first, second)]
    print(" and ".join(f"{step['value']:.4f} s ({step['lower']:.4f} to {step['upper']:.4f})" for step in steps), "a step")
    if not is_good:
        sys.exit(1)


if __name__ == "__main__":
    main()
