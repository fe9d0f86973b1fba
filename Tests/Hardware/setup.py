"""Sets the bench up: installs packages, downloads Debian's kernel, builds the modules, and packs the guest.

Everything goes to one folder, which git ignores. What is there is used again; a finished set-up needs no network.

    Debian's kernel    linux-image, linux-headers, linux-kbuild of bookworm: 85 MB
    drivers            ina2xx, ina3221 and test_power, which Debian does not build, from linux-source: 139 MB
    the guest          an initramfs: kerf, the libraries that ldd names, and a few programs of this system
"""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import cpio

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# On Debian 12 and Ubuntu 24.04. gcc-12 is the compiler of the kernel, which its headers ask for by name.
TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86", "gcc-12": "gcc-12", "make": "make", "depmod": "kmod", "xz": "xz-utils",
    "strip": "binutils", "sudo": "sudo", "udevadm": "udev", "setcap": "libcap2-bin", "sysctl": "procps", "ps": "procps",
}

# What the guest has besides kerf. Where `sudo` and the like are missing in a shell, a remedy could not be tried.
PROGRAMS = """
    bash sh cat chgrp chmod chown cp cut date echo env getcap getent grep groupadd head id kill ln ls mkdir mkfifo mknod
    modprobe mount mv ps readlink rm rmmod sed setcap setpriv sleep sort stat stty sudo sync sysctl tail tee touch tr
    udevadm umount uname usermod wc hostname
""".split()
# Without it the remedy that names it is not tried.
OPTIONAL_PROGRAMS = ["cpupower"]

# Modules of the stock kernel, with those they depend on.
STOCK_MODULES = "virtio_pci 9pnet_virtio 9p intel_rapl_msr rapl coretemp lm75 i2c-dev".split()
DRIVERS = {
    "ina2xx": "drivers/hwmon/ina2xx.c", "ina3221": "drivers/hwmon/ina3221.c",
    "test_power": "drivers/power/supply/test_power.c",
}

SUITE = "bookworm"
KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class SetupError(Exception):
    """What is missing, in one line."""


def command(*words, **options):
    """Runs a command and gives its output. Its last line says why where it fails."""
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if result.returncode != 0:
        lines = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()
        raise SetupError(f"{' '.join(words[:3])}: {lines[-1]}")
    return result.stdout


