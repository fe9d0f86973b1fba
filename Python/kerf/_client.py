"""The protocol: finds Kerf, says hello and runs its commands. Needs nothing but the standard library."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import socket
import stat
import time
from typing import Any, Callable, Optional

from ._marks import STEP_BEGINS, STEP_ENDS, Ring

VERSION = "0.1.0"
PROTOCOL = 1
LINE_LIMIT = 1 << 20


class KerfError(Exception):
    """The program cannot be profiled as it is, or a file cannot be read. The message says what to change."""


class Closed(Exception):
    """Kerf's end of the socket was closed."""


class Program:
    """What Kerf's commands act upon. A framework's client overrides what differs."""

    passes: "list[dict]" = []
    can: "list[str]" = []

    def __init__(self, step: Callable[[], Any]) -> None:
        self.step = step

    def start_marking(self, mark: Callable[..., None]) -> None:
        """Called before the first marked step of a command; `mark` is the ring's."""

    def stop_marking(self) -> None:
        """Called after the last marked step, also when it raised."""

    def marked_step(self, mark: Callable[..., None], number: int) -> None:
        """Runs one step and writes its records. What comes before the first border is the first pass."""
        mark(STEP_BEGINS, number)
        mark(0, number)
        self.step()
        mark(STEP_ENDS, number)

    def synchronize(self) -> None:
        """Waits for work that an accelerator still has."""

    def prepare(self, index: int) -> None:
        raise KerfError("this client cannot repeat single passes")

    def repetition(self, index: int) -> "tuple[Callable[[], Any], Callable[[], None]]":
        """A function that runs the prepared pass once, and one that restores what it changed."""
        raise KerfError("this client cannot repeat single passes")


