#!/usr/bin/env bash
# Installs pandas and matplotlib into .build-notebook, a virtual environment of about 200 MB.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.build-notebook/bin/python
[ -x "$python" ] && exit 0
if ! { python3 -m venv .build-notebook &&
    "$python" -m pip install --quiet --disable-pip-version-check pandas matplotlib jsonschema; }; then
    rm -rf .build-notebook
    echo "setup: pandas cannot be installed here; python3 needs venv and pip (Debian package python3-venv)" >&2
    exit 69
fi
