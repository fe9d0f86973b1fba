"""Writes Sources/ModelFiles/Tokenizer/CanonicalMappings.swift: the mappings that `tokenizers` normalizes by.

    python make_canonical_mappings.py

Needs tokenizers 0.23.3, whose normalizers have the Unicode Character Database 9.0.
"""

import pathlib
import textwrap

from tokenizers.normalizers import NFC, NFD

TARGET = pathlib.Path(__file__).resolve().parents[3] / "Sources/ModelFiles/Tokenizer/CanonicalMappings.swift"


def entries():
    decompose, compose = NFD().normalize_str, NFC().normalize_str
    pairs, others = [], []
    for value in range(0x110000):
        if 0xD800 <= value < 0xE000 or 0xAC00 <= value < 0xD7A4:
            continue
        whole = decompose(chr(value))
        if whole == chr(value):
            continue
        if compose(chr(value)) == chr(value):
            first = compose(whole[:-1])
            assert len(first) == 1
            pairs.append(f"{value:X} {ord(first):X} {ord(whole[-1]):X}")
        else:
            others.append(" ".join(f"{ord(c):X}" for c in chr(value) + whole))
    return pairs, others


def literal(name, comment, entries):
    lines = textwrap.wrap(";".join(entries).replace(" ", "_"), 106, break_on_hyphens=False)
    body = [f"        {line}\\".replace("_", " ") for line in lines]
    body[-1] = body[-1][:-1]
    return [f"    /// {comment}", f'    static let {name} = """', *body, '        """']


if __name__ == "__main__":
    pairs, others = entries()
    out = [
        "/// Canonical mappings of the Unicode Character Database 9.0, those of Hangul syllables aside, in hexadecimal.",
        "/// Written by Tests/ModelFilesTests/Reference/make_canonical_mappings.py.",
        "enum CanonicalMappings {",
        *literal("composites", "A scalar that form C keeps, and the two that it is composed of.", pairs),
        "",
        *literal("decompositions", "A scalar that form C replaces, and all that it becomes in form D.", others),
        "}",
    ]
    TARGET.write_text("\n".join(out) + "\n")
