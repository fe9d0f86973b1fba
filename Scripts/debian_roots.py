"""Debian and Ubuntu systems in folders, to build in and to test in. Needs root and debootstrap.

A base system is made once for a suite and a list of packages, and kept in .build-packages/roots. A test runs in a layer
above it (overlayfs), which is deleted, in namespaces of its own, so that nothing stays mounted. A build runs in a
System, which keeps what it writes.
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

TREE = pathlib.Path(__file__).resolve().parent.parent
ROOTS = TREE / ".build-packages/roots"

# Mounts what programs expect, and becomes the command in the system $0: no mount outlives it. A bind is a line: what
# lies where, with a tab between.
ENTER = """
set -e
[ -z "$KERF_LAYER" ] || mount -t overlay overlay -o "$KERF_LAYER" "$0"
mount -t proc proc "$0/proc"
mount --rbind /sys "$0/sys"
mount --rbind /dev "$0/dev"
mount -t tmpfs tmpfs "$0/run"
mkdir -p "$0/run/lock" "$0/run/sshd"
tab=$(printf '\\t')
printf '%s' "$KERF_BINDS" | while IFS="$tab" read -r source place; do
    mkdir -p "$0$place"
    mount --bind "$source" "$0$place"
done
exec chroot "$0" "$@"
"""

# Only its own archive has Ubuntu, and its key is in a package of Debian 13.
UBUNTU = {"noble"}
UBUNTU_MIRROR = "http://archive.ubuntu.com/ubuntu"

# A mirror may stand still; services must not start in a chroot.
APT_SETTINGS = 'Acquire::Check-Valid-Until "false";\n'
NO_SERVICES = "#!/bin/sh\nexit 101\n"


def mirror():
    """Where this system's apt gets Debian from; None for debootstrap's own default."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"], capture_output=True,
        text=True, check=False)
    found = re.search(r"^Debian (http\S+/debian/?)$", done.stdout, re.MULTILINE)
    return os.environ.get("KERF_MIRROR") or (found.group(1) if found else None)


def base(suite, packages=(), architecture=None):
    """The folder of a system with these packages; made if it does not exist."""
    key = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:8]
    name = f"{suite}-{architecture}" if architecture else suite
    return make(ROOTS / f"{name}-{key}", suite, packages, architecture)


def make(folder, suite, packages=(), architecture=None):
    """Makes a system in a folder, where it does not exist; ends the script where it cannot be made."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    name = f"{'Ubuntu' if suite in UBUNTU else 'Debian'} {suite}{f' for {architecture}' if architecture else ''}"
    print(f"making {name} in {folder}", flush=True)
    unfinished = pathlib.Path(tempfile.mkdtemp(dir=folder.parent, prefix="unfinished-"))
    command = ["debootstrap", "--variant=minbase"]
    if packages:
        command.append(f"--include={','.join(sorted(packages))}")
    if architecture:
        command.append(f"--arch={architecture}")
    if suite in UBUNTU:
        # Debian's debootstrap knows older suites of Ubuntu by name; all are made in the same way.
        command += [f"--keyring={ubuntu_keyring()}", "--components=main,universe", suite, str(unfinished)]
        command += [os.environ.get("KERF_UBUNTU_MIRROR", UBUNTU_MIRROR), "/usr/share/debootstrap/scripts/gutsy"]
    else:
        command += [suite, str(unfinished)] + ([mirror()] if mirror() else [])
    log = folder.with_name(f"{folder.name}.log")
    with log.open("w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        print(f"no {name}: {' '.join(log.read_text().splitlines()[-2:])}", file=sys.stderr)
        sys.exit(69)
    shutil.copy("/etc/resolv.conf", unfinished / "etc/resolv.conf")
    (unfinished / "etc/apt/apt.conf.d/90kerf").write_text(APT_SETTINGS)
    policy = unfinished / "usr/sbin/policy-rc.d"
    policy.write_text(NO_SERVICES)
    policy.chmod(0o755)
    unfinished.chmod(0o755)
    unfinished.rename(folder)
    return folder


def ubuntu_keyring():
    """The keys of Ubuntu's archive: installed, or from Debian 13's package, which Debian's keys vouch for."""
    place = pathlib.Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
    return place if place.is_file() else base("trixie", ["ubuntu-keyring"]) / place.relative_to("/")


class System:
    """A system in a folder, in which commands leave what they write."""

    layer = ""

    def __init__(self, place, binds=None):
        self.place, self.binds = pathlib.Path(place), dict(binds or {})

    def command(self, *command, prefix=(), bind=None, environment=None):
        """The command line that runs a command in the system, with processes and mounts of its own.

        `bind` is a folder of this system that lies at /mnt/kerf in the other, beside the binds of all commands.
        """
        binds = {**self.binds, **({"/mnt/kerf": bind} if bind else {})}
        variables = {
            "HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive", "KERF_LAYER": self.layer,
            "KERF_BINDS": "".join(f"{source}\t{place}\n" for place, source in binds.items()), **(environment or {}),
        }
        return [
            *prefix, "env", "-i", *[f"{key}={value}" for key, value in variables.items()],
            "unshare", "--mount", "--propagation", "private", "--uts", "--pid", "--fork", "--kill-child",
            "sh", "-c", ENTER, str(self.place), *[str(part) for part in command],
        ]

    def install(self, packages):
        """Installs the packages that are missing."""
        listed = "dpkg-query -W -f '${Package} ${Package}:${Architecture} ${db:Status-Status}\\n'"
        done = subprocess.run(self.command("sh", "-c", listed), capture_output=True, text=True, check=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        there = {name for *names, status in lines if status == "installed" for name in names}
        missing = [package for package in packages if package not in there]
        if not missing:
            return
        print(f"installing {len(missing)} packages in {self.place}", flush=True)
        script = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(missing)}"
        done = subprocess.run(self.command("sh", "-c", script), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print("\n".join((done.stdout + done.stderr).splitlines()[-8:]), file=sys.stderr)
            sys.exit(69)


class Layer(System):
    """A system above a base, in a temporary folder."""

    def __init__(self, base_folder, work):
        self.base, self.work = base_folder, pathlib.Path(work)
        super().__init__(self.work / "root")
        for name in ("root", "upper", "scratch"):
            (self.work / name).mkdir(parents=True, exist_ok=True)

    @property
    def upper(self):
        """What differs from the base; files can be put here before something runs."""
        return self.work / "upper"

    @property
    def layer(self):
        return f"lowerdir={self.base},upperdir={self.upper},workdir={self.work / 'scratch'}"


@contextlib.contextmanager
def layer(base_folder):
    ROOTS.mkdir(parents=True, exist_ok=True)
    work = tempfile.mkdtemp(dir=ROOTS, prefix="layer-")
    try:
        yield Layer(base_folder, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
