#!/usr/bin/env python3
"""Trains one model unsplit and split at several cuts, and compares every byte of the results.

    compare-split.py --kerf .build/release/kerf [--weights FILE.gguf] [--model NAME] [--cuts 0,1,7,15,29,30] [--steps 100]
        [--threads 1] [--server-threads N] [--lr 1e-3]

Compared are the adapters and losses of the unsplit training and of each cut, and both moments of AdamW between the cuts,
which the server's state has. Exits with 1 at the first difference. With other threads on the server, sums are rounded in
another order: losses are then compared to 1e-4 of their value, and nothing else.
"""

import argparse
import pathlib
import random
import sys
import tempfile

import kerf_option
import split_run


def tensors(state):
    """The tensors of a safetensors file, without its metadata."""
    size = int.from_bytes(state[:8], "little")
    return state[8 + size:]


def compare_bytes(cut, out, reference, state, moments):
    """Ends the script at the first difference."""
    if split_run.adapters(out) != split_run.adapters(reference):
        sys.exit(f"compare-split.py: cut {cut} ends with other adapters than the unsplit training")
    if split_run.run_file(out)["losses"] != split_run.run_file(reference)["losses"]:
        sys.exit(f"compare-split.py: cut {cut} has other losses than the unsplit training")
    if state != moments:
        sys.exit(f"compare-split.py: cut {cut} ends with other moments than the cuts before")
    print(f"cut {cut}: 0 bytes differ", flush=True)


def compare_losses(cut, out, reference):
    difference = split_run.loss_difference(out, reference)
    print(f"cut {cut}: losses differ by {difference:.1e} at most", flush=True)
    if difference > 1e-4:
        sys.exit(f"compare-split.py: the losses of cut {cut} differ by more than 1e-4")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--weights")
    parser.add_argument("--vocabulary", type=int, default=49152)
    parser.add_argument("--cuts", default="0,1,7,15,29,30")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seq", type=int, default=64)
    parser.add_argument("--micro-batches", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--server-threads", type=int)
    parser.add_argument("--lr", default="1e-3")
    arguments = parser.parse_args()

    model = ["--model", arguments.model]
    if arguments.weights:
        model += ["--weights", arguments.weights]
    server_threads = arguments.server_threads or arguments.threads
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        generator = random.Random(1)
        data = folder / "data.ids"
        data.write_text(" ".join(str(generator.randrange(arguments.vocabulary)) for _ in range(20_000)))
        options = model + [
            "--threads", str(arguments.threads), "--data", str(data), "--batch", str(arguments.micro_batches),
            "--seq", str(arguments.seq), "--micro-batches", str(arguments.micro_batches), "--clip", "1", "--lr", arguments.lr, "--steps",
            str(arguments.steps),
        ]
        split_run.unsplit(arguments.kerf, options, folder / "unsplit")
        moments = None
        for cut in arguments.cuts.split(","):
            out = folder / f"cut-{cut}"
            with split_run.Server(
                    arguments.kerf, [*model, "--threads", str(server_threads)], folder / f"state-{cut}") as server:
                split_run.finish(split_run.device(arguments.kerf, server, [*options, "--cut", cut], out))
            if server_threads != arguments.threads:
                compare_losses(cut, out, folder / "unsplit")
                continue
            state = tensors((folder / f"state-{cut}" / "state.safetensors").read_bytes())
            moments = moments or state
            compare_bytes(cut, out, folder / "unsplit", state, moments)
    print(f"{arguments.model}, {arguments.steps} steps, threads: device {arguments.threads}, server {server_threads}")


if __name__ == "__main__":
    main()
