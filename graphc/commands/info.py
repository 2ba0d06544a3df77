"""``graphc info``: what is installed, and on which machine."""
from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from ..runtime.cache import default_cache
from ..runtime.device import KINDS, device
from ..runtime.threads import count

PACKAGES = ("graphc", "numpy", "numba", "llvmlite", "networkx", "ml_dtypes", "safetensors", "rich", "opt_einsum")


def arguments(parser: argparse.ArgumentParser) -> None:
    """It takes no options."""


def run(options: argparse.Namespace) -> None:
    """Print what a report of a defect should carry."""
    for name, value in info().items():
        print(f"{name:<12} {value}")


def info() -> dict[str, str]:
    """Versions of graphc and of what it stands on, the interpreter, the machine, the devices, the threads a step may use,
    and the folder where compiled code is kept."""
    return {
        **{name: installed(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "devices": ", ".join(f"{kind} ({device(kind).cpu})" for kind in KINDS),
        "cores": str(device().cores),
        "threads": str(count(None)),
        "cache": str(default_cache().folder or "off"),
    }


def installed(package: str) -> str:
    """The version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


__all__ = ["arguments", "info", "installed", "run"]
