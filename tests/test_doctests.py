"""The examples in the docstrings."""
import doctest
import importlib
import pkgutil

import pytest

import graphc

NAMES = [m.name for m in pkgutil.walk_packages(graphc.__path__, "graphc.") if ".kernels" not in m.name]


def _examples(module) -> list[doctest.DocTest]:
    names = {name: value for name, value in vars(graphc).items() if not name.startswith("__")} | vars(module)
    return [t for t in doctest.DocTestFinder(exclude_empty=True).find(module, globs=names) if t.examples]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("__main__")])
def test_examples_in_docstrings(name):
    for test in _examples(importlib.import_module(name)):
        said: list[str] = []
        result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
        assert not result.failed, "".join(said)


def test_there_are_examples():
    assert sum(len(_examples(importlib.import_module(name))) for name in ("graphc.autodiff", "graphc.ir.integer")) >= 2
