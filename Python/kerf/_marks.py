"""The shared memory of marks: a ring of records that Kerf reads while they are written."""

from __future__ import annotations

import mmap
import struct
import threading
import time
from typing import Callable, Optional

STEP_BEGINS = 4294967294
STEP_ENDS = 4294967295

_HEADER = 64
_RECORD = 16
_WRITTEN = 24
_READ = 32


class Ring:
    """Writes records to the shared memory.

    `mark(what, step, now=None)` writes one record, with the time of the call unless `now` is given. When the ring is
    full the record is dropped and counted.
    """

    mark: Callable[..., None]
    counts: Callable[[], "tuple[int, int]"]  # records written and dropped so far
    close: Callable[[], None]  # from now on, marks are lost silently

    def __init__(self, memory: mmap.mmap) -> None:
        magic, version, record, capacity = struct.unpack_from("=8sIIQ", memory, 0)
        if magic != b"KERFMARK":
            raise ValueError("the memory of KERF_MARKERS does not begin with KERFMARK")
        if version != 1 or record != _RECORD:
            raise ValueError(f"the memory of KERF_MARKERS has version {version} and records of {record} bytes")
        if capacity < 1 or capacity & (capacity - 1) or len(memory) < _HEADER + _RECORD * capacity:
            raise ValueError(f"the memory of KERF_MARKERS cannot hold {capacity} records")
        self.mark, self.counts, self.close = _writer(memory, capacity)


def _writer(memory: mmap.mmap, capacity: int) -> "tuple[Callable, Callable, Callable]":
    # A closure, since its variables are faster than attributes. The byte order is the machine's own: only then does
    # struct store a number at once, and Kerf never sees a half of `written`. (Machines that run Kerf are little-endian;
    # the version's check fails on others.)
    mask = capacity - 1
    clock, monotonic = time.clock_gettime_ns, time.CLOCK_MONOTONIC
    put_record, put_count = struct.Struct("=QII").pack_into, struct.Struct("@Q").pack_into
    get_count = struct.Struct("@Q").unpack_from
    fence = threading.Lock()
    acquire, release = fence.acquire, fence.release

    written = get_count(memory, _WRITTEN)[0]
    limit = get_count(memory, _READ)[0] + capacity
    dropped = 0
    closed = False

    def has_room() -> bool:
        nonlocal limit, dropped
        if closed:
            return False
        limit = get_count(memory, _READ)[0] + capacity
        if written < limit:
            return True
        dropped += 1
        return False

    def mark(what: int, step: int, now: Optional[int] = None) -> None:
        nonlocal written
        if now is None:
            now = clock(monotonic)
        if written >= limit and not has_room():
            return
        put_record(memory, 64 + 16 * (written & mask), now, what, step)
        written += 1
        # Orders the two stores where the processor may not (Arm): the record must be seen first.
        acquire()
        release()
        put_count(memory, 24, written)

    def counts() -> "tuple[int, int]":
        return written, dropped

    def close() -> None:
        nonlocal limit, closed
        limit, closed = -1, True

    return mark, counts, close
