"""The tables of each kind of file: the same rows and columns as `kerf export` writes, from the file's JSON."""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple, Optional

from . import _estimator


class Table:
    """Of each row the values of these columns; what a row lacks is missing."""

    def __init__(self, columns: "list[str]", rows: "Iterable[dict[str, Any]]") -> None:
        self.columns = columns
        # Values alone: a long run has a million rows, and a dictionary for each would take a gigabyte.
        self.rows = [[row.get(name) for name in columns] for row in rows]


_PARTS = ["confidence", "count", "degrees_of_freedom", "origin", "reason"]
_PASS = ["layer", "kind", "direction"]
_VISIT = ["visit", "group", "set_hertz"]


def _columns(text: str) -> "list[str]":
    """Names divided by blanks; `time/seconds` stands for the columns of a quantity."""
    names: "list[str]" = []
    for word in text.split():
        name, _, unit = word.partition("/")
        if unit:
            names += [f"{name}_{unit}", f"{name}_lower_{unit}", f"{name}_upper_{unit}"]
            names += [f"{name}_{part}" for part in _PARTS]
        else:
            names.append(word)
    return names


def _quantity(name: str, unit: str, quantity: Optional[dict]) -> dict:
    if quantity is None:
        return {}
    row = {f"{name}_{unit}": quantity.get("value")}
    row.update({f"{name}_{bound}_{unit}": quantity.get(bound) for bound in ("lower", "upper")})
    row.update({f"{name}_{part}": quantity.get(part) for part in _PARTS})
    return row


def _quantities(source: dict, *fields: str) -> dict:
    """Quantities of fields that are named like `time/seconds`, which is `time_seconds` in the file."""
    row: dict = {}
    for field in fields:
        name, _, unit = field.partition("/")
        row.update(_quantity(name, unit, source.get(f"{name}_{unit}")))
    return row


def _table(columns: str, rows: "Iterable[dict]") -> Table:
    return Table(_columns(columns), rows)


# MARK: profile


class _Place(NamedTuple):
    """Where samples were taken: the profile itself, or a visit to a frequency."""

    samples: dict
    visit: dict


def _own(profile: dict) -> "list[_Place]":
    return [_Place(profile, {})]


def _visits(profile: dict) -> "list[_Place]":
    visits = (profile.get("frequency_sweep") or {}).get("visits", [])
    return [
        _Place(visit, {"visit": number, "group": visit.get("group"), "set_hertz": visit["hertz"]})
        for number, visit in enumerate(visits)
    ]


def _step_order(profile: dict) -> "list[tuple[int, str]]":
    layers = profile["layers"]
    backward = [(layer["index"], "backward") for layer in reversed(layers[1:]) if layer["backward_flops"] != 0]
    return [(layer["index"], "forward") for layer in layers] + backward


def _pass(profile: dict, layer: Optional[int], direction: Optional[str]) -> dict:
    kind = None if layer is None else profile["layers"][layer]["kind"]
    return {"layer": layer, "kind": kind, "direction": direction}


def _sweep_origin(profile: dict) -> str:
    order = ["measured", "modelled", "simulated", "recorded", "unavailable"]
    return max("measured", profile["frequency"]["maximum_hertz"]["origin"], key=order.index)


def _steps(places: "Callable[[dict], list[_Place]]", origin: "Callable[[dict], str]", prefix: str = ""):
    def make(profile: dict) -> Table:
        rows = []
        for samples, visit in places(profile):
            kept = _estimator.kept_steps([step["seconds"] for step in samples["steps"]])
            for number, step in enumerate(samples["steps"]):
                rows.append({
                    **visit, **step, "step": number, "used_by_fit": number in kept, "origin": origin(profile),
                })
        return _table(f"{prefix} step start_seconds seconds cpu_seconds pair used_by_fit origin", rows)

    return make


def _instrumented_steps(profile: dict) -> Table:
    totals = _estimator.instrumented_totals(profile["layer_times"])
    kept, steps = _estimator.kept_steps(totals), profile.get("instrumented_steps") or []
    return _table("step start_seconds seconds cpu_seconds pair used_by_fit origin", [
        {**step, "step": number, "used_by_fit": number in kept if len(steps) == len(totals) else None,
         "origin": "measured"}
        for number, step in enumerate(steps)
    ])


