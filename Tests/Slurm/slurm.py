#!/usr/bin/env python3
"""Runs Deploy/slurm with a munged, a slurmctld and slurmds of its own: an array of three jobs, exclusive, and failures.

    slurm.py --kerf KERF [--nodes 3]

Needs root and Debian's slurmctld, slurmd, slurm-client and munge; nothing of an installed Slurm is used or changed. Where
slurmd does not do several nodes on one machine, all three elements run on its one node, one after another.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TREE / "Scripts"))

import split_run  # noqa: E402

CONFIGURATION = """
ClusterName=kerf
SlurmctldHost={host}
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={work}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={work}/state
SlurmdSpoolDir={work}/spool-%n
SlurmctldPidFile={work}/slurmctld.pid
SlurmdPidFile={work}/slurmd-%n.pid
SlurmctldLogFile={work}/slurmctld.log
SlurmdLogFile={work}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
ReturnToService=2
SlurmdTimeout=300
KillWait=5
{nodes}
PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Slurm:
    def __init__(self, work, count):
        self.work, self.processes = work, []
        self.environment = {**os.environ, "SLURM_CONF": str(work / "slurm.conf")}
        host = socket.gethostname().split(".")[0]
        self.names = [f"node{number}" for number in range(1, count + 1)] if count > 1 else [host]
        lines = [
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} CPUs={os.cpu_count()} State=UNKNOWN"
            for name in self.names
        ]
        (work / "slurm.conf").write_text(CONFIGURATION.format(
            host=f"{host}(127.0.0.1)", port=free_port(), work=work, nodes="\n".join(lines)).lstrip())
        (work / "state").mkdir()

    def start(self, *command):
        log = (self.work / f"{pathlib.Path(command[0]).name}-{len(self.processes)}.out").open("w")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=self.environment))

    def __enter__(self):
        key = self.work / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        self.start(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.work}/munge.socket",
            f"--pid-file={self.work}/munged.pid", f"--log-file={self.work}/munged.log",
            f"--seed-file={self.work}/munge.seed")
        for _ in range(50):
            if (self.work / "munge.socket").exists():
                break
            time.sleep(0.1)
        self.start("slurmctld", "-D", "-i", "-f", str(self.work / "slurm.conf"))
        for name in self.names:
            self.start("slurmd", "-D", "-N", name, "-f", str(self.work / "slurm.conf"))
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def run(self, *command, environment=None):
        return subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=False,
            env={**self.environment, **(environment or {})})

    def idle(self, seconds=60):
        """Whether all nodes answer."""
        for _ in range(seconds * 2):
            states = self.run("sinfo", "--noheader", "--Node", "--format=%N %T").stdout.split("\n")
            if sorted(line for line in states if line) == [f"{name} idle" for name in self.names]:
                return True
            time.sleep(0.5)
        return False


