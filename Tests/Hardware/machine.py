"""A guest in QEMU, emulated, which runs scripts and whose hardware is the bench's modules.

In virtual time (`-icount`) the guest's clock counts instructions: a busy host slows the run down and changes nothing
that the guest can see. That takes one CPU; machines with more run in real time.
"""

import dataclasses
import json
import pathlib
import shutil
import socket
import subprocess
import time

from law import Law

HERE = pathlib.Path(__file__).resolve().parent

# A Skylake, whose RAPL has all five domains. FMA and AVX are emulated twenty times as slowly as SSE.
PROCESSOR = "max,-fma,-avx2,-avx,-hypervisor,vendor=GenuineIntel,family=6,model=94,stepping=3"
# 8 ns an instruction, and idle time is skipped.
VIRTUAL_TIME = "shift=3,sleep=off"


class MachineError(Exception):
    """The guest did not answer as it should; what it last said on its console."""


@dataclasses.dataclass
class Outcome:
    """What a script in the guest gave."""

    status: int
    text: str
    # By the guest's clock, of a profile.
    seconds: float = 0.0

    @property
    def line(self):
        """The output as one line, for the table."""
        return " ".join(self.text.split())


@dataclasses.dataclass(frozen=True)
class Box:
    """The machine that a case needs: CPUs, each a package of its own where `packages` is more than one."""

    cpus: int = 1
    packages: int = 1
    virtual_time: bool = True
    law: Law = Law()
    # What loading kerf_power is given besides the law.
    power: tuple = ()
    slow: bool = False
    # Whether hardware is there from the start.
    loaded: bool = True


class Machine:
    """One boot. `folder` is shared with the guest, which sees it as /mnt; everything that comes out is there."""

    def __init__(self, setup, box, folder, timeout=240):
        self.setup, self.box, self.folder, self.timeout = setup, box, folder, timeout
        self._number = 0
        self._process = self._channel = None

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # Users of the guest write here too.
        self.folder.chmod(0o777)
        for name in ("functions.sh", "micro.json"):
            shutil.copy(HERE / "guest" / name, self.folder)
        # Both ends are ours, so there is no name in the file system whose length is limited.
        self._channel, end = socket.socketpair()
        box = self.box
        topology = f"{box.cpus},sockets={box.packages},cores={box.cpus // box.packages},threads=1"
        words = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
            "-no-reboot", "-machine", "q35", "-cpu", PROCESSOR, "-smp", topology, "-m", "1536",
            *(["-accel", "tcg", "-icount", VIRTUAL_TIME] if box.virtual_time else ["-accel", "tcg,thread=multi"]),
            "-kernel", str(next((self.setup.folder / "kernel/boot").glob("vmlinuz-*"))),
            "-initrd", str(self.setup.folder / "guest.cpio"),
            # Mitigations would cost an emulator most of its time.
            "-append", "console=ttyS0 panic=-1 quiet mitigations=off",
            "-serial", f"file:{self.folder}/console.log",
            "-chardev", f"socket,id=channel,fd={end.fileno()}", "-serial", "chardev:channel",
            "-virtfs", f"local,path={self.folder},mount_tag=bench,security_model=none,id=bench",
        ]
        with (self.folder / "qemu.log").open("w") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[end.fileno()])
        end.close()
        self._buffer = b""
        try:
            self._await("ready", 240)
            if box.loaded:
                self.load_power()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            try:
                self._channel.sendall(b"stop\n")
                self._process.wait(20)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait()
        self._channel.close()

    # Scripts

    def sh(self, script, user="root", timeout=None):
        """Runs a script of bash in the guest, with functions.sh."""
        self._number += 1
        name = str(self._number)
        (self.folder / f"{name}.sh").write_text(f"cd; . /mnt/functions.sh\n{script}\n")
        self._channel.sendall(f"run {name} {user}\n".encode())
        status = int(self._await(f"done {name} ", timeout or self.timeout))
        return Outcome(status, (self.folder / f"{name}.out").read_text(errors="replace"))

    def do(self, script, **options):
        """Runs a script that has to succeed: it belongs to the bench, not to what is tested."""
        outcome = self.sh(script, **options)
        if outcome.status != 0:
            raise MachineError(f"in the guest, exit status {outcome.status}: {script.strip()}: {outcome.line[-300:]}")
        return outcome.text

    def _await(self, start, timeout):
        """The rest of the line that begins so."""
        deadline = time.monotonic() + timeout
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if newline:
                self._buffer = rest
                text = line.decode(errors="replace").strip()
                if text.startswith(start):
                    return text.removeprefix(start)
                continue
            self._channel.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                received = self._channel.recv(4096)
            except TimeoutError:
                raise MachineError(f"no answer after {timeout:.0f} s: {self._last_words()}") from None
            except OSError:
                received = b""
            if not received:
                raise MachineError(f"the guest has ended: {self._last_words()}")
            self._buffer += received

    def _last_words(self):
        texts = [(self.folder / name).read_text(errors="replace") for name in ("console.log", "qemu.log")]
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-3:]) or "it said nothing"

    # Hardware

    def load(self, *modules, **parameters):
        """Loads modules; parameters are the last one's."""
        words = " ".join(f"{name}={value}" for name, value in parameters.items())
        for module in modules[:-1]:
            self.do(f"modprobe {module}")
        self.do(f"modprobe {modules[-1]} {words}")

    def load_power(self):
        parameters = self.box.law.parameters() | dict(self.box.power)
        if self.box.packages > 1:
            parameters["packages"] = self.box.packages
        self.load("kerf_power", **parameters)
        self.load("kerf_cpufreq", slow=int(self.box.slow))
        self.do("for policy in $CPUFREQ/policy*; do echo performance >$policy/scaling_governor; done")

    def set(self, module, **parameters):
        self.do("\n".join(self.setting(module, name, value) for name, value in parameters.items()))

    @staticmethod
    def setting(module, name, value):
        """The command that sets a parameter at once, for a script that runs beside a profile."""
        return f"echo {value} >/sys/module/{module}/parameters/{name}"

    @property
    def law(self):
        return self.box.law

    def truth(self):
        """Exact nanojoules of each domain, and `ns`."""
        return json.loads(self.do("cat /sys/module/kerf_power/parameters/truth"))

    # Kerf

    def doctor(self, user="root"):
        outcome = self.sh("kerf doctor --json", user=user)
        try:
            return json.loads(outcome.text)
        except ValueError:
            raise MachineError(f"kerf doctor, exit status {outcome.status}: {outcome.line[-300:]}") from None

    def profile(self, name, *options, after=3, disturbance="", user="root", by="", timeout=900):
        """Profiles the small model; `disturbance` is a script that runs beside it, so long after the first cycle.

        `by` is a command that runs kerf, such as sudo.
        """
        words = " ".join(f"'{option}'" for option in options)
        disturbance = disturbance.replace("'", "'\\''")
        outcome = self.sh(f"BY='{by}' profile {name} {after} '{disturbance}' {words}", user=user, timeout=timeout)
        path = self.folder / f"{name}.json"
        taken = self.folder / f"{name}.microseconds"
        outcome.seconds = int(taken.read_text()) / 1e6 if taken.is_file() else 0.0
        return outcome, (path if path.is_file() else None)
