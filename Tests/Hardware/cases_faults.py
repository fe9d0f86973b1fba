"""Faults in the middle of a run: what Kerf states afterwards is right, or refused with the cause."""

import json

from case import calibrate, case, load_chips, load_rapl, right_or_refused, said
from machine import Box

POWERCAP = ("--budget", "20", "--meter", "powercap")
INA226 = ("--budget", "20", "--meter", "hwmon", "--rails", "ina226-i2c-0-40/power1")


def rejected(path, *words):
    """Rejections whose reason has one of the words."""
    return [item for item in json.loads(path.read_text())["rejections"]
            if any(word in json.dumps(item).lower() for word in words)]


def idle_neighbor(machine):
    """Two packages, one busy and one idle."""
    return machine.law.busy_watts + machine.law.idle_watts


@case("counter-stops")
def counter_stops(machine, findings):
    """All counters stand still for the rest of the run."""
    load_rapl(machine)
    outcome, path = machine.profile("stops", *POWERCAP, disturbance=machine.setting("kerf_power", "stopped", 0x1F))
    right_or_refused(machine, findings, outcome, path, causes=("counter",))


@case("counter-pauses")
def counter_pauses(machine, findings):
    """All counters stand still for three seconds: only the windows of that time are lost."""
    load_rapl(machine)
    script = f"{machine.setting('kerf_power', 'stopped', 0x1F)}; nap 3; {machine.setting('kerf_power', 'stopped', 0)}"
    for meter in ("perf", "powercap"):
        outcome, path = machine.profile(meter, "--budget", "25", "--meter", meter, disturbance=script)
        right_or_refused(machine, findings, outcome, path)
        if path:
            calibration, words = calibrate(machine, path)
            power = calibration["step"]["gross_power_watts"] if calibration else {"reason": words}
            findings.expect(f"{meter}: energy is known in spite of it", power.get("value") or power.get("reason"), power.get("value"))


@case("counter-restarts")
def counter_restarts(machine, findings):
    """The counters start again from zero, as after suspend: no window has a wrap of 262 kJ."""
    load_rapl(machine)
    outcome, path = machine.profile("restarts", *POWERCAP, disturbance=machine.setting("kerf_power", "restart", 1))
    right_or_refused(machine, findings, outcome, path)
    if path:
        windows = json.loads(path.read_text())["energy_windows"]
        most = max((window["joules"]["package-0"] / window["seconds"] for window in windows), default=0)
        limit = 1.05 * machine.law.busy_watts
        findings.expect(f"no window above {limit:.4g} W", f"{most:.4g} W", 0 < most < limit)


@case("package-stops", Box(cpus=2, packages=2, virtual_time=False))
def package_stops(machine, findings):
    """One package's counters stand still while the total goes on: every counted domain has to move, or is reported."""
    load_rapl(machine)
    outcome, path = machine.profile("package", "--budget", "30", "--meter", "perf",
                                    disturbance=machine.setting("kerf_power", "stopped", 0x1F << 5))
    right_or_refused(machine, findings, outcome, path, idle_neighbor(machine), tolerance=0.12, causes=("package-1",))


@case("package-off", Box(cpus=2, packages=2, virtual_time=False))
def package_off(machine, findings):
    """The second package's only CPU goes off line midway."""
    load_rapl(machine)
    outcome, path = machine.profile("package", "--budget", "30", "--meter", "perf",
                                    disturbance="echo 0 >/sys/devices/system/cpu/cpu1/online")
    right_or_refused(machine, findings, outcome, path, idle_neighbor(machine), tolerance=0.12, causes=("package-1",))


@case("dram-stops")
def dram_stops(machine, findings):
    """The memory's counter stands still, a part of the total."""
    load_rapl(machine)
    outcome, path = machine.profile("dram", *POWERCAP, disturbance=machine.setting("kerf_power", "stopped", 1 << 3))
    right_or_refused(machine, findings, outcome, path, causes=("dram",))


@case("zone-disabled")
def zone_disabled(machine, findings):
    """The package's power limits are disabled midway: the counter goes on, and so does the run."""
    load_rapl(machine)
    outcome, path = machine.profile("zone", *POWERCAP, disturbance="echo 0 >/sys/class/powercap/intel-rapl:0/enabled; echo $?")
    right_or_refused(machine, findings, outcome, path, tolerance=0.005)
    enabled = machine.do("cat /sys/class/powercap/intel-rapl:0/enabled").strip()
    findings.expect("the zone is disabled", enabled, enabled == "0")
    findings.expect("a profile with energy", path and len(json.loads(path.read_text())["energy_windows"]), path)


