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
    # The clock is slowed by taking processor time, and the kernel's ticks take theirs of what is left: at 0.8 GHz a larger
    # share than at 3 GHz. So the time grows faster than 1/f, by some percent.
    findings.expect("T(f) = b / f, but for the kernel's ticks", f"{100 * share:.2f} % is fixed", -0.10 <= share <= 0.02)


@case("sweep-other-law", Box(law=Law(idle=3.2, busy=22.0, alpha=2.2, dram_busy=3.5), slow=True))
def sweep_other_law(machine, findings):
    """A box whose power rises less steeply."""
    sweep(machine, findings)


def swept(path):
    return bool(path) and "frequency_sweep" in json.loads(path.read_text())


@case("sweep-user", Box(slow=True))
def sweep_user(machine, findings):
    """As a user: a profile without a sweep that says why; by sudo, and where the user may set the limits, a sweep that restores them."""
    load_rapl(machine)
    machine.do("sysctl -qw kernel.perf_event_paranoid=0; echo 2400000 >$CPUFREQ/policy0/scaling_max_freq")
    before = limits(machine)
    options = ("--budget", "5", "--meter", "perf", "--frequencies", "800mhz,2.4ghz", "--sweep-budget", "15")
    outcome, path = machine.profile("refused", *options, user="ada")
    findings.contains("no sweep, and the cause", outcome.text, "frequency not swept", "run as root (sudo)")
    findings.expect("a profile without a sweep", f"exit status {outcome.status}, {path}",
                    outcome.status == 0 and path and not swept(path))

    outcome, path = machine.profile("sudo", *options, user="ada", by="sudo")
    findings.expect("a sweep by sudo, as printed", f"exit status {outcome.status}: {outcome.line[-120:]}",
                    outcome.status == 0 and swept(path))
    after = limits(machine)
    findings.expect(f"limits restored: {before}", after, after == before)

    machine.do("chown ada $CPUFREQ/policy0/scaling_{min,max}_freq; rm -rf /run/kerf; mkdir /run/kerf; chown ada /run/kerf")
    outcome, path = machine.profile("user", *options, user="ada")
    findings.expect("a sweep by a user who may set the limits", f"exit status {outcome.status}: {outcome.line[-120:]}",
                    outcome.status == 0 and swept(path))
    after = limits(machine)
    findings.expect(f"limits restored: {before}", after, after == before)
    seen = kill_in_sweep(machine, findings, "kerf", user="ada")
    if seen:
        check_restored_in_time(findings, seen)


def limits(machine):
    return machine.do("read_limits; echo $LIMITS").strip()


def kill_in_sweep(machine, findings, victim, user="root"):
    """Kills the victim in a sweep. What functions.sh saw of the limits."""
    outcome = machine.sh(f"kill_in_sweep {victim}", user=user, timeout=900)
    try:
        seen = json.loads(outcome.text.splitlines()[-1])
    except (ValueError, IndexError):
        findings.expect("the sweep was killed", outcome.line, False)
        return None
    findings.expect("in the sweep the limits are others, and there is a watchdog",
                    f"{seen['during']}, process {seen['watchdog']}",
                    seen["during"] != seen["before"] and seen["watchdog"].isdigit())
    return seen


def check_restored_in_time(findings, seen):
    taken = seen["microseconds"]
    findings.expect(f"limits restored within 1 s: {seen['before']}",
                    f"never: {seen['after']}" if taken is None else f"{taken / 1000:.0f} ms",
                    taken is not None and taken <= 1_000_000)


def set_own_limits(machine):
    """Limits and a governor that are not the driver's, so that the driver's own are not taken for restored ones."""
    load_rapl(machine)
    machine.do("echo schedutil >$CPUFREQ/policy0/scaling_governor; echo 2400000 >$CPUFREQ/policy0/scaling_max_freq")


@case("kill-kerf", essential=True)
def kill_kerf(machine, findings):
    """kill -9 of Kerf in a sweep: the watchdog restores the limits within a second."""
    set_own_limits(machine)
    seen = kill_in_sweep(machine, findings, "kerf")
    if seen:
        check_restored_in_time(findings, seen)
        # The record is removed once the limits have been read back.
        nothing = machine.sh("nap 1; kerf restore-frequency")
        findings.contains("nothing is left to restore", nothing.text, "nothing to restore")
        findings.contains("progress is shown from the start", machine.do("cat /tmp/sweep.out"), "kerf: roofline")


