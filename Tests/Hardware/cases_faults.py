"""Faults in the middle of a run: what Kerf states afterwards is right, or refused with the cause."""

import json

from case import case, load_chips, load_rapl, right_or_refused, said
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
    right_or_refused(machine, findings, outcome, path, causes=("counters stood still",))


@case("counter-pauses")
def counter_pauses(machine, findings):
    """All counters stand still for three seconds: nobody knows what they missed, so there is no energy, and why."""
    load_rapl(machine)
    script = f"{machine.setting('kerf_power', 'stopped', 0x1F)}; nap 3; {machine.setting('kerf_power', 'stopped', 0)}"
    for meter in ("perf", "powercap"):
        outcome, path = machine.profile(meter, "--budget", "20", "--meter", meter, disturbance=script)
        right_or_refused(machine, findings, outcome, path, causes=("counters stood still",))


@case("counter-restarts")
def counter_restarts(machine, findings):
    """The counters start again from zero, as after suspend: no window has a wrap of 262 kJ."""
    load_rapl(machine)
    for meter in ("perf", "powercap"):
        outcome, path = machine.profile(meter, "--budget", "20", "--meter", meter,
                                        disturbance=machine.setting("kerf_power", "restart", 1))
        right_or_refused(machine, findings, outcome, path)
        if path:
            windows = json.loads(path.read_text())["energy_windows"]
            most = max((window["joules"]["package-0"] / window["seconds"] for window in windows), default=0)
            limit = 1.05 * machine.law.busy_watts
            findings.expect(f"{meter}: no window above {limit:.4g} W", f"{most:.4g} W in {len(windows)} windows", most < limit)
            # By perf one window is lost, which may lie between two.
            if not windows:
                findings.contains(f"{meter}: the cause", said(outcome, path), "it was reset")


@case("package-stops", Box(cpus=2, packages=2, virtual_time=False))
def package_stops(machine, findings):
    """One package's counters stand still while the total goes on: every counted domain has to move, or is reported."""
    load_rapl(machine)
    for meter in ("perf", "powercap"):
        outcome, path = machine.profile(meter, "--budget", "20", "--meter", meter,
                                        disturbance=machine.setting("kerf_power", "stopped", 0x1F << 5))
        right_or_refused(machine, findings, outcome, path, idle_neighbor(machine), tolerance=0.12,
                         causes=("package-1", "stood still"))
        machine.set("kerf_power", stopped=0)


@case("package-off", Box(cpus=2, packages=2, virtual_time=False))
def package_off(machine, findings):
    """The second package's only CPU goes off line midway, and its counters with it."""
    load_rapl(machine)
    for meter in ("perf", "powercap"):
        outcome, path = machine.profile(meter, "--budget", "30", "--meter", meter,
                                        disturbance="echo 0 >/sys/devices/system/cpu/cpu1/online")
        right_or_refused(machine, findings, outcome, path, idle_neighbor(machine), tolerance=0.12,
                         # The number of its zone depends on how many the first package and the platform have.
                         causes=("package-1",) if meter == "perf" else ("energy_uj", "No such device"))
        machine.do("echo 1 >/sys/devices/system/cpu/cpu1/online; nap 1")


@case("dram-stops")
def dram_stops(machine, findings):
    """The memory's counter stands still, a part of the total."""
    load_rapl(machine)
    for meter in ("perf", "powercap"):
        outcome, path = machine.profile(meter, "--budget", "20", "--meter", meter,
                                        disturbance=machine.setting("kerf_power", "stopped", 1 << 3))
        right_or_refused(machine, findings, outcome, path, causes=("package-0/dram", "stood still"))
        machine.set("kerf_power", stopped=0)


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
    outcome, path = machine.profile("reload", *POWERCAP, disturbance="rmmod intel_rapl_msr; echo rmmod $?; nap 2; modprobe intel_rapl_msr")
    findings.contains("the driver was unloaded", outcome.text, "rmmod 0")
    right_or_refused(machine, findings, outcome, path, causes=("energy_uj", "No such device"))
    found = next(item for item in machine.doctor()["energy"]["backends"] if item["name"] == "powercap")
    findings.expect("it is used again", f"{found['status']}: {found['reason']}", found["status"] == "present")


@case("pmu-removed")
def pmu_removed(machine, findings):
    """The rapl PMU cannot be unloaded while it is counted with, and the run goes on."""
    load_rapl(machine)
    outcome, path = machine.profile("pmu", "--budget", "20", "--meter", "perf", disturbance="rmmod rapl; echo rmmod $?")
    findings.contains("the kernel keeps the module", outcome.text, "rmmod 1")
    right_or_refused(machine, findings, outcome, path)