def _layer_times(places: "Callable[[dict], list[_Place]]", origin: "Callable[[dict], str]", prefix: str = ""):
    def make(profile: dict) -> Table:
        rows = []
        for samples, visit in places(profile):
            kept = _estimator.kept_steps(_estimator.instrumented_totals(samples["layer_times"]))
            for times in samples["layer_times"]:
                common = {**visit, **_pass(profile, times["layer"], times["direction"]), "origin": origin(profile)}
                for number, seconds in enumerate(times["seconds"]):
                    rows.append({**common, "step": number, "used_by_fit": number in kept, "seconds": seconds})
        return _table(f"{prefix} layer kind direction step used_by_fit seconds origin", rows)

    return make


def _kernel_times(profile: dict) -> Table:
    kept = _estimator.kept_steps(_estimator.instrumented_totals(profile["layer_times"]))
    return _table("layer kind direction kernel step used_by_fit seconds origin", (
        {**key, "kernel": kernel, "step": number, "used_by_fit": number in kept, "seconds": seconds,
         "origin": "measured"}
        for times in profile["layer_times"]
        for key in [_pass(profile, times["layer"], times["direction"])]
        for kernel, samples in sorted(times["kernels"].items())
        for number, seconds in enumerate(samples)
    ))


def _windows(places: "Callable[[dict], list[_Place]]", field: str, prefix: str = ""):
    def make(profile: dict) -> Table:
        meter, rows = profile["meter"], []
        for samples, visit in places(profile):
            for number, window in enumerate(samples[field]):
                polling = window.get("polling_joules") or {}
                common = {
                    **window, **visit, **_pass(profile, window.get("layer"), window.get("direction")),
                    "window": number, "origin": meter["origin"], "joules": None, "polling_joules": None,
                }
                for domain, joules in sorted(window["joules"].items()):
                    rows.append({
                        **common, "domain": domain, "counted": domain in meter["total_of"], "joules": joules,
                        "polling_joules": polling.get(domain),
                    })
                if not window["joules"]:
                    rows.append(common)
        return _table(
            f"{prefix} window subject layer kind direction iterations start_seconds seconds work_seconds edge_seconds "
            "polling_seconds cpu_seconds domain counted joules polling_joules origin", rows)

    return make


def _step_traces(profile: dict) -> Table:
    order, rows = _step_order(profile), []
    for number, trace in enumerate(profile.get("step_traces") or []):
        for place, seconds in enumerate(trace["seconds"]):
            layer, direction = order[place - 1] if 0 < place <= len(order) else (None, None)
            for domain, joules in sorted(trace["joules"].items()):
                rows.append({
                    **trace, **_pass(profile, layer, direction), "trace": number, "reading": place, "seconds": seconds,
                    "domain": domain, "joules": joules[place], "origin": profile["meter"]["origin"],
                })
    return _table(
        "trace pair start_seconds stale_seconds reading layer kind direction seconds domain joules origin", rows)


def _domains(file: dict) -> Table:
    meter = file["meter"]
    return _table("domain name parent role detail counted wrap_range_microjoules maximum_watts origin", [
        {**domain, "domain": domain["identifier"], "detail": domain.get("mirror_of", domain.get("reason")),
         "counted": domain["identifier"] in meter["total_of"], "origin": meter["origin"]}
        for domain in meter["domains"]
    ])


def _conditions(profile: dict) -> Table:
    names = "seconds other_processors steal_processors quota_ratio waiting_threads throttle_count hertz celsius " \
        "reference_seconds"
    series = profile.get("conditions") or {"seconds": []}
    origin = profile["frequency"]["running_hertz"]["origin"]
    rows = []
    for place in range(len(series["seconds"])):
        row = {name: series[name][place] for name in names.split() if series.get(name) is not None}
        rows.append({**row, "hertz_origin": origin})
    return _table(f"{names} hertz_origin", rows)


def _overhead_pairs(profile: dict) -> Table:
    return _table("pair instrumented_seconds plain_seconds sampling_seconds origin", [
        {"pair": number, "instrumented_seconds": sum(pair["instrumented_seconds"]),
         "plain_seconds": sum(pair["plain_seconds"]), "sampling_seconds": pair["sampling_seconds"],
         "origin": "measured"}
        for number, pair in enumerate(profile.get("instrumentation_overhead_pairs") or [])
    ])


def _overhead_passes(profile: dict) -> Table:
    order, rows = _step_order(profile), []
    for number, pair in enumerate(profile.get("instrumentation_overhead_pairs") or []):
        is_whole = len(pair["plain_seconds"]) != len(order)
        for place, times in enumerate(zip(pair["instrumented_seconds"], pair["plain_seconds"])):
            layer, direction = (None, None) if is_whole else order[place]
            rows.append({
                **_pass(profile, layer, direction), "pair": number, "place": place, "instrumented_seconds": times[0],
                "plain_seconds": times[1], "origin": "measured",
            })
    return _table("pair place layer kind direction instrumented_seconds plain_seconds origin", rows)