@case("kill-watchdog")
def kill_watchdog(machine, findings):
    """kill -9 of the watchdog: the run restores the limits itself."""
    set_own_limits(machine)
    seen = kill_in_sweep(machine, findings, "watchdog")
    if seen:
        findings.expect(f"limits restored at the run's end: {seen['before']}", f"{seen['after']}, exit status {seen['status']}",
                        seen["after"] == seen["before"] and 0 < seen["status"] < 128)
        words = machine.do("cat /tmp/sweep.out")
        findings.contains("the run says why it ended", words, "watchdog")


@case("kill-both")
def kill_both(machine, findings):
    """kill -9 of both: doctor says so, and the command that it names, or the next sweep, restores the limits."""
    set_own_limits(machine)
    seen = kill_in_sweep(machine, findings, "both")
    if not seen:
        return
    before = seen["before"].strip()
    findings.expect("the limits are left changed", seen["after"], seen["after"] != seen["before"])
    found = cpufreq_words(machine)
    findings.contains("doctor names the remedy", found, "not restored", "kerf restore-frequency")
    outcome = machine.sh("sudo kerf restore-frequency", user="ada")
    findings.expect(f"restored by it, as printed: {before}", f"{outcome.line}; {limits(machine)}",
                    outcome.status == 0 and "limits restored" in outcome.line and limits(machine) == before)
    check_nothing_left(machine, findings)

    seen = kill_in_sweep(machine, findings, "both")
    if not seen:
        return
    machine.do("cd $CPUFREQ/policy0; set -- " + before + "; echo $1 >scaling_min_freq; echo $2 >scaling_max_freq")
    check_nothing_left(machine, findings, "after the limits were set by hand, ")

    seen = kill_in_sweep(machine, findings, "both")
    if not seen:
        return
    outcome, path = machine.profile(
        "next", "--budget", "3", "--meter", "perf", "--frequencies", "800mhz,1.6ghz", "--sweep-budget", "6")
    findings.expect(f"the next sweep restores them: {before}", f"exit status {outcome.status}; {limits(machine)}",
                    outcome.status == 0 and swept(path) and limits(machine) == before)


def cpufreq_words(machine):
    probe = next(probe for probe in machine.doctor()["probes"] if probe["name"] == "cpufreq")
    return f"{probe['reason']}; {probe.get('remedy')}"


def check_nothing_left(machine, findings, when=""):
    found = cpufreq_words(machine)
    findings.expect(f"{when}doctor says no more", found, "restore" not in found)
    outcome = machine.sh("kerf restore-frequency")
    findings.expect(f"{when}nothing to restore", outcome.line, outcome.status == 0 and outcome.line == "nothing to restore")


@case("cpufreq-removed", Box(slow=True))
def cpufreq_removed(machine, findings):
    """The cpufreq driver is unloaded in a sweep: a cause and no crash, and nothing wrong is left when it is back."""
    load_rapl(machine)
    script = ('read_limits; old=$LIMITS; while [ "$LIMITS" = "$old" ] && kill -0 $KERF; do nap 0.1; read_limits; done; '
              "rmmod kerf_cpufreq; echo rmmod $?")
    outcome, _ = machine.profile(
        "removed", "--budget", "5", "--meter", "perf", "--frequencies", "800mhz,1.6ghz,3ghz", "--sweep-budget", "40",
        disturbance=script, after=0)
    findings.expect("Kerf ends by itself, without a crash", f"exit status {outcome.status}", outcome.status < 128)
    findings.contains("the driver was unloaded in the sweep", outcome.text, "rmmod 0")
    findings.contains("the cause is named", outcome.text, "cpufreq/policy0")
    check_no_policy(machine, findings)
    machine.load("kerf_cpufreq", slow=1)
    check_nothing_left(machine, findings, "when it is back, ")
    found = limits(machine).split()
    findings.expect("the driver's limits: 800000 3000000", " ".join(found[:2]), found[:2] == ["800000", "3000000"])


def check_no_policy(machine, findings):
    outcome = machine.sh("kerf restore-frequency")
    findings.expect("without the driver there is nothing to restore", outcome.line,
                    outcome.status == 0 and outcome.line == "nothing to restore")
