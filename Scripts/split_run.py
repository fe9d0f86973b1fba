"""Servers and devices of split trainings as processes, for the scripts that measure or disturb them."""

import json
import math
import pathlib
import random
import signal
import subprocess
import sys

# A model whose steps take milliseconds.
TINY_MODEL = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 96, "vocab_size": 101,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True,
}


def write_inputs(folder, model=None, seed=1, tokens=4000):
    """Writes a model's config.json and random tokens of its vocabulary.

    Returns the options that name the model, and those that name the data.
    """
    model = model or TINY_MODEL
    generator = random.Random(seed)
    config, data = pathlib.Path(folder) / "config.json", pathlib.Path(folder) / "data.ids"
    config.write_text(json.dumps(model))
    data.write_text(" ".join(str(generator.randrange(model["vocab_size"])) for _ in range(tokens)))
    return ["--model", str(config)], ["--data", str(data)]


def run(*command):
    """Runs a command to its end; ends the script where it fails. Returns what it printed."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Server:
    """`kerf serve`, on loopback by default, which keeps its port when it is started again."""

    def __init__(self, kerf, model, state, options=(), keys=None, prefix=(), host="127.0.0.1"):
        self.command = [*prefix, kerf, "serve", *model, "--state", str(state), "--json", *options]
        self.command += ["--keys", str(keys)] if keys else ["--insecure"]
        self.host = host
        self.port = 0
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [*self.command, "--listen", f"{self.host}:{self.port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the server did not start: " + self.process.stderr.read())
        self.port = int(json.loads(line)["address"].rsplit(":", 1)[1])

    def kill(self):
        kill(self.process)

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    @property
    def resident_bytes(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def device(kerf, server, options, out, keys=None, quiet=True, prefix=(), stderr=subprocess.PIPE):
    """Starts `kerf train`; `server` is anything with an address."""
    command = [*prefix, kerf, "train", "--server", server.address, *options, "--out", str(out)]
    command += ["--keys", str(keys)] if keys else ["--insecure"]
    return subprocess.Popen(
        command + (["--quiet"] if quiet else []), stdout=subprocess.DEVNULL, stderr=stderr, text=True)


def unsplit(kerf, options, out):
    """Trains the whole model in one process."""
    subprocess.run(
        [kerf, "train", "--unsplit", *options, "--out", str(out), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def finish(process):
    """Waits for a device; ends the script where it fails."""
    error = process.communicate()[1]
    if process.returncode != 0:
        sys.exit(f"the device ended with {process.returncode}: {error.strip()}")


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def adapters(out):
    return (pathlib.Path(out) / "adapters" / "adapter_model.safetensors").read_bytes()


def run_file(out):
    return json.loads((pathlib.Path(out) / "run.json").read_text())


def loss_difference(out, reference):
    """The largest relative difference of a loss; infinite where one run has more losses or one that is no number."""
    losses, expected = run_file(out)["losses"], run_file(reference)["losses"]
    differences = [abs(loss / other - 1) for loss, other in zip(losses, expected)]
    if not losses or len(losses) != len(expected) or any(math.isnan(difference) for difference in differences):
        return math.inf
    return max(differences)
