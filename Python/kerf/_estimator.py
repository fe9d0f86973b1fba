"""The estimators of Kerf's calibration, so that its numbers can be computed again. Needs the standard library only.

Values only: intervals need the pairing of steps and Student's t, which the calibration itself holds.
"""

from __future__ import annotations

from typing import Optional, Sequence

TRIMMED_SHARE = 0.2
MINIMUM_WINDOWS = 3
MINIMUM_FOR_DRIFT = 4
MAXIMUM_DRIFT = 0.3


def kept_steps(totals: Sequence[float]) -> "set[int]":
    """Steps that a mean is of: all but the fastest and the slowest fifth. Equal totals keep their order."""
    order = sorted(range(len(totals)), key=lambda step: (totals[step], step))
    cut = int(len(totals) * TRIMMED_SHARE)
    return set(order[cut : len(order) - cut])


def instrumented_totals(layer_times: Sequence[dict]) -> "list[float]":
    """Seconds of all passes of each instrumented step."""
    totals = [0.0] * (len(layer_times[0]["seconds"]) if layer_times else 0)
    for times in layer_times:
        for step, seconds in enumerate(times["seconds"]):
            totals[step] += seconds
    return totals


def mean(values: Sequence[float], kept: "set[int]") -> Optional[float]:
    """The mean over the kept steps; None without one."""
    return sum(values[step] for step in sorted(kept)) / len(kept) if kept else None


class Windows:
    """Windows of one subject as the numbers that its power is computed from.

    A window lasts from one update of the counters to another. Of its time, `work` went into the subject and the rest
    into polling for the two updates, whose energy is subtracted at the power of the polling after the windows.
    """

    def __init__(self, windows: Sequence[dict], total_of: Sequence[str]) -> None:
        def total(joules: dict) -> float:
            return sum(joules.get(domain, 0) for domain in total_of)

        self.samples = []
        for window in windows:
            work = window.get("work_seconds")
            work = window["seconds"] if work is None else min(work, window["seconds"])
            self.samples.append({
                "joules": total(window["joules"]), "work": work, "wait": window["seconds"] - work,
                "polling_joules": total(window.get("polling_joules") or {}),
                "polling": window.get("polling_seconds") or 0,
                "middle": window["start_seconds"] + window["seconds"] / 2,
            })
        self.work = sum(sample["work"] for sample in self.samples)
        waited = sum(sample["wait"] for sample in self.samples)
        polled = sum(sample["polling"] for sample in self.samples)
        self._wait_share = waited / polled if polled > 0 else 0
        if polled > 0:
            self._polling_watts = sum(sample["polling_joules"] for sample in self.samples) / polled
        else:
            everything = self.work + waited
            self._polling_watts = sum(s["joules"] for s in self.samples) / everything if everything > 0 else 0

    def work_joules(self, sample: dict) -> float:
        """Joules of the subject's own work in a window."""
        error = sample["polling_joules"] - self._polling_watts * sample["polling"]
        return sample["joules"] - self._polling_watts * sample["wait"] - self._wait_share * error

    def watts(self, less=lambda seconds: 0.0) -> Optional[float]:
        """Joules of the work over its seconds, after `less(middle)` watts are subtracted from each window."""
        if not self.work > 0:
            return None
        joules = (self.work_joules(sample) - less(sample["middle"]) * sample["work"] for sample in self.samples)
        return sum(joules) / self.work


class IdlePower:
    """Power of the idle box: a level in the middle of the run and, with four windows, a steady drift."""

    def __init__(self, windows: Sequence[dict], total_of: Sequence[str]) -> None:
        idle = Windows(windows, total_of)
        points = [(s["middle"], idle.work_joules(s) / s["work"]) for s in idle.samples if s["work"] > 0]
        self.is_known = len(points) > 1
        if not self.is_known:
            return
        self._center = sum(time for time, _ in points) / len(points)
        self.level = sum(watts for _, watts in points) / len(points)
        spread = sum((time - self._center) ** 2 for time, _ in points)
        has_line = len(points) >= MINIMUM_FOR_DRIFT and spread > 0
        products = sum((time - self._center) * (watts - self.level) for time, watts in points)
        self._slope = products / spread if has_line else 0
        length = max(time for time, _ in points) - min(time for time, _ in points)
        self.drift_ratio = self._slope * length / self.level if self.level > 0 else 0

    def change(self, seconds: float) -> float:
        """Watts at a time of the run, less those in the middle."""
        return self._slope * (seconds - self._center)

    def watts(self, seconds: float) -> float:
        return self.level + self.change(seconds)


class Power:
    """Gross and net power of a profile's subjects, in watts; None for what the calibration does not estimate either."""

    def __init__(self, profile: dict) -> None:
        meter = profile["meter"]
        self._is_metered = meter["origin"] != "unavailable"
        self._total_of = meter["total_of"]
        self._idle = IdlePower(profile["idle_windows"], self._total_of)
        enough = len(profile["idle_windows"]) >= MINIMUM_WINDOWS
        known = self._is_metered and enough and self._idle.is_known and self._idle.level > 0
        self.idle = self._idle.level if known else None

    def gross(self, windows: Sequence[dict]) -> Optional[float]:
        """For the middle of the run: drift of the idle power is subtracted."""
        if not self._is_metered or len(windows) < MINIMUM_WINDOWS:
            return None
        change = self._idle.change if self._idle.is_known else lambda seconds: 0.0
        watts = Windows(windows, self._total_of).watts(change)
        return watts if watts is not None and watts > 0 else None

    def net(self, windows: Sequence[dict]) -> Optional[float]:
        """Gross power less that of the idle box at the time of each window."""
        if self.gross(windows) is None or self.idle is None or abs(self._idle.drift_ratio) > MAXIMUM_DRIFT:
            return None
        watts = Windows(windows, self._total_of).watts(self._idle.watts)
        return watts if watts is not None and watts > 0 else None
