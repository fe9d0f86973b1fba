#!/usr/bin/env python3
"""Fails where a retired word is used: a name or phrase that the glossary has replaced.

retired-words.py [--count] [--root DIR]   file:line for each use, or with --count the number of uses per room

The words are in retired-words.txt, one a line: regular expression, replacement, and where it is retired, separated by
tabs. "where" is `all`, or folders and file suffixes separated by commas: `Sources,Probes` or `.swift`.

A line that must keep a word, such as the alias of an old option, says why in a comment on that line:
`retired-word-ok: REASON`. The functions `renamedKeys`, which map the fields of old files, need no such comment.
"""

import argparse
import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SEARCHED = ["Sources", "Probes", "Tests", "docs", "Profiles/schema", "Benchmarks", "Scripts", "Deploy"]
SINGLE_FILES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "Package.swift", ".ci/run"]
# Old words in files of earlier versions, in recorded files, in tests and reports of both, in a text whose loss is a
# reference value, and the list itself.
EXEMPT = [
    "Tests/Corpus", "Tests/CorpusTests", "Tests/CommandLineTests/OldNameTests.swift", "docs/examples",
    "Tests/CommandLineTests/Snapshots/profile-board.txt", "Tests/CommandLineTests/Snapshots/profile-sweep.txt",
    "Tests/TransformerKernelsTests/Golden/smollm2.py", "Scripts/retired-words.txt",
    "Scripts/retired-words.py",
]
SUFFIXES = {".swift", ".c", ".h", ".md", ".json", ".py", ".sh", ".txt", ".svg", ".modulemap", ""}
MARK = "retired-word-ok:"


def words():
    """The rules of the list: compiled expression, replacement, and where."""
    rules = []
    for number, line in enumerate((HERE / "retired-words.txt").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in re.split(r"\t+", line)]
        if len(cells) != 3:
            sys.exit(f"retired-words.txt:{number}: three cells are needed, separated by tabs")
        rules.append((re.compile(cells[0]), cells[1], cells[2].split(",")))
    return rules


def files(root):
    found = [path for folder in SEARCHED for path in sorted((root / folder).rglob("*"))]
    found += [root / name for name in SINGLE_FILES]
    for path in found:
        name = path.relative_to(root).as_posix()
        exempt = any(name == place or name.startswith(place + "/") for place in EXEMPT)
        if path.is_file() and not path.is_symlink() and path.suffix in SUFFIXES and not exempt:
            yield name, path


def applies(where, name):
    return any(
        place == "all" or name.endswith(place) or name.startswith(place + "/") for place in where)


def room(name):
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] in ("Sources", "Probes", "Tests") else parts[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", action="store_true", help="uses per room and word")
    parser.add_argument("--root", type=pathlib.Path, default=HERE.parent)
    options = parser.parse_args()
    rules = words()
    rooms, kinds, checked = collections.Counter(), collections.Counter(), 0
    for name, path in files(options.root):
        checked += 1
        active = [rule for rule in rules if applies(rule[2], name)]
        in_map = False
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            # From the function's first line to its closing brace, which may be one line.
            is_map = in_map or "func renamedKeys" in line
            in_map = is_map and not line.rstrip().endswith("}")
            if MARK in line or is_map:
                continue
            for expression, replacement, _ in active:
                if found := expression.search(line):
                    rooms[room(name)] += 1
                    kinds[expression.pattern] += 1
                    if not options.count:
                        print(f"{name}:{number}: {found.group().strip()!r} is retired: {replacement}")
    if not checked:
        sys.exit("retired-words: no file was found to check")
    if options.count:
        for title, counts in (("uses per room", rooms), ("uses per expression", kinds)):
            print(f"{title}:")
            for name, count in counts.most_common():
                print(f"{count:6} {name}")
    if rooms:
        sys.exit(f"retired-words: {sum(rooms.values())} uses of retired words")


main()
