#!/usr/bin/env python3
"""Compares the held-out loss after training over each wire format, over several seeds.

    compare-wire.py --kerf .build/release/kerf --weights SmolLM2.gguf [--cut 15] [--steps 200] [--seeds 5]

The text is the manual of this repository, nine parts in ten for training. Warns where the mean loss is worse than that of
f32 by more than 0.1 % (bf16) or 0.5 % (int8).
"""

import argparse
import pathlib
import statistics
import tempfile

import kerf_option
import split_run

LIMITS = {"bf16": 0.1, "int8": 0.5}


def write_text(folder):
    """Training and held-out text."""
    root = pathlib.Path(__file__).resolve().parent.parent
    pages = [page.read_text() for page in sorted((root / "docs").glob("*.md"))]
    paragraphs = [part for page in pages for part in page.split("\n\n") if len(part) > 80]
    train = [part for index, part in enumerate(paragraphs) if index % 10 != 9]
    held = [part for index, part in enumerate(paragraphs) if index % 10 == 9]
    (folder / "train.txt").write_text("\n\n".join(train))
    (folder / "held.txt").write_text("\n\n".join(held)[:20_000])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--cut", type=int, default=15)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seq", type=int, default=64)
    arguments = parser.parse_args()

    model = ["--model", "smollm2-135m", "--weights", arguments.weights, "--threads", "1"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_text(folder)
        after = {"f32": [], "bf16": [], "int8": []}
        for seed in range(1, arguments.seeds + 1):
            for wire, losses in after.items():
                out = folder / f"{wire}-{seed}"
                options = model + [
                    "--data", str(folder / "train.txt"), "--validation", str(folder / "held.txt"), "--seq",
                    str(arguments.seq), "--lr", "1e-3", "--seed", str(seed), "--wire", wire, "--steps",
                    str(arguments.steps), "--cut", str(arguments.cut),
                ]
                with split_run.Server(arguments.kerf, model, folder / f"state-{wire}-{seed}") as server:
                    split_run.finish(split_run.device(arguments.kerf, server, options, out))
                run = split_run.run_file(out)
                losses.append(run["validation_loss_after"])
                print(f"seed {seed} {wire}: held-out loss {run['validation_loss_before']:.4f} before, "
                      f"{run['validation_loss_after']:.4f} after", flush=True)
        reference = statistics.mean(after["f32"])
        for wire, limit in LIMITS.items():
            pairs = [100 * (b / a - 1) for a, b in zip(after["f32"], after[wire])]
            difference = 100 * (statistics.mean(after[wire]) / reference - 1)
            print(f"{wire}: {difference:+.3f} % of f32's held-out loss (seeds: "
                  + ", ".join(f"{pair:+.3f}" for pair in pairs) + ")")
            if difference > limit:
                print(f"warning: {wire} is worse by more than {limit} %")


if __name__ == "__main__":
    main()
