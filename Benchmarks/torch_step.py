#!/usr/bin/env python3
"""Times LoRA training steps of SmolLM2-135M from its GGUF file in PyTorch with PEFT and in Kerf, alternating.

    torch_step.py --kerf .build/release/kerf --gguf SmolLM2-135M-Instruct.Q4_1.gguf [--batch 4] [--seq 256] [--steps 20]

Both sides start from the adapters that Kerf exports and train on the same tokens with AdamW in f32. Prints, as JSON,
the losses of both, their largest difference, and the ratio of the seconds a step. Needs torch, transformers, peft,
gguf and safetensors (Scripts/setup-torch.sh installs them into a virtual environment).
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from torch_block import PAUSE_SECONDS, ask

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "Tests/TransformerKernelsTests/Golden/smollm2-135m.json"


def make_tokens(batch, sequence):
    """Tokens of a real text, each sequence from a different position."""
    ids = json.loads(GOLDEN.read_text())["ids"]
    return [[ids[(37 * row + i) % len(ids)] for i in range(sequence + 1)] for row in range(batch)]


class TorchSide:
    def __init__(self, args, tokens, adapters):
        import torch
        import transformers
        from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
        from safetensors.torch import load_file

        torch.set_num_threads(args.threads)
        gguf = pathlib.Path(args.gguf)
        model = transformers.LlamaForCausalLM.from_pretrained(
            str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32, attn_implementation="sdpa")
        targets = [name + "_proj" for name in args.targets.split(",")]
        config = LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules=targets, lora_dropout=0.0)
        self.model = get_peft_model(model, config)
        loaded = set_peft_model_state_dict(self.model, load_file(adapters))
        if loaded.unexpected_keys:
            sys.exit(f"torch_step.py: PEFT does not know {loaded.unexpected_keys[:3]}")
        self.model.train()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=args.learning_rate)
        all_ids = torch.tensor(tokens)
        self.ids, self.targets = all_ids[:, :-1], all_ids[:, 1:]
        self.torch = torch

    def step(self):
        began = time.perf_counter()
        logits = self.model(input_ids=self.ids, use_cache=False).logits
        loss = self.torch.nn.functional.cross_entropy(logits.flatten(0, 1), self.targets.flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kerf", default=".build/release/kerf")
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq", type=int, default=256)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--targets", default="q,v")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()

    tokens = make_tokens(args.batch, args.seq)
    with tempfile.TemporaryDirectory() as folder:
        token_file, adapters = os.path.join(folder, "tokens.json"), os.path.join(folder, "adapters.safetensors")
        pathlib.Path(token_file).write_text(json.dumps(tokens))
        kerf = subprocess.Popen(
            [args.kerf, "bench", "step", "--model", "smollm2-135m", "--weights", args.gguf, "--residency", "all"]
            + ["--batch", str(args.batch), "--seq", str(args.seq), "--rank", str(args.rank), "--targets", args.targets]
            + ["--threads", str(args.threads), "--learning-rate", str(args.learning_rate), "--steps", str(args.steps)]
            + ["--tokens", token_file, "--export-adapters", adapters, "--paced"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # Kerf has written the adapters before its first step.
        ours, theirs = [ask(kerf)], []
        torch = TorchSide(args, tokens, adapters)
        theirs.append(torch.step())
        for _ in range(args.steps - 1):
            time.sleep(PAUSE_SECONDS)
            ours.append(ask(kerf))
            theirs.append(torch.step())
        kerf.stdin.close()
        kerf.wait()
    # The first step warms up.
    ratios = [t[1] / k["seconds"] for k, t in zip(ours[1:], theirs[1:])]
    print(json.dumps({
        "kerf_losses": [k["loss"] for k in ours],
        "torch_losses": [t[0] for t in theirs],
        "largest_difference": max(abs(k["loss"] - t[0]) for k, t in zip(ours, theirs)),
        "kerf_seconds": statistics.median(k["seconds"] for k in ours[1:]),
        "torch_seconds": statistics.median(t[1] for t in theirs[1:]),
        "ratio": statistics.median(ratios),
    }))


if __name__ == "__main__":
    main()
