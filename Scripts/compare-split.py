#!/usr/bin/env python3
"""Trains one model unsplit and split at several cuts, and compares every byte of the results.

    compare-split.py --kerf .build/release/kerf [--weights FILE.gguf] [--model NAME] [--cuts 0,1,7,15,29,30] [--steps 100]

Compared are the adapters and losses of the unsplit training and of each cut, and both moments of AdamW between the cuts,
which the server's state has. Exits with 1 at the first difference.
"""

import argparse
import pathlib
import random
import sys
import tempfile

import split_run


def tensors(state):
    """The tensors of a safetensors file, without its metadata."""
    size = int.from_bytes(state[:8], "little")
    return state[8 + size:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--weights")
    parser.add_argument("--vocabulary", type=int, default=49152)
    parser.add_argument("--cuts", default="0,1,7,15,29,30")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seq", type=int, default=64)
    parser.add_argument("--micro-batches", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    model = ["--model", arguments.model, "--threads", str(arguments.threads)]
    if arguments.weights:
        model += ["--weights", arguments.weights]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        generator = random.Random(1)
        data = folder / "data.ids"
        data.write_text(" ".join(str(generator.randrange(arguments.vocabulary)) for _ in range(20_000)))
        options = model + [
            "--data", str(data), "--batch", str(arguments.micro_batches), "--seq", str(arguments.seq),
            "--micro-batches", str(arguments.micro_batches), "--clip", "1", "--lr", "1e-3", "--steps",
            str(arguments.steps),
        ]
        split_run.unsplit(arguments.kerf, options, folder / "unsplit")
        adapters = split_run.adapters(folder / "unsplit")
        losses = split_run.run_file(folder / "unsplit")["losses"]
        moments = None
        for cut in arguments.cuts.split(","):
            out = folder / f"cut-{cut}"
            with split_run.Server(arguments.kerf, model, folder / f"state-{cut}") as server:
                split_run.finish(split_run.device(arguments.kerf, server, [*options, "--cut", cut], out))
            state = tensors((folder / f"state-{cut}" / "state.safetensors").read_bytes())
            moments = moments or state
            if split_run.adapters(out) != adapters:
                sys.exit(f"compare-split.py: cut {cut} ends with other adapters than the unsplit training")
            if split_run.run_file(out)["losses"] != losses:
                sys.exit(f"compare-split.py: cut {cut} has other losses than the unsplit training")
            if state != moments:
                sys.exit(f"compare-split.py: cut {cut} ends with other moments than the cuts before")
            print(f"cut {cut}: 0 bytes differ after {arguments.steps} steps", flush=True)


if __name__ == "__main__":
    main()
