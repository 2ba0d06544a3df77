"""The command ``graphc`` (or ``python -m graphc``): what is installed, and on which machine."""
from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from .runtime.cache import default_cache

PACKAGES = ("graphc", "numpy", "numba", "llvmlite", "networkx", "ml_dtypes", "safetensors", "rich", "opt_einsum")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command with `arguments` (those of the command line by default)."""
    parser = argparse.ArgumentParser(prog="graphc", description="A static-graph compiler for training neural networks.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, cache, cores, machine: what a report of a defect should carry")
    parser.parse_args(arguments)
    for name, value in info().items():
        print(f"{name:<12} {value}")


def info() -> dict[str, str]:
    """Versions of graphc and of what it stands on, the interpreter, the machine, the cores this process may
    use, and the folder where compiled code is kept."""
    return {
        **{name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": str(_cores()),
        "cache": str(default_cache().folder or "off"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
