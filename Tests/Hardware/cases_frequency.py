"""Frequency sweeps below the real cpufreq core: the law that was set, and limits restored however a run ends."""

import json

from case import calibrate, case, load_rapl
from law import Law
from machine import Box


@case("sweep", Box(slow=True))
def sweep(machine, findings):
    """Five frequencies on a clock that really slows: the law of power, and the limits restored."""
    load_rapl(machine)
    machine.do("read_limits; echo $LIMITS >/tmp/before")
    outcome, path = machine.profile(
        "sweep", "--budget", "5", "--meter", "perf", "--frequencies", "5", "--sweep-budget", "60", timeout=1500)
    after = machine.do("read_limits; echo $LIMITS; cat /tmp/before").splitlines()
    findings.expect("limits and governor as before", after[0], after[0] == after[1])
    if not path:
        findings.expect("a profile is written", f"exit status {outcome.status}: {outcome.line[-200:]}", False)
        return
    calibration, words = calibrate(machine, path)
    laws = (calibration or {}).get("frequency_laws") or {}
    if not laws.get("gross_power"):
        findings.expect("laws of frequency are fitted", words, False)
        return
    power = laws["gross_power"]
    law = machine.law
    findings.compare("P0 W", law.static_watts, power["static_watts"], relative=0.01)
    findings.compare("k W", law.busy * (laws["reference_hertz"] / 3e9) ** law.alpha, power["dynamic_watts"], relative=0.01)
    findings.compare("alpha", law.alpha, power["exponent"], absolute=0.03)
    fixed, cycles = laws["step_time"]["fixed_seconds"], laws["step_time"]["cycles"]
    share = fixed["value"] / (fixed["value"] + cycles["value"] / laws["reference_hertz"])
    findings.expect("T(f) = b / f: no fixed part", f"{100 * share:.2f} % is fixed", abs(share) <= 0.02)


@case("sweep-other-law", Box(law=Law(idle=3.2, busy=22.0, alpha=2.2, dram_busy=3.5), slow=True))
def sweep_other_law(machine, findings):
    """A box whose power rises less steeply."""
    sweep(machine, findings)


@case("sweep-user", Box(slow=True))
def sweep_user(machine, findings):
    """As a user: the profile is made without a sweep and says why; with write access the limits are restored."""
    load_rapl(machine)
    machine.do("sysctl -qw kernel.perf_event_paranoid=0")
    options = ("--budget", "5", "--meter", "perf", "--frequencies", "800mhz,3ghz", "--sweep-budget", "15")
    outcome, path = machine.profile("refused", *options, user="ada")
    findings.contains("no sweep, and the cause", outcome.text, "root")
    findings.expect("a profile without a sweep", path and sorted(json.loads(path.read_text()))[:3],
                    path and "frequency_sweep" not in json.loads(path.read_text()))


def kill_case(victim):
    """Sweeps with limits that are not the driver's, kills the victim, and checks what is left."""
    def run(machine, findings):
        load_rapl(machine)
        machine.do("echo schedutil >$CPUFREQ/policy0/scaling_governor; echo 2400000 >$CPUFREQ/policy0/scaling_max_freq")
        outcome = machine.sh(f"kill_in_sweep {victim}", timeout=900)
        try:
            seen = json.loads(outcome.text.splitlines()[-1])
        except (ValueError, IndexError):
            findings.expect("the sweep was killed", outcome.line, False)
            return None
        findings.expect("in the sweep the limits are others", seen["during"], seen["during"] != seen["before"])
        return seen
    return run


@case("kill-kerf", essential=True)
def kill_kerf(machine, findings):
    """kill -9 of Kerf in a sweep: the watchdog restores the limits within a second."""
    seen = kill_case("kerf")(machine, findings)
    if seen:
        taken = seen["microseconds"]
        findings.expect(f"limits restored within 1 s: {seen['before']}", "never: " + seen["after"] if taken is None else f"{taken / 1000:.0f} ms",
                        taken is not None and taken <= 1_000_000)
        # The record is removed once the limits have been read back.
        nothing = machine.sh("nap 1; kerf restore-frequency")
        findings.contains("nothing is left to restore", nothing.text, "nothing to restore")


@case("kill-watchdog")
def kill_watchdog(machine, findings):
    """kill -9 of the watchdog: the run restores the limits itself."""
    seen = kill_case("watchdog")(machine, findings)
    if seen:
        findings.expect(f"limits restored at the run's end: {seen['before']}", f"{seen['after']}, exit status {seen['status']}",
                        seen["after"] == seen["before"] and seen["status"] < 128)


@case("kill-both")
def kill_both(machine, findings):
    """kill -9 of both: doctor says so, and the command that it names restores the limits."""
    seen = kill_case("both")(machine, findings)
    if not seen:
        return
    findings.expect("the limits are left changed", seen["after"], seen["after"] != seen["before"])
    probes = {probe["name"]: probe for probe in machine.doctor()["probes"]}
    cpufreq = probes["cpufreq"]
    findings.contains("doctor names the remedy", f"{cpufreq['reason']}; {cpufreq.get('remedy')}", "restore-frequency")
    outcome = machine.sh("sudo kerf restore-frequency; status=$?; read_limits; echo $LIMITS; exit $status")
    findings.expect(f"restored by it: {seen['before']}", outcome.line, outcome.status == 0 and seen["before"].strip() in outcome.line)


@case("cpufreq-removed", Box(slow=True))
def cpufreq_removed(machine, findings):
    """The cpufreq driver is unloaded in a sweep: a cause and no crash, and nothing wrong is left when it is back."""
    load_rapl(machine)
    outcome, _ = machine.profile(
        "removed", "--budget", "5", "--meter", "perf", "--frequencies", "800mhz,1.6ghz,3ghz", "--sweep-budget", "40",
        disturbance="read_limits; old=$LIMITS; while [ \"$LIMITS\" = \"$old\" ] && kill -0 $KERF; do nap 0.1; read_limits; done; rmmod kerf_cpufreq; echo rmmod $?",
        after=0)
    findings.expect("Kerf ends by itself, without a crash", f"exit status {outcome.status}", outcome.status < 128)
    findings.contains("the driver was unloaded in the sweep", outcome.text, "rmmod 0")
    findings.contains("the cause is named", outcome.text, "cpufreq")
    machine.load("kerf_cpufreq", slow=1)
    machine.sh("kerf restore-frequency")
    limits = machine.do("read_limits; echo $LIMITS").split()
    findings.expect("the driver's limits when it is back: 800000 3000000", " ".join(limits[:2]), limits[:2] == ["800000", "3000000"])
