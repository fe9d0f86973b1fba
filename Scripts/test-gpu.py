#!/usr/bin/env python3
"""Profiles a PEFT training on an NVIDIA GPU with Kerf and checks what it finds. Takes less than five minutes.

    test-gpu.py --kerf .build/release/kerf [--python python3] [--budget 120] [--device cuda]

The Python has PyTorch for CUDA, transformers and PEFT. The model has SmolLM2-135M's shapes, random weights and bf16; a step
is 8 sequences of 256 tokens. Checks

- that marks cost less than 1 % of a step;
- that the GPU is part of the total, and its counter's update interval was measured;
- that the layers add up to the step within 3 %, or the intervals of both, in time and in energy;
- that the power of whole steps agrees within 5 % with what the driver reports as power (nvidia-smi) meanwhile.

With `--device cpu` the script itself is tried, on a virtual board and with a small model. Exits with 1 where a check fails,
with 69 where there is no GPU.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading

import kerf_option

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAIN = """
import peft, torch, transformers
import kerf.torch

device = {device!r}
config = transformers.LlamaConfig(**{config!r})
model = transformers.LlamaForCausalLM(config).to(device=device, dtype=torch.{dtype})
model = peft.get_peft_model(model, peft.LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"]))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
ids = torch.randint(0, config.vocab_size, {shape!r}, device=device)

def step():
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    optimizer.zero_grad()

kerf.torch.serve(model, step, model_info={{"name": "gpu-test"}})
"""
SMOLLM2 = dict(
    hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
    vocab_size=49152, tie_word_embeddings=True)
SMALL = dict(
    hidden_size=128, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
    vocab_size=512, tie_word_embeddings=True)


class DriverPower(threading.Thread):
    """The power of a GPU that nvidia-smi prints, ten times a second, until stopped."""

    def __init__(self, uuid):
        super().__init__(daemon=True)
        self.watts = []
        self.process = subprocess.Popen(
            ["nvidia-smi", f"--id=GPU-{uuid}", "--query-gpu=power.draw.instant", "--format=csv,noheader,nounits", "--loop-ms=100"],
            stdout=subprocess.PIPE, text=True)

    def run(self):
        for line in self.process.stdout:
            try:
                self.watts.append(float(line.split(",")[0]))
            except ValueError:
                pass

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.join()


class Checks:
    def __init__(self):
        self.failed = 0

    def add(self, is_right, text):
        self.failed += not is_right
        print(f"{'ok    ' if is_right else 'FAILED'} {text}", flush=True)

    def closes(self, name, ratio):
        """A ratio that is 0 where the layers add up to the step."""
        if ratio.get("value") is None:
            self.add(False, f"closure of {name}: {ratio.get('reason', 'unavailable')}")
            return
        value, lower, upper = (ratio.get(key) for key in ("value", "lower", "upper"))
        is_right = abs(value) < 0.03 or (lower is not None and lower <= 0 <= upper)
        self.add(is_right, f"closure of {name} {value:.2%} ({lower or 0:.2%} to {upper or 0:.2%})")


def run(kerf, environment, *command):
    """Runs a command of Kerf; returns what it printed, and ends the script where it fails."""
    done = subprocess.run([kerf, *command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        sys.exit(f"kerf {command[0]} ended with {done.returncode}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kerf", type=kerf_option.executable, default=".build/release/kerf")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--budget", type=float, default=120)
    parser.add_argument("--device", default="cuda")
    arguments = parser.parse_args()
    for program in [arguments.kerf, arguments.python]:
        if shutil.which(program) is None:
            sys.exit(f"test-gpu.py: {program} is no program; give its path (make build makes .build/release/kerf)")
    is_gpu = arguments.device != "cpu"
    environment = {**os.environ, "KERF_IGNORE_LOAD": "1", "PYTHONPATH": str(ROOT / "Python")}
    if is_gpu:
        probe = "import torch; print(torch.cuda.get_device_properties(torch.cuda.current_device()).uuid)"
        found = subprocess.run([arguments.python, "-c", probe], capture_output=True, text=True, check=False)
        if found.returncode != 0:
            print(f"test-gpu.py: {(found.stderr.strip().splitlines() or ['PyTorch fails'])[-1]}", file=sys.stderr)
            sys.exit(69)
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        train = folder / "train.py"
        train.write_text(TRAIN.format(
            device=arguments.device, config=SMOLLM2 if is_gpu else SMALL, dtype="bfloat16" if is_gpu else "float32",
            shape=(8, 256) if is_gpu else (2, 32)))
        program = [arguments.python, str(train)]

        limit = "0.01" if is_gpu else "0.1"  # a step of the small model takes 8 ms
        marks = subprocess.run(
            [sys.executable, str(ROOT / "Scripts/compare-marks.py"), "--pairs", "100", "--limit", limit, "--", *program],
            env=environment, capture_output=True, text=True, check=False)
        checks.add(marks.returncode == 0, "marks: " + "; ".join((marks.stdout or marks.stderr).strip().splitlines()[-2:]))

        out, calibration = folder / "p.json", folder / "c.json"
        board = [] if is_gpu else ["--board", str(folder / "board")]
        driver = DriverPower(found.stdout.strip()) if is_gpu else None
        if driver:
            driver.start()
        try:
            run(arguments.kerf, environment, "profile", "--quiet", "--budget", str(arguments.budget), *board,
                "--out", str(out), "--", *program)
        finally:
            if driver:
                driver.stop()
        print(run(arguments.kerf, environment, "calibrate", str(out), "--out", str(calibration)))
        profile, calibrated = json.loads(out.read_text()), json.loads(calibration.read_text())

    meter = profile["meter"]
    total = meter["total_of"]
    interval = meter["update_interval_seconds"].get("value")
    checks.add(
        bool(interval) and (not is_gpu or any(domain.startswith("gpu-") for domain in total)),
        f"total {' + '.join(total)} by {meter['name']}, updated every {interval} s; {meter.get('reason', 'the whole box')}")
    checks.closes("time", calibrated["closure"]["time_ratio"])
    checks.closes("gross energy", calibrated["closure"]["gross_energy_ratio"])
    layers = [layer for layer in calibrated["layers"] if layer["description"]["kind"] == "block"]
    known = [layer for layer in layers if layer["forward"]["gross_energy_joules"].get("value") is not None]
    checks.add(len(known) == len(layers), f"energy of {len(known)} of {len(layers)} blocks' forward passes")
    if driver:
        windows = [window for window in profile["energy_windows"] if "step" in window["subject"]]
        gpus = [domain for domain in total if domain.startswith("gpu-")]
        kerf = sum(window["joules"][gpu] for window in windows for gpu in gpus) / sum(w["seconds"] for w in windows)
        # Between windows the GPU is idle, and single passes draw less: whole steps are the upper part.
        steady = statistics.median(sorted(driver.watts)[len(driver.watts) // 2:] or [float("nan")])
        checks.add(
            abs(kerf / steady - 1) < 0.05, f"whole steps draw {kerf:.1f} W by the counter, {steady:.1f} W by nvidia-smi")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
