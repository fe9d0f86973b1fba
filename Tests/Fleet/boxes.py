"""Boxes of a test: Debian systems with namespaces of their own and an sshd each, on one bridge. Needs root.

Each box is a layer above one clean Debian (Scripts/debian_roots.py), with network, processes, mounts and host name of
its own. The playbooks run in a further network namespace, the hub, from which only the boxes can be reached.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "Scripts"
sys.path.insert(0, str(SCRIPTS))

import debian_roots  # noqa: E402
from split_run import run  # noqa: E402

# Python is for Ansible; sudo, as nobody logs in as root.
PACKAGES = ["openssh-server", "python3", "python3-apt", "sudo", "procps"]
USER = "lab"

# Stands for systemd's, which a chroot has none of: units are files in /srv/units while they run. The log has the times.
SYSTEMCTL = """#!/bin/sh
verb=$1
for unit; do :; done
case $verb in
    is-active) [ -e "/srv/units/$unit" ] ;;
    stop) rm -f "/srv/units/$unit"; echo "$(date +%s.%N) stop $unit" >>/srv/units.log ;;
    start) touch "/srv/units/$unit"; echo "$(date +%s.%N) start $unit" >>/srv/units.log ;;
esac
"""


class Hub:
    """The network: a bridge in a namespace of its own, in which the playbooks run too."""

    def __init__(self):
        self.name = f"kerf-{os.getpid()}-hub"
        self.address = "10.98.0.1"

    def __enter__(self):
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        run("ip", "-n", self.name, "link", "add", "hub", "type", "bridge")
        run("ip", "-n", self.name, "address", "add", f"{self.address}/24", "dev", "hub")
        run("ip", "-n", self.name, "link", "set", "hub", "up")
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name], check=False, stderr=subprocess.DEVNULL)

    def inside(self, *command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]


class Box:
    def __init__(self, name, number, hub, base, work, key):
        self.name, self.hub, self.key = name, hub, key
        self.namespace = f"kerf-{os.getpid()}-{name}"
        self.address = f"10.98.0.{10 + number}"
        self.layer = debian_roots.Layer(base, work / name)
        self.process = None

    @property
    def root(self):
        """What the box has written; files of the base are below `layer.base`."""
        return self.layer.upper

    def connect(self):
        run("ip", "netns", "add", self.namespace)
        run("ip", "-n", self.namespace, "link", "set", "lo", "up")
        run("ip", "link", "add", "port", "netns", self.namespace, "type", "veth", "peer", "name",
            f"p{self.address[8:]}", "netns", self.hub.name)
        run("ip", "-n", self.hub.name, "link", "set", f"p{self.address[8:]}", "master", "hub", "up")
        run("ip", "-n", self.namespace, "address", "add", f"{self.address}/24", "dev", "port")
        run("ip", "-n", self.namespace, "link", "set", "port", "up")

    def prepare(self, repository):
        """A user who may become root, keys, a repository without a network, services, and a governor."""
        def put(place, text, mode=0o644):
            path = self.root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)

        put(f"etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        put("etc/hostname", f"{self.name}\n")
        put("etc/hosts", f"127.0.0.1 localhost {self.name}\n")
        put("etc/apt/sources.list", "deb [trusted=yes] file:/srv/repository ./\n")
        shutil.copytree(repository, self.root / "srv/repository")
        put("usr/local/bin/systemctl", SYSTEMCTL, 0o755)
        for unit in ("apt-daily.timer", "man-db.timer"):
            put(f"srv/units/{unit}", "")
        for policy in ("policy0", "policy1"):
            folder = f"srv/sys/devices/system/cpu/cpufreq/{policy}"
            put(f"{folder}/scaling_governor", "schedutil\n")
            put(f"{folder}/scaling_available_governors", "performance powersave schedutil\n")
        put("srv/authorized_keys", self.key.with_suffix(".pub").read_text())
        put("srv/start", f"""#!/bin/sh
hostname {self.name}
useradd --create-home --shell /bin/bash --password '*' {USER} 2>/dev/null
install -d -m 700 -o {USER} /home/{USER}/.ssh
install -m 600 -o {USER} /srv/authorized_keys /home/{USER}/.ssh/authorized_keys
exec /usr/sbin/sshd -D -e -o UsePAM=no -o PasswordAuthentication=no
""", 0o755)

    def start(self):
        log = (self.layer.work / "sshd.log").open("w")
        self.process = subprocess.Popen(
            self.layer.command("sh", "/srv/start", prefix=["ip", "netns", "exec", self.namespace]), stdout=log,
            stderr=log)

    def wait(self):
        for _ in range(100):
            done = subprocess.run(
                self.hub.inside("bash", "-c", f"exec 3<>/dev/tcp/{self.address}/22"), check=False, capture_output=True)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        sys.exit(f"{self.name}: no sshd: " + (self.layer.work / "sshd.log").read_text())

    def sh(self, script):
        """Runs a script on the box as root; returns what it prints."""
        return run(*self.hub.inside(
            "ssh", "-q", "-i", self.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            f"{USER}@{self.address}", "sudo", "sh", "-c", "'" + script.replace("'", "'\\''") + "'"))

    def stop(self):
        if self.process:
            # The first process of its namespace takes all others with it.
            self.process.kill()
            self.process.wait()
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False, stderr=subprocess.DEVNULL)


def repository(deb, base, folder):
    """A repository of the packages that a .deb needs beyond the base, so that the boxes install without a network."""
    folder.mkdir()
    with debian_roots.layer(base) as layer:
        bind = folder.parent / "deb"
        bind.mkdir()
        shutil.copy(deb, bind / "kerf.deb")
        script = (
            "apt-get update >/dev/null && apt-get install -y --no-install-recommends --download-only /mnt/kerf/kerf.deb "
            ">/dev/null && cp /var/cache/apt/archives/*.deb /mnt/kerf/")
        run(*layer.command("sh", "-c", script, bind=bind))
        for place in bind.glob("*.deb"):
            if place.name != "kerf.deb":
                shutil.move(place, folder / place.name)
    index = subprocess.run(
        ["dpkg-scanpackages", "--multiversion", "."], cwd=folder, capture_output=True, text=True, check=True).stdout
    (folder / "Packages").write_text(index)
    return folder
