"""Kerf for 64-bit Arm on another processor: a compiler in one folder, the system for which it compiles in another.

No Swift for Linux compiles for another processor as it comes. Debian's does with the runtime of its arm64 package
unpacked beside it, so the compiler is Debian sid's in a chroot. Programs are linked with the libraries of Debian 13, in
a second chroot, in which they run by qemu's user-mode emulation. Needs root.
"""

import atexit
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import build_systems
import debian_roots
from build_systems import fail

FOLDER = debian_roots.TREE / ".build-arm64"
COMPILER = FOLDER / "compiler"
TARGET = FOLDER / "debian13"

COMPILER_PACKAGES = ["ca-certificates", "g++", "git", "libc6-dev", "pkg-config", "swiftlang", "swiftlang-dev"]
# What Scripts/setup.sh installs to build, and what a linker needs.
TARGET_PACKAGES = [
    "libc6-dev", "libcurl4t64", "libdnnl-dev", "libopenblas-dev", "libpci-dev", "libsensors-dev",
    "libssl-dev", "libstdc++-14-dev", "libxml2", "dpkg-dev",
]
# The runtime for arm64, as in its packages; within it the folders of modules and libraries.
RUNTIME = "/opt/swift-arm64"
RUNTIME_FOLDERS = {
    "shared": f"{RUNTIME}/usr/libexec/swift/lib/swift", "static": f"{RUNTIME}/usr/libexec/swift/lib/swift_static",
}
SYSROOT = "/sysroot"
TRIPLE = "aarch64-unknown-linux-gnu"

# qemu's default processor has extensions whose kernels in OpenBLAS take minutes or hang under emulation. Threads do not
# spin while they wait for emulated ones.
EMULATION = {"QEMU_CPU": "cortex-a76", "OPENBLAS_CORETYPE": "NEOVERSEN1", "OMP_WAIT_POLICY": "passive"}

BINFMT = pathlib.Path("/proc/sys/fs/binfmt_misc")
# Flags: the emulator is opened now, so that a chroot needs none; it has the rights of the program (C, which needs O).
REGISTRATION = (
    rb":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    rb":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:%s:OCF"
)


def register_emulator():
    """Lets the kernel run programs for arm64, until this script ends; nothing is done where it can already."""
    if os.uname().machine == "aarch64":
        return
    if os.geteuid() != 0:
        fail("needs root, for chroots", 77)
    mounts = not (BINFMT / "register").exists()
    if mounts and subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=False).returncode != 0:
        fail("binfmt_misc cannot be mounted: does the kernel have it?")
    entry = BINFMT / "qemu-aarch64"
    if entry.exists():
        return
    emulator = shutil.which("qemu-aarch64-static") or fail("there is no qemu-aarch64-static: Scripts/setup.sh arm64")
    (BINFMT / "register").write_bytes(REGISTRATION % emulator.encode())

    def remove():
        with contextlib.suppress(OSError):
            entry.write_text("-1")
        if mounts:
            subprocess.run(["umount", BINFMT], check=False)

    atexit.register(remove)
    # Else it would stay after a kill.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def compiler():
    """The system with the compiler; set up where it does not exist."""
    system = build_systems.BuildSystem(debian_roots.make(COMPILER, "sid"))
    system.install(COMPILER_PACKAGES)
    if not (system.place / RUNTIME.lstrip("/")).is_dir():
        unpack_runtime(system)
    system.binds |= {
        SYSROOT: target().place,
        # Module maps and the runtime's first object file are looked for below the sysroot.
        f"{SYSROOT}/usr/lib/swift": system.place / RUNTIME_FOLDERS["shared"].lstrip("/"),
        f"{SYSROOT}/usr/lib/swift_static": system.place / RUNTIME_FOLDERS["static"].lstrip("/"),
    }
    return system


def unpack_runtime(system):
    """Swift's runtime for arm64, from the packages that would install it there."""
    print(f"unpacking Swift's runtime for arm64 in {system.place}", flush=True)
    script = f"""
set -e
dpkg --add-architecture arm64
apt-get update -q
rm -rf /tmp/runtime {RUNTIME}.new
mkdir -p /tmp/runtime
cd /tmp/runtime
# Of the compiler's version, as modules are read by no other.
apt-get download -q swiftlang:arm64=$(dpkg-query -W -f '${{Version}}' swiftlang) libswiftlang:arm64
for package in *.deb; do dpkg-deb -x "$package" {RUNTIME}.new; done
# A library that Debian's package lacks and the linker is told to use; it would hold a test's attachments.
ar rc {RUNTIME}.new/usr/libexec/swift/lib/swift/linux/lib_Testing_Foundation.a
mv {RUNTIME}.new {RUNTIME}
rm -r /tmp/runtime
"""
    done = subprocess.run(system.command("sh", "-c", script), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail("no runtime: " + " ".join((done.stdout + done.stderr).splitlines()[-3:]))


def target():
    """The system for which is compiled, and in which programs run; set up where it does not exist."""
    register_emulator()
    system = build_systems.BuildSystem(debian_roots.make(TARGET, "trixie", architecture="arm64"))
    system.install(TARGET_PACKAGES)
    return system


def swiftc(*options):
    return [part for option in options for part in ("-Xswiftc", option)]


def build(runtime, *options):
    """`swift build` for arm64 with the static or the shared runtime; returns the folder of what it made."""
    scratch = f".build-arm64/{runtime}"
    libraries = "/usr/lib/aarch64-linux-gnu/pkgconfig"
    environment = {
        "PKG_CONFIG_PATH": f"{SYSROOT}{libraries}", "PKG_CONFIG_SYSROOT_DIR": SYSROOT,
        "PKG_CONFIG_LIBDIR": f"{SYSROOT}{libraries}:{SYSROOT}/usr/share/pkgconfig",
    }
    command = [
        "swift", "build", "-c", "release", "--triple", TRIPLE, "--sdk", SYSROOT, "--scratch-path", scratch,
        # SwiftPM passes its --sdk to the C compiler only.
        *swiftc("-sdk", SYSROOT, "-resource-dir", RUNTIME_FOLDERS[runtime], "-use-ld=lld"),
        *(["--static-swift-stdlib"] if runtime == "static" else []), *options,
    ]
    # Minutes long, so what it prints is seen.
    if subprocess.run(compiler().inside(*command, environment=environment), check=False).returncode != 0:
        fail("the build failed", 1)
    return debian_roots.TREE / scratch / "release"
