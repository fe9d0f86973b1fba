#!/usr/bin/env python3
"""Makes Kerf's packages from a release build: a .deb, the optional kerf-meter-access, and a tarball.

    make-packages.py [--executable KERF] [--root DIR] [--arch amd64] [--help-from KERF] [--out packages]

Without --executable Kerf is built with a static Swift runtime. The .deb depends on the libraries of the distribution
that it was linked with: those of this system, or of the chroot --root, in which dpkg-dev has to be installed. For a
cross-built executable give --arch arm64, the chroot that holds the arm64 libraries, and with --help-from an executable
of the same source that runs here.

The same executable and commit give the same bytes: all times are SOURCE_DATE_EPOCH, by default that of the commit.
"""

import argparse
import gzip
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

import arm64
import man_pages

TREE = pathlib.Path(__file__).resolve().parent.parent
DEBIAN = TREE / "Deploy/debian"
SECTION = "science"
STRIP = {"amd64": "x86_64-linux-gnu-strip", "arm64": "aarch64-linux-gnu-strip"}
MACHINE = {62: "amd64", 183: "arm64"}  # e_machine of ELF

# Libraries that Kerf loads while it runs, if it does: recommended where the executable names and does not link them.
LOADED = {
    "libdnnl.so.2": ("Recommends", "libdnnl2"),
    "libdnnl.so.3": ("Recommends", "libdnnl3"),
    "libdnnl.so.3.6": ("Recommends", "libdnnl3.6"),
    "libopenblas.so.0": ("Recommends", "libopenblas0"),
    "libsensors.so.5": ("Recommends", "libsensors5"),
    "libpci.so.3": ("Recommends", "libpci3"),
    "libnvidia-ml.so.1": ("Suggests", "libnvidia-ml1"),
}


def fail(message, status=1):
    print(f"make-packages: {message}", file=sys.stderr)
    sys.exit(status)


