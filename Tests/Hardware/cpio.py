"""Writes an initramfs: a cpio archive in the kernel's `newc` format (Documentation/driver-api/early-userspace).

No root is needed: owners and device nodes are fields of the archive.
"""

import os
import pathlib
import stat


class Initramfs:
    """An archive that is written entry by entry. All files belong to root."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._number = 0
        self._names = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entry("TRAILER!!!", 0)
        self._file.close()

    def directory(self, name, mode=0o755):
        """Adds a directory, and those that it is in."""
        name = name.strip("/")
        if name and name not in self._names:
            self.directory(os.path.dirname(name))
            self._entry(name, stat.S_IFDIR | mode)

    def file(self, name, content, mode=0o644):
        """Adds a file of these bytes or this text, or with the content of the file at a path."""
        if isinstance(content, pathlib.Path):
            content = content.read_bytes()
        elif isinstance(content, str):
            content = content.encode()
        self._parented(name, stat.S_IFREG | mode, content)

    def link(self, name, target):
        self._parented(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, major, minor, mode=0o600):
        self._parented(name, stat.S_IFCHR | mode, device=(major, minor))

    def __contains__(self, name):
        return name.strip("/") in self._names

    def _parented(self, name, mode, content=b"", device=(0, 0)):
        name = name.strip("/")
        if name not in self._names:
            self.directory(os.path.dirname(name))
            self._entry(name, mode, content, device)

    def _entry(self, name, mode, content=b"", device=(0, 0)):
        self._names.add(name)
        self._number += 1
        # ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        fields = [self._number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name.encode()) + 1, 0]
        self._file.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0")
        self._pad()
        self._file.write(content)
        self._pad()

    def _pad(self):
        self._file.write(b"\0" * (-self._file.tell() % 4))