class Client:
    """The connection to Kerf."""

    def __init__(self, connection: socket.socket, memory: mmap.mmap) -> None:
        self._connection = connection
        self._input = connection.makefile("rb")
        self._process = os.getpid()
        self.ring = Ring(memory)
        # A forked child, such as a DataLoader's worker, shares both descriptors; it must not speak for its parent, and
        # Kerf must not wait for it.
        os.register_at_fork(after_in_child=self._close)

    @classmethod
    def connect(cls) -> "Optional[Client]":
        """The connection that KERF_MARKERS names, or None without the variable."""
        value = os.environ.pop("KERF_MARKERS", None)
        if value is None:
            return None
        fields = value.split(":")
        if fields[0] != str(PROTOCOL):
            raise SystemExit(
                f"kerf: KERF_MARKERS asks for version {fields[0]!r} of the protocol and this client has {PROTOCOL}: "
                "install the client that came with Kerf")
        try:
            descriptors = [int(field) for field in fields[1:]]
            if len(descriptors) != 2:
                raise ValueError(f"KERF_MARKERS is {value!r}, not VERSION:SOCKET:MEMORY")
            for descriptor, is_kind in zip(descriptors, (stat.S_ISSOCK, stat.S_ISREG)):
                if not is_kind(os.fstat(descriptor).st_mode):
                    raise ValueError(f"descriptor {descriptor} of KERF_MARKERS is of another kind")
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
                fcntl.fcntl(descriptor, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)
            memory = mmap.mmap(descriptors[1], 0)
            client = cls(socket.socket(fileno=descriptors[0]), memory)
            os.close(descriptors[1])
            return client
        except (OSError, ValueError) as error:
            raise SystemExit(
                f"kerf: {error}; the program that Kerf starts must pass its open descriptors on to this one") from None

    @property
    def is_forked(self) -> bool:
        return os.getpid() != self._process

    def greet(self, program: Program, runtime: dict, model: dict, workload: dict, layers: "list[dict]") -> None:
        self._send("hello", {
            "version": PROTOCOL, "client": f"kerf-python {VERSION}", "pid": os.getpid(), "runtime": runtime,
            "model": model, "workload": workload, "layers": layers, "passes": program.passes, "can": program.can})
        key, value = self._receive()
        if key == "refused":
            self.close()  # nothing more is sent
            raise SystemExit(f"kerf: Kerf refuses this program: {value}")
        if key != "welcome":
            raise KerfError(f"Kerf answered hello with {key!r}")

    def run(self, program: Program) -> None:
        """Runs commands until Kerf says stop."""
        while True:
            key, value = self._receive()
            if key == "stop":
                return
            written, dropped = self.ring.counts()
            count = self._command(program, key, value)
            if self.is_forked:
                return
            now_written, now_dropped = self.ring.counts()
            self._send("done", {"count": count, "marks": now_written - written, "dropped": now_dropped - dropped})

    def fail(self, error: BaseException) -> None:
        """Tells Kerf why the program ends, if it still listens."""
        first_line = (str(error).strip().splitlines() or [""])[0]
        name = type(error).__name__
        try:
            self._send("failed", (f"{name}: {first_line}" if first_line else name)[:4096])
        except (Closed, OSError, ValueError):
            pass

    def close(self) -> None:
        self._close()

    def _command(self, program: Program, key: str, value: dict) -> int:
        if key == "steps":
            return self._steps(program, bool(value["marked"]), value["seconds"], value["at_most"])
        if key == "prepare":
            program.prepare(value["pass"])
            program.synchronize()
            return 0
        if key == "repeat":
            return self._repeat(program, value["pass"], value["seconds"])
        if key == "marks":
            mark, count = self.ring.mark, value["count"]
            mark(STEP_BEGINS, 0)
            for _ in range(count):
                mark(0, 0)
            mark(STEP_ENDS, 0)
            return count
        raise KerfError(f"unknown command {key!r}: install the client that came with Kerf")

    def _steps(self, program: Program, marked: bool, seconds: float, at_most: int) -> int:
        mark, clock = self.ring.mark, time.monotonic
        program.synchronize()
        if marked:
            program.start_marking(mark)
        try:
            count = 0
            end = clock() + seconds
            while True:
                if marked:
                    program.marked_step(mark, count)
                else:
                    mark(STEP_BEGINS, count)
                    program.step()
                    # An accelerator may lag behind: the last step ends when its work has.
                    if count + 1 >= at_most or clock() >= end:
                        program.synchronize()
                    mark(STEP_ENDS, count)
                count += 1
                if count >= at_most or clock() >= end or self.is_forked:
                    return count
        finally:
            if marked:
                program.stop_marking()

    def _repeat(self, program: Program, index: int, seconds: float) -> int:
        run, restore = program.repetition(index)
        mark, clock = self.ring.mark, time.monotonic
        count = 0
        try:
            program.synchronize()
            end = clock() + seconds
            mark(STEP_BEGINS, 0)
            while True:
                run()
                count += 1
                if clock() >= end:
                    break
            program.synchronize()
            mark(STEP_ENDS, 0)
        finally:
            restore()
        return count

    def _send(self, key: str, value: Any) -> None:
        if self.is_forked:
            return
        line = json.dumps({key: value}, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        if len(line) > LINE_LIMIT:
            raise KerfError(f"the message {key!r} has {len(line)} bytes; at most {LINE_LIMIT} are allowed")
        try:
            self._connection.sendall(line)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def _receive(self) -> "tuple[str, Any]":
        if self.is_forked:
            raise Closed
        try:
            line = self._input.readline(LINE_LIMIT + 1)
        except ConnectionResetError:
            raise Closed from None
        if not line:
            raise Closed
        try:
            ((key, value),) = json.loads(line).items()
        except (ValueError, AttributeError):
            raise KerfError("Kerf sent a line that is not a message") from None
        return key, value

    def _close(self) -> None:
        self.ring.close()
        self._input.close()
        self._connection.close()


def serve(client: Client, make_program: "Callable[[], tuple[Program, dict, dict, dict, list[dict]]]") -> None:
    """Says hello with what `make_program` returns and runs commands. An exception is told to Kerf, then raised."""
    try:
        program, *description = make_program()
        client.greet(program, *description)
        client.run(program)
    except Closed:
        pass
    except BaseException as error:
        client.fail(error)
        raise
    finally:
        client.close()
