"""Reads Kerf's files into pandas: `kerf.read("profile.json").steps`. Needs pandas; nothing else of the client does."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Callable, Optional, Union

from . import _estimator
from ._client import KerfError
from ._tables import TABLES, Table

# The current version of each schema, and keys that have another name in older versions.
_SCHEMAS: "dict[str, tuple[int, dict[str, str]]]" = {
    "kerf.profile": (3, {
        "counted_time_ratio": "computed_overhead_ratio", "looks_per_step": "samples_per_step",  # retired-word-ok
        "looks_seconds": "sampling_seconds", "optimiser_bytes": "optimizer_bytes",  # retired-word-ok
        "own_cost_pairs": "instrumentation_overhead_pairs",  # retired-word-ok
        "own_energy_ratio": "overhead_energy_ratio", "own_time_ratio": "overhead_time_ratio", "peaks": "roofline",
    }),
    "kerf.calibration": (2, {
        "beside_power": "external_power", "peaks": "roofline",  # retired-word-ok
        "largest_residual": "maximum_residual", "inverse_clock_residual": "inverse_frequency_residual",
        "optimiser_bytes": "optimizer_bytes",  # retired-word-ok
    }),
    "kerf.decision": (2, {
        "rung": "level", "rungs": "levels", "believed_cut": "assumed_cut",  # retired-word-ok
        "delay_normaliser_seconds": "delay_normalizer_seconds",  # retired-word-ok
        "energy_normaliser_joules": "energy_normalizer_joules",  # retired-word-ok
    }),
    "kerf.comparison": (1, {}),
    "kerf.decisions": (1, {}),
    "kerf.simulation": (2, {"rung": "level"}),  # retired-word-ok
    "kerf.link": (1, {}),
    "kerf.run": (1, {}),
    "kerf.validation": (1, {}),
}

# Values that have another name in older versions, by key.
_VALUES = {
    "role": {"beside": "external"},  # retired-word-ok
    "assumption": {"inverse_clock": "inverse_frequency"},
}

# Objects whose keys are data.
_DATA = {"joules", "polling_joules", "kernels", "kernel_seconds", "policy_hertz"}


def read(path: "Union[str, os.PathLike]") -> "File":
    """A profile, calibration, comparison, decision, simulation, link, split run or validation, of any version.

    Its tables are DataFrames with the columns that `kerf export` writes: `kerf.read("profile.json").layer_times`.
    Raises KerfError for anything else, and without pandas.
    """
    _pandas()
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            content = file.read()
    except OSError as error:
        raise KerfError(f"{name}: {error.strerror}") from None
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise KerfError(f"{name}: not JSON, or cut off ({error})") from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema not in _SCHEMAS:
        raise KerfError(f"{name}: no file with tables; its schema is {str(schema)[:80]!r}")
    current, renamed = _SCHEMAS[schema]
    version = data.get("schema_version")
    if not isinstance(version, int) or not 1 <= version <= current:
        raise KerfError(f"{name}: version {str(version)[:20]} of {schema}; this client reads versions 1 to {current}")
    if version < current:
        data = _renamed(data, renamed)
        try:
            if schema == "kerf.profile":
                _upgrade_traces(data)
        except (AttributeError, KeyError, TypeError) as error:
            raise KerfError(f"{name}: {type(error).__name__} {error} (damaged or edited)") from None
    kinds = {"kerf.profile": Profile}
    return kinds.get(schema, File)(name, hashlib.sha256(content).hexdigest(), version, data)


class File:
    """A file of Kerf's. Each of `names` is a table, as attribute or by `table(name)`; `data` is the JSON itself."""

    def __init__(self, path: str, sha256: str, version: int, data: dict) -> None:
        self.path = path
        self.sha256 = sha256
        self.schema: str = data["schema"]
        #: The version that the file states; names are those of the current one.
        self.schema_version = version
        self.data = data
        self._tables: dict = {}

    @property
    def names(self) -> "list[str]":
        return list(TABLES[self.schema]) + ["quantities"]

    def table(self, name: str) -> Any:
        """A pandas DataFrame. The same object each time; a copy is yours to change."""
        if name not in self.names:
            raise KerfError(f"{self.path}: a {self.schema} file has no table {name}; it has {', '.join(self.names)}")
        if name not in self._tables:
            make = _quantities if name == "quantities" else TABLES[self.schema][name]
            self._tables[name] = self._frame(make)
        return self._tables[name]

    def _frame(self, make: "Callable[[dict], Table]") -> Any:
        try:
            table = make(self.data)
        except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
            raise KerfError(f"{self.path}: {type(error).__name__} {error} (damaged or edited)") from None
        frame = _pandas().DataFrame(table.rows, columns=table.columns)
        for column in frame.columns:
            # As numbers, where nothing is known; a column of None is none that can be computed with.
            if len(frame) > 0 and frame[column].isna().all():
                frame[column] = float("nan")
        return frame

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in TABLES[self.schema] and name != "quantities":
            raise AttributeError(f"a {self.schema} file has no {name}")
        return self.table(name)

    def __dir__(self) -> "list[str]":
        return sorted([*super().__dir__(), *self.names])

    def __repr__(self) -> str:
        return f"<{self.schema} {self.path}: {', '.join(self.names)}>"