_SIZES = "parameter_count adapter_bytes output_bytes forward_flops backward_flops weight_bytes memory_adapter_bytes " \
    "optimizer_bytes activation_bytes scratch_bytes"


def _sizes(layer: dict) -> dict:
    memory = dict(layer.get("memory") or {})
    memory["memory_adapter_bytes"] = memory.pop("adapter_bytes", None)
    return {**layer, **memory, "layer": layer["index"]}


def _layers(profile: dict) -> Table:
    return _table(f"layer kind {_SIZES} origin", [
        {**_sizes(layer), "origin": "modelled"} for layer in profile["layers"]])


def _kernel_costs(layers: "Callable[[dict], list[dict]]"):
    def make(file: dict) -> Table:
        return _table("layer kind direction kernel flops bytes origin", [
            {**cost, "layer": layer["index"], "kind": layer["kind"], "origin": "modelled"}
            for layer in layers(file) for cost in layer.get("kernels") or []
        ])

    return make


def _core_groups(groups: "list[dict]") -> Table:
    return _table("group cpu threads", [
        {"group": group["name"], "cpu": cpu, "threads": group["threads"]} for group in groups for cpu in group["cpus"]])


def _rejections(profile: dict) -> Table:
    rows = list(profile["rejections"])
    for samples, visit in _visits(profile):
        rows += [{**visit, **rejection} for rejection in samples["rejections"]]
    return _table("visit reason count", rows)


def _sweep_visits(profile: dict) -> Table:
    rows = []
    for samples, visit in _visits(profile):
        common = {
            **visit, "meter_failure": samples.get("meter_failure"), "start_seconds": samples.get("start_seconds"),
        }
        policies = sorted(samples["policy_hertz"].items())
        rows += [{**common, "policy": policy, "policy_hertz": hertz} for policy, hertz in policies] or [common]
    return _table("visit group set_hertz policy policy_hertz meter_failure start_seconds", rows)


def _sweep_frequencies(profile: dict) -> Table:
    origin = profile["frequency"]["maximum_hertz"]["origin"]
    return _table("visit group set_hertz hertz origin", [
        {**visit, "hertz": hertz, "origin": origin}
        for samples, visit in _visits(profile) for hertz in samples["achieved_hertz"]
    ])


def _measured(profile: dict) -> str:
    return "measured"


_SWEPT = " ".join(_VISIT)
_PROFILE: "dict[str, Callable[[dict], Table]]" = {
    "steps": _steps(_own, _measured),
    "instrumented_steps": _instrumented_steps,
    "layer_times": _layer_times(_own, _measured),
    "kernel_times": _kernel_times,
    "energy_windows": _windows(_own, "energy_windows"),
    "idle_windows": _windows(_own, "idle_windows"),
    "step_traces": _step_traces,
    "domains": _domains,
    "conditions": _conditions,
    "overhead_pairs": _overhead_pairs,
    "overhead_passes": _overhead_passes,
    "layers": _layers,
    "kernel_costs": _kernel_costs(lambda profile: profile["layers"]),
    "disturbances": lambda profile: _table(
        "cause count seconds other_processors steal_processors", (profile.get("disturbances") or {}).get("causes", [])),
    "rejected_intervals": lambda profile: _table(
        "start_seconds seconds cause", (profile.get("disturbances") or {}).get("rejected_intervals") or []),
    "processes": lambda profile: _table(
        "command processors cpu_seconds", (profile.get("disturbances") or {}).get("processes") or []),
    "rejections": _rejections,
    "sweep_visits": _sweep_visits,
    "sweep_steps": _steps(_visits, _sweep_origin, _SWEPT),
    "sweep_layer_times": _layer_times(_visits, _sweep_origin, _SWEPT),
    "sweep_energy_windows": _windows(_visits, "energy_windows", _SWEPT),
    "sweep_idle_windows": _windows(_visits, "idle_windows", _SWEPT),
    "sweep_frequencies": _sweep_frequencies,
    "core_groups": lambda profile: _core_groups((profile.get("frequency_sweep") or {}).get("groups") or []),
}


# MARK: calibration


def _passes(calibration: dict) -> "list[tuple[dict, dict]]":
    return [
        ({"layer": layer["description"]["index"], "kind": layer["description"]["kind"], "direction": direction},
         layer[direction])
        for layer in calibration["layers"] for direction in ("forward", "backward")
    ]


