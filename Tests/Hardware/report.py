"""The table of the bench: case, ground truth, measured, interval, verdict."""

import dataclasses
import threading


@dataclasses.dataclass
class Row:
    case: str
    truth: str
    measured: str
    interval: str
    passed: bool


class Report:
    """What all cases found. Cases run at the same time, so rows are kept by case."""

    def __init__(self):
        self.rows = []
        self._lock = threading.Lock()

    def add(self, row):
        with self._lock:
            self.rows.append(row)
        return row.passed


class Findings:
    """What one case found."""

    def __init__(self, report, case):
        self.report, self.case = report, case

    def expect(self, what, measured, passed, interval=""):
        """A statement that holds or not, with what was seen instead."""
        return self.report.add(Row(self.case, what, shortened(measured), interval, bool(passed)))

    def compare(self, what, truth, quantity, relative=None, absolute=None, or_interval=False):
        """A measured quantity of a file against the ground truth.

        - or_interval: what lies outside the tolerance passes where the stated interval contains the ground truth.
        """
        if quantity is None or quantity.get("value") is None:
            reason = "absent" if quantity is None else quantity.get("reason", "no reason")
            return self.report.add(Row(self.case, f"{what} {number(truth)}", shortened(f"unavailable: {reason}"), "", False))
        value, lower, upper = (quantity.get(name) for name in ("value", "lower", "upper"))
        tolerance = absolute if absolute is not None else relative * abs(truth)
        passed = abs(value - truth) <= tolerance
        interval = ""
        if lower is not None and upper is not None:
            interval = f"{number(lower)} to {number(upper)}"
            passed = passed or (or_interval and lower <= truth <= upper)
        return self.report.add(Row(self.case, f"{what} {number(truth)}", f"{number(value)} {error(value, truth)}", interval, passed))

    def contains(self, what, text, *parts):
        """A message that names all of these."""
        text = " ".join(text.split())
        missing = [part for part in parts if part.lower() not in text.lower()]
        if missing:
            return self.expect(what, f"no {', '.join(map(repr, missing))} in: {text}", False)
        # The table shows where it is said.
        start = max(0, min((text.lower().index(part.lower()) for part in parts), default=0) - 40)
        return self.expect(what, ("..." if start else "") + text[start:], True)


def number(value):
    return f"{value:.5g}"


def error(value, truth):
    return f"({100 * (value / truth - 1):+.2f} %)" if truth else ""


def shortened(text, length=160):
    text = " ".join(str(text).split())
    return text if len(text) <= length else text[:length - 3] + "..."


def table(rows):
    """The rows as aligned text."""
    cells = [("case", "ground truth", "measured", "interval", "verdict")]
    cells += [(row.case, row.truth, row.measured, row.interval, "ok" if row.passed else "FAILED") for row in rows]
    # Long cells are not what others are aligned to.
    widths = [min(max(len(line[column]) for line in cells), limit) for column, limit in enumerate((24, 52, 60, 22, 7))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def summary(rows, seconds):
    """A line for each case, and the rows that failed."""
    lines = []
    for case, taken in sorted(seconds.items()):
        own = [row for row in rows if row.case == case]
        failed = [row for row in own if not row.passed]
        verdict = f"{len(failed)} of {len(own)} FAILED" if failed else f"{len(own)} ok"
        lines.append(f"{case:24}  {verdict:16}  {taken:4.0f} s")
        lines += [f"  {row.truth}: {row.measured}" for row in failed]
    return "\n".join(lines)
