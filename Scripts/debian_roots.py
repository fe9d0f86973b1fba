"""Clean Debian systems in folders, for tests of packages and of a fleet. Needs root and debootstrap.

A base system is made once for a suite and a list of packages, and kept in .build-packages/roots. A test runs in a layer
above it (overlayfs), which is deleted, in namespaces of its own, so that nothing stays mounted.
"""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOTS = pathlib.Path(__file__).resolve().parent.parent / ".build-packages/roots"

# Mounts what programs expect, and becomes the command in the system $0: no mount outlives it.
ENTER = """
set -e
[ -z "$KERF_LAYER" ] || mount -t overlay overlay -o "$KERF_LAYER" "$0"
mount -t proc proc "$0/proc"
mount --rbind /sys "$0/sys"
mount --rbind /dev "$0/dev"
mount -t tmpfs tmpfs "$0/run"
mkdir -p "$0/run/lock" "$0/run/sshd"
[ -z "$KERF_BIND" ] || { mkdir -p "$0/mnt/kerf"; mount --bind "$KERF_BIND" "$0/mnt/kerf"; }
exec chroot "$0" "$@"
"""


def mirror():
    """Where this system's apt gets Debian from; None for debootstrap's own default."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"], capture_output=True,
        text=True, check=False)
    found = re.search(r"^Debian (http\S+/debian/?)$", done.stdout, re.MULTILINE)
    return os.environ.get("KERF_MIRROR") or (found.group(1) if found else None)


def base(suite, packages=()):
    """The folder of a system with these packages; made if it does not exist."""
    key = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:8]
    folder = ROOTS / f"{suite}-{key}"
    if folder.is_dir():
        return folder
    ROOTS.mkdir(parents=True, exist_ok=True)
    print(f"making a Debian {suite} in {folder}", flush=True)
    unfinished = pathlib.Path(tempfile.mkdtemp(dir=ROOTS, prefix="unfinished-"))
    command = ["debootstrap", "--variant=minbase"]
    if packages:
        command.append(f"--include={','.join(sorted(packages))}")
    command += [suite, str(unfinished)] + ([mirror()] if mirror() else [])
    log = ROOTS / f"{folder.name}.log"
    with log.open("w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        print(f"no Debian {suite}: {' '.join(log.read_text().splitlines()[-2:])}", file=sys.stderr)
        sys.exit(69)
    shutil.copy("/etc/resolv.conf", unfinished / "etc/resolv.conf")
    # Services must not start in a chroot.
    policy = unfinished / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    unfinished.chmod(0o755)
    unfinished.rename(folder)
    return folder


class Layer:
    """A system above a base, in a temporary folder."""

    def __init__(self, base_folder, work):
        self.base, self.work = base_folder, pathlib.Path(work)
        self.place = self.work / "root"
        for name in ("root", "upper", "scratch"):
            (self.work / name).mkdir(parents=True, exist_ok=True)

    @property
    def upper(self):
        """What differs from the base; files can be put here before something runs."""
        return self.work / "upper"

    def command(self, *command, prefix=(), bind="", environment=None):
        """The command line that runs a command in the system, with processes and mounts of its own."""
        layer = f"lowerdir={self.base},upperdir={self.upper},workdir={self.work / 'scratch'}"
        variables = {
            "HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive", "KERF_LAYER": layer, "KERF_BIND": str(bind), **(environment or {}),
        }
        return [
            *prefix, "env", "-i", *[f"{key}={value}" for key, value in variables.items()],
            "unshare", "--mount", "--propagation", "private", "--uts", "--pid", "--fork", "--kill-child",
            "sh", "-c", ENTER, str(self.place), *[str(part) for part in command],
        ]


@contextlib.contextmanager
def layer(base_folder):
    work = tempfile.mkdtemp(dir=ROOTS, prefix="layer-")
    try:
        yield Layer(base_folder, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