class Profile(File):
    """A profile, with the estimates that a calibration of it alone holds. Values without intervals."""

    def pass_means(self) -> Any:
        """Time, power and energy of each pass, one row a pass.

        The time is the mean over the steps that `layer_times.used_by_fit` marks. Power is that of the windows in which
        the pass was repeated; energy is power times time. NaN where the profile has too few windows. The calibration
        leaves out energies whose interval is too wide, which are here all the same.
        """
        return self._frame(_pass_means)

    def kernel_means(self) -> Any:
        """Time of each kernel of each pass, over the same steps."""
        return self._frame(_kernel_means)

    def step_mean(self) -> Any:
        """Time, power and energy of the whole step, as a Series."""
        return self._frame(_step_mean).iloc[0]

    def idle_power_watts(self) -> Optional[float]:
        """Power of the idle box in the middle of the run; None without enough windows."""
        return _estimator.Power(self.data).idle

    def sweep_means(self) -> Any:
        """Each visit to a frequency as the observation that the laws T(f) and P(f) are fitted to."""
        return self._frame(_sweep_means)


_ESTIMATES = ["time_seconds", "gross_power_watts", "net_power_watts", "gross_energy_joules", "net_energy_joules"]


def _estimates(profile: dict, seconds: Optional[float], windows: "list[dict]", power: _estimator.Power) -> dict:
    gross, net = power.gross(windows), power.net(windows)

    def product(watts: Optional[float]) -> Optional[float]:
        return None if watts is None or seconds is None else watts * seconds

    return dict(zip(_ESTIMATES, [seconds, gross, net, product(gross), product(net)]))


def _pass_means(profile: dict) -> Table:
    kept = _estimator.kept_steps(_estimator.instrumented_totals(profile["layer_times"]))
    power = _estimator.Power(profile)
    by_pass: dict = {}
    for window in profile["energy_windows"]:
        if window["subject"] == "layer":
            by_pass.setdefault((window["layer"], window["direction"]), []).append(window)
    rows = []
    for times in profile["layer_times"]:
        key = (times["layer"], times["direction"])
        rows.append({
            "layer": key[0], "kind": profile["layers"][key[0]]["kind"], "direction": key[1],
            **_estimates(profile, _estimator.mean(times["seconds"], kept), by_pass.get(key, []), power),
        })
    return Table(["layer", "kind", "direction", *_ESTIMATES], rows)


def _kernel_means(profile: dict) -> Table:
    kept = _estimator.kept_steps(_estimator.instrumented_totals(profile["layer_times"]))
    return Table(["layer", "kind", "direction", "kernel", "time_seconds"], [
        {"layer": times["layer"], "kind": profile["layers"][times["layer"]]["kind"], "direction": times["direction"],
         "kernel": kernel, "time_seconds": _estimator.mean(seconds, kept)}
        for times in profile["layer_times"] for kernel, seconds in sorted(times["kernels"].items())
    ])


def _step_seconds(steps: "list[dict]") -> Optional[float]:
    seconds = [step["seconds"] for step in steps]
    return _estimator.mean(seconds, _estimator.kept_steps(seconds))


def _step_mean(profile: dict) -> Table:
    windows = [window for window in profile["energy_windows"] if window["subject"] == "step"]
    estimates = _estimates(profile, _step_seconds(profile["steps"]), windows, _estimator.Power(profile))
    return Table(_ESTIMATES, [estimates])


def _sweep_means(profile: dict) -> Table:
    def median(values: "list[float]") -> Optional[float]:
        values, half = sorted(values), len(values) // 2
        if not values:
            return None
        return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2

    def watts(windows: "list[dict]") -> Optional[float]:
        if profile["meter"]["origin"] == "unavailable":
            return None
        return _estimator.Windows(windows, profile["meter"]["total_of"]).watts()

    columns = [
        "visit", "group", "set_hertz", "hertz", "step_seconds", "gross_power_watts", "idle_power_watts",
    ]
    rows = []
    for number, visit in enumerate((profile.get("frequency_sweep") or {}).get("visits", [])):
        achieved = median(visit["achieved_hertz"])
        rows.append(dict(zip(columns, [
            number, visit.get("group"), visit["hertz"], visit["hertz"] if achieved is None else achieved,
            _step_seconds(visit["steps"]), watts(visit["energy_windows"]), watts(visit["idle_windows"]),
        ])))
    return Table(columns, rows)


def _quantities(data: dict) -> Table:
    """All quantities that the file has once, found by their parts."""
    parts = ["value", "lower", "upper", "confidence", "count", "degrees_of_freedom", "origin", "reason"]
    rows = []

    def walk(node: Any, name: str) -> None:
        if not isinstance(node, dict):
            return
        if "origin" in node and "count" in node and set(node) <= set(parts):
            rows.append({"quantity": name, **node})
            return
        for key in sorted(node):
            walk(node[key], f"{name}.{key}" if name else key)

    walk(data, "")
    return Table(["quantity", *parts], rows)


def _renamed(node: Any, names: "dict[str, str]", is_data: bool = False) -> Any:
    if isinstance(node, list):
        return [_renamed(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    result = {}
    for key, value in node.items():
        new = key if is_data else names.get(key, key)
        if not is_data and isinstance(value, str):
            value = _VALUES.get(new, {}).get(value, value)
        result[new] = _renamed(value, names, not is_data and new in _DATA and isinstance(value, dict))
    return result


def _upgrade_traces(profile: dict) -> None:
    """The first files of version 1 have one list of joules for all domains: with several it cannot be used."""
    traces = profile.get("step_traces") or []
    of_total = [trace for trace in traces if isinstance(trace.get("joules"), list)]
    if not of_total:
        return
    domains = profile["meter"]["total_of"]
    if len(domains) == 1:
        for trace in of_total:
            trace["joules"] = {domains[0]: trace["joules"]}
    else:
        del profile["step_traces"]
        reason = "step trace of file version 1: one energy for several domains"
        profile["rejections"].append({"reason": reason, "count": len(of_total)})


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise KerfError(
            f"kerf.read needs pandas ({error}); install pandas, or this package as kerf[notebook]") from None
    return pandas
