#!/usr/bin/env python3
"""Times one LoRA decoder block in PyTorch and in Kerf, alternating on this machine; prints the ratios as JSON.

    torch_block.py --kerf .build/release/kerf [--model llama-3.2-1b] [--dtype f32 bf16] [--seq 128 512] [--rounds 15]

Needs PyTorch (Scripts/setup-torch.sh installs it into a virtual environment). The block is that of Llama: norms, RoPE,
grouped causal attention by torch's scaled_dot_product_attention, SwiGLU; frozen weights, LoRA of the given rank on all
seven projections. Each side runs forward and backward passes in its own process. A round is one step of Kerf and then
one of PyTorch, so that changes of the machine affect both.
"""

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Profiles", "models")
PAUSE_SECONDS = 0.05  # lets the other side's threads stop spinning


def build_block(config, rank, dtype):
    import torch
    from torch import nn

    hidden, heads, kv = config["hidden_size"], config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or hidden // heads
    middle = config["intermediate_size"]

    class LoRA(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(outputs, inputs, dtype=dtype) * 0.02, requires_grad=False)
            self.a = nn.Parameter(torch.randn(rank, inputs, dtype=dtype) / math.sqrt(inputs))
            self.b = nn.Parameter(torch.randn(outputs, rank, dtype=dtype) * 0.02)

        def forward(self, x):
            return torch.nn.functional.linear(x, self.weight) + 2.0 * torch.nn.functional.linear(
                torch.nn.functional.linear(x, self.a), self.b
            )

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = LoRA(hidden, heads * size), LoRA(hidden, kv * size), LoRA(hidden, kv * size)
            self.o = LoRA(heads * size, hidden)
            self.gate, self.up, self.down = LoRA(hidden, middle), LoRA(hidden, middle), LoRA(middle, hidden)
            self.norms = nn.ParameterList(
                nn.Parameter(torch.ones(hidden, dtype=dtype), requires_grad=False) for _ in range(2)
            )

        def forward(self, x, cosine, sine):
            batch, length, _ = x.shape

            def rotate(t):
                first, second = t.chunk(2, -1)
                return t * cosine + torch.cat((-second, first), -1) * sine

            h = torch.nn.functional.rms_norm(x, (hidden,), self.norms[0], 1e-5)
            q = rotate(self.q(h).view(batch, length, heads, size).transpose(1, 2))
            k = rotate(self.k(h).view(batch, length, kv, size).transpose(1, 2))
            v = self.v(h).view(batch, length, kv, size).transpose(1, 2)
            y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=heads != kv)
            x = x + self.o(y.transpose(1, 2).reshape(batch, length, heads * size))
            h = torch.nn.functional.rms_norm(x, (hidden,), self.norms[1], 1e-5)
            return x + self.down(torch.nn.functional.silu(self.gate(h)) * self.up(h))

    return Block(), size


def torch_side(config, args, dtype_name, sequence):
    """Answers every line on standard input with one forward and backward pass."""
    import torch

    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype_name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block, size = build_block(config, args.rank, dtype)
    x = torch.randn(args.batch, sequence, config["hidden_size"], dtype=dtype, requires_grad=True)
    gradient = torch.randn_like(x)
    angles = torch.outer(
        torch.arange(sequence).float(), 10000.0 ** (-torch.arange(0, size, 2).float() / size)
    ).repeat(1, 2)
    cosine, sine = angles.cos().to(dtype), angles.sin().to(dtype)

    def step():
        start = time.perf_counter()
        y = block(x, cosine, sine)
        middle = time.perf_counter()
        y.backward(gradient)
        end = time.perf_counter()
        for parameter in [x, *block.parameters()]:
            parameter.grad = None
        return middle - start, end - middle

    for _ in range(5):
        step()
    for _ in sys.stdin:
        forward, backward = step()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"forward": forward, "backward": backward, "bytes": (peak - before) * 1024}), flush=True)


def ask(process):
    process.stdin.write("\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        sys.exit(f"torch_block.py: {process.args[0]} ended with {process.wait()}; run it by hand to see why")
    time.sleep(PAUSE_SECONDS)
    return json.loads(line)


def compare(args, dtype, sequence):
    common = ["--model", args.model, "--dtype", dtype, "--batch", str(args.batch), "--rank", str(args.rank)]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    kerf = subprocess.Popen(
        [args.kerf, "bench", "layer", *common, "--seq", str(sequence), "--targets", "all", "--block-only", "--paced"]
        + ["--threads", str(args.threads)] + (["--engine", args.engine] if args.engine else []), **pipes)
    torch = subprocess.Popen(
        [sys.executable, __file__, *common, "--seq", str(sequence), "--threads", str(args.threads), "--torch-side"],
        **pipes)
    ask(kerf), ask(torch)
    rounds = [(ask(kerf), ask(torch)) for _ in range(args.rounds)]
    for process in (kerf, torch):
        process.stdin.close()
        process.wait()

    def median(side, *names):
        return statistics.median(sum(pair[side][name] for name in names) for pair in rounds)

    ours = median(0, "block_forward", "block_backward")
    theirs = median(1, "forward", "backward")
    return {
        "dtype": dtype,
        "sequence": sequence,
        "kerf_seconds": ours,
        "kerf_forward_seconds": median(0, "block_forward"),
        "torch_seconds": theirs,
        "torch_forward_seconds": median(1, "forward"),
        # Median of the ratios within each round, so that what slows both cancels.
        "ratio": statistics.median(
            (t["forward"] + t["backward"]) / (k["block_forward"] + k["block_backward"]) for k, t in rounds),
        "kerf_memory_bytes": rounds[-1][0]["peak_bytes"],
        "torch_memory_bytes": rounds[-1][1]["bytes"],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kerf", default=".build/release/kerf")
    parser.add_argument("--model", default="llama-3.2-1b")
    parser.add_argument("--dtype", nargs="+", default=["f32", "bf16"])
    parser.add_argument("--seq", nargs="+", type=int, default=[128, 512])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--engine", help="Kerf's engine")
    parser.add_argument("--torch-side", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch_side:
        with open(os.path.join(SHIPPED, args.model + ".json"), encoding="utf-8") as file:
            return torch_side(json.load(file), args, args.dtype[0], args.seq[0])
    for sequence in args.seq:
        for dtype in args.dtype:
            print(json.dumps(compare(args, dtype, sequence)), flush=True)


if __name__ == "__main__":
    main()
