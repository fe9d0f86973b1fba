#!/usr/bin/env python3
"""Twenty devices take turns with one server; four are killed in the middle of a turn.

    many-devices.py --kerf .build/release/kerf [--model smollm2-135m] [--devices 20] [--vanish 4] [--steps 12]

The model has random weights; `tiny` is one of 2 MB. Checks that the others finish, that the server's memory stays within
2 % from the fifth turn on, and that the next turn begins within 5 s after a device has vanished. Exits with 1 where one of
them does not hold.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import kerf_option
import split_run

MODEL = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 256, "num_hidden_layers": 6,
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 32, "intermediate_size": 512, "vocab_size": 2000,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True,
}


class Devices:
    """All devices, and what they tell of their turns."""

    def __init__(self, server, vanishing):
        self.server, self.vanishing = server, vanishing
        self.processes = {}
        self.lock = threading.Lock()
        self.resident, self.recoveries, self.vanished = [], [], None

    def start(self, name, process):
        self.processes[name] = process
        thread = threading.Thread(target=self.follow, args=(name, process), daemon=True)
        thread.start()
        return thread

    def follow(self, name, process):
        turns = 0
        for line in process.stderr:
            with self.lock:
                if line.startswith("kerf: turn "):
                    turns += 1
                    if self.vanished is not None:
                        self.recoveries.append(time.monotonic() - self.vanished)
                        self.vanished = None
                    if name in self.vanishing and turns == 2:
                        time.sleep(0.05)
                        process.kill()
                        self.vanished = time.monotonic()
                elif line.rstrip().endswith("steps are committed"):
                    self.resident.append(self.server.resident_bytes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--vanish", type=int, default=4)
    parser.add_argument("--steps", type=int, default=12)
    arguments = parser.parse_args()

    names = [f"device-{number}" for number in range(arguments.devices)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model, data = split_run.write_inputs(folder, MODEL, tokens=20_000)
        if arguments.model != "tiny":
            model = ["--model", arguments.model]
        model += ["--threads", "1"]
        keys = folder / "keys"
        for command in [["init", "--out", keys], *(["device", device, "--keys", keys] for device in names)]:
            subprocess.run([arguments.kerf, "keys", *map(str, command)], check=True, stdout=subprocess.DEVNULL)
        options = model + data + [
            "--batch", "2", "--seq", "64", "--steps", str(arguments.steps),
            "--turn-steps", "3",
        ]
        with split_run.Server(arguments.kerf, model, folder / "state", keys=keys) as server:
            devices = Devices(server, names[2::arguments.devices // arguments.vanish][:arguments.vanish])
            threads = [
                devices.start(device, split_run.device(
                    arguments.kerf, server, [*options, "--cut", "3"], folder / device,
                    keys=keys / device, quiet=False))
                for device in names
            ]
            for thread in threads:
                thread.join()
            codes = {device: process.wait() for device, process in devices.processes.items()}
    failed = [device for device, code in codes.items() if code != 0 and device not in devices.vanishing]
    settled = devices.resident[4:]
    spread = 100 * (max(settled) / min(settled) - 1)
    print(f"{arguments.devices - len(devices.vanishing)} devices finished, {len(devices.vanishing)} vanished; "
          f"{len(devices.resident)} turns; server's memory {min(settled) / 1e6:.1f} to "
          f"{max(settled) / 1e6:.1f} MB from the fifth turn on, within {spread:.2f} %; next turn "
          f"after {max(devices.recoveries):.2f} s at most")
    if failed or spread > 2 or len(devices.recoveries) < len(devices.vanishing) or max(devices.recoveries) > 5:
        sys.exit(f"many-devices.py: failed {failed}, memory {spread:.2f} %, recoveries {devices.recoveries}")


if __name__ == "__main__":
    main()
