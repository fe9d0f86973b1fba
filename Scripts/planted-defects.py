#!/usr/bin/env python3
"""Plants defects of other tools in a copy of the tree, one by one, and checks that a test fails with each.

planted-defects.py [PART OF A NAME ...]   the named defects, or all; the copy and its build are in planted-output/
planted-defects.py --check                only checks that each can be planted: its text must occur once in its file

Exits with 1 when a defect was not noticed. Only the tests named with a defect are run; `make test` shows that they
pass without it.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "planted-output"


@dataclass
class Defect:
    name: str
    file: str
    sound: str
    planted: str
    tests: str


DEFECTS = [
    Defect(
        "a window that ends just after a wrap reads less than nothing (Zeus)",
        "Sources/ProbeKit/EnergyCounter.swift",
        "let difference = end >= start ? end - start : range - start + end",
        "let difference = end &- start",
        "EnergyCounterPropertyTests|windowsAcrossAWrapAreRight",
    ),
    Defect(
        "psys counts beside the package that it holds (Zeus)",
        "Probes/RAPL/RAPLDomains.swift",
        "case .platform: hasParts ? .platform : .counted",
        "case .platform: hasParts ? .counted : .counted",
        "RAPLTests",
    ),
    Defect(
        "the socket is taken from the directory's number (pyJoules)",
        "Probes/RAPL/PowercapZone.swift",
        "name = text.map(Self.identifier).flatMap { $0.isEmpty ? nil : $0 } ?? device",
        "let numbers = device.split(separator: \":\").dropFirst()\n"
        "        name = numbers.count == 1 ? \"package-\\(numbers.joined())\" : text ?? device",
        "RAPLTests",
    ),
    Defect(
        "package-0-die-1 is no package (alumet)",
        "Probes/RAPL/ZoneKind.swift",
        "return .package(socket: socket, die: die)",
        "_ = (socket, die)\n            return .unknown",
        "RAPLTests",
    ),
    Defect(
        "a failed read is a zero, which looks like a wrap (codecarbon)",
        "Sources/ProbeKit/HeldCounterMeter.swift",
        "let value = try counter.file.counter()",
        "let value = (try? counter.file.counter()) ?? 0",
        "BadCounterTests",
    ),
    Defect(
        "two dies that mirror one counter both count (codecarbon)",
        "Probes/RAPL/MirroredCounters.swift",
        "return offsets.allSatisfy { $0 <= tolerance }",
        "return offsets.allSatisfy { $0 <= tolerance } && false",
        "MirrorTests",
    ),
    Defect(
        "equal readings are the whole counter (PAPI)",
        "Sources/ProbeKit/EnergyCounter.swift",
        "let possible = maximumWatts * (elapsedSeconds + stalenessSeconds) * 1e6\n",
        "let possible = maximumWatts * (elapsedSeconds + stalenessSeconds) * 1e6\n        if start == end { return end }\n",
        "EnergyCounterPropertyTests|equalReadings",
    ),
    Defect(
        "dram wraps where the package does (cpu-energy-meter)",
        "Probes/RAPL/RAPLDomains.swift",
        "wrapRangeMicrojoules: zone.wrapRangeMicrojoules,",
        "wrapRangeMicrojoules: parent?.domain.wrapRangeMicrojoules ?? zone.wrapRangeMicrojoules,",
        "RAPLTests",
    ),
    Defect(
        "a meter's failure is swallowed, and the run ends without energy and without a word (several)",
        "Sources/Profiling/ExperimentRecord.swift",
        "if let reason = measurement.meterFailure { dropEnergy(because: reason) }",
        "if let reason = measurement.meterFailure { _ = reason }",
        "aMeterThatFailsDropsItsEnergyAndKeepsTheTimes|aCounterThatStandsStill",
    ),
    Defect(
        "backward takes twice as long as forward (DeepSpeed's profiler)",
        "Sources/Calibration/TimeFit.swift",
        "times[pass].flatMap { instrumented.mean(of: $0.seconds, confidence: confidence) }?",
        "times[LayerPass(layer: pass.layer, direction: .forward)].flatMap { times in\n"
        "            let factor = pass.direction == .forward ? 1.0 : 2.0\n"
        "            return instrumented.mean(of: times.seconds.map { factor * $0 }, confidence: confidence)\n"
        "        }?",
        "CalibratorTests",
    ),
    Defect(
        "one timed layer stands for all (prima.cpp)",
        "Sources/Calibration/TimeFit.swift",
        "times[pass].flatMap { instrumented.mean(of: $0.seconds, confidence: confidence) }?",
        "times[LayerPass(layer: 1, direction: pass.direction)].flatMap {\n"
        "            instrumented.mean(of: $0.seconds, confidence: confidence)\n"
        "        }?",
        "CalibratorTests",
    ),
    Defect(
        "backward is never timed (Petals)",
        "Sources/Profiling/RecordedSteps.swift",
        "return storage.times[first + 1].seconds(since: storage.times[first])",
        "let isTimed = order[pass].direction == .forward\n"
        "        return isTimed ? storage.times[first + 1].seconds(since: storage.times[first]) : 0",
        "ExperimentTests",
    ),
    Defect(
        "the link's rate is one to another server (Petals)",
        "Sources/CARD/Link/Iperf3Report.swift",
        "if let first = servers.first, let other = servers.first(where: { $0 != first }) {",
        "if let first = servers.first, let other = servers.first(where: { $0 != first }), first == other {",
        "Iperf3Tests",
    ),
    Defect(
        "a declared rate is reported as measured (Petals)",
        "Sources/CARD/Link/Link.swift",
        "origin: Origin = .modelled",
        "origin: Origin = .measured",
        "LinkTests",
    ),
]


def plant(defect, root):
    path = root / defect.file
    text = path.read_text() if path.is_file() else ""
    if text.count(defect.sound) != 1:
        sys.exit(f"planted-defects: {defect.file} holds {text.count(defect.sound)} times, not once: {defect.sound}")
    return path, text, text.replace(defect.sound, defect.planted)


def noticed(defect):
    """Whether a test fails with it, and which do."""
    path, sound, planted = plant(defect, WORK)
    path.write_text(planted)
    # Trees of real machines are looked for beside the package, and the copy lies elsewhere.
    environment = {"KERF_BOXES": str(ROOT.parent / "shared/boxes")} | os.environ
    try:
        swift = os.environ.get("SWIFT", "swift")
        build = subprocess.run([swift, "build", "--build-tests"], cwd=WORK, capture_output=True, text=True)
        if build.returncode:
            errors = [line for line in build.stdout.splitlines() if "error:" in line]
            sys.exit("\n".join([f"planted-defects: with this planted nothing builds: {defect.name}", *errors[:10]]))
        test = subprocess.run(
            [swift, "test", "--skip-build", "--filter", defect.tests], cwd=WORK, env=environment,
            capture_output=True, text=True)
    finally:
        path.write_text(sound)
    failed = re.findall(r'✘ Test (?!run with)(".+?"|\w+\(.*?\)) .*failed after', test.stdout + test.stderr)
    return test.returncode != 0 and bool(failed), sorted(set(failed))


def main():
    arguments = sys.argv[1:]
    if arguments == ["--check"]:
        for defect in DEFECTS:
            plant(defect, ROOT)
        return
    chosen = [defect for defect in DEFECTS if not arguments or any(part in defect.name for part in arguments)]
    if not chosen:
        sys.exit(f"planted-defects: no defect has that in its name: {', '.join(arguments)}\n\n{__doc__}")
    # What was built for the defects before stays, and only that.
    for old in WORK.iterdir() if WORK.exists() else []:
        if old.name != ".build":
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    ignored = shutil.ignore_patterns(".build*", ".git", WORK.name, "fuzz-output", "demo-output")
    shutil.copytree(ROOT, WORK, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    missed = 0
    for defect in chosen:
        is_noticed, failed = noticed(defect)
        missed += not is_noticed
        print(f"{'noticed' if is_noticed else 'MISSED '}  {defect.name}", flush=True)
        for test in failed[:3]:
            print(f"         by {test}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} defects were noticed")
    sys.exit(1 if missed else 0)


main()
