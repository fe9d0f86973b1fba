"""The option --kerf of scripts that run the program."""

import argparse
import os


def executable(path):
    """The path, where a program is there; for argparse's `type`."""
    if not (os.path.isfile(path) and os.access(path, os.X_OK)):
        raise argparse.ArgumentTypeError(f"{path} is no program; build it with make build, or give its path")
    return path
