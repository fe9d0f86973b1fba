"""Systems in which the source tree is built and tested: it lies at /src there, and git finds packages as here."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import debian_roots

TREE = debian_roots.TREE
SOURCE = "/src"


def fail(message, status=69):
    print(f"{pathlib.Path(sys.argv[0]).stem}: {message}", file=sys.stderr)
    sys.exit(status)


def git_folders():
    """Folders that this system's git reads in place of addresses (url.FOLDER.insteadOf), and the settings for it."""
    done = subprocess.run(
        ["git", "config", "--get-regexp", r"^url\..*\.insteadof$"], capture_output=True, text=True, check=False)
    found = re.findall(r"^url\.(/.*)\.insteadof (.*)$", done.stdout, re.MULTILINE)
    text = "".join(f'[url "{folder}"]\n\tinsteadOf = {address}\n' for folder, address in found)
    return {folder for folder, _ in found}, text


class BuildSystem(debian_roots.System):
    """A system with the tree at /src; with `toolchain`, Swift of this system lies where it lies here."""

    def __init__(self, place, toolchain=None):
        folders, settings = git_folders()
        binds = {SOURCE: TREE, **{folder.rstrip("/"): folder for folder in folders}}
        self.path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        if toolchain:
            binds[str(toolchain)] = toolchain
            self.path = f"{toolchain}/usr/bin:{self.path}"
        super().__init__(place, binds)
        if settings:
            (self.place / "etc/gitconfig").write_text(settings)

    def command(self, *command, environment=None, **options):
        return super().command(*command, environment={"PATH": self.path, **(environment or {})}, **options)

    def inside(self, *command, **options):
        """The command line that runs a command in the tree."""
        return self.command("sh", "-c", f'cd {SOURCE} && exec "$@"', "sh", *command, **options)

    def run(self, *command, **options):
        """Runs a command in the tree; returns whether it succeeded, and what it printed."""
        done = subprocess.run(
            self.inside(*command, **options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False)
        return done.returncode == 0, done.stdout


def toolchain():
    """The folder of this system's Swift, which has usr/bin/swift."""
    swift = shutil.which(os.environ.get("SWIFT", "swift")) or fail("swift is not on the PATH")
    home = pathlib.Path(swift).resolve().parent.parent.parent
    if home == pathlib.Path("/"):
        fail(f"{swift} lies in the folders of this system: it needs a toolchain in a folder of its own")
    return home
