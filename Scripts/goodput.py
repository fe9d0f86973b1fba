#!/usr/bin/env python3
"""Measures what Kerf's channel adds to the tensors, and compares its goodput with that of TCP over the same links.

    goodput.py --kerf .build/release/kerf [--rounds 2]

First a small model is trained over TLS on loopback, through a relay that counts the bytes of each direction. All of
them count, also the handshake, the greeting, the clocks and the turns' records. Tensors are those of timeline.csv and
the adapters that are handed over at the end. Headers of TCP and IP are not counted.

Then two links are measured, each between network namespaces of their own, shaped by the kernel's token bucket
(tc-tbf(8)) in both directions: loopback at 1 Gbit/s, and a pair of virtual Ethernet devices at 50 Mbit/s. `kerf link`
sends 1, 2, 5 and 10 MB over TLS 1.3, after an idle time (cold) and at once after that (warm), and each transfer takes
until its last byte has arrived. Bare TCP does the same, and iperf3 sends for 4 s, of which the last three count.
Medians are compared. iperf3's own figures for a few megabytes do not hold: it leaves out what is still on its way when
the sender is done, or the time before the receiver's clock starts, and reports 1.3 Gbit/s on a link of 1 Gbit/s. Bare
TCP's first bytes pass through the bucket at once: 1 MB after an idle time at 1.1 Gbit/s. The reference is the lower of
the two, the rate that the link sustains.

Needs root, ip, tc and iperf3. Exits with 1 where the channel adds more than 1 %, or where Kerf has less than 90 % of
the reference.
"""

import argparse
import collections
import csv
import itertools
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading

import kerf_option
import namespaces
import split_run

SIZES = [1_000_000, 2_000_000, 5_000_000, 10_000_000]
DIRECTIONS = ["up", "down"]
BARE_TCP = pathlib.Path(__file__).with_name("bare_tcp.py")
TCP_PORT = 5555
LINKS = [
    {"rate": "1gbit", "burst": "128kb", "is_loopback": True},
    {"rate": "50mbit", "burst": "32kb", "is_loopback": False},
]

# Activations of 262,144 bytes for a sequence of 128 tokens.
MODEL = split_run.TINY_MODEL | {
    "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 64, "intermediate_size": 512,
}
SMALLEST_MESSAGE = 200_000


class Relay:
    """Passes connections on to a port on loopback, and counts the bytes of each direction."""

    def __init__(self, port):
        self.port = port
        self.bytes = {"up": 0, "down": 0}
        self.connections = 0
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                device, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self.port))
            for ends in [("up", device, server), ("down", server, device)]:
                thread = threading.Thread(target=self.copy, args=ends, daemon=True)
                thread.start()
                self.threads.append(thread)

    def copy(self, direction, source, sink):
        try:
            while part := source.recv(1 << 18):
                self.bytes[direction] += len(part)
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def wait(self):
        """Until both directions of each connection have ended."""
        for thread in self.threads:
            thread.join(10)


def tensor_bytes(out):
    """The bytes of tensors by direction: those of the timeline, and the adapters at the end."""
    tensors = {"up": 0, "down": 0}
    with (out / "timeline.csv").open() as lines:
        transfers = [line for line in csv.DictReader(lines) if line["side"] == "link"]
    for transfer in transfers:
        tensors[transfer["what"].split()[0]] += int(transfer["bytes"])
    smallest = min(int(transfer["bytes"]) for transfer in transfers)
    if smallest < SMALLEST_MESSAGE:
        sys.exit(f"goodput.py: a message of {smallest} bytes is too small for this comparison")
    adapters = split_run.adapters(out)
    tensors["down"] += len(adapters) - 8 - int.from_bytes(adapters[:8], "little")
    return tensors


