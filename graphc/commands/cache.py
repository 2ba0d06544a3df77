"""``graphc cache``: the folder where compiled code is kept."""
from __future__ import annotations

import argparse

from ..runtime.cache import default_cache


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--clear", action="store_true", help="remove all that is in it")


def run(options: argparse.Namespace) -> None:
    """Say what is kept where; remove it if asked."""
    cache = default_cache()
    before = cache.stats()
    folder = before["folder"] or "off"
    if options.clear:
        cache.clear()
        print(f"removed {before['entries']} entries, {before['bytes'] / 1e6:.1f} MB, from {folder}")
        return
    print(f"folder   {folder}")
    print(f"entries  {before['entries']}")
    print(f"size     {before['bytes'] / 1e6:.1f} MB of at most {before['limit'] / 1e6:.0f} MB")


__all__ = ["arguments", "run"]
