"""What a case is, and what cases share."""

import dataclasses
import json
import subprocess
import typing

from machine import Box

@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    box: Box
    run: typing.Callable
    essential: bool
    drivers: bool

    @property
    def summary(self):
        return self.run.__doc__.strip().splitlines()[0]


CASES = []


def case(name, box=Box(), essential=False, drivers=False):
    """Registers a function of a machine and its findings. `drivers`: it needs those from the kernel's source."""
    def register(function):
        CASES.append(Case(name, box, function, essential, drivers))
        return function
    return register


def load_rapl(machine):
    """RAPL by both interfaces, and a processor's temperature."""
    machine.load("kerf_msr")
    machine.load("intel_rapl_msr")
    machine.load("rapl")
    machine.load("coretemp")


def load_chips(machine):
    """Monitoring chips. Drivers first: a chip without one would wait for it."""
    machine.load("lm75", "ina2xx", "ina3221", "kerf_i2c")


def load_battery(machine):
    """A battery that is drawn from, with what the box draws."""
    machine.load("test_power", ac_online="off", usb_online="off", battery_voltage=10_000_000)
    machine.do("(exec </dev/null >/dev/null 2>&1 3>&-; follow_with_battery) & disown; nap 2.5")


def calibrate(machine, path):
    """The calibration of one profile, made on the host: it is a pure function of the file."""
    out = path.with_suffix(".calibration.json")
    result = subprocess.run(
        [machine.setup.kerf, "calibrate", path, "--out", out], capture_output=True, text=True)
    if result.returncode != 0:
        return None, result.stderr.strip() or result.stdout.strip()
    return json.loads(out.read_text()), result.stdout


def total_watts(profile, windows):
    """Mean power of windows: what the meter's total counted, over their time."""
    joules = sum(window["joules"][domain] for window in windows for domain in profile["meter"]["total_of"])
    return joules / sum(window["seconds"] for window in windows)


def pass_energies(calibration):
    """Name, energy and time of each pass of each layer that has an energy."""
    for index, layer in enumerate(calibration["layers"]):
        for direction in ("forward", "backward"):
            found = layer[direction]
            energy, time = found["gross_energy_joules"], found["time_seconds"]
            if time.get("value"):
                yield f"layer {index} {direction}", energy, time


def check_energy(machine, findings, path, relative=0.005, layers=0.02):
    """The power of the whole step, and the energy of every pass, against the ground truth."""
    calibration, words = calibrate(machine, path)
    if not calibration:
        findings.expect("kerf calibrate takes the profile", words, False)
        return None
    findings.compare("gross power W", machine.law.busy_watts, calibration["step"]["gross_power_watts"], relative=relative)
    check_passes(findings, calibration, machine.law.busy_watts, layers)
    return calibration


def check_passes(findings, calibration, watts, tolerance, all_known=True):
    """Each pass: watts times its time, within the tolerance or its interval. One row, for the worst pass."""
    worst, wrong, unknown, count = (0.0, "", ""), 0, [], 0
    for name, energy, time in pass_energies(calibration):
        count += 1
        if energy.get("value") is None:
            unknown.append(f"{name}: {energy.get('reason')}")
            continue
        truth = watts * time["value"]
        deviation = energy["value"] / truth - 1
        lower, upper = energy.get("lower"), energy.get("upper")
        if abs(deviation) > tolerance and not (lower is not None and lower <= truth <= upper):
            wrong += 1
        if abs(deviation) >= abs(worst[0]):
            interval = f"{100 * (lower / truth - 1):+.2f} to {100 * (upper / truth - 1):+.2f} %" if lower else ""
            worst = (deviation, name, interval)
    known = count - len(unknown)
    text = f"{known} of {count} known, worst {100 * worst[0]:+.2f} % ({worst[1]})"
    if unknown:
        text += f"; {unknown[0]}"
    findings.expect(f"energy of each pass {watts:.4g} W x time", text,
                    wrong == 0 and count > 0 and (known == count or not all_known), interval=worst[2])


def said(outcome, path):
    """Everything that a run says about itself: its output, and all reasons and rejections in its profile."""
    texts = [outcome.text]

    def collect(value, key=""):
        if isinstance(value, dict):
            for name, part in value.items():
                collect(part, name)
        elif isinstance(value, list):
            for part in value:
                collect(part, key)
        elif isinstance(value, str) and key not in ("created", "kerf_version"):
            texts.append(value)

    if path:
        collect(json.loads(path.read_text()))
    return " ".join(texts)


def step_power(machine, path):
    """The gross power of the step, and the calibration; the power has a reason where it has no value."""
    calibration, words = calibrate(machine, path)
    return (calibration["step"]["gross_power_watts"] if calibration else {"reason": words}), calibration


def right_or_refused(machine, findings, outcome, path, watts=None, tolerance=0.02, causes=(), or_interval=False):
    """After a disturbance: what is stated as energy is right, or there is none and the cause is named.

    `watts` is the ground truth where it is not one busy CPU's. `causes` are said in both cases. Returns the power's value.
    """
    watts = watts or machine.law.busy_watts
    findings.expect("Kerf ends by itself, without a crash", f"exit status {outcome.status}", outcome.status < 128)
    if not path:
        findings.contains("no profile, and the cause", outcome.text, *(causes or ["energy"]))
        return None
    power, calibration = step_power(machine, path)
    if power.get("value") is None:
        reason = power.get("reason") or ""
        findings.expect("no energy, and why", reason or "no reason", reason)
        if causes:
            findings.contains("the cause is named", f"{reason} {said(outcome, path)}", *causes)
        return None
    findings.compare("gross power W", watts, power, relative=tolerance, or_interval=or_interval)
    check_passes(findings, calibration, watts, max(tolerance, 0.02), all_known=False)
    if causes:
        findings.contains("the run says what happened", said(outcome, path), *causes)
    return power["value"]