def _pass_estimates(calibration: dict) -> Table:
    fields = ["time/seconds", "gross_energy/joules", "net_energy/joules", "in_situ_energy/joules"]
    return _table(" ".join([*_PASS, *fields]), [
        {**key, **_quantities(values, *fields)} for key, values in _passes(calibration)])


def _pooled_estimates(calibration: dict) -> Table:
    fields = ["time/seconds", "gross_energy/joules", "net_energy/joules"]
    return _table(" ".join([*_PASS, *fields]), [
        {**key, **_quantities(values["pooled"], *fields)}
        for key, values in _passes(calibration) if values.get("pooled") is not None])


def _kernels(calibration: dict) -> Table:
    return _table("layer kind direction kernel time/seconds", [
        {**key, "kernel": kernel, **_quantity("time", "seconds", seconds)}
        for key, values in _passes(calibration) for kernel, seconds in sorted(values["kernel_seconds"].items())])


def _pooling_groups(calibration: dict) -> Table:
    rows = []
    for number, group in enumerate(calibration.get("pooling") or []):
        test = group["heterogeneity"]
        rows.append({
            **group, "group": number, **_quantity("center", "value", group["center"]),
            "heterogeneity_statistic": test["statistic"],
            "heterogeneity_degrees_of_freedom": test["degrees_of_freedom"],
            "heterogeneity_p_value": test["p_value"],
        })
    return _table(
        "group value direction center/value spread common_standard_error heterogeneity_statistic "
        "heterogeneity_degrees_of_freedom heterogeneity_p_value", rows)


def _pooling_members(calibration: dict) -> Table:
    return _table(
        "group value direction layer own_value own_standard_error pooled_value pooled_standard_error shrinkage "
        "outlier_probability",
        [{**member, "group": number, "value": group["value"], "direction": group["direction"]}
         for number, group in enumerate(calibration.get("pooling") or []) for member in group["members"]])


def _laws(calibration: dict) -> "list[tuple[Optional[str], dict]]":
    box = calibration.get("frequency_laws")
    groups = [(group["group"]["name"], group["laws"]) for group in calibration.get("frequency_groups") or []]
    return ([] if box is None else [(None, box)]) + groups


def _frequencies(calibration: dict) -> Table:
    return _table("group hertz reference_hertz inverse_frequency_residual_ratio cubic_power_residual_ratio", [
        {"group": group, "hertz": hertz, "reference_hertz": laws["reference_hertz"],
         "inverse_frequency_residual_ratio": laws["inverse_frequency_residual"],
         "cubic_power_residual_ratio": laws.get("cubic_power_residual")}
        for group, laws in _laws(calibration) for hertz in laws["steps_hertz"]])


def _time_laws(calibration: dict) -> Table:
    rows = []
    for group, laws in _laws(calibration):
        for key, law in [({}, laws["step_time"])] + [(law, law["time"]) for law in laws["passes"]]:
            rows.append({
                "group": group, "layer": key.get("layer"), "direction": key.get("direction"),
                **_quantities(law, "fixed/seconds"), **_quantity("cycles", "seconds_hertz", law["cycles"]),
                "covariance": law["covariance"], "maximum_residual_ratio": law["maximum_residual"],
            })
    return _table(
        "group layer direction fixed/seconds cycles/seconds_hertz covariance maximum_residual_ratio", rows)


def _power_laws(calibration: dict) -> Table:
    rows = []
    for group, laws in _laws(calibration):
        for account in ("gross", "net"):
            law = laws.get(f"{account}_power")
            if law is None:
                continue
            rows.append({
                "group": group, "account": account, **_quantity("static_power", "watts", law["static_watts"]),
                **_quantity("dynamic_power", "watts", law["dynamic_watts"]),
                **_quantity("exponent", "value", law["exponent"]), "maximum_residual_ratio": law["maximum_residual"],
            })
    return _table(
        "group account static_power/watts dynamic_power/watts exponent/value maximum_residual_ratio", rows)


_WORKLOAD = "batch sequence lora_rank"


def _workloads(calibration: dict) -> "list[dict]":
    return (calibration.get("workload_laws") or {}).get("workloads", [])


def _workload_steps(calibration: dict) -> Table:
    step = (calibration.get("workload_laws") or {}).get("step")
    fields = ["time/seconds", "gross_power/watts", "net_power/watts", "closure/ratio"]
    return _table(f"{_WORKLOAD} {' '.join(fields)}", [
        {**workload, **_quantities(_at(step, place), *fields)}
        for place, workload in enumerate(_workloads(calibration))])


