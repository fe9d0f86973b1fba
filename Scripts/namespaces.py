"""The two ends of a link in network namespaces, for the scripts that shape or cut it. Needs root, ip and tc."""

import os
import signal
import subprocess
import sys

import split_run


class Namespaces:
    """The two ends of a link; the same namespace twice for loopback.

    With a rate both directions are shaped by the kernel's token bucket (tc-tbf(8)), whose depth is `burst`. It must
    hold a packet, of 64 KiB on loopback, and what it holds passes at once.
    """

    def __init__(self, is_loopback=False, rate=None, burst=None):
        self.rate, self.burst = rate, burst
        ends = ["device"] if is_loopback else ["device", "server"]
        self.names = [f"kerf-{os.getpid()}-{end}" for end in ends]
        self.device, self.server = self.names[0], self.names[-1]
        self.address = "127.0.0.1" if is_loopback else "10.99.0.2"

    def __enter__(self):
        # So that the namespaces are deleted then too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            for name in self.names:
                split_run.run("ip", "netns", "add", name)
                split_run.run("ip", "-n", name, "link", "set", "lo", "up")
            if len(self.names) == 2:
                self.join()
            else:
                self.shape(self.device, "lo")
        except BaseException:
            self.__exit__()
            raise
        return self

    def join(self):
        """The two by a pair of virtual Ethernet devices."""
        split_run.run(
            "ip", "link", "add", "kerf", "netns", self.device, "type", "veth", "peer", "name", "kerf", "netns",
            self.server)
        for name, address in [(self.device, "10.99.0.1"), (self.server, self.address)]:
            split_run.run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "kerf")
            self.set_link(name, "up")
            self.shape(name, "kerf")

    def shape(self, name, link):
        if self.rate:
            split_run.run(
                "ip", "netns", "exec", name, "tc", "qdisc", "add", "dev", link, "root", "tbf", "rate", self.rate,
                "burst", self.burst, "latency", "50ms")

    def set_link(self, name, state):
        """Sets one end of the pair `up` or `down`."""
        split_run.run("ip", "-n", name, "link", "set", "kerf", state)

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)

    def inside(self, name, *command):
        """The command line that runs a command in a namespace, as the same process."""
        return ["ip", "netns", "exec", name, *map(str, command)]
