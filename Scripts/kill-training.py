#!/usr/bin/env python3
"""Kills a split training at random moments and checks that it ends with the bytes of an undisturbed one.

kill-training.py --kerf PATH [--kills 200] [--seed 1] [--cut 2] [--steps 40]

A tiny model is trained on loopback. At random moments the device, the server or both get SIGKILL and are started again.
When the training is done, its adapters and losses are compared with those of `kerf train --unsplit`.
"""

import argparse
import json
import pathlib
import random
import sys
import tempfile
import time

import split_run

MODEL = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 96, "vocab_size": 101,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True,
}


# Exit statuses of a device that could not reach its server.
UNREACHED = (69, 74)


class Training:
    """One training on loopback, whose processes are started as often as needed."""

    def __init__(self, kerf, folder, cut, steps, seed):
        self.kerf, self.folder = kerf, folder
        (folder / "config.json").write_text(json.dumps(MODEL))
        generator = random.Random(seed)
        (folder / "data.ids").write_text(" ".join(str(generator.randrange(101)) for _ in range(4000)))
        self.model = ["--model", str(folder / "config.json"), "--threads", "1"]
        self.options = self.model + [
            "--data", str(folder / "data.ids"), "--batch", "4", "--seq", "16", "--micro-batches", "2", "--lr", "0.01",
            "--clip", "0.5", "--steps", str(steps),
        ]
        self.split = ["--cut", str(cut), "--turn-steps", "2", "--retry", "120"]
        self.server = self.device = None

    def start(self):
        split_run.unsplit(self.kerf, self.options, self.folder / "unsplit")
        self.server = split_run.Server(self.kerf, self.model, self.folder / "state")
        self.start_device()

    def start_device(self):
        self.device = split_run.device(
            self.kerf, self.server, self.options + self.split, self.folder / "split")

    def results(self, name):
        return split_run.adapters(self.folder / name), split_run.run_file(self.folder / name)["losses"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kerf", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cut", type=int, default=2)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    kills = {"device": 0, "server": 0, "both": 0}
    trainings = 0
    while sum(kills.values()) < arguments.kills:
        with tempfile.TemporaryDirectory() as name:
            training = Training(
                arguments.kerf, pathlib.Path(name), arguments.cut, arguments.steps, arguments.seed + trainings)
            run(training, generator, kills, arguments.kills)
        trainings += 1
        print(f"kill-training: {sum(kills.values())} kills in {trainings} trainings, all with the same bytes", flush=True)
    print(f"kill-training: device {kills['device']}, server {kills['server']}, both {kills['both']}")


def run(training, generator, kills, wanted):
    """One training to its end; raises SystemExit where its result differs."""
    training.start()
    try:
        while True:
            if training.device.poll() in UNREACHED:
                # It had not greeted the server when that was killed: it is started again, as a supervisor would.
                training.start_device()
            if training.device.poll() is not None:
                break
            # Long enough that turns are committed between two kills, short enough that many fall inside a turn.
            time.sleep(generator.uniform(0.0, 0.6))
            if training.device.poll() is not None:
                continue
            if sum(kills.values()) >= wanted:
                training.device.wait()
                continue
            victim = generator.choice(list(kills))
            if victim != "server":
                split_run.kill(training.device)
            if victim != "device":
                training.server.kill()
                training.server.start()
            if victim != "server":
                training.start_device()
            kills[victim] += 1
        if training.device.returncode != 0:
            sys.exit(f"kill-training: the device ended with {training.device.returncode}: " + training.device.stderr.read())
        if training.results("split") != training.results("unsplit"):
            sys.exit("kill-training: the training ended with other bytes than the undisturbed one")
    finally:
        for process in (training.device, training.server.process):
            if process.poll() is None:
                split_run.kill(process)


if __name__ == "__main__":
    main()
