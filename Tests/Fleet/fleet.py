#!/usr/bin/env python3
"""Runs the playbooks of Deploy/ansible against five boxes, from nothing to a fleet's files, and breaks what can break.

    fleet.py [--packages packages] [--ansible-bin DIR] [--keep DIR]

The boxes are clean Debian systems in namespaces, each with an sshd (boxes.py): a server, two devices that share power,
one without a meter, and one that does not answer. Energy of the others is modelled, and links are shaped, so that a
busy machine gives a result as well. Checks that a second run changes nothing, that boxes which share something never
measure at the same time, that settings are given back after a failure and after the controller was killed, that a box
may go away, that nothing stays on a box, and a training of all devices. Needs root, Ansible, debootstrap and ip.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import boxes

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TREE / "Scripts"))

import debian_roots  # noqa: E402
import split_run  # noqa: E402

INVENTORY = """
kerf_server:
  hosts:
    edge:
kerf_devices:
  hosts:
    pi-1:
      kerf_share: strip-1
    pi-2:
      kerf_share: strip-1
    plain:
      kerf_energy: []
    gone:
all:
  vars:
    ansible_user: {user}
    ansible_ssh_private_key_file: {key}
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_common_args: -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o ConnectTimeout=5
    kerf_results: {results}
    kerf_package_files:
      x86_64: {deb}
    kerf_model: {model}
    kerf_workload: ["--seq", "16"]
    kerf_options: ["--threads", "1"]
    kerf_energy: ["--power-model", "idle=3,busy=19"]
    kerf_environment: {{KERF_IGNORE_LOAD: "1"}}
    kerf_budget_seconds: 3
    kerf_runs: 2
    # Times are the machine's; an energy that a busy machine does not resolve is no error here.
    kerf_decide_options: ["--server-power", "65"]
    kerf_link_seconds: 2
    kerf_link_options: ["--shape", "up=400mbit,down=400mbit,rtt=2ms"]
    kerf_quiet_sysfs: /srv/sys
    kerf_train_data: {data}
    kerf_train_steps: 4
    kerf_train_options: ["--turn-steps", "2"]
