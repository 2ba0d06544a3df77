"""``graphc bench``: graphc beside its peers, from a checkout of the repository."""
from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys

from ..ir.errors import GraphcError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command: those of the benchmark."""
    parser.add_argument("options", nargs=argparse.REMAINDER, help="what `python -m bench --help` lists")


def run(options: argparse.Namespace) -> None:
    """Run the benchmark of the checkout in the current folder."""
    sys.path.insert(0, "")
    if importlib.util.find_spec("bench.elementwise") is None:
        raise GraphcError("the benchmark stands in the folder bench/ of graphc's repository: run this in a checkout")
    raise SystemExit(subprocess.call([sys.executable, "-m", "bench", *options.options]))


__all__ = ["arguments", "run"]
