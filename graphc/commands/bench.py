"""``graphc bench``: graphc beside its peers, from a checkout of the repository."""
from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from ..ir.errors import GraphcError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command: those of the benchmark."""
    parser.add_argument("options", nargs=argparse.REMAINDER, help="what `python -m bench --help` lists")


def run(options: argparse.Namespace) -> None:
    """Run the benchmark of the checkout in the current folder."""
    if not Path("bench/elementwise.py").is_file():
        raise GraphcError("the benchmark stands in the folder bench/ of graphc's repository: run this in a checkout")
    raise SystemExit(subprocess.call([sys.executable, "-m", "bench", *options.options]))


__all__ = ["arguments", "run"]
