"""Profiles by every meter against the ground truth, in virtual time."""

import json

from case import (
    calibrate, case, check_energy, check_passes, load_battery, load_chips, load_rapl, pass_energies, total_watts)
from law import Law
from machine import Box


def profile(machine, findings, name, *options, **arguments):
    outcome, path = machine.profile(name, "--require-energy", *options, **arguments)
    if not path:
        findings.expect("a profile is written", f"exit status {outcome.status}: {outcome.line[-200:]}", False)
    return outcome, path


def check_profile(machine, findings, name, *options, **arguments):
    _, path = profile(machine, findings, name, *options, **arguments)
    if path:
        check_energy(machine, findings, path)


def check_rapl(machine, findings, path):
    check_energy(machine, findings, path)
    found = json.loads(path.read_text())
    windows = found["energy_windows"]
    seconds = sum(window["seconds"] for window in windows)
    for domain, watts in machine.law.domain_watts().items():
        sums = [window["joules"][domain] for window in windows if domain in window["joules"]]
        # A window in which a domain could not be read has none of it.
        if len(sums) == len(windows):
            findings.compare(f"{domain} W", watts, {"value": sum(sums) / seconds}, relative=0.005)
    findings.expect("no closure is said to fail", found["checks"]["failures"] or "none", not found["checks"]["failures"])


def check_idle(machine, findings, path):
    """Idle power: the truth is what the counters gained while the guest slept."""
    # Builtins only, so that reading it is no load.
    truth = "/sys/module/kerf_power/parameters/truth"
    seen = machine.do(f"nap 1; read -r before <{truth}; nap 20; read -r after <{truth}; echo $before; echo $after")
    before, after = map(json.loads, seen.splitlines())
    watts = (after["total"] - before["total"]) / (after["ns"] - before["ns"])
    calibration, _ = calibrate(machine, path)
    if calibration:
        findings.compare("idle power W", watts, calibration["idle_power_watts"], relative=0.01)


@case("profile-perf", essential=True)
def profile_perf(machine, findings):
    """RAPL by perf_event."""
    load_rapl(machine)
    outcome, path = profile(machine, findings, "perf", "--budget", "20", "--meter", "perf")
    # The program takes 2 s to start on this processor of 0.2 GFLOP/s, some to find its roof, and 5 s to report.
    findings.expect("--budget 20: all of it within 40 s on a slow processor", f"{outcome.seconds:.1f} s",
                    outcome.seconds <= 40)
    if path:
        check_rapl(machine, findings, path)
        check_idle(machine, findings, path)


@case("profile-powercap")
def profile_powercap(machine, findings):
    """RAPL by powercap."""
    load_rapl(machine)
    _, path = profile(machine, findings, "powercap", "--budget", "20", "--meter", "powercap")
    if path:
        check_rapl(machine, findings, path)
        check_idle(machine, findings, path)


@case("profile-other-law", Box(law=Law(idle=11.3, uncore=0.7, dram=1.9, dram_busy=0.6, busy=41.5), power=(("jitter_us", 60),)))
def other_law(machine, findings):
    """Another box: 56 W in other parts, and counters whose update interval varies by 60 us."""
    load_rapl(machine)
    check_profile(machine, findings, "law", "--budget", "20", "--meter", "perf")


@case("profile-user")
def profile_user(machine, findings):
    """As a user: refused with the cause where the counters are root's, and right where the kernel permits it."""
    load_rapl(machine)
    outcome, path = machine.profile("refused", "--budget", "5", "--meter", "perf", "--require-energy", user="ada")
    findings.expect("exit status 69 or 77 at once", f"exit status {outcome.status}", outcome.status in (69, 77) and not path)
    findings.contains("the cause and the remedy", outcome.text, "permi", "sudo")
    machine.do("sysctl -qw kernel.perf_event_paranoid=0")
    check_profile(machine, findings, "user", "--budget", "20", "--meter", "perf", user="ada")


@case("profile-ina226", drivers=True)
def profile_ina226(machine, findings):
    """A power sensor of the board."""
    load_chips(machine)
    check_profile(machine, findings, "ina226", "--budget", "40", "--meter", "hwmon", "--rails", "ina226-i2c-0-40/power1")


@case("profile-ina3221", drivers=True)
def profile_ina3221(machine, findings):
    """A rail whose power is its voltage times its current."""
    load_chips(machine)
    check_profile(machine, findings, "ina3221", "--budget", "40", "--meter", "hwmon", "--rails", "ina3221-i2c-0-41/in1")


@case("profile-battery", drivers=True)
def profile_battery(machine, findings):
    """A battery that is read once a second."""
    load_battery(machine)
    check_profile(machine, findings, "battery", "--budget", "330", "--meter", "battery", timeout=1800)