def find_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Setup:
    """The folder of the bench, and how to fill it.

    folder/kernel    vmlinuz, modules and the release's name
    folder/headers   what modules are built with
    folder/modules   sources and built modules
    folder/guest.cpio
    """

    def __init__(self, folder, kerf, with_drivers=True):
        self.folder, self.kerf, self.with_drivers = folder, kerf, with_drivers
        self.downloaded = 0

    def run(self):
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.kerf.is_file():
            raise SetupError(f"no {self.kerf}: make build")
        self.install_tools()
        self.fetch_kernel()
        if self.with_drivers:
            self.fetch_drivers()
        self.build_modules()
        self.pack_guest()
        print(f"hardware: set up in {time.monotonic() - began:.0f} s, {self.downloaded / 1e6:.0f} MB downloaded")

    # Tools

    def install_tools(self):
        missing = sorted({package for program, package in TOOLS.items() if not find_program(program)})
        if not missing:
            return
        if not find_program("apt-get"):
            raise SetupError(f"no apt-get here; install the equivalents of these Debian packages: {' '.join(missing)}")
        as_root = []
        if os.geteuid() != 0:
            if not find_program("sudo"):
                raise SetupError(f"run as root: apt-get install {' '.join(missing)}")
            as_root = ["sudo"]
        print(f"hardware: installing {' '.join(missing)}")
        command(*as_root, "apt-get", "-q", "update")
        uris = command("apt-get", "install", "--no-install-recommends", "--print-uris", "-qq", "-y", *missing)
        self.downloaded += sum(int(line.split()[2]) for line in uris.splitlines() if line.startswith("'"))
        command(*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "install", "-y",
                "--no-install-recommends", *missing)

    # Downloads, by apt: it checks sizes and SHA-256 against the archive's signed index.

    def apt(self):
        """Options of apt: this system's own lists on Debian 12, else lists of that release in the bench's folder."""
        sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
        with contextlib.suppress(OSError):
            if f"VERSION_CODENAME={SUITE}\n" in pathlib.Path("/etc/os-release").read_text():
                return sandbox
        if not KEYRING.is_file():
            raise SetupError(f"no {KEYRING}: install debian-archive-keyring")
        place = self.folder / "apt"
        for name in ("lists/partial", "cache/archives/partial"):
            (place / name).mkdir(parents=True, exist_ok=True)
        (place / "status").touch()
        signed = f"[arch=amd64 signed-by={KEYRING}]"
        (place / "sources.list").write_text(
            f"deb {signed} http://deb.debian.org/debian {SUITE} main\n"
            f"deb {signed} http://deb.debian.org/debian-security {SUITE}-security main\n")
        settings = {
            "Dir::Etc::SourceList": place / "sources.list", "Dir::Etc::SourceParts": "-",
            "Dir::Etc::Preferences": "-", "Dir::Etc::PreferencesParts": "-", "Dir::State::Lists": place / "lists",
            "Dir::State::Status": place / "status", "Dir::Cache": place / "cache", "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
        }
        return sandbox + [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def download(self, *packages):
        """The downloaded packages' paths; one that is there with the right sum is not downloaded again."""
        place = self.folder / "packages"
        place.mkdir(exist_ok=True)
        paths = []
        for package in packages:
            record = command("apt-cache", *self.apt(), "show", "--no-all-versions", package)
            fields = dict(re.findall(r"^(Version|Filename|Size|SHA256): (.*)$", record, re.MULTILINE))
            path = place / pathlib.Path(fields["Filename"]).name.replace(":", "%3a")
            if not path.is_file() or sha256(path) != fields["SHA256"]:
                print(f"hardware: downloading {package} {fields['Version']}, {int(fields['Size']) / 1e6:.0f} MB")
                for old in place.glob(f"{package}_*"):
                    old.unlink()
                command("apt-get", *self.apt(), "-q", "download", f"{package}={fields['Version']}", cwd=place)
                path = next(place.glob(f"{package}_*"))
                if sha256(path) != fields["SHA256"]:
                    raise SetupError(f"{path}: not the SHA-256 that the archive's index states")
                self.downloaded += path.stat().st_size
            paths.append(path)
        return paths

    # The kernel

    @property
    def release(self):
        return (self.folder / "kernel/release").read_text().strip()

    def fetch_kernel(self):
        if (self.folder / "kernel/release").is_file():
            return
        self.update_lists()
        # The newest kernel of the release: the package that the metapackage depends on.
        depends = command("apt-cache", *self.apt(), "show", "--no-all-versions", "linux-image-amd64")
        found = re.search(r"^Depends: linux-image-(\S+-amd64) ", depends, re.MULTILINE)
        if not found:
            raise SetupError("the archive's index names no kernel: linux-image-amd64 depends on none")
        release = found.group(1)
        common = release.removesuffix("-amd64") + "-common"
        image, *headers = self.download(
            f"linux-image-{release}", f"linux-headers-{release}", f"linux-headers-{common}",
            "linux-kbuild-" + ".".join(release.split(".")[:2]))
        kernel, place = self.folder / "kernel", self.folder / "headers"
        for folder in (kernel, place):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        unpack(image, kernel, "./boot/vmlinuz-*", *(
            f"./lib/modules/*/{part}" for part in (
                "modules.*", "kernel/arch/x86/events", "kernel/drivers/hwmon", "kernel/drivers/powercap",
                "kernel/drivers/virtio", "kernel/drivers/i2c", "kernel/drivers/base", "kernel/drivers/thermal",
                "kernel/drivers/platform/x86/intel", "kernel/fs/9p", "kernel/fs/netfs", "kernel/fs/fscache",
                "kernel/net/9p", "kernel/lib")))
        for package in headers:
            unpack(package, place)
        # The headers of a flavor include those that all share, by their place in an installed system.
        makefile = place / f"usr/src/linux-headers-{release}/Makefile"
        makefile.write_text(makefile.read_text().replace("include /usr/src", f"include {place}/usr/src"))
        (kernel / "release").write_text(release + "\n")

    def update_lists(self):
        as_root = ["sudo"] if os.geteuid() != 0 and not (self.folder / "apt").is_dir() else []
        command(*as_root, "apt-get", *self.apt(), "-q", "update")

    def fetch_drivers(self):
        place = self.folder / "drivers"
        if all((place / f"{name}.c").is_file() for name in DRIVERS):
            return
        self.update_lists()
        [package] = self.download("linux-source-" + ".".join(self.release.split(".")[:2]))
        tree = self.folder / "source"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        unpack(package, tree, "./usr/src/*.tar.xz")
        archive = next(tree.glob("usr/src/*.tar.xz"))
        patterns = [f"*/{path}" for path in DRIVERS.values()]
        command("tar", "-xJf", str(archive), "-C", str(tree), "--strip-components=1", "--wildcards", *patterns)
        place.mkdir(exist_ok=True)
        for name, path in DRIVERS.items():
            shutil.copy(tree / path, place / f"{name}.c")
        # Three files of 139 MB are kept.
        shutil.rmtree(tree)
        package.unlink()

    # Modules

    def build_modules(self):
        place = self.folder / "modules"
        place.mkdir(exist_ok=True)
        sources = [path for path in (HERE / "modules").iterdir() if path.name == "Kbuild" or path.suffix in (".c", ".h")]
        if self.with_drivers:
            sources += (self.folder / "drivers").iterdir()
        for source in sources:
            if not (place / source.name).is_file() or (place / source.name).read_bytes() != source.read_bytes():
                shutil.copy(source, place)
        headers = self.folder / f"headers/usr/src/linux-headers-{self.release}"
        log = self.folder / "modules.log"
        with log.open("w") as output:
            status = subprocess.run(
                ["make", "-C", headers, f"M={place}", f"-j{os.cpu_count()}", "modules"], stdout=output,
                stderr=subprocess.STDOUT).returncode
        warnings = [line for line in log.read_text().splitlines() if re.search(r"error:|warning:|Error \d", line)]
        if status != 0 or any("error:" in line for line in warnings):
            raise SetupError(f"the modules do not build: {warnings[0] if warnings else 'no message'}; see {log}")
        for line in warnings:
            print(f"hardware: {line}")

    # The guest

    def pack_guest(self):
        stripped = self.folder / "kerf"
        # Programs of several builds may be tried, and not in the order of their times.
        command("strip", "-o", str(stripped), str(self.kerf))
        part = self.folder / "guest.cpio.part"
        with cpio.Initramfs(part) as image:
            # As in a distribution: libraries and programs are below /usr.
            for name in ("bin", "sbin", "lib", "lib64"):
                image.link(name, f"usr/{name}")
            for name in ("dev", "mnt", "proc", "run", "sys", "root", "etc/udev/rules.d", "var/lib"):
                image.directory(name)
            image.directory("tmp", 0o1777)
            image.device("dev/console", 5, 1)
            image.file("init", HERE / "guest/init", 0o755)
            self.add_accounts(image)
            self.add_programs(image)
            self.add_kerf(image, stripped)
            self.add_modules(image)
        part.replace(self.folder / "guest.cpio")

    def add_accounts(self, image):
        image.file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:Ada:/home/ada:/bin/bash\n")
        image.file("etc/group", "root:x:0:\nada:x:1000:\n")
        image.file("etc/shadow", "root:*:19000:0:99999:7:::\nada:*:19000:0:99999:7:::\n", 0o640)
        image.file("etc/gshadow", "root:*::\nada:!::\n", 0o640)
        image.file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        image.file("etc/hosts", "127.0.0.1 localhost kerf-bench\n")
        image.file("etc/os-release", 'ID=debian\nPRETTY_NAME="the bench of Kerf"\n')
        image.file("etc/login.defs", "SYS_GID_MIN 100\nSYS_GID_MAX 999\n")
        image.directory("home/ada", 0o777)
        # Ada may use sudo, as remedies ask for.
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        image.file("etc/sudoers", f'Defaults env_reset, secure_path="{path}"\nada ALL=(ALL:ALL) NOPASSWD: ALL\n', 0o440)
        permit = "".join(f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "password", "session"))
        for service in ("sudo", "other"):
            image.file(f"etc/pam.d/{service}", permit)

    def add_programs(self, image):
        for name in PROGRAMS + OPTIONAL_PROGRAMS:
            path = find_program(name)
            if not path and name in OPTIONAL_PROGRAMS:
                continue
            if not path:
                raise SetupError(f"no {name} on this system, which the guest needs")
            add_binary(image, path, 0o4755 if name == "sudo" else 0o755)
        add_binary(image, find_program("udevadm"), name="/usr/lib/systemd/systemd-udevd")
        # Loaded at run time, so ldd does not name them.
        plugins = command("dpkg", "-L", "sudo").split() + command("dpkg", "-L", "libpam-modules").split()
        for path in plugins:
            if path.endswith(("sudoers.so", "libsudo_util.so.0", "pam_permit.so")):
                add_binary(image, path)

    def add_kerf(self, image, stripped):
        """As an installed program: a folder of its own, and a link on the path."""
        for library in libraries(self.kerf):
            add_library(image, library)
        image.file("opt/kerf/kerf", stripped, 0o755)
        image.link("usr/local/bin/kerf", "/opt/kerf/kerf")
        for path in sorted((ROOT / "Profiles").rglob("*")):
            if path.is_file():
                image.file(f"opt/kerf/Profiles/{path.relative_to(ROOT / 'Profiles')}", path)
        for path in ("/etc/sensors3.conf", "/usr/share/misc/pci.ids"):
            if os.path.isfile(path):
                image.file(path, pathlib.Path(path))

    def add_modules(self, image):
        tree, base = self.folder / "tree", f"lib/modules/{self.release}"
        shutil.rmtree(tree, ignore_errors=True)
        stock, target = self.folder / "kernel" / base, tree / base
        shutil.copytree(stock, target, ignore=lambda _, names: [n for n in names if n in ("build", "source")])
        (target / "extra").mkdir()
        ours = [path.stem for path in (self.folder / "modules").glob("*.ko")]
        for name in ours:
            command("strip", "--strip-debug", "-o", str(target / f"extra/{name}.ko"),
                    str(self.folder / f"modules/{name}.ko"))
        command(find_program("depmod"), "-b", str(tree), self.release)
        needed = set()
        for name in STOCK_MODULES + ours:
            shown = command(find_program("modprobe"), "-d", str(tree), "-S", self.release, "--show-depends", name)
            needed.update(line.split()[1] for line in shown.splitlines() if line.startswith("insmod "))
        for path in sorted(target.rglob("*.ko")):
            if str(path) not in needed:
                path.unlink()
        command(find_program("depmod"), "-b", str(tree), self.release)
        for path in sorted(target.rglob("*")):
            if path.is_file():
                image.file(f"usr/{path.relative_to(tree)}", path)
        shutil.rmtree(tree)


