#!/usr/bin/env python3
"""Writes the two generated pages of the manual.

docs/file-formats.md       from the JSON Schemas in Profiles/schema
docs/command-reference.md  from `kerf --experimental-dump-help`

make-reference.py [--check] [--kerf PATH] [--schemas DIR] [--out DIR]

With --check nothing is written; the exit status is 1 when a page differs from what it should be. Hidden commands and
options are left out. An example in the help that names an option its command does not have is an error.
"""

import argparse
import difflib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# --- Schemas ------------------------------------------------------------------------------------------------------

# The order in which a run meets the files; a schema that is not named follows in alphabetical order.
ORDER = [
    "profile", "progress", "calibration", "decision", "decisions", "link", "run", "validation", "scenario", "simulation",
    "fleet", "collection", "doctor", "capture", "board", "selftest",
]

UNITS = {
    "seconds": "s", "joules": "J", "microjoules": "µJ", "watts": "W", "hertz": "Hz", "gigahertz": "GHz",
    "cubic_gigahertz": "GHz³", "bytes": "B", "bits": "bit", "flops": "FLOP", "operations": "FLOP", "metres": "m",
    "meters": "m", "celsius": "°C", "db": "dB", "percent": "%", "gigatransfers": "GT", "second": "s",
    "cpu_second": "CPU s", "cycle": "cycle", "core": "core", "days": "d", "ratio": "ratio", "share": "ratio",
    "probability": "ratio", "residual": "ratio", "regret": "cost U", "cost": "cost U", "cycles": "cycle",
}
# Whole names that end like a unit and have none, or have another.
NAMED_UNITS = {"bytes_per_second": "B/s", "median_seconds_needed": "s", "coverage": "ratio", "bias": "ratio"}
NO_UNIT = {"adapter", "source", "draws", "core_types"}

# Schema keywords that are shown in a column or in a sentence. Anything else is shown as it stands.
SHOWN = {
    "$schema", "$id", "$defs", "title", "description", "type", "properties", "required", "additionalProperties",
    "items", "$ref", "const", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minItems", "maxItems", "minLength", "uniqueItems", "if", "then", "else", "allOf", "oneOf", "dependentRequired",
}


def unit_of(field):
    """The unit that the name of a field states, or an empty string."""
    if field in NO_UNIT:
        return ""
    if field in NAMED_UNITS:
        return NAMED_UNITS[field]
    head, *per = field.split("_per_")
    unit, below = ending(head), [ending(part) for part in per]
    # `flops_per_cycle_per_core` has two denominators; `seconds_per_span` is a time, counted by something without unit.
    return unit + "/" + "/".join(below) if unit and per and all(below) else unit


def ending(words):
    for count in (2, 1):
        last = "_".join(words.split("_")[-count:])
        if last in UNITS:
            return UNITS[last]
    return ""


class Schemas:
    """All schema files, with the definitions that several of them share in one place."""

    def __init__(self, folder):
        paths = sorted(folder.glob("*.json"))
        if not paths:
            sys.exit(f"make-reference: no schema in {folder}")
        self.files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}
        self.names_by_id = {schema["$id"]: name for name, schema in self.files.items() if "$id" in schema}
        self.shared = self._shared_definitions()

    def _shared_definitions(self):
        """By title, the file and the definition: those of a file that holds nothing else, and those that two files
        state alike."""
        places = {}
        for name, schema in self.files.items():
            for title, definition in schema.get("$defs", {}).items():
                places.setdefault(title, []).append((name, definition))
        shared = {}
        for title, stated in sorted(places.items()):
            first = stated[0][1]
            alike = all(definition == first for _, definition in stated)
            if alike and (len(stated) > 1 or self.is_library(stated[0][0])):
                shared[title] = (stated[0][0], first)
        return shared

    def is_library(self, name):
        return "properties" not in self.files[name]

    def documents(self):
        def place(name):
            stem = name.split(".")[0]
            return (ORDER.index(stem) if stem in ORDER else len(ORDER), stem)

        return sorted((name for name in self.files if not self.is_library(name)), key=place)

    def target(self, reference, name):
        """The heading under which the definition of a `$ref` stands."""
        place, _, pointer = reference.partition("#")
        if place:
            name = self.names_by_id.get(place, pathlib.PurePosixPath(place).name)
        if name not in self.files:
            sys.exit(f"make-reference: {reference}: no such schema")
        if not pointer:
            return self.files[name]["title"]
        title = pointer.split("/")[-1]
        if not pointer.startswith("/$defs/") or title not in self.files[name].get("$defs", {}):
            sys.exit(f"make-reference: {reference}: no such definition in {name}")
        return heading_of(title) if title in self.shared else heading_of(title, self.stem(name))

    def stem(self, name):
        return name.split(".")[0]


