"""What is said on the socket fits the schema in docs/, by an independent implementation of JSON Schema."""

import json
import unittest

from experimenter import PACKAGE, Experimenter

try:
    import jsonschema
except ImportError:
    jsonschema = None

DOCS = PACKAGE.parent / "docs"


@unittest.skipUnless(jsonschema, "needs the Python package jsonschema (Debian: python3-jsonschema)")
class SchemaTests(unittest.TestCase):
    def setUp(self):
        self.schema = json.loads((DOCS / "markers.schema.json").read_text())
        self.validator = jsonschema.Draft202012Validator(self.schema)

    def test_example_of_the_manual(self):
        kerf = Experimenter()
        process = kerf.start((DOCS / "examples" / "step.py").read_text())
        for cleanup in (process.stdout.close, process.stderr.close, process.wait, kerf.close):
            self.addCleanup(cleanup)
        self.validator.validate({"hello": kerf.welcome()})
        answer, _ = kerf.command("steps", marked=True, seconds=0, at_most=1)
        self.validator.validate({"done": answer})
        kerf.stop()

    def test_what_does_not_fit(self):
        for message in ({"hello": {}}, {"done": {"count": -1, "marks": 0, "dropped": 0}}, {"failed": "a\nb"},
                        {"steps": {"marked": 1, "seconds": 0, "at_most": 1}}, {"nonsense": 1}, {},
                        {"done": {"count": 1, "marks": 2, "dropped": 0}, "failed": "x"}):
            self.assertFalse(self.validator.is_valid(message), message)


if __name__ == "__main__":
    unittest.main()