"""
MEASURED = ["edge", "pi-1", "pi-2", "plain"]


class Fleet:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.results = work / "results"
        self.key = work / "key"
        self.failed = []

    def check(self, text, is_good, detail=""):
        print(f"  {'ok' if is_good else 'FAILED':<6} {text}", flush=True)
        if not is_good:
            self.failed.append(text)
            if detail:
                print("    " + "\n    ".join(str(detail).strip().splitlines()[-30:]))

    # Set-up

    def ansible(self, name, *arguments):
        return self.hub.inside(
            "env", f"ANSIBLE_CONFIG={self.work}/ansible.cfg", f"ANSIBLE_HOME={self.work}/ansible",
            f"ANSIBLE_LOCAL_TEMP={self.work}/ansible/tmp", f"{self.options.ansible_bin}{name}", *arguments)

    def set_up(self, hub):
        self.hub = hub
        split_run.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        (self.work / "ansible.cfg").write_text(
            f"[defaults]\ncollections_path = {self.work}/collections\n"
            "forks = 10\nretry_files_enabled = false\ninject_facts_as_vars = false\n[ssh_connection]\npipelining = true\n"
            f"control_path_dir = {self.work}/cp\n")
        split_run.write_inputs(self.work)
        deb = sorted(self.options.packages.glob("kerf_*+deb12_amd64.deb"), key=lambda place: place.stat().st_mtime)
        if not deb:
            sys.exit(f"fleet: no package for Debian 12 in {self.options.packages}: make packages")
        self.deb = deb[-1]
        self.inventory = self.work / "inventory.yml"
        self.inventory.write_text(INVENTORY.format(
            user=boxes.USER, key=self.key, results=self.results, deb=self.deb, model=self.work / "config.json",
            data=self.work / "data.ids"))
        base = debian_roots.base("bookworm", boxes.PACKAGES)
        repository = boxes.repository(self.deb, base, self.work / "repository")
        self.boxes = {}
        hosts = []
        for number, name in enumerate([*MEASURED, "gone"]):
            box = boxes.Box(name, number, hub, base, self.work / "boxes", self.key)
            self.boxes[name] = box
            box.connect()
            box.prepare(repository)
            if name != "gone":
                box.start()
            hosts.append(f"        {name}:\n          ansible_host: {box.address}\n")
        for name in MEASURED:
            self.boxes[name].wait()
        addresses = self.work / "addresses.yml"
        addresses.write_text("all:\n  hosts:\n" + "".join(line.replace("        ", "    ", 1) for line in hosts))
        self.inventories = ["-i", self.inventory, "-i", addresses]
        split_run.run(*self.ansible(
            "ansible-galaxy", "collection", "install", "--offline", TREE / "Deploy/ansible", "-p",
            self.work / "collections"))

    # Runs

    def play(self, playbook, *options):
        start = time.monotonic()
        done = subprocess.run(
            self.ansible("ansible-playbook", *self.inventories, f"kerf.fleet.{playbook}", *options), capture_output=True,
            text=True, cwd=self.work, check=False)
        number = len(list(self.work.glob("play-*.log")))
        log = self.work / f"play-{number}-{playbook}.log"
        log.write_text(done.stdout + done.stderr)
        recap = {
            name: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", rest)}
            for name, rest in re.findall(r"^(\S+)\s+: (ok=.*)$", done.stdout, re.MULTILINE)
        }
        print(f"{playbook} {' '.join(map(str, options))}: {time.monotonic() - start:.0f} s, exit {done.returncode}")
        return done, recap

    def record(self, name):
        place = self.results / name / "collection.json"
        return json.loads(place.read_text()) if place.exists() else {}

    def state(self):
        """All files but the doctor's, whose readings differ."""
        return {
            str(place.relative_to(self.results)): place.read_bytes() for place in self.results.rglob("*")
            if place.is_file() and place.name != "doctor.json"
        }

    def check_clean(self, when):
        for name in MEASURED:
            left = self.boxes[name].sh("ls -d /var/tmp/kerf* /run/kerf-fleet /root/.ansible_async/* 2>/dev/null; "
                                       "pgrep -a -f '[k]erf (serve|profile|train|link)|[k]erf-fleet-guard'; true")
            left += self.boxes[name].sh("grep -L schedutil /srv/sys/devices/system/cpu/cpufreq/*/scaling_governor; "
                                        "ls /srv/units | grep -c . | grep -v '^2$'; true")
            self.check(f"{when}: nothing is left on {name}", not left.strip(), left)

    # Cases

    def from_nothing(self):
        done, recap = self.play("measure")
        log = done.stdout + done.stderr
        self.check("the run ends with an error, as a box is missing", done.returncode == 2, log)
        for name in MEASURED:
            record = self.record(name)
            self.check(f"{name} is complete", record.get("outcome") == "complete", record or log)
            expected = ["doctor.json", "calibration.json", "profiles/run-1.json", "profiles/run-2.json"]
            expected += [] if name == "edge" else ["link.json", "decision.json"]
            missing = [file for file in expected if not (self.results / name / file).is_file()]
            self.check(f"{name} has its files", not missing, missing)
        gone = self.record("gone")
        self.check("gone is unreachable, with the reason", gone.get("outcome") == "unreachable" and gone["error"], gone)
        summary = log[log.find("Say how it went"):]
        self.check("the summary names the box that is missing", "not complete: gone" in summary, summary)
        self.check("the summary names the box without a meter", re.search(r"plain: complete; no energy: \S", summary), summary)
        self.check("the others have energy", re.search(r"pi-1: complete; energy modelled", summary), summary)
        self.check("services were stopped and started",
                   "stop man-db.timer" in self.boxes["pi-1"].sh("cat /srv/units.log")
                   and "start man-db.timer" in self.boxes["pi-1"].sh("cat /srv/units.log"))
        self.check("the governor was set and restored, and both are said",
                   "schedutil to performance" in log and "schedutil again" in log)
        self.check("boxes that share power measured one after another", not self.overlap("pi-1", "pi-2"), self.spans())
        self.check("boxes that share nothing did so together", self.overlap("pi-1", "plain"), self.spans())
        self.check_clean("after a run")

    def spans(self):
        """When each box was quiet, and so measured: from its first stopped service to the last that was started."""
        spans = {}
        for name in MEASURED:
            times = [float(line.split()[0]) for line in self.boxes[name].sh("cat /srv/units.log").splitlines()]
            spans[name] = (min(times), max(times))
        return spans

    def overlap(self, one, other):
        spans = self.spans()
        return spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]

    def again(self):
        before = self.state()
        done, recap = self.play("measure")
        changed = {name: counts["changed"] for name, counts in recap.items() if counts.get("changed")}
        self.check("a second run changes nothing", not changed and len(recap) == 5, f"{changed} {done.stdout[-3000:]}")
        self.check("a second run leaves all files as they were", self.state() == before)

    def read_by_kerf(self):
        """Everything that reads the folder, run on a box, as the controller need not have Kerf."""
        archive = self.work / "results.tar"
        subprocess.run(["tar", "-cf", str(archive), "-C", str(self.results.parent), "results"], check=True)
        with archive.open("rb") as file:
            box = self.boxes["edge"]
            subprocess.run(
                self.hub.inside("ssh", "-q", "-i", self.key, "-o", "StrictHostKeyChecking=no", "-o",
                                "UserKnownHostsFile=/dev/null", f"{boxes.USER}@{box.address}", "sudo", "tar", "-xf", "-", "-C",
                                "/srv"), stdin=file, check=True)
        for title, command in [
            ("decide", "kerf decide --device pi-1/calibration.json plain/calibration.json --server edge/calibration.json "
                       "--link pi-1/link.json plain/link.json --server-power 65 --out /tmp/decisions.json"),
            ("compare", "kerf compare pi-1/calibration.json pi-2/calibration.json edge/calibration.json"),
            ("report", "kerf report pi-1/calibration.json pi-1/link.json pi-1/decision.json --out /tmp/report.html"),
            ("fleet", "kerf fleet . "),
        ]:
            text = self.boxes["edge"].sh(f"cd /srv/results && {command} 2>&1; echo exit $?")
            status = int(text.rsplit("exit ", 1)[1])
            if title == "fleet" and status == 64:
                print("  -      kerf fleet: this Kerf does not have it")
                continue
            # A fleet with a box that does not answer has a problem, which is exit status 3.
            self.check(f"kerf {title} reads the folder", status == (3 if title == "fleet" else 0), text)
            if title == "fleet":
                print("    " + "\n    ".join(text.splitlines()[:24]))
        self.boxes["edge"].sh("rm -rf /srv/results /tmp/decisions.json /tmp/report.html")

    def failure(self):
        """A step that fails on one box: its settings come back, the others go on."""
        extra = {"kerf_again": True, "kerf_runs": 1}
        place = self.work / "failing.yml"
        place.write_text("all:\n  hosts:\n    pi-2:\n      kerf_profile_options: ['--meter', 'battery']\n      kerf_energy: []\n")
        self.inventories += ["-i", place]
        done, _ = self.play("measure", "-e", json.dumps(extra), "--limit", "edge,pi-1,pi-2")
        self.inventories = self.inventories[:-2]
        record = self.record("pi-2")
        self.check("a failed step is named with its error",
                   record.get("outcome") == "failed" and record.get("step") == "profile" and "battery" in record["error"],
                   f"{record} {done.stdout[-2000:]}")
        self.check("the other devices are complete", self.record("pi-1").get("outcome") == "complete", self.record("pi-1"))
        self.check("the summary names it", re.search(r"pi-2: failed in profile: kerf: ", done.stdout), done.stdout[-2000:])
        self.check_clean("after a failure")

    def lost(self):
        """A box goes away in the middle of a profile: the others go on, and it is named."""
        extra = {"kerf_again": True, "kerf_runs": 1, "kerf_budget_seconds": 20, "kerf_profile_limit_seconds": 60}
        process = subprocess.Popen(
            self.ansible("ansible-playbook", *self.inventories, "kerf.fleet.measure", "-e", json.dumps(extra), "--limit",
                         "edge,pi-1,plain"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.work)
        box = self.boxes["pi-1"]
        for _ in range(120):
            if "performance" in box.sh("cat /srv/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"):
                break
            time.sleep(1)
        box.process.kill()
        box.process.wait()
        text = process.communicate()[0]
        print(f"measure, and a box goes away: exit {process.returncode}")
        self.check("the box that went away is named", "not complete: pi-1" in text and process.returncode != 0
                   and self.record("pi-1").get("outcome") == "unreachable", f"{self.record('pi-1')} {text[-3000:]}")
        self.check("the other device is complete", self.record("plain").get("outcome") == "complete", text[-3000:])
        # As after a restart: /run is empty, the governor is the kernel's, and services that are enabled run.
        for policy in ("policy0", "policy1"):
            (box.root / f"srv/sys/devices/system/cpu/cpufreq/{policy}/scaling_governor").write_text("schedutil\n")
        for unit in ("apt-daily.timer", "man-db.timer"):
            (box.root / f"srv/units/{unit}").touch()
        box.start()
        box.wait()
        box.sh("rm -rf /var/tmp/kerf-fleet /root/.ansible_async")
        self.check_clean("after a box went away")

    def killed(self):
        """The controller dies in the middle of a profile: the box gives everything back by itself, or `restore` does."""
        extra = {"kerf_again": True, "kerf_runs": 1, "kerf_budget_seconds": 40, "kerf_quiet_limit_seconds": 25}
        process = subprocess.Popen(
            self.ansible("ansible-playbook", *self.inventories, "kerf.fleet.measure", "-e", json.dumps(extra), "--limit",
                         "pi-1,plain"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.work,
            start_new_session=True)
        box = self.boxes["pi-1"]
        governor = "cat /srv/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
        for _ in range(120):
            if "performance" in box.sh(governor):
                break
            time.sleep(1)
        self.check("the box is quiet while it measures", "performance" in box.sh(governor))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for _ in range(60):
            if "schedutil" in box.sh(governor):
                break
            time.sleep(1)
        self.check("the box gives back the governor by itself", "schedutil" in box.sh(governor))
        self.check("and its services", "man-db.timer" in box.sh("ls /srv/units"))
        done, _ = self.play("restore")
        self.check("what was left is deleted", done.returncode in (0, 4), done.stdout[-2000:])
        box.sh("for turn in $(seq 120); do pgrep -f '[k]erf profile' >/dev/null || break; sleep 1; done; "
               "rm -rf /root/.ansible_async")
        self.boxes["plain"].sh("for turn in $(seq 120); do pgrep -f '[k]erf profile' >/dev/null || break; sleep 1; done; "
                               "rm -rf /root/.ansible_async")
        self.check_clean("after the controller was killed and `restore`")

    def training(self):
        done, _ = self.play("train", "--limit", "edge,pi-1,plain")
        for name in ("pi-1", "plain"):
            place = self.results / name / "trained"
            self.check(f"{name} has trained", (place / "run.json").is_file()
                       and (place / "adapters/adapter_model.safetensors").is_file(), done.stdout[-3000:])
        self.check_clean("after a training")
        done, recap = self.play("train", "--limit", "edge,pi-1,plain")
        changed = {name: counts["changed"] for name, counts in recap.items() if counts.get("changed")}
        self.check("a second training changes nothing", not changed, changed)

    def uninstall(self):
        done, _ = self.play("uninstall", "--limit", "edge,pi-1,pi-2,plain")
        left = self.boxes["pi-1"].sh("ls -d /usr/bin/kerf /usr/share/kerf 2>/dev/null; true")
        self.check("Kerf is gone from the boxes", not left.strip() and done.returncode == 0, left + done.stdout[-2000:])

    def tear_down(self):
        for box in getattr(self, "boxes", {}).values():
            box.stop()


def main():
    parser = argparse.ArgumentParser(description="Test the playbooks.")
    parser.add_argument("--packages", type=pathlib.Path, default=TREE / "packages")
    parser.add_argument("--ansible-bin", default="", help="folder of ansible-playbook, if not on the PATH")
    parser.add_argument("--cases", default="from_nothing,again,read_by_kerf,training,failure,lost,killed,uninstall")
    parser.add_argument("--keep", type=pathlib.Path, help="copy results and logs to this folder")
    options = parser.parse_args()
    options.packages = options.packages.resolve()
    options.ansible_bin = options.ansible_bin and options.ansible_bin.rstrip("/") + "/"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    debian_roots.ROOTS.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(dir=debian_roots.ROOTS, prefix="fleet-"))
    fleet = Fleet(options, work)
    try:
        with boxes.Hub() as hub:
            try:
                fleet.set_up(hub)
                for case in options.cases.split(","):
                    getattr(fleet, case)()
            finally:
                fleet.tear_down()
    finally:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            for place in [*work.glob("play-*.log"), *([fleet.results] if fleet.results.exists() else [])]:
                target = options.keep / place.name
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(place, target) if place.is_dir() else shutil.copy(place, target)
        shutil.rmtree(work, ignore_errors=True)
    print(f"failed: {', '.join(fleet.failed)}" if fleet.failed else "all checks of the fleet passed")
    sys.exit(1 if fleet.failed else 0)


if __name__ == "__main__":
    main()