def sha256(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def unpack(package, folder, *patterns):
    """Unpacks a Debian package, or what matches the patterns in it."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
        # tar fails where a pattern matches nothing, which a later kernel's layout may cause: depmod finds what is missing.
        subprocess.run(
            ["tar", "-x", "-C", folder, *(["--wildcards", *patterns] if patterns else [])], stdin=archive.stdout,
            stderr=subprocess.DEVNULL)
        archive.stdout.read()
    if archive.returncode != 0:
        raise SetupError(f"{package}: cannot be unpacked")


def libraries(path):
    """The shared libraries that a program is run with."""
    listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    if missing := re.search(r"^\s*(\S+) => not found", listed, re.MULTILINE):
        raise SetupError(f"{path} needs {missing.group(1)}, which this system does not have")
    return re.findall(r"(?:=> |^\s*)(/\S+)", listed, re.MULTILINE)


def add_library(image, path):
    # At the name by which it is found; links on the way are followed.
    image.file(below_usr(path), pathlib.Path(os.path.realpath(path)), 0o755)


def add_binary(image, path, mode=0o755, name=None):
    real = os.path.realpath(path)
    for library in libraries(real):
        add_library(image, library)
    image.file(below_usr(name or path), pathlib.Path(real), mode)


def below_usr(path):
    return re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", path)


if __name__ == "__main__":
    sys.exit("hardware: setup.py is a part of bench.py")