def overhead(kerf, steps):
    """Bytes on the wire for each byte of tensors, by direction."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model, data = split_run.write_inputs(folder, MODEL)
        model += ["--threads", "1"]
        keys = folder / "keys"
        split_run.run(kerf, "keys", "init", "--out", keys)
        split_run.run(kerf, "keys", "device", "device", "--keys", keys)
        options = [
            *model, *data, "--cut", "2", "--batch", "4", "--seq", "128", "--micro-batches", "4", "--steps", str(steps),
            "--timeline",
        ]
        with split_run.Server(kerf, model, folder / "state", keys=keys) as server, Relay(server.port) as relay:
            split_run.finish(split_run.device(kerf, relay, options, folder / "out", keys=keys / "device"))
            relay.wait()
        tensors = tensor_bytes(folder / "out")
        if relay.connections != 1:
            sys.exit(f"goodput.py: {relay.connections} connections where one was due")
    ratios = {}
    for direction, count in relay.bytes.items():
        ratios[direction] = count / tensors[direction]
        print(f"{direction:>5}: {count:,} bytes for {tensors[direction]:,} of tensors, ratio {ratios[direction]:.5f}")
    return ratios


def iperf3(link, direction):
    """Bits per second at the receiver, after the first second."""
    options = ["--reverse"] if direction == "down" else []
    report = json.loads(split_run.run(*link.inside(
        link.device, "iperf3", "--json", "--client", link.address, "--omit", 1, "--time", 3, *options)))
    return report["end"]["sum_received"]["bits_per_second"]


def kerf_times(kerf, link, server, keys, folder):
    """One-way times in seconds by condition, direction and size; six of each, since there is no time for more."""
    out = folder / "link.json"
    split_run.run(*link.inside(
        link.device, kerf, "link", "--server", server.address, "--keys", keys / "device", "--seconds", 1, "--sizes",
        ",".join(map(str, SIZES)), "--out", out))
    return {
        (law["condition"], law["direction"], point["bytes"]): point["sample_seconds"]
        for law in json.loads(out.read_text())["laws"] for point in law["points"] if point["bytes"] in SIZES
    }


def tcp_times(link):
    report = json.loads(split_run.run(*link.inside(
        link.device, sys.executable, BARE_TCP, "measure", link.address, TCP_PORT, 6, *SIZES)))
    return {
        (condition, direction, int(size)): samples
        for condition, ways in report.items() for direction, cell in ways.items() for size, samples in cell.items()
    }


def measure(kerf, link, rounds, folder):
    """Medians in Mbit/s: of iperf3 by direction; of the others by tool, condition, direction and size."""
    keys = folder / "keys"
    split_run.run(kerf, "keys", "init", "--out", keys, "--host", link.address)
    split_run.run(kerf, "keys", "device", "device", "--keys", keys)
    model, _ = split_run.write_inputs(folder)
    prefix = link.inside(link.server)
    commands = [["iperf3", "--server"], [sys.executable, BARE_TCP, "serve", link.address, str(TCP_PORT)]]
    servers = []
    rates = collections.defaultdict(list)
    try:
        for command in commands:
            servers.append(
                subprocess.Popen([*prefix, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        with split_run.Server(kerf, model, folder / "state", keys=keys, prefix=prefix, host=link.address) as server:
            for _ in range(rounds):
                for tool, times in [("kerf", kerf_times(kerf, link, server, keys, folder)), ("tcp", tcp_times(link))]:
                    for cell, samples in times.items():
                        rates[tool, *cell] += [8e-6 * cell[-1] / sample for sample in samples]
                for direction in DIRECTIONS:
                    rates[direction].append(iperf3(link, direction) / 1e6)
    finally:
        for process in servers:
            split_run.kill(process)
    return {cell: statistics.median(samples) for cell, samples in rates.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kerf", type=kerf_option.executable, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    kerf = pathlib.Path(arguments.kerf).resolve()

    most = max(overhead(kerf, steps=20).values())
    print(f"added: {100 * (most - 1):.2f} % at most; up to 1 % is wanted", flush=True)

    worst = 1e9
    print("goodput in Mbit/s")
    print(f"{'link':>6} {'bytes':>10} {'':>4} {'':>4} {'iperf3':>7} {'TCP':>7} {'Kerf':>7} {'/iperf3':>8} {'/TCP':>6}")
    for shape in LINKS:
        with tempfile.TemporaryDirectory() as name, namespaces.Namespaces(**shape) as link:
            medians = measure(kerf, link, arguments.rounds, pathlib.Path(name))
        for size, direction, condition in itertools.product(SIZES, DIRECTIONS, ["cold", "warm"]):
            tcp, own = (medians[tool, condition, direction, size] for tool in ("tcp", "kerf"))
            worst = min(worst, own / min(tcp, medians[direction]))
            print(f"{link.rate:>6} {size:>10,} {direction:>4} {condition} {medians[direction]:>7.1f} {tcp:>7.1f} "
                  f"{own:>7.1f} {own / medians[direction]:>8.3f} {own / tcp:>6.3f}", flush=True)
    print(f"least ratio {worst:.3f}; at least 0.9 is wanted")
    if worst < 0.9 or most > 1.01:
        sys.exit("goodput.py: the channel is not as good as wanted")


if __name__ == "__main__":
    main()
