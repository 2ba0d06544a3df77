"""The house rules, read off the syntax trees: who may import whom, no cycles, nothing large, nothing undocumented."""
from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent

LAYERS = [
    {"kernels", "ir"},
    {"ops"},
    {"interpreter", "autodiff"},
    {"passes"},
    {"lower"},
    {"runtime"},
    {"inspection"},
    {"debug"},
    {"compiler"},
    {"datasets"},
    {"nn"},
    {"io", "viz"},
    {"commands"},
    {"__main__"},
    {""},  # graphc/__init__.py itself
]
"""The parts of graphc from left to right; each may import itself and what stands left of it, not beside it."""

NOT_SEEN_BY = {"kernels": {"ir", "ops", "interpreter", "autodiff", "passes", "lower", "nn", "viz", "io", "compiler"}}
"""Parts that stand to the left of everything and yet are not for everyone: kernels are for the runtime alone."""

LEAF_IMPORTS = {"numba", "llvmlite", "numpy", "ml_dtypes", "graphc", "cuda"}
"""What kernels may import besides the standard library."""

LATE = {
    "graphc.runtime": {"numba", "llvmlite", "graphc.kernels"},  # a process that finds its code in the cache needs none
    "graphc.viz": {"matplotlib", "graphviz"},  # the extra "plot"
}
"""Who may import what inside a function; everybody else imports at the top."""

LONGEST_MODULE, LONGEST_FUNCTION = 450, 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A source file under its dotted name."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def part(self) -> str:
        return part(self.name)

    @property
    def package(self) -> str:
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def imports(self) -> Iterator[tuple[str, bool]]:
        """Each imported dotted name, and whether it is imported inside a function. Type checking only: left out."""
        for node, inside in _walk(self.tree, False):
            if isinstance(node, ast.Import):
                yield from ((alias.name, inside) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{self._origin(node)}.{alias.name}", inside) for alias in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module
        above = self.package.split(".")[:len(self.package.split(".")) - node.level + 1]
        return ".".join(above + ([node.module] if node.module else []))

    def functions(self) -> list[Function]:
        return [n for n in ast.walk(self.tree) if isinstance(n, Function)]


def _walk(node: ast.AST, inside: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        deeper = inside or isinstance(child, Function)
        yield child, deeper
        yield from _walk(child, deeper)


def part(name: str) -> str:
    """``graphc.ops.reduce`` -> ``ops``"""
    return (name.split(".") + [""])[1]


def _modules(folder: Path, prefix: str) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        inner = path.relative_to(folder)
        if "kernels" not in inner.parts:
            names = [prefix, *inner.with_suffix("").parts]
            yield Module(".".join(names[:-1] if path.name == "__init__.py" else names), path)


MODULES = [*_modules(ROOT / "graphc", "graphc"), *_modules(ROOT / "kernels", "graphc.kernels")]
BY_NAME = {m.name: m for m in MODULES}
every_module = pytest.mark.parametrize("module", MODULES, ids=lambda m: m.name)


def _layer(name: str) -> int:
    found = [k for k, layer in enumerate(LAYERS) if part(name) in layer]
    assert found, f"{name}: the part {part(name)!r} is not in the table of layers"
    return found[0]


def test_modules_are_found():
    assert {"graphc", "graphc.ir.expr", "graphc.ops.elementwise", "graphc.kernels.cpu.memory"} <= BY_NAME.keys()


@every_module
def test_imports_point_to_the_left(module):
    wrong = [name for name, _ in module.imports() if name.split(".")[0] == "graphc" and not _may_import(module, name)]
    assert not wrong, f"{module.name} must not import {wrong}"


def _may_import(module: Module, name: str) -> bool:
    if part(name) == module.part:
        return True
    return _layer(name) < _layer(module.name) and module.part not in NOT_SEEN_BY.get(part(name), ())


def test_there_are_no_cycles():
    graph = nx.DiGraph((m.name, target) for m in MODULES for target in map(_module_of, (n for n, _ in m.imports()))
                       if target in BY_NAME and target != m.name)
    assert graph.number_of_edges() > 20
    assert not (cycles := list(nx.simple_cycles(graph, length_bound=8))[:5]), cycles


def _module_of(name: str) -> str:
    return name if name in BY_NAME else name.rpartition(".")[0]


@every_module
def test_imports_stand_at_the_top(module):
    allowed = {a for owner, names in LATE.items() if module.name.startswith(owner) for a in names}
    late = [name for name, inside in module.imports() if inside]
    assert not (wrong := [n for n in late if not any((n + ".").startswith(a + ".") for a in allowed)]), wrong


@every_module
def test_kernels_is_a_part_of_graphc(module):
    assert not [name for name, _ in module.imports() if name.split(".")[0] == "kernels"]


@pytest.mark.parametrize("module", [m for m in MODULES if m.part == "kernels"], ids=lambda m: m.name)
def test_kernels_are_a_leaf(module):
    outside = {name.split(".")[0] for name, _ in module.imports()} - set(sys.stdlib_module_names)
    assert outside <= LEAF_IMPORTS


@every_module
def test_modules_and_functions_are_short(module):
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    lengths = {f.name: f.end_lineno - f.lineno + 1 for f in module.functions()}
    assert not {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION}


@every_module
def test_modules_are_documented(module):
    assert ast.get_docstring(module.tree)


@every_module
def test_public_functions_are_documented(module):
    bare = [f.name for f in module.tree.body if isinstance(f, Function) and _is_public(f) and not ast.get_docstring(f)]
    assert not bare


def _is_public(function: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "public" for d in function.decorator_list)


def test_importing_graphc_imports_no_compiler():
    heavy = {"numba", "torch", "matplotlib"}
    program = f"import sys, graphc; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
