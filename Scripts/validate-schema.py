#!/usr/bin/env python3
"""Checks Kerf files against a JSON Schema, with an independent implementation.

validate-schema.py SCHEMA FILE...   prints one line for each fault
Exit code: 0 valid, 1 faults found, 2 cannot check (no jsonschema module: apt install python3-jsonschema).
"""

import json
import sys


def refuse_constant(name):
    raise ValueError(name + " is not a JSON number")


def main():
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        print("no jsonschema with draft 2020-12; apt install python3-jsonschema", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    faults = 0
    for path in sys.argv[2:]:
        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file, parse_constant=refuse_constant)
        except ValueError as error:
            print(f"{path}: {error}")
            faults += 1
            continue
        for error in validator.iter_errors(document):
            print(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