def output(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        fail(f"{' '.join(str(part) for part in command[:3])}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


# --- What is packed ------------------------------------------------------------------------------------------------


class Source:
    """The commit: version and time."""

    def __init__(self, version, root):
        in_tree = re.search(r'current = "([^"]+)"', (TREE / "Sources/SystemIO/KerfFile.swift").read_text()).group(1)
        self.commit = output("git", "-C", TREE, "rev-parse", "--short=10", "HEAD").strip()
        stated = os.environ.get("SOURCE_DATE_EPOCH")
        self.epoch = int(stated or output("git", "-C", TREE, "log", "-1", "--format=%ct", "HEAD"))
        changelog = (TREE / "CHANGELOG.md").read_text()
        is_released = f"## {in_tree} - unreleased" not in changelog
        # A version before the release sorts before it.
        day = time.strftime("%Y%m%d", time.gmtime(self.epoch))
        self.version = version or (in_tree if is_released else f"{in_tree}~git{day}.{self.commit}")
        self.suite = suite(root)

    @property
    def debian_version(self):
        return self.version + self.suite


def suite(root):
    """Libraries differ between distributions, so the version names the one: +deb12, +ubuntu24.04."""
    text = (root / "etc/os-release").read_text()
    fields = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', text, re.MULTILINE))
    name = {"debian": "deb"}.get(fields.get("ID"), fields.get("ID", "linux"))
    return f"+{name}{fields.get('VERSION_ID', '')}"


class Executable:
    def __init__(self, path, arch, root):
        self.path, self.root = path, root
        if not path.is_file():
            fail(f"no executable {path}", 66)
        data = path.read_bytes()
        if data[:4] != b"\x7fELF":
            fail(f"{path} is no executable of Linux", 65)
        self.arch = MACHINE.get(int.from_bytes(data[18:20], "little"), "unknown")
        if arch and arch != self.arch:
            fail(f"{path} is for {self.arch}, not for {arch}", 65)
        dynamic = output("readelf", "-d", path)
        self.needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
        swift = [name for name in self.needed if "swift" in name.lower() or "Foundation" in name]
        if swift:
            fail(f"{path} needs {swift[0]}: build it with --static-swift-stdlib", 65)
        self.loaded = [
            name for name in LOADED if name.encode() + b"\0" in data and name not in self.needed
        ]

    def install(self, place):
        """A stripped copy without a RUNPATH: libraries come from where the distribution has them."""
        shutil.copyfile(self.path, place)
        strip = shutil.which(STRIP[self.arch]) or fail(f"{STRIP[self.arch]} is missing: install its binutils", 69)
        output(strip, "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note",
               "--remove-section=.swift1_autolink_entries", place)
        output("chrpath", "--delete", place)
        place.chmod(0o755)

    def depends(self, stripped):
        """Packages with versions, by dpkg-shlibdeps(1) in the system or chroot whose libraries were linked."""
        with tempfile.TemporaryDirectory(dir=self.root / "tmp") as work:
            work = pathlib.Path(work)
            (work / "debian").mkdir()
            (work / "debian/control").write_text("Source: kerf\n\nPackage: kerf\nArchitecture: any\n")
            shutil.copy(stripped, work / "kerf")
            inside = "/" / work.relative_to(self.root)
            command = f"cd {inside} && DEB_HOST_ARCH={self.arch} dpkg-shlibdeps -O -ekerf"
            prefix = [] if self.root == pathlib.Path("/") else ["chroot", self.root]
            if self.arch == "arm64" and prefix:
                arm64.register_emulator()
            text = output(*prefix, "sh", "-c", command)
        return re.search(r"shlibs:Depends=(.*)", text).group(1)

    def others(self, kind):
        return sorted({package for field, package in (LOADED[name] for name in self.loaded) if field == kind})


# --- Trees ---------------------------------------------------------------------------------------------------------


def put(place, text, mode=0o644):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    place.chmod(mode)


def compressed(text):
    """As gzip -9n: without name and time."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return buffer.getvalue()


def notices(checkouts):
    """What the licenses of the Swift packages in the executable ask to pass on."""
    texts = []
    for package in sorted(checkouts.iterdir()):
        for name in ("NOTICE.txt", "NOTICES.txt"):
            if (package / name).is_file():
                title = f"{package.name}\n{'=' * len(package.name)}\n\n"
                texts.append(title + (package / name).read_text().strip() + "\n")
    if not texts:
        fail(f"no package with a notice in {checkouts}; name the folder of checkouts with --checkouts", 66)
    return "\n\n".join(texts)


class Contents:
    """Everything but the documentation that Debian asks for, below PREFIX."""

    def __init__(self, options, source, executable, work):
        self.options, self.source, self.executable = options, source, executable
        self.binary = work / "stripped"
        executable.install(self.binary)
        self.asked = options.help_from or executable.path
        self.environment = {**os.environ, "KERF_PROFILES": str(TREE / "Profiles")}
        self.pages = man_pages.pages(self.asked, source.version, source.epoch, self.environment)
        self.completions = {
            shell: output(self.asked, "--generate-completion-script", shell, env=self.environment)
            for shell in ("bash", "zsh", "fish")
        }
        # It is read by the shell, not run.
        self.completions["bash"] = self.completions["bash"].removeprefix("#!/bin/bash\n")
        self.notices = notices(options.checkouts)

    def write(self, prefix):
        put(prefix / "bin/kerf", self.binary.read_bytes(), 0o755)
        for file in sorted((TREE / "Profiles").rglob("*")):
            if file.is_file():
                put(prefix / "share/kerf" / file.relative_to(TREE / "Profiles"), file.read_bytes())
        for name, text in self.pages.items():
            put(prefix / f"share/man/man1/{name}.gz", compressed(text))
        share = prefix / "share"
        put(share / "bash-completion/completions/kerf", self.completions["bash"])
        put(share / "zsh/vendor-completions/_kerf", self.completions["zsh"])
        put(share / "fish/vendor_completions.d/kerf.fish", self.completions["fish"])
        put(share / "doc/kerf/CHANGELOG.md.gz", compressed((TREE / "CHANGELOG.md").read_text()))
        put(share / "doc/kerf/NOTICE.gz", compressed(self.notices))


class Package:
    """A .deb in the making: a tree of files and its control files."""

    def __init__(self, name, arch, source, options, work):
        self.name, self.arch, self.source, self.options = name, arch, source, options
        self.folder = work / name
        self.fields = {"Package": name, "Version": source.debian_version, "Architecture": arch}

    def documentation(self):
        doc = self.folder / "usr/share/doc" / self.name
        put(doc / "copyright", (DEBIAN / "copyright").read_text())
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(self.source.epoch))
        put(doc / "changelog.gz", compressed(
            f"{self.name} ({self.source.debian_version}) unstable; urgency=medium\n\n"
            f"  * Built from commit {self.source.commit}. CHANGELOG.md says what changed.\n\n"
            f" -- {self.options.maintainer}  {date}\n"))

    def control(self, **fields):
        files = [file for file in self.folder.rglob("*") if file.is_file() and "DEBIAN" not in file.parts]
        # As dpkg-gencontrol(1) counts: each file in whole kibibytes, and one for each folder.
        folders = [file for file in self.folder.rglob("*") if file.is_dir() and "DEBIAN" not in file.parts]
        size = sum((file.stat().st_size + 1023) // 1024 for file in files) + len(folders)
        self.fields |= {
            "Maintainer": self.options.maintainer, "Installed-Size": str(size), **fields, "Section": SECTION,
            "Priority": "optional",
            "Description": (DEBIAN / self.name / "description").read_text().strip(),
        }
        lines = [f"{key}: {value}" for key, value in self.fields.items() if value]
        put(self.folder / "DEBIAN/control", "\n".join(lines) + "\n")
        sums = [
            f"{hashlib.md5(file.read_bytes()).hexdigest()}  {file.relative_to(self.folder)}\n" for file in sorted(files)
        ]
        put(self.folder / "DEBIAN/md5sums", "".join(sums))
        for name in ("postinst", "prerm", "postrm", "triggers"):
            script = DEBIAN / self.name / name
            if script.is_file():
                put(self.folder / "DEBIAN" / name, script.read_text(), 0o644 if name == "triggers" else 0o755)

    def build(self, out):
        for folder in [self.folder, *self.folder.rglob("*")]:
            if folder.is_dir():
                folder.chmod(0o755)
            os.utime(folder, (self.source.epoch, self.source.epoch))
        place = out / f"{self.name}_{self.source.debian_version}_{self.arch}.deb"
        output("dpkg-deb", "-Zxz", "--root-owner-group", "--build", self.folder, place,
               env={**os.environ, "SOURCE_DATE_EPOCH": str(self.source.epoch)})
        return place


def main_package(contents, options, source, work):
    executable = contents.executable
    package = Package("kerf", executable.arch, source, options, work)
    contents.write(package.folder / "usr")
    package.documentation()
    overrides = DEBIAN / "kerf/lintian-overrides"
    if overrides.is_file():
        put(package.folder / "usr/share/lintian/overrides/kerf", overrides.read_text())
    package.control(
        Depends=executable.depends(contents.binary), Recommends=", ".join(executable.others("Recommends")),
        Suggests=", ".join(["kerf-meter-access", *executable.others("Suggests")]))
    return package


def meter_access_package(options, source, work):
    package = Package("kerf-meter-access", "all", source, options, work)
    files = DEBIAN / "kerf-meter-access"
    put(package.folder / "usr/lib/udev/rules.d/70-kerf-rapl.rules", (files / "70-kerf-rapl.rules").read_text())
    put(package.folder / "usr/sbin/kerf-meter-access", (files / "kerf-meter-access").read_text(), 0o755)
    day = time.strftime("%Y-%m-%d", time.gmtime(source.epoch))
    page = (files / "kerf-meter-access.8").read_text().replace("@DATE@", day).replace("@VERSION@", source.version)
    put(package.folder / "usr/share/man/man8/kerf-meter-access.8.gz", compressed(page))
    package.documentation()
    package.control(Depends="adduser, kerf, libcap2-bin, udev")
    return package


def tarball(contents, source, arch, out, work):
    """PREFIX as a folder that can be unpacked anywhere."""
    name = f"kerf-{source.debian_version}-linux-{arch}"
    folder = work / name
    contents.write(folder)
    put(folder / "share/doc/kerf/copyright", (DEBIAN / "copyright").read_text())
    put(folder / "README", tarball_readme(contents.executable, source))
    place = out / f"{name}.tar.gz"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for file in [folder, *sorted(folder.rglob("*"))]:
            info = archive.gettarinfo(str(file), str(file.relative_to(work)))
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            info.mtime = source.epoch
            info.mode = 0o755 if file.is_dir() or info.mode & 0o100 else 0o644
            if file.is_file():
                with file.open("rb") as data:
                    archive.addfile(info, data)
            else:
                archive.addfile(info)
    # Not every small system has xz.
    place.write_bytes(compressed(buffer.getvalue()))
    return place


def tarball_readme(executable, source):
    needed = [name for name in executable.needed if not name.startswith("ld-linux")]
    lines = [
        f"Kerf {source.version}", "",
        "bin/kerf runs from wherever this folder is, and finds share/kerf beside bin. It needs these libraries of the",
        f"distribution ({source.suite[1:]}):", "", *[f"  {name}" for name in needed],
    ]
    if executable.loaded:
        lines += ["", "It uses these where they are installed:", "", *[f"  {name}" for name in executable.loaded]]
    return "\n".join(lines + ["", "Start with: bin/kerf doctor", ""])


# --- Main ----------------------------------------------------------------------------------------------------------


def built(scratch):
    swift = os.environ.get("SWIFT", "swift")
    command = [
        swift, "build", "-c", "release", "--product", "kerf", "--static-swift-stdlib", "--package-path", str(TREE),
        "--scratch-path", str(scratch),
    ]
    if subprocess.run(command, check=False).returncode != 0:
        fail("the build failed")
    return scratch / "release/kerf"


def default_maintainer():
    """Who makes the packages, as Debian's own tools ask for it."""
    name, address = os.environ.get("DEBFULLNAME"), os.environ.get("DEBEMAIL")
    return f"{name} <{address}>" if name and address else "The Kerf developers <kerf@example.org>"


def arguments():
    parser = argparse.ArgumentParser(description="Make Kerf's packages.")
    parser.add_argument(
        "--executable", type=pathlib.Path, help="a kerf with a static Swift runtime; built if not given")
    parser.add_argument("--arch", choices=sorted(STRIP), help="what the executable has to be for")
    parser.add_argument(
        "--root", type=pathlib.Path, default=pathlib.Path("/"),
        help="chroot whose libraries the executable was linked with")
    parser.add_argument(
        "--help-from", type=pathlib.Path, help="a kerf that runs here, for manual pages and completions")
    parser.add_argument("--scratch", type=pathlib.Path, default=TREE / ".build-packages/build")
    parser.add_argument("--checkouts", type=pathlib.Path, help="the Swift packages that were built in")
    parser.add_argument("--version", help="version of the packages; from the tree if not given")
    parser.add_argument("--maintainer", default=default_maintainer())
    parser.add_argument("--out", type=pathlib.Path, default=TREE / "packages")
    options = parser.parse_args()
    options.root = options.root.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    executable = options.executable or built(options.scratch)
    options.checkouts = options.checkouts or options.scratch / "checkouts"
    return options, executable


def main():
    options, path = arguments()
    for tool in ("dpkg-deb", "dpkg-shlibdeps", "readelf", "chrpath"):
        shutil.which(tool) or fail(f"{tool} is missing: make packages installs dpkg-dev, binutils and chrpath", 69)
    os.umask(0o022)
    source = Source(options.version, options.root)
    executable = Executable(path, options.arch, options.root)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        contents = Contents(options, source, executable, work)
        made = [
            main_package(contents, options, source, work).build(options.out),
            meter_access_package(options, source, work).build(options.out),
            tarball(contents, source, executable.arch, options.out, work),
        ]
    for place in made:
        print(f"{hashlib.sha256(place.read_bytes()).hexdigest()}  {place.stat().st_size:>9}  {place}")


if __name__ == "__main__":
    main()
