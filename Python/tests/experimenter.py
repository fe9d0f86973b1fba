"""A stand-in for Kerf: gives a client its socket and memory, sends commands and checks the records."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Any, Callable

STEP_BEGINS, STEP_ENDS = 4294967294, 4294967295
PACKAGE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PACKAGE))


class Experimenter:
    def __init__(self, capacity: int = 1 << 16) -> None:
        self.capacity = capacity
        self.socket, self.clients_end = socket.socketpair()
        self.socket.settimeout(300)
        self.input = self.socket.makefile("rb")
        self.memory = os.memfd_create("kerf-marks")
        os.truncate(self.memory, 64 + 16 * capacity)
        os.pwrite(self.memory, struct.pack("<8sIIQQQ", b"KERFMARK", 1, 16, capacity, 0, 0), 0)
        self.hello: dict = {}

    @property
    def variable(self) -> str:
        return f"1:{self.clients_end.fileno()}:{self.memory}"

    def start(self, source: str, variable: str = "", **options: Any) -> subprocess.Popen:
        """Starts a Python program with the client's end."""
        environment = {**os.environ, "KERF_MARKERS": variable or self.variable, "PYTHONPATH": str(PACKAGE)}
        process = subprocess.Popen(
            [sys.executable, "-c", source], env=environment, pass_fds=(self.clients_end.fileno(), self.memory),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.clients_end.close()
        return process

    def run_here(self, program: Callable[[], None], conversation: Callable[["Experimenter"], None]) -> None:
        """Runs a program in this thread and the conversation with it in another."""
        errors = []

        def converse() -> None:
            try:
                conversation(self)
            except BaseException as error:
                errors.append(error)
            finally:
                self.hang_up()

        os.environ["KERF_MARKERS"] = f"1:{os.dup(self.clients_end.fileno())}:{os.dup(self.memory)}"
        self.clients_end.close()
        thread = threading.Thread(target=converse)
        thread.start()
        try:
            program()
        finally:
            self.hang_up()  # ends the conversation if the program ended first
            thread.join()
            self.close()
        if errors:
            raise errors[0]

    def send(self, key: str, value: Any) -> None:
        self.socket.sendall(json.dumps({key: value}).encode() + b"\n")

    def receive(self) -> "tuple[str, Any]":
        line = self.input.readline()
        if not line:
            return "closed", None
        ((key, value),) = json.loads(line).items()
        return key, value

    def welcome(self) -> dict:
        key, self.hello = self.receive()
        assert key == "hello", (key, self.hello)
        self.send("welcome", {"version": 1})
        return self.hello

    def command(self, key: str, **value: Any) -> "tuple[dict, list[tuple[int, int, int]]]":
        """Sends a command; returns the answer, and the records that were written."""
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.send(key, value)
        answer, content = self.receive()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        assert answer == "done", (answer, content)
        records = self.records()
        assert len(records) == content["marks"], (len(records), content)
        assert all(before <= record[0] <= after for record in records)
        return content, records

    def stop(self) -> None:
        self.send("stop", {})

    def records(self) -> "list[tuple[int, int, int]]":
        written, read = struct.unpack("<QQ", os.pread(self.memory, 16, 24))
        assert written - read <= self.capacity
        records = [struct.unpack("<QII", os.pread(self.memory, 16, 64 + 16 * (i % self.capacity)))
                   for i in range(read, written)]
        os.pwrite(self.memory, struct.pack("<Q", written), 32)
        return records

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.input.close()
        self.socket.close()
        os.close(self.memory)


def check_steps(records: list, passes: list) -> None:
    """Records are in order, steps begin and end in pairs, and marks name passes."""
    assert records, "no records"
    times = [record[0] for record in records]
    assert times == sorted(times)
    step, is_open = 0, False
    for _, what, number in records:
        assert number == step, (number, step)
        if what == STEP_BEGINS:
            assert not is_open
            is_open = True
        elif what == STEP_ENDS:
            assert is_open
            is_open, step = False, step + 1
        else:
            assert is_open and what < len(passes), what
    assert not is_open


def pass_times(records: list, passes: list) -> "list[dict[tuple, int]]":
    """For each step, the nanoseconds of each pass, summed."""
    steps: list = []
    for (now, what, _), (until, _, _) in zip(records, records[1:]):
        if what == STEP_BEGINS:
            steps.append({})
        elif what != STEP_ENDS:
            key = next(iter(passes[what].items()))
            steps[-1][key] = steps[-1].get(key, 0) + until - now
    return steps
