#!/usr/bin/env python3
"""Prints the first Python example of a Markdown page.

    first-example.py PAGE.md
"""

import pathlib
import re
import sys

found = re.search(r"```python\n(.*?)```", pathlib.Path(sys.argv[1]).read_text(), re.S)
if not found:
    sys.exit(f"first-example.py: {sys.argv[1]} has no Python example")
print(found[1], end="")
