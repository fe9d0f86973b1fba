#!/usr/bin/env python3
"""Runs Kerf against the kernel's own drivers, in an emulated machine whose power is known.

    bench.py --kerf PATH [--essential] [--case NAME]... [--law LAW] [--fault SCRIPT] [--jobs N] [--folder DIR]
             [--log FILE] [--list] [--set-up-only]

A stock Debian kernel runs in QEMU, emulated: no KVM, no RAPL, no root. The bench's kernel modules are the hardware; the
drivers intel_rapl_msr, rapl, coretemp, lm75, ina2xx, ina3221, test_power and the cpufreq and powercap cores read it as
they would read a real one, and the release program runs unchanged. Each case is one boot. What it finds is compared
with the ground truth and printed as a table; exits with 1 where a row fails.

--essential runs doctor, one profile in virtual time, and kill -9 in a sweep. --law p0=12,k=20,alpha=2.4 plants another
law of power in all cases; its parts are idle, uncore, busy, alpha, dram, dram_busy, psys (law.py). --fault runs a script
in the guest in the middle of a profile by perf and by powercap, in place of the cases: what Kerf states afterwards has to
be right, or absent with a cause. --log writes everything to a file, and prints a line for each case.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cases_doctor, cases_energy, cases_faults, cases_frequency  # noqa: E401, F401 (they register their cases)
from case import CASES, Case, load_rapl, right_or_refused
from law import Law
from machine import Box, Machine, MachineError
from report import Findings, Report, summary, table
from setup import ROOT, Setup, SetupError


def run_case(case, setup, report):
    """One boot. The seconds it took."""
    began = time.monotonic()
    findings = Findings(report, case.name)
    try:
        with Machine(setup, case.box, setup.folder / "results" / case.name) as machine:
            case.run(machine, findings)
    except MachineError as error:
        findings.expect("the bench runs the case", error, False)
    except Exception as error:
        # Most likely a file of Kerf's without something that a case reads; the other cases go on.
        findings.expect("the bench runs the case", f"{type(error).__name__}: {error}", False)
        traceback.print_exc()
    rows = [row for row in report.rows if row.case == case.name]
    failed = sum(not row.passed for row in rows)
    taken = time.monotonic() - began
    verdict = f"{failed} of {len(rows)} FAILED" if failed else f"{len(rows)} ok"
    print(f"hardware: {case.name}: {verdict}, {taken:.0f} s", flush=True)
    return taken


def planted_fault(script):
    """A case for a script that is given on the command line."""
    def run(machine, findings):
        """The given script, in the middle of a profile."""
        load_rapl(machine)
        machine.load("kerf_throttle")
        for meter in ("perf", "powercap"):
            outcome, path = machine.profile(meter, "--budget", "20", "--meter", meter, disturbance=script)
            right_or_refused(machine, findings, outcome, path)

    return Case("fault", Box(), run, essential=False, drivers=False)


def run_all(cases, setup, report, jobs):
    """In virtual time as many at once as there are CPUs; in real time one after the other, since load shows there."""
    seconds = {}
    virtual = [case for case in cases if case.box.virtual_time]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for case, taken in zip(virtual, pool.map(lambda case: run_case(case, setup, report), virtual)):
            seconds[case.name] = taken
    for case in cases:
        if not case.box.virtual_time:
            seconds[case.name] = run_case(case, setup, report)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kerf", type=pathlib.Path, default=ROOT / ".build/release/kerf", help="the release program")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".build-hardware", help="downloads and results")
    parser.add_argument("--essential", action="store_true", help="only the cases that every change has to pass")
    parser.add_argument("--case", action="append", default=[], metavar="NAME", help="only this case; may be repeated")
    parser.add_argument("--law", type=Law.parsed, help="power of the box, such as busy=20,alpha=2.4")
    parser.add_argument("--fault", metavar="SCRIPT", help="run only a profile with this script in its middle")
    parser.add_argument("--log", type=pathlib.Path, metavar="FILE", help="where everything goes but a short table")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="guests in virtual time at once")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--set-up-only", action="store_true", help="download, build, pack, and end")
    options = parser.parse_args()

    if options.fault and (options.case or options.essential):
        parser.error("--fault is a case of its own")
    cases = [case for case in CASES if not options.case or case.name in options.case]
    if unknown := set(options.case) - {case.name for case in CASES}:
        parser.error(f"no case {', '.join(sorted(unknown))}; --list lists them")
    if options.essential:
        cases = [case for case in cases if case.essential]
    if options.fault:
        cases = [planted_fault(options.fault)]
    if options.law:
        cases = [dataclasses.replace(case, box=dataclasses.replace(case.box, law=options.law)) for case in cases]
    if options.list:
        for case in cases:
            print(f"{case.name:24}{'essential  ' if case.essential else '           '}{case.summary}")
        return

    if not options.log:
        sys.exit(run(cases, options)[0])
    options.log.parent.mkdir(parents=True, exist_ok=True)
    with options.log.open("w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        status, words = run(cases, options)
    # Who calls this may look for the words of a compiler in its output.
    print(re.sub(r"\b(warning|error):", r"\1", words))
    print(f"hardware: all of it is in {options.log}")
    sys.exit(status)


def run(cases, options):
    """Sets up and runs the cases. The exit status, and a short table."""
    began = time.monotonic()
    setup = Setup(options.folder.resolve(), options.kerf.resolve(), with_drivers=any(case.drivers for case in cases))
    try:
        setup.run()
    except SetupError as error:
        print(f"hardware: {error}", file=sys.stderr, flush=True)
        return 1, f"hardware: {error}"
    if options.set_up_only:
        return 0, "hardware: set up"

    report = Report()
    seconds = run_all(cases, setup, report, max(options.jobs, 1))
    order = {case.name: index for index, case in enumerate(cases)}
    rows = sorted(report.rows, key=lambda row: order[row.case])
    print("\n" + table(rows))
    failed = [row for row in rows if not row.passed]
    silent = [case.name for case in cases if not any(row.case == case.name for row in rows)]
    results = setup.folder / "results"
    (results / "table.json").write_text(json.dumps(
        {"seconds": seconds, "rows": [vars(row) for row in rows]}, indent=2, ensure_ascii=False) + "\n")
    end = (f"hardware: {len(rows)} rows of {len(cases)} cases in {time.monotonic() - began:.0f} s, "
           f"{len(failed)} failed; files are in {results}")
    if silent:
        end += f"; nothing was compared in {', '.join(silent)}"
    print("\n" + end, flush=True)
    return (1 if failed or silent else 0), summary(rows, seconds) + "\n" + end


if __name__ == "__main__":
    main()