@case("read-error")
def read_error(machine, findings):
    """Two reads of the package's counter fail with EIO: those windows only."""
    load_rapl(machine)
    outcome, path = machine.profile("eio", *POWERCAP, disturbance=machine.setting("kerf_msr", "failing_reads", 2))
    check_transient(machine, findings, outcome, path)


@case("chip-read-error", drivers=True)
def chip_read_error(machine, findings):
    """Two transfers of a chip fail with EIO, three times: those windows only."""
    load_chips(machine)
    # Several times, since one may fall between two windows.
    script = f"for time in 1 2 3; do {machine.setting('kerf_i2c', 'failing_transfers', 2)}; nap 0.7; done"
    outcome, path = machine.profile("eio", *INA226, disturbance=script)
    check_transient(machine, findings, outcome, path, most=4)


def check_transient(machine, findings, outcome, path, most=2):
    watts = right_or_refused(machine, findings, outcome, path)
    findings.expect("energy is known in spite of it", f"{watts} W", watts)
    if path:
        lost = rejected(path, "could not be read")
        findings.expect(f"1 to {most} windows are lost", json.dumps(lost), 1 <= sum(item["count"] for item in lost) <= most)


@case("chip-unbound", drivers=True)
def chip_unbound(machine, findings):
    """The meter's chip goes away for good."""
    load_chips(machine)
    driver = "/sys/bus/i2c/drivers/ina2xx"
    outcome, path = machine.profile("unbound", *INA226, disturbance=f"echo 0-0040 >{driver}/unbind; echo unbind $?")
    findings.contains("the chip was unbound", outcome.text, "unbind 0")
    right_or_refused(machine, findings, outcome, path, causes=("power1_input", "No such device"))
    again, path = machine.profile("gone", *INA226, "--require-energy")
    findings.expect("a run that names it is refused: exit status 69", f"exit status {again.status}",
                    again.status == 69 and not path)
    findings.contains("with the name", again.text, "ina226-i2c-0-40/power1")
    machine.do(f"echo 0-0040 >{driver}/bind")
    chips = [chip["name"] for chip in machine.doctor()["sensor_chips"]]
    findings.expect("bound again, doctor shows it", ", ".join(chips), "ina226-i2c-0-40" in chips)


@case("sensor-of-nonsense", drivers=True)
def sensor_of_nonsense(machine, findings):
    """A power sensor shows its highest value, 410 W, for a moment: the power is right, or its interval says how well it is known."""
    load_chips(machine)
    script = f"{machine.setting('kerf_i2c', 'odd', 65535)}; nap 0.2; {machine.setting('kerf_i2c', 'odd', -1)}"
    outcome, path = machine.profile("odd", *INA226, disturbance=script)
    right_or_refused(machine, findings, outcome, path, or_interval=True)


@case("throttled")
def throttled(machine, findings):
    """Throttle counts rise for two seconds: the windows of that time are rejected and counted by that cause."""
    load_rapl(machine)
    machine.load("kerf_throttle")
    # Several times, since one may fall between two windows.
    script = (f"for count in 1 2 3 4 5; do {machine.setting('kerf_throttle', 'core', '$count')}; nap 0.2; "
              f"{machine.setting('kerf_throttle', 'package', '$count')}; nap 0.2; done")
    outcome, path = machine.profile("throttled", *POWERCAP, disturbance=script)
    watts = right_or_refused(machine, findings, outcome, path)
    findings.expect("energy is known in spite of it", f"{watts} W", watts)
    if path:
        found = rejected(path, "throttl")
        findings.expect("two or more rejections for throttling", json.dumps(found), sum(item["count"] for item in found) >= 2)
        causes = {item["cause"]: item["count"] for item in json.loads(path.read_text())["disturbances"]["causes"]}
        findings.expect("counted by that cause", causes, causes.get("thermal throttling", 0) >= 2)


@case("cpu-off-and-on", Box(cpus=2, virtual_time=False))
def cpu_off_and_on(machine, findings):
    """A CPU goes off line and comes back: the run ends with energy that is right, or with the cause."""
    load_rapl(machine)
    script = "echo 0 >/sys/devices/system/cpu/cpu1/online; nap 3; echo 1 >/sys/devices/system/cpu/cpu1/online"
    outcome, path = machine.profile("cpu", "--budget", "30", "--meter", "powercap", disturbance=script)
    # One of two CPUs is busy, so memory draws half of what it can more; the guest's own work on the other comes on top.
    right_or_refused(machine, findings, outcome, path, machine.law.busy_watts - machine.law.dram_busy / 2, tolerance=0.15)
