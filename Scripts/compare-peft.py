#!/usr/bin/env python3
"""Compares `kerf train` with PEFT: the same weights, starting adapters and batches, AdamW in f32.

    compare-peft.py --kerf .build/release/kerf --gguf SmolLM2-135M-Instruct.Q4_1.gguf [--steps 50]

Prints the losses of both and their largest difference, as JSON, and exits with 1 where it exceeds 1e-3. Also loads the
adapters that Kerf wrote into PEFT and compares the loss. Needs torch, transformers, peft, gguf and safetensors;
`make compare-peft` installs them into a virtual environment.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import kerf_option

TOLERANCE = 1e-3
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "Tests/TransformerKernelsTests/Golden/smollm2-135m.json"


def kerf_training(args, folder, name, steps, learning_rate):
    """Trains with Kerf; returns the folder of the adapters and the losses."""
    out = folder / name
    subprocess.run(
        [args.kerf, "train", "--unsplit", "--model", "smollm2-135m", "--weights", args.gguf, "--data",
         str(folder / "data.ids"), "--batch", str(args.batch), "--seq", str(args.seq), "--rank", "8", "--targets",
         "q,v", "--lr", str(learning_rate), "--steps", str(steps), "--seed", str(args.seed), "--quiet", "--out",
         str(out)],
        check=True, stdout=subprocess.DEVNULL)
    return out / "adapters", json.loads((out / "run.json").read_text())["losses"]


def peft_model(args, adapters, trainable):
    import torch
    import transformers
    from peft import PeftModel

    gguf = pathlib.Path(args.gguf)
    base = transformers.LlamaForCausalLM.from_pretrained(
        str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32, attn_implementation="sdpa")
    return PeftModel.from_pretrained(base, str(adapters), is_trainable=trainable)


def loss_of(model, inputs, targets):
    import torch

    logits = model(input_ids=inputs, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def peft_training(args, adapters, inputs, targets):
    import torch

    model = peft_model(args, adapters, True)
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=args.learning_rate)
    losses = []
    for _ in range(args.steps):
        loss = loss_of(model, inputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, default=".build/release/kerf")
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--seq", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    import torch

    # As many windows as a batch has: every step takes all of them, in an order that changes no mean.
    text = json.loads(GOLDEN.read_text())["ids"]
    ids = [text[(i + i // len(text)) % len(text)] for i in range(args.batch * args.seq + 1)]
    windows = [ids[row * args.seq:(row + 1) * args.seq + 1] for row in range(args.batch)]
    all_ids = torch.tensor(windows)
    inputs, targets = all_ids[:, :-1], all_ids[:, 1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "data.ids").write_text(" ".join(map(str, ids)))
        start, _ = kerf_training(args, folder, "start", 1, 0)
        trained, kerf = kerf_training(args, folder, "trained", args.steps, args.learning_rate)
        peft = peft_training(args, start, inputs, targets)
        with torch.no_grad():
            loaded = loss_of(peft_model(args, trained, False).eval(), inputs, targets).item()
        _, after = kerf_training(args, folder, "after", args.steps + 1, args.learning_rate)
    differences = [abs(a - b) for a, b in zip(kerf, peft)]
    difference_of_loaded = abs(loaded - after[-1])
    json.dump(
        {"steps": args.steps, "kerf": kerf, "peft": peft, "largest_difference": max(differences),
         "loss_of_loaded_adapters": loaded, "kerf_loss_of_the_same": after[-1]}, sys.stdout, indent=1)
    print()
    if len(kerf) != args.steps or max(differences) > TOLERANCE or difference_of_loaded > TOLERANCE:
        sys.exit(f"compare-peft.py: losses differ by {max(differences)} and {difference_of_loaded}")


if __name__ == "__main__":
    main()
