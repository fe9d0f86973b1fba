#!/usr/bin/env python3
"""Checks Kerf files against a JSON Schema, with an independent implementation.

validate-schema.py SCHEMA FILE...   prints one line for each fault
Exit code: 0 valid, 1 faults found, 2 cannot check (no jsonschema module: apt install python3-jsonschema).
"""

import json
import os
import sys


def refuse_constant(name):
    raise ValueError(name + " is not a JSON number")


def shared(path):
    """The schemas of this folder that others refer to, under their own identifiers."""
    schemas = []
    for name in ("common", "decision"):
        with open(os.path.join(os.path.dirname(path), f"{name}.schema.json"), encoding="utf-8") as file:
            schemas.append(json.load(file))
    return {schema["$id"]: absolute(schema, schema["$id"]) for schema in schemas}


def absolute(part, identifier):
    """A schema whose references to itself name it: jsonschema 4.10 takes them for the referring schema's otherwise."""
    if isinstance(part, list):
        return [absolute(child, identifier) for child in part]
    if not isinstance(part, dict):
        return part
    return {
        key: identifier + child if key == "$ref" and isinstance(child, str) and child.startswith("#")
        else absolute(child, identifier)
        for key, child in part.items()
    }


def make_validator(kind, schema, others):
    """A validator that finds the shared definitions, with jsonschema from 4.10 (Debian 12) on."""
    try:
        from referencing import Registry, Resource
    except ImportError:
        from jsonschema import RefResolver

        return kind(schema, resolver=RefResolver.from_schema(schema, store=others))
    resources = [(name, Resource.from_contents(other)) for name, other in others.items()]
    return kind(schema, registry=Registry().with_resources(resources))


def main():
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        print("no jsonschema with draft 2020-12; apt install python3-jsonschema", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = make_validator(Draft202012Validator, schema, shared(sys.argv[1]))
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
