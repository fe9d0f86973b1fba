"""Doctor: every driver is found, what is forbidden is said, and each printed remedy works exactly as printed."""

import json
import re
import subprocess

from case import case, load_battery, load_chips, load_rapl
from machine import Box, MachineError


def probe(report, name):
    return next((found for found in report["probes"] if found["name"] == name), {})


def backend(report, name):
    return next((found for found in report["energy"]["backends"] if found["name"] == name), {})


def sensors(report):
    """Value by chip and label."""
    return {(chip["name"], sensor["label"]): sensor["value"] for chip in report["sensor_chips"] for sensor in chip["sensors"]}


def check_rapl(findings, report):
    roles = {domain["identifier"]: domain["role"] for domain in report["energy"]["domains"]}
    findings.expect(
        "domains: package-0, core, uncore, dram, psys", ", ".join(f"{name} {role}" for name, role in roles.items()),
        roles == {"package-0": "counted", "package-0/core": "nested", "package-0/uncore": "nested",
                  "package-0/dram": "counted", "psys": "platform"})
    for name in ("perf", "powercap"):
        found = backend(report, name)
        findings.expect(f"{name} can be used by root", f"{found.get('status')}: {found.get('reason')}",
                        found.get("status") in ("present", "used"))
    policies = report["frequency_policies"]
    seen = policies[0] if policies else {}
    findings.expect(
        "cpufreq: kerf-bench, 7 steps, 0.8 to 3.0 GHz, settable",
        f"{seen.get('driver')}, {len(seen.get('available_hertz', []))} steps, settable {seen.get('settable')}",
        seen.get("driver") == "kerf-bench" and len(seen["available_hertz"]) == 7 and seen["settable"]
        and seen["hardware_maximum_hertz"] == 3e9 and seen["hardware_minimum_hertz"] == 8e8)


@case("doctor", essential=True)
def doctor(machine, findings):
    """Doctor as root and as a user, on a box with RAPL."""
    load_rapl(machine)
    machine.load("lm75", "kerf_i2c")
    machine.load("kerf_throttle", core=3, package=1)
    report = machine.doctor()
    check_rapl(findings, report)
    findings.compare("rated power W", 65, {"value": report["energy"].get("rated_power_watts")}, relative=1e-9)
    findings.compare("update interval ms", 1, {"value": 1e3 * report["energy"].get("update_interval_seconds", 0)}, relative=0.05)
    values = sensors(report)
    core = [value for (chip, _), value in values.items() if chip.startswith("coretemp")]
    findings.expect("coretemp 62 °C", core, core and all(value == 62 for value in core))
    boards = sorted(value for (chip, _), value in values.items() if chip.startswith("lm75"))
    findings.expect("two LM75, 23.5 and 41.5 °C", boards, boards == [23.5, 41.5])
    host = report["host"]
    counts = host.get("core_throttle_count"), host.get("package_throttle_count")
    findings.expect("throttle counts 3 and 1", counts, counts == (3, 1))

    report = machine.doctor(user="ada")
    for name, remedy in (("perf", "perf"), ("powercap", "energy_uj")):
        found = backend(report, name)
        findings.expect(f"{name} as a user: forbidden, with a remedy", f"{found.get('status')}: {found.get('remedy')}",
                        found.get("status") == "forbidden" and remedy in (found.get("remedy") or ""))
    policies = report["frequency_policies"]
    findings.expect("cpufreq as a user: not settable", policies and policies[0]["settable"],
                    policies and not policies[0]["settable"])


@case("doctor-chips", drivers=True)
def doctor_chips(machine, findings):
    """Chips of power and a battery; shunt voltages in their unit; a chip that fails is not one that is missing."""
    load_chips(machine)
    load_battery(machine)
    report = machine.doctor()
    values = sensors(report)
    power = [value for (chip, label), value in values.items() if chip.startswith("ina226") and 6 < value < 40 and "power" in label]
    findings.expect("INA226 shows the box's power", power, power)
    shunts = {label: value for (chip, label), value in values.items() if chip.startswith("ina3221") and label in ("in4", "in5", "in6")}
    # 10 mOhm and at most 2 A.
    findings.expect("INA3221's shunt voltages are below 50 mV", shunts or "not shown", all(abs(value) < 0.05 for value in shunts.values()))
    found = probe(report, "battery")
    findings.expect("the battery is used as a meter", f"{found.get('status')}: {found.get('reason')}", found.get("status") == "present")

    machine.set("kerf_i2c", failing=5)
    report = machine.doctor()
    found = backend(report, "hwmon")
    text = f"{found.get('reason')}; remedy: {found.get('remedy')}"
    findings.expect("hwmon: the chips fail, they are not missing", text,
                    "modprobe" not in text and re.search(r"error|fail|EIO", text))


@case("doctor-two-packages", Box(cpus=2, packages=2, virtual_time=False))
def two_packages(machine, findings):
    """Two packages are counted, and a package without a CPU on line is not in the total in silence."""
    load_rapl(machine)
    report = machine.doctor()
    counted = sorted(domain["identifier"] for domain in report["energy"]["domains"] if domain["role"] == "counted")
    findings.expect("both packages and both memories are counted", ", ".join(counted),
                    counted == ["package-0", "package-0/dram", "package-1", "package-1/dram"])
    machine.do("echo 0 >/sys/devices/system/cpu/cpu1/online")
    report = machine.doctor()
    counted = sorted(domain["identifier"] for domain in report["energy"]["domains"] if domain["role"] == "counted")
    findings.expect("one package after its neighbor's only CPU went off line", ", ".join(counted),
                    counted == ["package-0", "package-0/dram"])
    machine.do("echo 1 >/sys/devices/system/cpu/cpu1/online")
    report = machine.doctor()
    counted = [domain["identifier"] for domain in report["energy"]["domains"] if domain["role"] == "counted"]
    findings.expect("both again, with the CPU", ", ".join(counted), len(counted) == 4)


