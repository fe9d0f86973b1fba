#!/usr/bin/env python3
"""Prints one table of what Kerf's layers reach on this box, each figure next to its reference in the same run.

    layers.py --kerf .build/release/kerf [--gguf SmolLM2.gguf] [--python .build-torch/bin/python] [--rounds 7]

Blocks of llama-3.2-1b, forward and backward, LoRA rank 8 on all seven projections: their rate, that of the fastest bare
products of any engine, and of the multiply-add units in registers; the time of PyTorch's block over Kerf's; the rate of a
block with quantized weights over that of bf16. Training steps of SmolLM2-135M against PEFT. The memory of a whole training
step of llama-3.2-1b. What needs PyTorch is left out where --python has none.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

from torch_block import ask

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = "llama-3.2-1b"
STEP = ["--model", MODEL, "--rank", "8", "--targets", "all"]


def processor():
    """The processor's name, and which of the instruction sets that matter here it has."""
    name, flags = platform.machine(), set()
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags = set(value.split())
    known = ["avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve"]
    return f"{name} ({', '.join(flag for flag in known if flag in flags)})"


def torch_ratio(args, dtype, sequence, engine):
    """Seconds of PyTorch's block over those of Kerf's, in alternating rounds; None without PyTorch."""
    if not args.python:
        return None
    command = [args.python, os.path.join(HERE, "torch_block.py"), "--kerf", args.kerf, "--model", MODEL, "--dtype", dtype]
    command += ["--seq", str(sequence), "--rounds", str(2 * args.rounds + 1)] + (["--engine", engine] if engine else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["ratio"]


def block_row(args, dtype, sequence, engine):
    command = [args.kerf, "bench", "layer", *STEP, "--dtype", dtype, "--seq", str(sequence), "--rounds", str(args.rounds)]
    result = subprocess.run(
        command + ["--json"] + (["--engine", engine] if engine else []), capture_output=True, text=True)
    if result.returncode:
        return None, result.stderr.strip()
    report = json.loads(result.stdout)
    block = report["block"]["both"]["flops_per_second"]
    best = max(report["engines"], key=lambda e: e["passes"]["both"]["flops_per_second"])
    best_rate = best["passes"]["both"]["flops_per_second"]
    units = report["multiplier_flops_per_second"]
    own = next(e for e in report["engines"] if e["engine"]["name"] == report["engine"]["name"])
    ratio = torch_ratio(args, dtype, sequence, engine)
    return [
        f"{dtype}, {sequence}", report["engine"]["name"], f"{block / 1e9:.0f}",
        f"{best_rate / 1e9:.0f} ({best['engine']['name']})", f"{block / best_rate:.1%}", f"{units / 1e9:.0f}",
        f"{own['passes']['both']['flops_per_second'] / units:.1%}", f"{ratio:.2f}" if ratio else "-",
    ], None


def paced(args, *more):
    command = [args.kerf, "bench", "layer", *STEP, "--block-only", "--paced", "--dtype", "bf16", "--engine", "kerf", *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def quantized_row(args, name, sequence):
    """The rate of a block whose weights are quantized, over that of bf16 weights, in alternating rounds."""
    sides = [paced(args, "--seq", str(sequence)), paced(args, "--seq", str(sequence), "--weight-format", name)]
    for side in sides:
        ask(side)
    rounds = [[ask(side) for side in sides] for _ in range(2 * args.rounds + 1)]
    for side in sides:
        side.stdin.close()
        side.wait()

    def ratio(key):
        return statistics.median(plain[key] / quantized[key] for plain, quantized in rounds)

    both = statistics.median(
        sum(plain[k] for k in KEYS) / sum(quantized[k] for k in KEYS) for plain, quantized in rounds)
    return [f"{name}, {sequence}", f"{ratio(KEYS[0]):.1%}", f"{ratio(KEYS[1]):.1%}", f"{both:.1%}"]


KEYS = ["block_forward", "block_backward"]


def memory_row(args, name, options):
    """Most memory that one training step needed, from the start of the program on."""
    command = [args.kerf, "bench", "step", *STEP, "--seq", "512", "--residency", "all", "--steps", "1", *options]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            errors.seek(0)
            return [name, errors.read().strip()]
    return [name, f"{usage.ru_maxrss / 1024:.0f} MiB"]


def table(header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), flush=True)
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", default=".build/release/kerf")
    parser.add_argument("--gguf", help="SmolLM2-135M, for training steps against PEFT")
    parser.add_argument("--python", help="one that has torch, transformers, peft and gguf")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seq", type=int, nargs="+", default=[128, 512, 2048])
    args = parser.parse_args()
    if not os.access(args.kerf, os.X_OK):
        sys.exit(f"layers.py: no {args.kerf}: make build")
    print(f"{processor()}, {os.cpu_count()} CPUs\n", flush=True)

    rows = []
    for dtype, engine in [("f32", None), ("f32", "kerf"), ("bf16", None)]:
        for sequence in args.seq:
            row, failure = block_row(args, dtype, sequence, engine)
            if failure:
                print(f"{dtype}, {sequence} is left out: {failure}\n")
            else:
                rows.append(row)
    print("Blocks of llama-3.2-1b, forward and backward, GFLOP/s")
    table(["format, sequence", "engine", "block", "best products", "block of best", "units", "products of units",
           "PyTorch's time"], rows)

    print("Blocks with quantized weights: rate over that with bf16 weights, engine kerf, activations in bf16")
    table(["format, sequence", "forward", "backward", "both"],
          [quantized_row(args, name, sequence) for name in ["Q8_0", "Q4_0", "Q4_K", "Q6_K", "int8"]
           for sequence in args.seq[:2]])

    print("Most memory of one training step of llama-3.2-1b at sequence 512, loading included")
    checkpointing = "--activation-checkpointing"
    table(["weights and activations", "resident"], [
        memory_row(args, "bf16, engine kerf", ["--dtype", "bf16", "--engine", "kerf"]),
        memory_row(args, "bf16, engine kerf, checkpointing", ["--dtype", "bf16", "--engine", "kerf", checkpointing]),
        memory_row(args, "Q4_K, bf16", ["--dtype", "bf16", "--weight-format", "Q4_K"]),
        memory_row(args, "Q4_K, bf16, checkpointing", ["--dtype", "bf16", "--weight-format", "Q4_K", checkpointing]),
    ])

    if args.python and args.gguf and os.path.exists(args.gguf):
        step = subprocess.run(
            [args.python, os.path.join(HERE, "torch_step.py"), "--kerf", args.kerf, "--gguf", args.gguf], check=True,
            capture_output=True, text=True)
        report = json.loads(step.stdout)
        print(f"Training steps of SmolLM2-135M: PEFT takes {report['ratio']:.2f} times as long as Kerf; "
              f"losses differ by at most {report['largest_difference']:.1e}")
    else:
        print("Without PyTorch or SmolLM2's weights, no comparison of training steps")


if __name__ == "__main__":
    sys.exit(main())