@case("driver-reloaded")
def driver_reloaded(machine, findings):
    """intel_rapl_msr is unloaded and loaded again midway: its zones are others, with the same names."""
    load_rapl(machine)
    outcome, path = machine.profile("reload", *POWERCAP, disturbance="rmmod intel_rapl_msr; echo $?; nap 2; modprobe intel_rapl_msr")
    right_or_refused(machine, findings, outcome, path)
    findings.contains("the run says that the counters went away", said(outcome, path), "energy_uj")


@case("pmu-removed")
def pmu_removed(machine, findings):
    """The rapl PMU cannot be unloaded while it is counted with, and the run goes on."""
    load_rapl(machine)
    outcome, path = machine.profile("pmu", "--budget", "20", "--meter", "perf", disturbance="rmmod rapl; echo rmmod $?")
    findings.contains("the kernel keeps the module", outcome.text, "rmmod 1")
    right_or_refused(machine, findings, outcome, path)


@case("read-error")
def read_error(machine, findings):
    """Two reads of a counter fail with EIO: those windows only."""
    load_rapl(machine)
    outcome, path = machine.profile("eio", *POWERCAP, disturbance=machine.setting("kerf_msr", "failing_reads", 2))
    check_transient(machine, findings, outcome, path)


@case("chip-read-error", drivers=True)
def chip_read_error(machine, findings):
    """Two transfers of a chip fail with EIO: those windows only."""
    load_chips(machine)
    outcome, path = machine.profile("eio", *INA226, disturbance=machine.setting("kerf_i2c", "failing_transfers", 2))
    check_transient(machine, findings, outcome, path)


def check_transient(machine, findings, outcome, path):
    right_or_refused(machine, findings, outcome, path)
    if path:
        calibration, words = calibrate(machine, path)
        power = calibration["step"]["gross_power_watts"] if calibration else {"reason": words}
        findings.expect("energy is known in spite of it", power.get("value") or power.get("reason"), power.get("value"))
        findings.contains("the error is reported", said(outcome, path), "Input/output error")


@case("chip-unbound", drivers=True)
def chip_unbound(machine, findings):
    """The meter's chip goes away for good."""
    load_chips(machine)
    outcome, path = machine.profile("unbound", *INA226, disturbance="echo 0-0040 >/sys/bus/i2c/drivers/ina2xx/unbind")
    right_or_refused(machine, findings, outcome, path, causes=("ina226",))


@case("sensor-of-nonsense", drivers=True)
def sensor_of_nonsense(machine, findings):
    """A power sensor shows its highest value, 410 W, for two seconds: those windows are not in the result."""
    load_chips(machine)
    script = f"{machine.setting('kerf_i2c', 'odd', 65535)}; nap 2; {machine.setting('kerf_i2c', 'odd', -1)}"
    outcome, path = machine.profile("odd", *INA226, disturbance=script)
    right_or_refused(machine, findings, outcome, path)


@case("throttled")
def throttled(machine, findings):
    """Throttle counts rise twice: the windows of that time are rejected and counted by that cause."""
    load_rapl(machine)
    machine.load("kerf_throttle")
    script = f"{machine.setting('kerf_throttle', 'core', 5)}; nap 2; {machine.setting('kerf_throttle', 'package', 2)}"
    outcome, path = machine.profile("throttled", *POWERCAP, disturbance=script)
    right_or_refused(machine, findings, outcome, path)
    if path:
        found = rejected(path, "throttl")
        findings.expect("two or more rejections for throttling", json.dumps(found), found)


@case("cpu-off-and-on", Box(cpus=2, virtual_time=False))
def cpu_off_and_on(machine, findings):
    """A CPU goes off line and comes back: the run ends with energy that is right, or with the cause."""
    load_rapl(machine)
    script = "echo 0 >/sys/devices/system/cpu/cpu1/online; nap 3; echo 1 >/sys/devices/system/cpu/cpu1/online"
    outcome, path = machine.profile("cpu", "--budget", "30", "--meter", "powercap", disturbance=script)
    # One of two CPUs is busy, so memory draws half of what it can more; the guest's own work on the other comes on top.
    right_or_refused(machine, findings, outcome, path, machine.law.busy_watts - machine.law.dram_busy / 2, tolerance=0.15)