class Test:
    def __init__(self, kerf, work):
        self.kerf, self.work, self.failed = kerf, work, []
        split_run.write_inputs(work)

    def check(self, text, is_good, detail=""):
        print(f"  {'ok' if is_good else 'FAILED':<6} {text}", flush=True)
        if not is_good:
            self.failed.append(text)
            print("    " + "\n    ".join(str(detail).strip().splitlines()[-30:]))

    def submit(self, slurm, name, options=(), **variables):
        out = self.work / name
        environment = {
            "KERF": str(self.kerf), "KERF_MODEL": str(self.work / "config.json"), "KERF_BUDGET": "2", "KERF_POLL": "1",
            "KERF_OPTIONS": "--seq 16 --threads 1 --power-model idle=3,busy=19", "KERF_IGNORE_LOAD": "1", **variables,
        }
        done = slurm.run(TREE / "Deploy/slurm/submit.sh", "--out", out, *options, environment=environment)
        print(f"submit.sh, {name}: exit {done.returncode}")
        return out, done

    def records(self, out):
        return {place.parent.name: json.loads(place.read_text()) for place in out.glob("*/collection.json")}

    def array(self, slurm):
        out, done = self.submit(slurm, "array")
        self.check("submit.sh succeeds", done.returncode == 0, done.stdout + done.stderr)
        records = self.records(out)
        self.check("every node is complete", sorted(records) == slurm.names and
                   all(record["outcome"] == "complete" for record in records.values()), f"{records} {done.stderr}")
        for name in slurm.names:
            calibration = out / name / "calibration.json"
            self.check(f"calibration of {name} is collected",
                       calibration.is_file() and json.loads(calibration.read_text())["schema"] == "kerf.calibration")
        logs = "".join(place.read_text() for place in out.glob("slurm-*.log"))
        self.check("each element ran on a node of its own", sorted(re.findall(r"^(\S+): complete", logs, re.MULTILINE))
                   == slurm.names, logs)
        compared = subprocess.run(
            [str(self.kerf), "compare", *[str(out / name / "calibration.json") for name in slurm.names]],
            capture_output=True, text=True, check=False)
        self.check("kerf compare reads them", len(slurm.names) == 1 or compared.returncode == 0, compared.stderr)

    def spans(self, slurm, name, script, *options):
        """Submits an array of three to one node; begin and end of each element, in order."""
        out = self.work / name
        out.mkdir()
        program = self.work / "clock"
        program.write_text(f"#!/bin/sh\ndate +%s.%N >>{out}/$SLURM_ARRAY_TASK_ID.clock\nsleep 2\n"
                           f"date +%s.%N >>{out}/$SLURM_ARRAY_TASK_ID.clock\nexit 1\n")
        program.chmod(0o755)
        done = slurm.run(
            "sbatch", "--parsable", "--array", "0-2", "--nodelist", slurm.names[0], "--output", out / "%a.log", *options,
            script(program), environment={"KERF": str(program), "KERF_OUT": str(out)})
        for _ in range(240):
            if not slurm.run("squeue", "--noheader", "--jobs", done.stdout.strip()).stdout.strip():
                break
            time.sleep(0.5)
        return sorted([float(line) for line in place.read_text().split()] for place in out.glob("*.clock"))

    def exclusive(self, slurm):
        """Two elements cannot be on one node, even if it has processors for both, as it has for jobs that are not exclusive."""
        spans = self.spans(slurm, "exclusive", lambda _: TREE / "Deploy/slurm/kerf-array.sbatch")
        self.check("exclusive elements on one node run one after another", len(spans) == 3 and
                   all(spans[i][1] <= spans[i + 1][0] for i in range(2)), spans)
        spans = self.spans(slurm, "shared", lambda program: program, "--ntasks", "1")
        self.check("others share the node, so that this shows something", len(spans) == 3 and
                   (os.cpu_count() < 2 or spans[1][0] < spans[0][1]), spans)

    def failure(self, slurm):
        out, done = self.submit(slurm, "failure", KERF_OPTIONS="--seq 16 --meter battery")
        records = self.records(out)
        self.check("a step that fails is named with its error", done.returncode == 1 and
                   all(record["outcome"] == "failed" and record["step"] == "profile" and "battery" in record["error"]
                       for record in records.values()) and len(records) == len(slurm.names), f"{records} {done.stdout}")

    def canceled(self, slurm):
        out = self.work / "canceled"
        process = subprocess.Popen(
            [str(TREE / "Deploy/slurm/submit.sh"), "--out", str(out)], stdout=subprocess.PIPE, text=True,
            env={**slurm.environment, "KERF": str(self.kerf), "KERF_MODEL": str(self.work / "config.json"),
                 "KERF_BUDGET": "60", "KERF_POLL": "1", "KERF_OPTIONS": "--seq 16", "KERF_IGNORE_LOAD": "1"})
        job = re.search(r"job (\d+)", process.stdout.readline()).group(1)
        time.sleep(4)
        slurm.run("scancel", job)
        text = process.communicate(timeout=120)[0]
        records = self.records(out)
        self.check("canceled elements are named", process.returncode == 1 and len(records) == len(slurm.names) and
                   all(record["outcome"] in ("failed", "unreachable") for record in records.values()), f"{records} {text}")


def main():
    parser = argparse.ArgumentParser(description="Test the scripts for Slurm.")
    parser.add_argument("--kerf", type=pathlib.Path, default=TREE / ".build/release/kerf")
    parser.add_argument("--nodes", type=int, default=3)
    options = parser.parse_args()
    missing = [tool for tool in ("munged", "slurmctld", "slurmd", "sbatch") if not shutil.which(tool)]
    if missing:
        print(f"slurm: {', '.join(missing)} missing: make test-slurm installs Debian's packages", file=sys.stderr)
        sys.exit(69)
    work = pathlib.Path(tempfile.mkdtemp(prefix="kerf-slurm-"))
    work.chmod(0o755)
    test = Test(options.kerf.resolve(), work)
    try:
        for count in dict.fromkeys([options.nodes, 1]):
            folder = work / f"cluster-{count}"
            folder.mkdir()
            with Slurm(folder, count) as slurm:
                if not slurm.idle():
                    print(f"{count} nodes on this machine: not with this slurmd")
                    print("    " + "\n    ".join(
                        line for place in folder.glob("*.log") for line in place.read_text().splitlines()[-3:]))
                    continue
                print(f"Slurm with {count} nodes on this machine: {slurm.run('sinfo', '--version').stdout.strip()}")
                for case in (test.array, test.exclusive, test.failure, test.canceled):
                    case(slurm)
                break
        else:
            sys.exit("slurm: no node came up")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"failed: {', '.join(test.failed)}" if test.failed else "all checks of Slurm passed")
    sys.exit(1 if test.failed else 0)


if __name__ == "__main__":
    main()
