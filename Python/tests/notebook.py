"""What the tests of the reader share: where files are, and whether pandas and matplotlib are there."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "Tests" / "Corpus"
EXAMPLES = ROOT / "docs" / "examples"
sys.path.insert(0, str(ROOT / "Python"))

# Under CI a test whose tool is missing fails instead of being skipped.
IS_REQUIRED = os.environ.get("CI") == "true"


def missing(*modules: str) -> str:
    """Why tests that need the modules are skipped; empty where all are there, and under CI."""
    for module in modules:
        try:
            __import__(module)
        except ImportError as error:
            if not IS_REQUIRED:
                return f"needs {module} ({error}); Scripts/setup-notebook.sh installs it"
    return ""


def reference(profile: Path) -> Path:
    """The calibration that a profile of the corpus gives, see Tests/Corpus/README.md."""
    converted = CORPUS / "calibrations" / "reference" / profile.name
    return converted if converted.exists() else CORPUS / "calibrations" / profile.name


PROFILES = sorted((CORPUS / "profiles").glob("*.json"))
# Files of the first Kerf lack fields that are required since, and no later one reads them.
READABLE = [
    path
    for folder in ("profiles", "calibrations", "decisions", "simulations")
    for path in sorted((CORPUS / folder).glob("*.json"))
    if folder == "profiles" or not path.name.startswith("33f0510")
] + [EXAMPLES / name for name in ("profile.json", "device.json", "server.json")]