def _at(law: dict, place: int) -> dict:
    """The values of a law at one workload."""
    return {field: values[place] for field, values in law.items() if isinstance(values, list) and field != "kernels"}


def _workload_passes(calibration: dict) -> Table:
    layers = {"layers": [layer["description"] for layer in calibration["layers"]]}
    fields = ["time/seconds", "gross_power/watts", "net_power/watts"]
    return _table(f"{_WORKLOAD} layer kind direction {' '.join(fields)}", [
        {**workload, **_pass(layers, law["layer"], law["direction"]), **_quantities(_at(law, place), *fields)}
        for law in (calibration.get("workload_laws") or {}).get("passes", [])
        for place, workload in enumerate(_workloads(calibration))])


def _workload_kernels(calibration: dict) -> Table:
    layers = {"layers": [layer["description"] for layer in calibration["layers"]]}
    return _table(f"{_WORKLOAD} layer kind direction kernel work work_unit time/seconds", [
        {**workload, **_pass(layers, law["layer"], law["direction"]), "kernel": kernel["kernel"],
         "work": kernel["work"][place], "work_unit": kernel["unit"], **_quantities(_at(kernel, place), "time/seconds")}
        for law in (calibration.get("workload_laws") or {}).get("passes", [])
        for kernel in [*law["kernels"], law["between"]]
        for place, workload in enumerate(_workloads(calibration))])


def _workload_profiles(calibration: dict) -> Table:
    return _table(f"{_WORKLOAD} sha256", [
        {**workload, "sha256": sha256} for workload in _workloads(calibration) for sha256 in workload["profiles"]])


_CALIBRATION: "dict[str, Callable[[dict], Table]]" = {
    "passes": _pass_estimates,
    "layers": lambda calibration: _table(
        f"layer kind {_SIZES}", [_sizes(layer["description"]) for layer in calibration["layers"]]),
    "pooled_passes": _pooled_estimates,
    "kernels": _kernels,
    "kernel_costs": _kernel_costs(lambda calibration: [layer["description"] for layer in calibration["layers"]]),
    "pooling_groups": _pooling_groups,
    "pooling_members": _pooling_members,
    "frequencies": _frequencies,
    "time_laws": _time_laws,
    "power_laws": _power_laws,
    "core_groups": lambda calibration: _core_groups(
        [group["group"] for group in calibration.get("frequency_groups") or []]),
    "external_power": lambda calibration: _table("domain name idle_power/watts step_power/watts", [
        {**power, **_quantities(power, "idle_power/watts", "step_power/watts")}
        for power in calibration.get("external_power") or []]),
    "domains": _domains,
    "rejections": lambda calibration: _table("reason count", calibration["rejections"]),
    "profiles": lambda calibration: _table("sha256 created kerf_version", calibration["provenance"]),
    "workload_steps": _workload_steps,
    "workload_passes": _workload_passes,
    "workload_kernels": _workload_kernels,
    "workload_profiles": _workload_profiles,
}


# MARK: decision


_CUT = "cut frequency/hertz delay/seconds device_seconds uplink_seconds server_seconds downlink_seconds " \
    "adapter_seconds latency_seconds overlap_seconds server_energy/joules cost exclusion"


def _cut(cut: dict) -> dict:
    quantities = _quantities(cut, "frequency/hertz", "delay/seconds", "server_energy/joules")
    return {**cut["delay_parts"], **cut, **quantities}


def _cuts(decision: dict) -> "list[dict]":
    confidence, choice = decision.get("confidence") or {}, decision["choice"]
    probabilities = {cut["cut"]: cut["probability"] for cut in reversed(confidence.get("cuts", []))}
    others = confidence.get("indistinguishable_cuts")
    return [
        {**_cut(cut), "chosen": cut["cut"] == choice["cut"], "tied": cut["cut"] in choice["tied_cuts"],
         "probability": probabilities.get(cut["cut"]),
         "indistinguishable": None if others is None else cut["cut"] in others}
        for cut in decision["cuts"]]