def heading_of(title, stem=None):
    return f"{stem}: {title}" if stem else title


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def initial(sentence):
    return sentence[:1].upper() + sentence[1:]


def table(headings, rows):
    """Markdown, without the columns that have nothing in them."""
    kept = [column for column in range(len(headings)) if any(row[column] for row in rows)]

    def line(cells):
        return "| " + " | ".join(cells[column].strip().replace("|", "\\|").replace("\n", " ") for column in kept) + " |"

    return [line(headings), "|" + "---|" * len(kept)] + [line(row) for row in rows]


def number(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


class FormatPage:
    def __init__(self, schemas):
        self.schemas = schemas
        self.lines = []

    def text(self):
        self.lines = [
            "# File formats",
            "",
            "Generated by `make reference` from the JSON Schemas in `Profiles/schema`; do not edit.",
            "",
            "Every file is JSON in UTF-8, except a capture (a tar archive) and the table of `kerf simulate --csv`.",
            "",
            "- The unit of a number stands in the name of its field: `time_seconds`, `energy_joules`.",
            "- A number that was measured or computed is a [quantity](#quantity): value, interval, count and origin.",
            "- A value that could not be had is absent, and a reason stands in its place. It is never zero.",
            "- `schema` and `schema_version` come first. Kerf writes the version stated here and reads every earlier one, except",
            "  files that lack a field which became required within version 1. A later version is refused.",
            "- Fields may come in any order. Kerf ignores fields that it does not know; the schemas do not allow them.",
            "",
        ]
        documents = self.schemas.documents()
        for name in documents:
            schema = self.schemas.files[name]
            self.lines.append(f"- [{schema['title']}](#{anchor(schema['title'])}): `{self.identity(schema)}`")
        self.lines.append("- [Shared definitions](#shared-definitions)")
        for name in documents:
            self.document(name)
        self.lines += ["", "## Shared definitions", "", "Used by more than one file."]
        for title, (name, definition) in self.schemas.shared.items():
            self.definition(definition, heading_of(title), name)
        # A shared file's definition that another file has too, and differently, keeps its file's name.
        for name, schema in self.schemas.files.items():
            if not self.schemas.is_library(name):
                continue
            for title, definition in sorted(schema["$defs"].items()):
                if title not in self.schemas.shared:
                    self.definition(definition, heading_of(title, self.schemas.stem(name)), name)
        return "\n".join(self.lines) + "\n"

    def identity(self, schema):
        """`kerf.profile`, version 3."""
        name = schema["properties"].get("schema", {}).get("const", schema["title"])
        version = schema["properties"].get("schema_version", {}).get("const")
        return name if version is None else f"{name} {version}"

    def document(self, name):
        schema = self.schemas.files[name]
        self.lines += ["", f"## {schema['title']}", ""]
        if "description" in schema:
            self.lines += [schema["description"], ""]
        self.lines += [f"Schema: `Profiles/schema/{name}`.", ""]
        self.body(schema, name)
        for title, definition in sorted(schema.get("$defs", {}).items()):
            if title not in self.schemas.shared:
                self.definition(definition, heading_of(title, self.schemas.stem(name)), name)

    def definition(self, definition, heading, name):
        self.lines += ["", f"### {heading}", ""]
        if "description" in definition:
            self.lines += [definition["description"], ""]
        if "properties" in definition:
            self.body(definition, name)
        else:
            self.lines.append(initial(self.type(definition, name)) + ".")

    def body(self, schema, name):
        rules = []
        rows = []
        self.rows(schema, name, "", rows, rules)
        self.lines += table(["field", "type", "unit", "required", "meaning"], rows)
        if rules:
            self.lines.append("")
            self.lines += [f"- {rule}" for rule in rules]

    def rows(self, schema, name, prefix, rows, rules):
        required = schema.get("required", [])
        for field, value in schema.get("properties", {}).items():
            rows.append([
                f"`{prefix}{field}`", self.type(value, name), unit_of(field), "yes" if field in required else "",
                value.get("description", ""),
            ])
            inner, mark = (value.get("items", {}), "[].") if value.get("type") == "array" else (value, ".")
            if "properties" in inner:
                self.rows(inner, name, f"{prefix}{field}{mark}", rows, rules)
        rules += [self.sentence(prefix, rule) for rule in self.rules(schema)]

    # Types

    def type(self, value, name):
        if "$ref" in value:
            heading = self.schemas.target(value["$ref"], name)
            return f"[{heading}](#{anchor(heading)})"
        if "const" in value:
            return f"`{json.dumps(value['const'])}`"
        if "enum" in value:
            return "one of " + ", ".join(f"`{choice}`" for choice in value["enum"])
        kinds = value.get("type", "any")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        return " or ".join(self.plain_type(kind, value, name) for kind in kinds)

    def plain_type(self, kind, value, name):
        if kind == "array":
            count = self.count(value)
            return f"array of {count}{self.type(value.get('items', {}), name)}"
        if kind == "object":
            values = value.get("additionalProperties")
            return f"object of {self.type(values, name)} by name" if isinstance(values, dict) else "object"
        bounds = [
            f"{sign} {number(value[key])}"
            for key, sign in [
                ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<")]
            if key in value and kind in ("integer", "number")
        ]
        if kind == "string" and "pattern" in value:
            bounds.append(f"like `{value['pattern']}`")
        if kind == "string" and value.get("minLength", 0) > 0:
            bounds.append("not empty")
        return " ".join([kind, ", ".join(bounds)]).strip()

    @staticmethod
    def count(value):
        low, high = value.get("minItems"), value.get("maxItems")
        words = []
        if low is not None and low == high:
            words.append(f"{low}")
        elif low or high:
            words.append(f"{low or 0} to {high}" if high else f"{low} or more")
        if value.get("uniqueItems"):
            words.append("different")
        return " ".join(words + [""]) if words else ""

    # Rules between fields

    def rules(self, schema):
        if "if" in schema:
            yield from self.conditional(schema)
        for part in schema.get("allOf", []):
            yield from self.rules(part)
        if "oneOf" in schema:
            groups = [" and ".join(f"`{field}`" for field in choice.get("required", [])) for choice in schema["oneOf"]]
            yield "exactly one of " + ", ".join(groups) + " is present"
        for field, others in schema.get("dependentRequired", {}).items():
            yield f"`{field}` needs " + ", ".join(f"`{other}`" for other in others)
        for keyword in sorted(set(schema) - SHOWN):
            yield f"{keyword}: `{json.dumps(schema[keyword])}`"

    def conditional(self, schema):
        tests = []
        for field, test in schema["if"].get("properties", {}).items():
            tests.append(f"`{field}` is {self.type(test, '')}")
        tests += [f"`{field}` is present" for field in schema["if"].get("required", []) if field not in
                  schema["if"].get("properties", {})]
        if not tests:
            yield f"`{json.dumps({key: schema[key] for key in ('if', 'then', 'else') if key in schema})}`"
            return
        effects = [
            f"{opening} {self.effect(schema[key])}"
            for key, opening in [("then", "when " + " and ".join(tests) + ":"), ("else", "otherwise")]
            if key in schema
        ]
        yield "; ".join(effects)

    def effect(self, schema):
        effects = [f"`{field}` is required" for field in schema.get("required", [])]
        for field, value in schema.get("properties", {}).items():
            if value is False:
                effects.append(f"`{field}` is absent")
            elif value.get("maxItems") == 0:
                effects.append(f"`{field}` is empty")
            elif set(value) <= {"minItems", "maxItems"}:
                effects.append(f"`{field}` has {self.count(value).strip()}")
            else:
                effects.append(f"`{field}` is {self.type(value, '')}")
        effects += [rule for rule in self.rules({key: schema[key] for key in schema if key not in ("then",)})]
        for rule in schema.get("not", {}).get("required", []):
            effects.append(f"`{rule}` is absent")
        return ", ".join(effects) or f"`{json.dumps(schema)}`"

    @staticmethod
    def sentence(prefix, rule):
        return initial(f"in `{prefix.rstrip('.')}`: {rule}" if prefix else rule) + "."


# --- Commands -----------------------------------------------------------------------------------------------------


class CommandPage:
    def __init__(self, dump):
        self.root = dump["command"]
        self.lines = []

    def text(self):
        self.lines = [
            "# Command reference",
            "",
            "Generated by `make reference` from the help of `kerf`; do not edit.",
            "`kerf help COMMAND` prints the same.",
            "",
        ]
        commands = list(self.commands(self.root, []))
        for path, command in commands:
            self.lines.append(f"- [{' '.join(path)}](#{anchor(' '.join(path))}): {command['abstract']}")
        for path, command in commands:
            self.command(path, command)
        return "\n".join(self.lines) + "\n"

    def commands(self, command, path):
        path = path + [command["commandName"]]
        yield path, command
        for child in command.get("subcommands", []):
            # ArgumentParser adds `help` to every command that has others.
            if child.get("shouldDisplay", True) and child["commandName"] != "help":
                yield from self.commands(child, path)

    def command(self, path, command):
        self.lines += ["", f"## {' '.join(path)}", "", command["abstract"], ""]
        self.discussion(command.get("discussion", ""))
        arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
        # Every command has these two; they are described once.
        if len(path) > 1:
            arguments = [a for a in arguments if self.flag(a) not in ("--help", "--version")]
        self.lines += ["```text", self.usage(path, command, arguments), "```", ""]
        sections = []
        for argument in arguments:
            title = argument.get("sectionTitle", "")
            if title not in sections:
                sections.append(title)
        for title in sorted(sections, key=lambda title: title == ""):
            chosen = [a for a in arguments if a.get("sectionTitle", "") == title]
            if title:
                self.lines += [f"**{title}**", ""]
            self.lines += table(["argument", "meaning", "values", "default"], [self.row(a) for a in chosen]) + [""]
        while self.lines[-1] == "":
            self.lines.pop()
        self.check_examples(command)

    @staticmethod
    def flag(argument):
        name = argument.get("preferredName", {})
        return ("--" if name.get("kind") == "long" else "-") + name["name"] if name else ""

    def usage(self, path, command, arguments):
        if any(child.get("shouldDisplay", True) for child in command.get("subcommands", [])):
            return " ".join(path + ["<subcommand>"])
        words = list(path)
        required = [a for a in arguments if not a["isOptional"]]
        if len(required) < len(arguments):
            words.append("[options]")
        for argument in required:
            word = " ".join(part for part in [self.flag(argument), self.value(argument)] if part)
            words.append(word + (" ..." if argument["isRepeating"] else ""))
        # What follows `--` is not for Kerf to parse.
        for argument in arguments:
            if argument.get("parsingStrategy") == "postTerminator":
                words.append(f"-- {self.value(argument)} ...")
        return " ".join(words)

    @staticmethod
    def value(argument):
        return "" if argument["kind"] == "flag" else f"<{argument.get('valueName', '')}>"

    def row(self, argument):
        name = " ".join(part for part in [self.flag(argument), self.value(argument)] if part)
        if argument["isRepeating"]:
            name += " ..."
        meaning = argument.get("abstract", "")
        default = argument.get("defaultValue", "")
        # A default that no value states stands in the text.
        stated = re.search(r"\s*\(default: ([^)]*)\)", meaning)
        if stated and not default:
            default = stated.group(1)
            meaning = meaning.replace(stated.group(0), "")
            default_cell = default
        else:
            default_cell = f"`{default}`" if default else "required" if not argument["isOptional"] else ""
        values = ", ".join(f"`{value}`" for value in argument.get("allValues", []))
        return [f"`{name}`", meaning, values, default_cell]

    def discussion(self, text):
        """Paragraphs as they are; what is indented below a heading in capitals as a block or a table."""
        block = []
        is_table = False

        def flush():
            nonlocal block
            if block and is_table:
                self.lines += table(["", ""], [line.split("\t") for line in block]) + [""]
            elif block:
                self.lines += ["```sh"] + block + ["```", ""]
            block = []

        for line in text.splitlines():
            if line.startswith("  "):
                is_table = "\t" in line
                block.append(line[2:])
                continue
            flush()
            if re.fullmatch(r"[A-Z][A-Z ]+", line):
                self.lines += [f"**{line.capitalize()}**", ""]
            elif line:
                self.lines.append(line)
            elif self.lines[-1] != "":
                self.lines.append("")
        flush()
        if self.lines[-1] != "":
            self.lines.append("")

    def check_examples(self, command):
        """Every option in an example belongs to the command that the example runs."""
        examples = re.sub(r"\\\n\s*", "", command.get("discussion", ""))
        for line in re.findall(r"^  (?:sudo )?kerf (.*)$", examples, re.MULTILINE):
            words = line.split()
            found = self.root
            while words:
                child = [c for c in found.get("subcommands", []) if c["commandName"] == words[0]]
                if not child:
                    break
                found, words = child[0], words[1:]
            names = {name["name"] for a in found.get("arguments", []) for name in a.get("names", [])}
            names |= {"help", "version"}
            if "--" in words:
                words = words[: words.index("--")]
            unknown = [word for word in words if word.startswith("--") and word[2:] not in names]
            if unknown or found is self.root:
                sys.exit(f"make-reference: the help shows `kerf {line}`, which has no {unknown or 'such command'}")


# --- Both ---------------------------------------------------------------------------------------------------------


def kerf_help(path):
    try:
        result = subprocess.run([path, "--experimental-dump-help"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"make-reference: {path}: {error}; build it first, or name it with --kerf")
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description="Write or check the generated pages of the manual.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when a page differs")
    parser.add_argument("--kerf", default=str(ROOT / ".build/release/kerf"), help="the executable to ask for its help")
    parser.add_argument("--schemas", type=pathlib.Path, default=ROOT / "Profiles/schema")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs")
    options = parser.parse_args()
    pages = {
        "file-formats.md": FormatPage(Schemas(options.schemas)).text(),
        "command-reference.md": CommandPage(kerf_help(options.kerf)).text(),
    }
    differing = 0
    for name, text in pages.items():
        place = options.out / name
        old = place.read_text(encoding="utf-8") if place.exists() else ""
        if not options.check:
            place.write_text(text, encoding="utf-8")
        elif old != text:
            differing += 1
            lines = difflib.unified_diff(old.splitlines(), text.splitlines(), f"{name} as committed", name, lineterm="")
            print("\n".join(list(lines)[:40]))
            print(f"make-reference: {name} is out of date; run make reference", file=sys.stderr)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
