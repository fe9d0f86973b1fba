"""Manual pages in man(7), from what `kerf --experimental-dump-help` prints: one for kerf, one for each command."""

import json
import re
import subprocess
import time


def pages(kerf, version, epoch, environment=None):
    """The pages' texts by file name: kerf.1, kerf-doctor.1 and so on."""
    dump = json.loads(subprocess.run(
        [str(kerf), "--experimental-dump-help"], capture_output=True, text=True, check=True, env=environment).stdout)
    root = dump["command"]
    day = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    commands = visible(root)
    names = ["kerf"] + [f"kerf-{command['commandName']}" for command in commands]
    made = {"kerf.1": Page("kerf", root, version, day).root_page(commands)}
    for command in commands:
        name = f"kerf-{command['commandName']}"
        made[f"{name}.1"] = Page(name, command, version, day).command_page([n for n in names if n != name])
    return made


def visible(command):
    # ArgumentParser adds `help` to every command that has others.
    return [
        child for child in command.get("subcommands", [])
        if child.get("shouldDisplay", True) and child["commandName"] != "help"
    ]


class Page:
    def __init__(self, name, command, version, day):
        self.name, self.command = name, command
        # The same for every command, so they are said once.
        self.hidden = () if name == "kerf" else ("help", "version")
        self.lines = [f'.TH {name.upper()} 1 {day} "kerf {version}" "Kerf"']

    def root_page(self, commands):
        self.begin(["kerf", "command"])
        self.heading("COMMANDS")
        for command in commands:
            self.tagged(bold(f"kerf-{command['commandName']}") + "(1)", command["abstract"])
        self.options(self.command)
        self.discussion_after_description()
        self.heading("FILES")
        self.tagged("/usr/share/kerf", "Models, scenarios and the schemas of all files.")
        self.heading("ENVIRONMENT")
        self.tagged(bold("KERF_PROFILES"), "Folder to use in place of /usr/share/kerf.")
        return self.text()

    def command_page(self, others):
        words = ["kerf", self.command["commandName"]]
        self.begin(words)
        self.options(self.command)
        for child in visible(self.command):
            self.subcommand(child, words)
        self.discussion_after_description()
        self.heading("SEE ALSO")
        self.lines.append(", ".join(bold(other) + "(1)" for other in sorted(others)))
        return self.text()

    def begin(self, words):
        self.heading("NAME")
        self.lines.append(f"{escaped(self.name)} \\- {escaped(summary(self.command['abstract']))}")
        self.heading("SYNOPSIS")
        self.synopsis(words, self.command)
        self.heading("DESCRIPTION")
        self.lines.append(escaped(self.command["abstract"]))
        self.sections = self.prose(self.command.get("discussion", ""))

    def discussion_after_description(self):
        for title, lines in self.sections:
            self.heading(title)
            self.block(lines)

    def subcommand(self, command, words):
        words = words + [command["commandName"]]
        self.heading(" ".join(words[1:]).upper())
        self.lines.append(escaped(command["abstract"]))
        self.lines.append(".PP")
        self.synopsis(words, command)
        sections = self.prose(command.get("discussion", ""))
        self.arguments(command)
        for title, lines in sections:
            self.lines += [".PP", f"{escaped(title.capitalize())}:"]
            self.block(lines)
        for child in visible(command):
            self.subcommand(child, words)

    def shown(self, command):
        return [
            argument for argument in command.get("arguments", [])
            if argument.get("shouldDisplay", True) and argument.get("preferredName", {}).get("name") not in self.hidden
        ]

    def synopsis(self, words, command):
        parts = [bold(word) if word != "command" else italic(word) for word in words]
        if visible(command) and words[-1] != "command":
            parts.append(italic("command"))
        arguments = self.shown(command)
        required = [a for a in arguments if not a["isOptional"]]
        if len(required) < len(arguments):
            parts.append("[" + italic("options") + "]")
        for argument in required:
            parts.append(signature(argument))
        for argument in arguments:
            # What follows `--` is not for Kerf to parse.
            if argument.get("parsingStrategy") == "postTerminator":
                parts.append("[\\-\\- " + signature(argument) + "]")
        self.lines.append(" ".join(parts))

    def options(self, command):
        if self.shown(command):
            self.heading("OPTIONS")
            self.arguments(command)

    def arguments(self, command):
        for argument in self.shown(command):
            text = argument.get("abstract", "")
            values = argument.get("allValues", [])
            if values:
                text += f" One of {', '.join(values)}."
            if argument.get("defaultValue") and "(default:" not in text:
                text += f" Default: {argument['defaultValue']}."
            self.tagged(signature(argument), text.strip())

    def prose(self, text):
        """Writes the paragraphs; returns what stands indented below headings in capitals."""
        sections = []
        for line in text.splitlines():
            if line.startswith("  ") and sections:
                sections[-1][1].append(line[2:])
            elif re.fullmatch(r"[A-Z][A-Z ]+", line):
                sections.append((line, []))
            elif line:
                self.lines += [".PP", escaped(line)]
        return sections

    def block(self, lines):
        if any("\t" in line for line in lines):
            for line in lines:
                key, _, meaning = line.partition("\t")
                self.tagged(bold(key), meaning)
        else:
            self.lines += [".nf", *[escaped(line) for line in lines], ".fi"]

    def heading(self, title):
        self.lines.append(f".SH {escaped(title)}" if " " not in title else f'.SH "{escaped(title)}"')

    def tagged(self, tag, text):
        self.lines += [".TP", tag, escaped(text) or "\\&"]

    def text(self):
        return "\n".join(self.lines) + "\n"


def signature(argument):
    name = argument.get("preferredName")
    words = []
    if name:
        words.append(bold(("--" if name["kind"] == "long" else "-") + name["name"]))
    if argument["kind"] != "flag":
        words.append(italic(argument.get("valueName", "value")))
    if argument["isRepeating"]:
        words.append("...")
    return " ".join(words)


def summary(text):
    """A sentence as whatis(1) shows it: without a period."""
    return text.rstrip(".")


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text


def bold(text):
    return f"\\fB{escaped(text)}\\fR"


def italic(text):
    return f"\\fI{escaped(text)}\\fR"