# Name, columns and rows of each table of a decision.
_ALTERNATIVES: "list[tuple[str, str, Callable[[dict], list[dict]]]]" = [
    ("cuts", f"{_CUT} chosen tied probability indistinguishable", _cuts),
    ("levels",
     "level cut frequency_hertz delay_seconds server_energy_joules regret regret_ratio obstacle unavailable",
     lambda decision: decision["levels"]),
    ("assumptions",
     "assumption statement deviation/ratio verdict assumed_cut changes_decision regret regret_ratio obstacle",
     lambda decision: [
         {**finding, **_quantity("deviation", "ratio", finding["deviation"])} for finding in decision["findings"]]),
    ("pareto", "weight cut frequency_hertz delay_seconds server_energy_joules", lambda decision: decision["front"]),
    ("baselines", f"baseline {_CUT} delay_saving_percent energy_saving_percent",
     lambda decision: [
         {**_cut(baseline["at"]), **baseline, "baseline": baseline["kind"]} for baseline in decision["baselines"]]),
    ("measurements", "measurement regret_reduction",
     lambda decision: (decision.get("confidence") or {}).get("measurements", [])),
]


def _alternatives(places: "Callable[[dict], list[tuple[dict, dict]]]", prefix: str = "") -> dict:
    """Tables of decisions: of a single one, or of those of all pairs of boxes, whose rows begin with the pair."""

    def table(columns: str, rows: "Callable[[dict], list[dict]]") -> "Callable[[dict], Table]":
        return lambda file: _table(
            f"{prefix} {columns}", [{**row, **pair} for pair, decision in places(file) for row in rows(decision)])

    return {name: table(columns, rows) for name, columns, rows in _ALTERNATIVES}


_DECISION = _alternatives(lambda decision: [({}, decision)])


def _pair(file: dict, pair: dict) -> dict:
    return {"device": file["devices"][pair["device"]]["name"], "server": file["servers"][pair["server"]]["name"]}


def _boxes(file: dict) -> Table:
    return _table("side name cpu_model model_name calibration_sha256 virtual_board", [
        {**box, "side": side} for side in ("device", "server") for box in file[f"{side}s"]])


def _pairs(file: dict) -> Table:
    rows = []
    for pair in file["pairs"]:
        decision = pair.get("decision") or {}
        choice, confidence = decision.get("choice") or {}, decision.get("confidence") or {}
        chosen = next((cut for cut in decision.get("cuts", []) if cut["cut"] == choice["cut"]), {})
        rows.append({
            **pair, **_pair(file, pair), "cut": choice.get("cut"), "kind": choice.get("kind"),
            **_quantities(chosen, "delay/seconds", "server_energy/joules"),
            **_quantities(pair, "device_energy/joules"), "probability": confidence.get("chosen_probability"),
            "expected_regret": confidence.get("expected_regret"),
            "stands": (decision.get("verdict") or {}).get("stands"),
        })
    return _table(
        "device server cut kind delay/seconds server_energy/joules device_energy/joules cost probability "
        "expected_regret stands unavailable", rows)


def _device_choices(file: dict) -> Table:
    rows = []
    for choice in file["device_choices"]:
        row = {"device": file["devices"][choice["device"]]["name"]}
        for field in ("server", "fastest_server"):
            row[field] = None if choice.get(field) is None else file["servers"][choice[field]]["name"]
        for name, unit in (("delay", "seconds"), ("energy", "joules")):
            for bound in ("minimum", "maximum"):
                row[f"{bound}_{name}_{unit}"] = choice[f"{name}_normalizer_{unit}"].get(bound)
        rows.append(row)
    return _table(
        "device server fastest_server minimum_delay_seconds maximum_delay_seconds minimum_energy_joules "
        "maximum_energy_joules", rows)


def _rounds(file: dict) -> Table:
    fields = ["delay/seconds", "server_energy/joules", "device_energy/joules"]
    return _table(f"server chosen {' '.join(fields)} cost missing_devices", [
        {**found, **_quantities(found, *fields), "server": file["servers"][found["server"]]["name"],
         "chosen": found["server"] == file["round"].get("server"), "missing_devices": len(found["missing_devices"])}
        for found in file["round"]["servers"]])


_DECISIONS: "dict[str, Callable[[dict], Table]]" = {
    "boxes": _boxes,
    "pairs": _pairs,
    "device_choices": _device_choices,
    "rounds": _rounds,
    **_alternatives(
        lambda file: [(_pair(file, pair), pair["decision"]) for pair in file["pairs"] if pair.get("decision")],
        "device server"),
}


# MARK: simulation, link, split run


