"""Marks on a CUDA device, where the program runs ahead of the work: events are recorded at the borders."""

from __future__ import annotations

import time
from typing import Any, Callable

import torch

from .._marks import STEP_BEGINS, STEP_ENDS


def times_of_events(begin: int, end: int, elapsed_ms: "list[float]") -> "list[int]":
    """Nanoseconds on the clock of marks. `elapsed_ms` are counted from the event at the step's begin. Events have a
    resolution of about half a microsecond: times never decrease, and stay within the step."""
    times, latest = [], begin
    for elapsed in elapsed_ms:
        latest = max(latest, min(end, begin + round(elapsed * 1e6)))
        times.append(latest)
    return times


class EventMarks:
    """Records of one step at a time, written when the step's work has ended."""

    def __init__(self, new_event: "Callable[[], Any]" = lambda: torch.cuda.Event(enable_timing=True),
                 synchronize: "Callable[[], None]" = torch.cuda.synchronize) -> None:
        self._new_event = new_event
        self._synchronize = synchronize
        self._events: "list[tuple[int, Any]]" = []

    def begin_step(self) -> None:
        self._synchronize()
        self._begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self._events.clear()
        self.begin(0)

    def begin(self, index: int) -> None:
        event = self._new_event()
        event.record()
        self._events.append((index, event))

    def end_step(self, mark: Callable[..., None], number: int) -> None:
        self._synchronize()
        end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        first = self._events[0][1]
        elapsed = [first.elapsed_time(event) for _, event in self._events]
        mark(STEP_BEGINS, number, self._begin)
        for (index, _), now in zip(self._events, times_of_events(self._begin, end, elapsed)):
            mark(index, number, now)
        mark(STEP_ENDS, number, end)
        self._events.clear()