# Remedies, exactly as printed


def alternatives(remedy):
    """The commands of a remedy that a user would copy, one list for each alternative."""
    found = []
    for part in re.split(r"; or(?: for all users)?:? ", remedy):
        if rule := re.search(r"as root put (.*) in one line into (\S+), then: (.*?)(?: \(log in again\)|$)", part):
            text, file, commands = rule.groups()
            quoted = text.replace("'", "'\\''")
            found.append(("root", f"printf '%s\\n' '{quoted}' >{file}; " + commands.replace("USER", "ada")))
        elif line := re.search(r"sudo .*?(?= \(|;|$)", part):
            found.append(("ada", line.group()))
    return found


UNDO = """
setcap -r /opt/kerf/kerf 2>/dev/null
sysctl -qw kernel.perf_event_paranoid=3
rm -f /etc/udev/rules.d/*
chgrp root /sys/class/powercap/*/energy_uj && chmod 0400 /sys/class/powercap/*/energy_uj
"""


@case("remedies", Box(virtual_time=False))
def remedies(machine, findings):
    """Each remedy for a forbidden meter, applied as printed, makes the meter available to the user."""
    load_rapl(machine)
    machine.do("/usr/lib/systemd/systemd-udevd --daemon; nap 1")
    found = 0
    for name in ("perf", "powercap"):
        machine.do(UNDO)
        printed = backend(machine.doctor(user="ada"), name).get("remedy") or ""
        for user, line in alternatives(printed):
            found += 1
            machine.do(UNDO)
            outcome = machine.sh(line, user=user)
            machine.do("udevadm settle; nap 0.5")
            after = backend(machine.doctor(user="ada"), name)
            findings.expect(
                f"{name} after: {line[:60]}", f"exit status {outcome.status} {outcome.line[-80:]}; {after.get('status')}: {after.get('reason')}",
                outcome.status == 0 and after.get("status") in ("present", "used"))
    findings.expect("the remedies name commands", f"{found} commands", found >= 4)


@case("remedies-drivers", Box(virtual_time=False))
def remedies_of_drivers(machine, findings):
    """On a box whose drivers are not loaded, the printed commands load them."""
    machine.load("kerf_msr")
    for name in ("perf", "powercap"):
        printed = backend(machine.doctor(), name)
        lines = alternatives(printed.get("remedy") or "")
        findings.expect(f"{name}: a command is printed", printed.get("remedy"), lines)
        for user, line in lines[:1]:
            outcome = machine.sh(line, user=user)
            after = backend(machine.doctor(), name)
            findings.expect(f"{name} after: {line}", f"exit status {outcome.status} {outcome.line[-80:]}; {after.get('status')}: {after.get('reason')}",
                            outcome.status == 0 and after.get("status") in ("present", "used"))


@case("capture", drivers=True)
def capture(machine, findings):
    """A capture made in the guest shows the same doctor when it is replayed on the host."""
    load_rapl(machine)
    load_chips(machine)
    machine.load("kerf_throttle", core=3, package=1)
    there = machine.doctor()
    outcome = machine.sh("kerf capture --out /tmp/box.tar && cp /tmp/box.tar /mnt/")
    findings.expect("kerf capture", f"exit status {outcome.status} {outcome.line[-100:]}", outcome.status == 0)
    archive = machine.folder / "box.tar"
    if not archive.is_file():
        return
    names = subprocess.run(["tar", "-tf", archive], capture_output=True, text=True).stdout
    findings.expect("no kernel addresses of crash_notes", [name for name in names.splitlines() if "crash_notes" in name][:2],
                    "crash_notes" not in names)
    result = subprocess.run([machine.setup.kerf, "replay", archive, "--", "doctor", "--json"], capture_output=True, text=True)
    try:
        here = json.loads(result.stdout)
    except ValueError:
        findings.expect("kerf replay -- doctor", f"exit status {result.returncode} {result.stderr}", False)
        return
    for what, of in {
        "domains": lambda report: [(domain["identifier"], domain["role"]) for domain in report["energy"]["domains"]],
        "chips and sensors": lambda report: sorted(sensors(report)),
        "temperatures": lambda report: sorted(value for (_, label), value in sensors(report).items() if "temp" in label or "Core" in label),
        "policies": lambda report: [(policy["name"], policy.get("driver"), policy["available_hertz"]) for policy in report["frequency_policies"]],
        "processor": lambda report: [report["host"].get(name) for name in ("cpu_model", "cpu_family", "cpu_model_number", "cores", "kernel_release")],
        "throttle counts": lambda report: [report["host"].get(name) for name in ("core_throttle_count", "package_throttle_count")],
    }.items():
        findings.expect(f"the same {what}", f"there {of(there)}, here {of(here)}" if of(there) != of(here) else of(here), of(there) == of(here))
    findings.expect("a recording is never measured", here.get("origin"), here.get("origin") != "measured")