_SIMULATION: "dict[str, Callable[[dict], Table]]" = {
    "policies": lambda simulation: _table(
        "policy delay/seconds server_energy/joules delay_saving/percent energy_saving/percent",
        [{**policy, **_quantities(
            policy, "delay/seconds", "server_energy/joules", "delay_saving/percent", "energy_saving/percent")}
         for policy in simulation["policies"]]),
    "pareto": lambda simulation: _table(
        "weight delay_saving/percent energy_saving/percent",
        [{**point, **_quantities(point, "delay_saving/percent", "energy_saving/percent")}
         for point in simulation["front"]]),
    "cut_counts": lambda simulation: _table("cut count origin", [
        {"cut": cut, "count": count, "origin": "simulated"} for cut, count in enumerate(simulation["cut_counts"])]),
}

_LINK: "dict[str, Callable[[dict], Table]]" = {
    "transfers": lambda link: _table("direction condition bytes sample seconds origin", [
        {**law, "bytes": point["bytes"], "sample": number, "seconds": seconds, "origin": link["origin"]}
        for law in link["laws"] for point in law["points"] for number, seconds in enumerate(point["sample_seconds"])]),
    "points": lambda link: _table("direction condition bytes time/seconds residual_ratio", [
        {**law, **point, **_quantities(point, "time/seconds")} for law in link["laws"] for point in law["points"]]),
    "laws": lambda link: _table("direction condition latency/seconds rate/bits_per_second", [
        {**law, **_quantities(law, "latency/seconds"), **_quantity("rate", "bits_per_second", law["bits_per_second"])}
        for law in link["laws"]]),
}


def _turns(run: dict) -> Table:
    rows = []
    for turn in run["turns"]:
        costs, row = turn.get("costs") or {}, {}
        for side in ("device", "server"):
            for field in ("disturbance", "meter_failure", "reference_seconds"):
                row[f"{side}_{field}"] = costs.get(side, {}).get(field)
        rows.append({
            **costs, **turn, **row, "turn": turn["number"], "steps": len(turn["step_seconds"]), "origin": run["origin"],
        })
    return _table(
        "turn cut first_step steps server_hertz delay_seconds device_seconds uplink_seconds server_seconds "
        "downlink_seconds adapter_seconds overhead_seconds clock_error_seconds device_disturbance server_disturbance "
        "device_meter_failure server_meter_failure device_reference_seconds server_reference_seconds origin", rows)


def _run_steps(run: dict) -> Table:
    rows = []
    for turn in run["turns"]:
        for place, seconds in enumerate(turn["step_seconds"], turn["first_step"]):
            loss = run["losses"][place] if place < len(run["losses"]) else None
            rows.append({
                "turn": turn["number"], "cut": turn["cut"], "step": place + 1, "seconds": seconds, "loss_nats": loss,
                "origin": run["origin"],
            })
    return _table("turn cut step seconds loss_nats origin", rows)


def _activities(run: dict) -> Table:
    rows = []
    for turn in run["turns"]:
        for side in ("device", "server") if turn.get("costs") else ():
            costs, meter = turn["costs"][side], run.get(f"{side}_meter") or {}
            steps = list(enumerate(costs["steps"], turn["first_step"] + 1)) + [(None, costs["outside_steps"])]
            rows += [
                {"turn": turn["number"], "cut": turn["cut"], "step": step, "side": side, "activity": activity,
                 **totals[activity], "origin": run["origin"], "energy_origin": meter.get("origin")}
                for step, totals in steps for activity in ("computing", "sending", "waiting")
            ]
    return _table("turn cut step side activity seconds joules origin energy_origin", rows)


_RUN: "dict[str, Callable[[dict], Table]]" = {"turns": _turns, "steps": _run_steps, "activities": _activities}


# MARK: validation


_TERMS = [
    "delay_seconds", "device_seconds", "uplink_seconds", "server_seconds", "downlink_seconds", "adapter_seconds",
    "overhead_seconds", "server_energy_joules", "device_energy_joules",
]


def _round_origins(validation: dict) -> dict:
    """As Kerf has them: a shaped link makes transfers simulated, a virtual board its side."""
    conditions = validation["conditions"]

    def times(is_simulated: bool) -> str:
        return "simulated" if is_simulated else "measured"

    is_shaped = conditions.get("link_shape") is not None
    boards = {side: conditions[side].get("virtual_board") is not None for side in ("device", "server")}
    return {
        "delay_origin": times(is_shaped or any(boards.values())), "device_origin": times(boards["device"]),
        "server_origin": times(boards["server"]), "device_energy_origin": conditions["device"]["energy_origin"],
        "server_energy_origin": conditions["server"]["energy_origin"],
    }


