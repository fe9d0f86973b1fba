#!/usr/bin/env python3
"""Runs Kerf against the kernel's own drivers, in an emulated machine whose power is known.

    bench.py --kerf PATH [--essential] [--case NAME]... [--law LAW] [--jobs N] [--folder DIR] [--list] [--set-up-only]

A stock Debian kernel runs in QEMU, emulated: no KVM, no RAPL, no root. The bench's kernel modules are the hardware; the
drivers intel_rapl_msr, rapl, coretemp, lm75, ina2xx, ina3221, test_power and the cpufreq and powercap cores read it as
they would read a real one, and the release program runs unchanged. Each case is one boot. What it finds is compared
with the ground truth and printed as a table; exits with 1 where a row fails.

--essential runs doctor, one profile in virtual time, and kill -9 in a sweep. --law busy=20,alpha=2.4 plants another law
of power in all cases: idle, uncore, busy, alpha, dram, dram_busy, psys (law.py).
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cases_doctor, cases_energy, cases_faults, cases_frequency  # noqa: E401, F401 (they register their cases)
from case import CASES
from law import Law
from machine import Machine, MachineError
from report import Findings, Report, table
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="guests in virtual time at once")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--set-up-only", action="store_true", help="download, build, pack, and end")
    options = parser.parse_args()

    cases = [case for case in CASES if not options.case or case.name in options.case]
    if unknown := set(options.case) - {case.name for case in CASES}:
        parser.error(f"no case {', '.join(sorted(unknown))}; --list lists them")
    if options.essential:
        cases = [case for case in cases if case.essential]
    if options.law:
        cases = [dataclasses.replace(case, box=dataclasses.replace(case.box, law=options.law)) for case in cases]
    if options.list:
        for case in cases:
            print(f"{case.name:24}{'essential  ' if case.essential else '           '}{case.summary}")
        return

    setup = Setup(options.folder.resolve(), options.kerf.resolve(), with_drivers=any(case.drivers for case in cases))
    try:
        setup.run()
    except SetupError as error:
        sys.exit(f"hardware: {error}")
    if options.set_up_only:
        return

    began = time.monotonic()
    report = Report()
    seconds = run_all(cases, setup, report, max(options.jobs, 1))
    order = {case.name: index for index, case in enumerate(cases)}
    rows = sorted(report.rows, key=lambda row: order[row.case])
    print("\n" + table(rows))
    failed = [row for row in rows if not row.passed]
    results = setup.folder / "results"
    (results / "table.json").write_text(json.dumps(
        {"seconds": seconds, "rows": [vars(row) for row in rows]}, indent=2, ensure_ascii=False) + "\n")
    print(f"\nhardware: {len(rows)} rows of {len(cases)} cases in {time.monotonic() - began:.0f} s, "
          f"{len(failed)} failed; files are in {results}")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
