"""Servers and devices of split trainings as processes, for the scripts that measure or disturb them."""

import json
import pathlib
import signal
import subprocess
import sys


class Server:
    """`kerf serve` on loopback, which keeps its port when it is started again."""

    def __init__(self, kerf, model, state, options=(), keys=None):
        self.command = [kerf, "serve", *model, "--state", str(state), "--json", *options]
        self.command += ["--keys", str(keys)] if keys else ["--insecure"]
        self.port = 0
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [*self.command, "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the server did not start: " + self.process.stderr.read())
        self.port = int(json.loads(line)["address"].rsplit(":", 1)[1])

    def kill(self):
        kill(self.process)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def resident_bytes(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def device(kerf, server, options, out, keys=None, quiet=True):
    """Starts `kerf train`."""
    command = [kerf, "train", "--server", server.address, *options, "--out", str(out)]
    command += ["--keys", str(keys)] if keys else ["--insecure"]
    return subprocess.Popen(
        command + (["--quiet"] if quiet else []), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


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