def _points(validation: dict) -> Table:
    rows = []
    for point in validation["points"]:
        for term in _TERMS:
            comparison = point["terms"][term]
            rows.append({
                **point, **comparison, "term": term, **_quantity("predicted", "value", comparison["predicted"]),
                **_quantity("measured", "value", comparison["measured"]),
                **_quantity("error", "ratio", comparison["error_ratio"]),
            })
    return _table(
        "cut server_hertz used_rounds rejected_rounds term predicted/value measured/value error/ratio share_of_delay "
        "within_predicted agrees predicted_cost measured_cost", rows)


def _regrets(validation: dict) -> Table:
    rows = []
    for regret in validation["regrets"]:
        for unit in ("cost", "delay_seconds", "energy_joules"):
            estimate = regret.get(unit) or {}
            rows.append({
                **regret, "unit": unit, "naive_regret_value": estimate.get("naive_regret"),
                "naive_regret_ratio": estimate.get("naive_ratio"),
                **_quantity("regret", "value", estimate.get("regret")),
                **_quantity("relative_regret", "ratio", estimate.get("ratio")),
            })
    return _table(
        "subject cut frequency_hertz measured_hertz unit naive_regret_value naive_regret_ratio regret/value "
        "relative_regret/ratio reason", rows)


_VALIDATION: "dict[str, Callable[[dict], Table]]" = {
    "rounds": lambda validation: _table(
        "cut server_hertz order repetition steps delay_seconds device_seconds uplink_seconds server_seconds "
        "downlink_seconds adapter_seconds overhead_seconds device_joules server_joules device_idle_watts "
        "server_idle_watts device_reference_seconds server_reference_seconds rejection delay_origin device_origin "
        "server_origin device_energy_origin server_energy_origin",
        [{**measured, **_round_origins(validation)} for measured in validation["rounds"]]),
    "points": _points,
    "terms": lambda validation: _table(
        "term points median_error_ratio median_absolute_error_ratio worst_error_ratio worst_cut worst_hertz "
        "judged_points within_predicted_share compared_points agreeing_share",
        [{**validation["summary"]["terms"][term], "term": term} for term in _TERMS]),
    "regrets": _regrets,
    "assumptions": lambda validation: _table(
        "assumption statement deviation/ratio verdict cut server_hertz calibrated_verdict",
        [{**found, **_quantity("deviation", "ratio", found["deviation"])} for found in validation["assumptions"]]),
    "frequencies": lambda validation: _table("server_hertz rounds time_error/ratio energy_error/ratio", [
        {**error, **_quantities(error, "time_error/ratio", "energy_error/ratio")}
        for error in validation["summary"]["frequencies"]]),
}


# MARK: comparison


def _ratios(comparison: dict) -> Table:
    rows = []
    for side in comparison["comparisons"]:
        for row in side["rows"]:
            rows.append({
                **row["part"], "side": comparison["sides"][side["side"]]["name"], "between_runs": side["between_runs"],
                "part": row["name"], "compared": row["value"], **_quantity("baseline", "value", row["baseline"]),
                **_quantity("other", "value", row["other"]), **_quantity("relative", "ratio", row["ratio"]),
                "verdict": row["verdict"], "detectable_ratio": row.get("detectable_ratio"),
            })
    return _table(
        "side between_runs part family kind layer direction kernel compared baseline/value other/value relative/ratio "
        "verdict detectable_ratio", rows)


def _sides(comparison: dict) -> Table:
    return _table(
        "side kind sha256 runs cpu_model engine_threads pinned running/hertz reference/seconds median_celsius meter "
        "meter_origin",
        [{**side, **_quantities(side, "running/hertz", "reference/seconds"), "side": side["name"],
          "cpu_model": side["box"]["cpu_model"], "meter": side["meter"].get("name"),
          "meter_origin": side["meter"]["origin"]} for side in comparison["sides"]])


_COMPARISON: "dict[str, Callable[[dict], Table]]" = {
    "ratios": _ratios,
    "sides": _sides,
    "side_profiles": lambda comparison: _table("side sha256 created kerf_version", [
        {**profile, "side": side["name"]} for side in comparison["sides"] for profile in side["profiles"]]),
    "error_budget": lambda comparison: _table("family ratios error_rate", comparison["error_budget"]["shares"]),
}


TABLES = {
    "kerf.profile": _PROFILE,
    "kerf.calibration": _CALIBRATION,
    "kerf.comparison": _COMPARISON,
    "kerf.decision": _DECISION,
    "kerf.decisions": _DECISIONS,
    "kerf.simulation": _SIMULATION,
    "kerf.link": _LINK,
    "kerf.run": _RUN,
    "kerf.validation": _VALIDATION,
}
