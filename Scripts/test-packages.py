#!/usr/bin/env python3
"""Checks the packages of a folder, and installs the .deb in clean Debian systems that have no Swift.

    test-packages.py [--packages packages] [--suites bookworm,trixie] [--arch amd64] [--budget 60] [--quick]

Checks with lintian; then, in each suite that the package was made for: install, doctor, a profile of a minute,
calibrate, decide, a split training over loopback, and the same training unsplit, whose adapters must have the same
bytes; then the tarball, kerf-meter-access, and removal. --quick takes a small model and seconds. With --arch arm64
everything runs under emulation, so give --quick. Needs root, debootstrap and lintian.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import arm64
import debian_roots
import split_run

VERSIONS = {"bookworm": "12", "trixie": "13"}

# Trains with a server on loopback, then without; the server ends with the script.
SPLIT = """
set -eu
cd /root
kerf keys init --out keys --host localhost >/dev/null
kerf keys device box --keys keys >/dev/null
kerf serve --model {model} --keys keys --listen 127.0.0.1:4433 --state state --threads 2 --json >serve.log 2>&1 &
trap "kill $!" EXIT
for turn in $(seq 600); do grep -qs listening serve.log && break; sleep 0.1; done
common="--model {model} --data /mnt/kerf/data.ids --seq {seq} --steps {steps} --threads 2 --quiet"
kerf train --server 127.0.0.1:4433 --keys keys/box $common --cut {cut} --out split
kerf train --unsplit $common --out unsplit
cmp split/adapters/adapter_model.safetensors unsplit/adapters/adapter_model.safetensors
"""

METER_ACCESS = """
set -eu
apt-get install -y --no-install-recommends /mnt/kerf/access.deb >/dev/null
getent group kerf
test -e /usr/lib/udev/rules.d/70-kerf-rapl.rules
kerf-meter-access status
! getcap /usr/bin/kerf | grep -q cap_perfmon
kerf-meter-access perfmon on
getcap /usr/bin/kerf | grep -q cap_perfmon=ep
kerf doctor >/dev/null
# An upgrade replaces the file, and the trigger gives the new one the capability.
apt-get install -y --reinstall /mnt/kerf/kerf.deb >/dev/null
getcap /usr/bin/kerf | grep -q cap_perfmon=ep
kerf-meter-access perfmon off
! getcap /usr/bin/kerf | grep -q cap_perfmon
kerf-meter-access perfmon on
apt-get purge -y kerf-meter-access >/dev/null
! getcap /usr/bin/kerf | grep -q cap_perfmon
test ! -e /var/lib/kerf-meter-access
"""

TARBALL = """
set -eu
mkdir -p /opt/kerf
tar -xf /mnt/kerf/kerf.tar.gz -C /opt/kerf --strip-components=1
cd /
/opt/kerf/bin/kerf --version
/opt/kerf/bin/kerf profile --model no-such-model --out /tmp/p.json 2>&1 | grep -q smollm2-135m
"""

COMPLETIONS = """
set -eu
bash -n /usr/share/bash-completion/completions/kerf
grep -q '^#compdef kerf' /usr/share/zsh/vendor-completions/_kerf
grep -q 'complete -c ' /usr/share/fish/vendor_completions.d/kerf.fish
"""

REMOVED = """
set -eu
apt-get purge -y kerf >/dev/null
test ! -e /usr/bin/kerf
test ! -e /usr/share/kerf
test ! -e /usr/share/doc/kerf
"""


class Box:
    """A clean system in which commands run one after another."""

    def __init__(self, layer, bind, environment):
        self.layer, self.bind = layer, bind
        # On a busy machine a profile is made all the same: this tests the package, not the machine.
        self.environment = {"KERF_IGNORE_LOAD": "1", **environment}
        self.failed = []

    def run(self, title, *command):
        start = time.monotonic()
        done = subprocess.run(
            self.layer.command(*command, bind=self.bind, environment=self.environment), capture_output=True, text=True,
            errors="replace", check=False)
        seconds = time.monotonic() - start
        is_good = done.returncode == 0
        print(f"  {title:<42} {'ok' if is_good else 'FAILED':<6} {seconds:6.1f} s", flush=True)
        if not is_good:
            self.failed.append(title)
            print("    " + "\n    ".join((done.stdout + done.stderr).strip().splitlines()[-15:]))
        return done.stdout

    def shell(self, title, script):
        return self.run(title, "sh", "-c", script)


def one(folder, pattern):
    found = sorted(folder.glob(pattern), key=lambda place: place.stat().st_mtime)
    if not found:
        print(f"test-packages: no {pattern} in {folder}: make packages", file=sys.stderr)
        sys.exit(66)
    return found[-1]


def check_with_lintian(packages):
    done = subprocess.run(
        ["lintian", "--fail-on", "error,warning", "--info", *map(str, packages)], capture_output=True, text=True,
        check=False)
    text = (done.stdout + done.stderr).strip()
    print(f"  {'lintian':<42} {'ok' if done.returncode == 0 else 'FAILED'}")
    if text:
        print("    " + "\n    ".join(text.splitlines()[:40]))
    return done.returncode == 0


def check_suite(suite, deb, access, tarball, options):
    model, seq, steps, cut, budget = "smollm2-135m", 64, 4, 10, options.budget
    is_arm = options.arch == "arm64"
    if is_arm:
        arm64.register_emulator()
    base = debian_roots.base(suite, architecture="arm64" if is_arm else None)
    with tempfile.TemporaryDirectory() as bind, debian_roots.layer(base) as layer:
        bind = pathlib.Path(bind)
        bind.chmod(0o755)
        for place, name in [(deb, "kerf.deb"), (access, "access.deb"), (tarball, "kerf.tar.gz")]:
            shutil.copy(place, bind / name)
        if options.quick:
            split_run.write_inputs(bind)
            (bind / "config.json").rename(bind / "model.json")
            model, seq, steps, cut, budget = "/mnt/kerf/model.json", 16, 4, 2, min(budget, 3)
        else:
            split_run.write_inputs(bind, {**split_run.TINY_MODEL, "vocab_size": 49152})
        box = Box(layer, bind, arm64.EMULATION if is_arm else {})
        print(f"Debian {suite}, {options.arch}")
        box.run("no Swift", "sh", "-c", "! command -v swift && ! find / -xdev -name 'libswift*' | grep -q .")
        box.shell(
            "install", "apt-get update >/dev/null && apt-get install -y --no-install-recommends /mnt/kerf/kerf.deb")
        if box.failed:
            return box.failed
        box.run("no library is missing", "sh", "-c", "! ldd /usr/bin/kerf | grep 'not found'")
        box.run("version", "kerf", "--version")
        report = box.run("doctor", "kerf", "doctor", "--json")
        if not box.failed:
            print(f"    {json.loads(report)['host']['cpu_model']}")
        workload = ["--model", model, "--seq", seq]
        box.run(f"profile, {budget:g} s", "kerf", "profile", *workload, "--budget", budget, "--power-model",
                "idle=3,busy=19", "--out", "/root/profile.json", "--quiet")
        box.run("calibrate", "kerf", "calibrate", "/root/profile.json", "--out", "/root/calibration.json")
        box.run("decide", "kerf", "decide", "--device", "/root/calibration.json", "--server", "/root/calibration.json",
                "--link", "up=20mbit,down=80mbit,rtt=20ms", "--server-power", 65, "--out", "/root/decision.json")
        box.run("report", "kerf", "report", "/root/profile.json", "/root/decision.json", "--out", "/root/report.html")
        box.shell("split training, bytes of the unsplit one", SPLIT.format(model=model, seq=seq, steps=steps, cut=cut))
        box.shell("completions", COMPLETIONS)
        box.shell("kerf-meter-access", METER_ACCESS)
        box.shell("tarball", TARBALL)
        box.shell("removal", REMOVED)
        return box.failed


def main():
    parser = argparse.ArgumentParser(description="Check Kerf's packages.")
    parser.add_argument("--packages", type=pathlib.Path, default=debian_roots.ROOTS.parent.parent / "packages")
    parser.add_argument("--suites", default="bookworm,trixie")
    parser.add_argument("--arch", choices=["amd64", "arm64"], default="amd64")
    parser.add_argument("--budget", type=float, default=60)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-lintian", action="store_true", help="leave out lintian")
    options = parser.parse_args()
    failed, tried = [], []
    for suite in options.suites.split(","):
        mark = f"+deb{VERSIONS[suite]}"
        if not list(options.packages.glob(f"kerf_*{mark}_{options.arch}.deb")):
            print(f"Debian {suite}\n  not tried: no package for it in {options.packages}")
            continue
        deb = one(options.packages, f"kerf_*{mark}_{options.arch}.deb")
        access = one(options.packages, f"kerf-meter-access_*{mark}_all.deb")
        tarball = one(options.packages, f"kerf-*{mark}-linux-{options.arch}.tar.gz")
        if not options.no_lintian and not check_with_lintian([deb, access]):
            failed.append("lintian")
        tried.append(suite)
        failed += check_suite(suite, deb, access, tarball, options)
    if not tried:
        print("test-packages: nothing was tried", file=sys.stderr)
        sys.exit(66)
    print(f"failed: {', '.join(failed)}" if failed else f"all checks passed in {', '.join(tried)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
