"""The command ``graphc`` (or ``python -m graphc``)."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .commands import bench, cache, info, train
from .ir.errors import GraphcError

COMMANDS = {
    "train": (train, "train a network and show what comes of it: without options, LeNet-5 on handwritten digits"),
    "info": (info, "versions, cache, cores, machine: what a report of a defect should carry"),
    "cache": (cache, "the folder of compiled code: what is in it; --clear empties it"),
    "bench": (bench, "measure graphc beside its peers"),
}
INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit codes: 128 and the number of the signal."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with `arguments` (those of the command line by default)."""
    parser = argparse.ArgumentParser(prog="graphc", description="A static-graph compiler for training neural networks.")
    parser.add_argument("--version", action="version", version=f"graphc {info.installed('graphc')}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module, purpose) in COMMANDS.items():
        module.arguments(commands.add_parser(name, help=purpose, description=purpose))
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # names that its encoding lacks
    options = parser.parse_args(arguments)
    try:
        COMMANDS[options.command][0].run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more
        sys.exit(BROKEN_PIPE)
    except KeyboardInterrupt as stop:
        print(f"\ngraphc {options.command}: interrupted{''.join(map(str, stop.args))}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except (GraphcError, OSError) as error:
        sys.exit(f"graphc {options.command}: {error}")


if __name__ == "__main__":
    main()