@case("wrap-perf", Box(power=(("unit", 24),)))
def wrap_perf(machine, findings):
    """Counters of 256 J by perf_event: the package's wraps every 12 s, which the kernel's driver follows."""
    load_rapl(machine)
    check_profile(machine, findings, "perf", "--budget", "20", "--meter", "perf")


@case("wrap-powercap", Box(power=(("unit", 22),)))
def wrap_powercap(machine, findings):
    """Counters of 1 kJ by powercap: the package's wraps once in the measurements."""
    load_rapl(machine)
    # 18 s of a busy package before the wrap; a counter shows the energy and what it started from.
    package = machine.law.domain_watts()["package-0"]
    start = machine.truth()["package-0"] * 1e-9 + 18 * package
    preload = -round(start * 2**22) % 2**32
    machine.set("kerf_power", preload=preload)
    outcome, path = profile(machine, findings, "powercap", "--budget", "30", "--meter", "powercap", after=0,
                            disturbance="cat /sys/module/kerf_power/parameters/truth")
    if not path:
        return
    first = json.loads(outcome.text.split("bench: ")[-1])
    wraps = [int(truth["package-0"] * 1e-9 * 2**22 + preload) >> 32 for truth in (first, machine.truth())]
    findings.expect("the counter wrapped in the measurements", f"{wraps[0]} wraps before, {wraps[1]} after",
                    wraps == [0, 1])
    # The kernel's driver rounds the unit of 238.4 nJ down to 238: 0.2 %.
    check_energy(machine, findings, path)


@case("wrap-often", Box(power=(("mask", 0xFFFF),)))
def wrap_often(machine, findings):
    """A range of 4 J, 190 ms at full power: right, or refused with that cause and no advice that does not help."""
    machine.load("kerf_powercap")
    outcome, path = machine.profile("wraps", "--budget", "15", "--meter", "powercap")
    if not path:
        findings.expect("a profile is written", f"exit status {outcome.status}: {outcome.line[-200:]}", False)
        return
    calibration, words = calibrate(machine, path)
    if not calibration:
        findings.expect("kerf calibrate takes the profile", words, False)
        return
    quantities = [energy for _, energy, _ in pass_energies(calibration)] + [calibration["step"]["gross_power_watts"]]
    refused = [quantity.get("reason") or "no reason" for quantity in quantities if quantity.get("value") is None]
    if len(refused) < len(quantities):
        check_passes(findings, calibration, machine.law.busy_watts, 0.02, all_known=False)
    if calibration["step"]["gross_power_watts"].get("value") is not None:
        findings.compare("gross power W", machine.law.busy_watts, calibration["step"]["gross_power_watts"], relative=0.01)
    wrong = [reason for reason in refused if "wrap" not in reason or "longer" in reason]
    findings.expect("what is refused names the wraps, and advises nothing that does not help",
                    wrong[0] if wrong else f"{len(refused)} of {len(quantities)} refused: {refused[:1]}", not wrong)


@case("sampling-cost", drivers=True)
def sampling_cost(machine, findings):
    """A chip on a slow bus, whose driver polls: what the sampling of its power takes of the processor is said."""
    machine.load("ina2xx", "kerf_i2c")
    machine.set("kerf_i2c", transfer_us=1000)
    _, path = profile(machine, findings, "slow", "--budget", "60", "--meter", "hwmon", "--rails", "ina226-i2c-0-40/power1")
    if not path:
        return
    calibration = check_energy(machine, findings, path)
    sampling = json.loads(path.read_text())["meter"]["sampling"]
    transfers = 1e-3 / sampling["interval_seconds"]
    findings.expect(f"sampling takes {100 * transfers:.3g} % of the processor in transfers, and a little more",
                    f"{100 * sampling['processor_share']:.3g} %",
                    transfers <= sampling["processor_share"] <= transfers + 0.04)
    findings.contains("the calibration warns of it", " ".join((calibration or {"warnings": []})["warnings"]),
                      "Sampling the power took")


@case("two-packages", Box(cpus=2, packages=2, virtual_time=False))
def two_packages(machine, findings):
    """Two packages, one thread: the total has both; one is busy, the other idles."""
    load_rapl(machine)
    for meter in ("perf", "powercap"):
        _, path = profile(machine, findings, meter, "--budget", "30", "--meter", meter)
        if not path:
            continue
        found = json.loads(path.read_text())
        domains = sorted(found["meter"]["total_of"])
        findings.expect(f"{meter}: both packages and both memories", ", ".join(domains),
                        domains == ["package-0", "package-0/dram", "package-1", "package-1/dram"])
        windows = found["energy_windows"]
        # What else the guest does runs on the second package, so it is not quite idle.
        truth = machine.law.busy_watts + machine.law.idle_watts
        watts = total_watts(found, windows) if windows else 0
        findings.expect(f"{truth:.4g} W and a little more: one package busy, one idle", f"{watts:.4g} W",
                        0.98 * truth <= watts <= 1.12 * truth)
